"""Alert pages on screens with smooth letters: a pictogram of a third of the page, the level, what to do, the foot."""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_content.model import AlertLevel
from beffroi_content.raster.graphics.palettes import BLACK, WHITE, Rgb, mix_colours
from beffroi_content.raster.page import Box, FilledBox, Page, PlacedPictogram, StripedBox, TextLine
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.raster.text.phrases import phrases_of
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.alerts.alert_design import AlertDesign
from beffroi_content.templates.alerts.page_composition import (
    ComposedPage,
    Composition,
    PageBudget,
    Region,
    compose_pages,
)
from beffroi_content.templates.alerts.text_setting import AlertTextSetter
from beffroi_content.templates.layout.page_parts import add_column, centred_baseline, fit_line
from beffroi_content.templates.layout.qr_code import add_qr_code, qr_code_side

YELLOW: Rgb = (255, 212, 0)
"""The yellow of barrier stripes, which say that an alert is not real."""
_USUAL, _ONE = PageBudget(orders=2, facts=2), PageBudget(orders=1, facts=1, whole=1)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the parts of a page lie, in pixels."""

    design: AlertDesign
    edge: int
    """Width of the frame around a page of a grave level."""
    status: int
    """Bottom of the band that says that this is not real."""
    head: int
    """Height of the band of the level."""
    foot: int
    """Top of the band with who speaks and until when."""

    @property
    def is_wide(self) -> bool:
        return self.design.grid.is_wide

    def picture_box(self, region: Region) -> Box | None:
        """Return the field of the pictogram; None where a page has none."""
        if region is Region.FULL:
            return None
        grid = self.design.grid
        share = 3 if region is Region.BESIDE_PICTOGRAM else 5
        if self.is_wide:
            side = min(grid.width // share, round(1.2 * (self.foot - self.status)))
            return (self.edge, self.status, side, self.foot)
        top = self.status + self.head
        return (self.edge, top, grid.width - self.edge, top + grid.height // share)

    def head_box(self, region: Region) -> Box:
        """Return the band of the level."""
        picture = self.picture_box(region)
        left = picture[2] if picture and self.is_wide else self.edge
        return (left, self.status, self.design.grid.width - self.edge, self.status + self.head)

    def text_box(self, region: Region) -> Box:
        """Return the field of the text, within its margins."""
        grid, picture = self.design.grid, self.picture_box(region)
        left, top = grid.margin, self.status + self.head
        if picture and self.is_wide:
            left = picture[2] + round(0.7 * grid.margin)
        elif picture:
            top = picture[3]
        space = round(0.5 * grid.margin)
        return (left, top + space, grid.width - grid.margin, self.foot - space)


def lay_out_screen(design: AlertDesign) -> tuple[tuple[Page, ...], Composition]:
    """Return the pages of an alert on a whole screen, 3 at most, and what is on them."""
    grid, least = design.grid, design.sizes[0]
    edge = max(4, round(0.012 * min(grid.width, grid.height))) if design.level.rank >= 2 and not design.is_over else 0
    status = 0 if design.is_real else edge + max(grid.foot, round(2.6 * least))
    lines = 1 if grid.is_wide else 2
    foot = (
        grid.height
        - edge
        - max(round(grid.foot * (1.0 if lines == 1 else 1.55)), round(lines * 1.5 * _foot_capital(design)))
    )
    frame = _Frame(design, edge, max(status, edge), max(round(1.35 * grid.foot), round(2.2 * least)), foot)
    regions = (Region.BESIDE_PICTOGRAM, Region.BESIDE_SMALL_PICTOGRAM, Region.FULL)
    spaces = {region: (box[2] - box[0], box[3] - box[1]) for region in regions for box in (frame.text_box(region),)}
    setter = AlertTextSetter(design, spaces, regions, has_card=True)
    found = compose_pages(design, setter, "", _ONE if design.is_over else _USUAL)
    pages = tuple(_draw_page(frame, each, number, found) for number, each in enumerate(found.pages, 1))
    return pages, found


def _draw_page(frame: _Frame, composed: ComposedPage, number: int, found: Composition) -> Page:
    design = frame.design
    page = Page(design.canvas.size, design.palette.ground)
    _add_picture(page, frame, composed.region)
    _add_head(page, frame, composed.region)
    left, top, _right, bottom = frame.text_box(composed.region)
    rows = composed.column.pages[0]
    add_column(page, rows, left, top + max(0, round((bottom - top - rows[-1].bottom) * 0.4)), composed.column)
    _add_foot(page, frame, number, found)
    if not design.is_real:
        _add_status(page, design, frame)
    if frame.edge:
        _add_edge(page, frame.edge, design)
    return page


def _add_picture(page: Page, frame: _Frame, region: Region) -> None:
    """Add the field with the pictogram, and under it the code of the address where the rest is."""
    box = frame.picture_box(region)
    if box is None:
        return
    design, palette = frame.design, frame.design.palette
    left, top, right, bottom = box
    ground = mix_colours(palette.ground, BLACK, 0.14)
    page.add(FilledBox(box, ground))
    pad = round(0.07 * min(right - left, bottom - top))
    if design.link and region is Region.BESIDE_PICTOGRAM and not design.is_over:
        room = min(right - left, bottom - top) - 2 * pad
        side = qr_code_side(design.link, design.canvas, room if frame.is_wide else min(room, (right - left) // 3))
        if side and frame.is_wide and bottom - top - side - 3 * pad >= 0.4 * (bottom - top):
            add_qr_code(
                page,
                design.link,
                ((left + right - side) // 2, bottom - pad - side, (left + right + side) // 2, bottom - pad),
            )
            bottom -= side + pad
        elif side and not frame.is_wide:
            middle = (top + bottom - side) // 2
            add_qr_code(
                page,
                design.link,
                (right - design.grid.margin - side, middle, right - design.grid.margin, middle + side),
            )
            right -= side + design.grid.margin
    size = min(right - left, bottom - top) - 2 * pad
    x, y = (left + right - size) // 2, (top + bottom - size) // 2
    page.add(PlacedPictogram((x, y, x + size, y + size), design.pictogram, palette.ink, ground))


def _add_head(page: Page, frame: _Frame, region: Region) -> None:
    """Add the sign and the word of the level: reversed where people must act."""
    design, palette = frame.design, frame.design.palette
    box = frame.head_box(region)
    is_reversed = design.level.rank >= AlertLevel.ALERT.rank and not design.is_over
    ground, ink = (palette.ink, palette.ground) if is_reversed else (palette.ground, palette.ink)
    if is_reversed:
        page.add(FilledBox(box, ground))
    grid = design.grid
    left, top, right, bottom = box
    size = round((bottom - top) * 0.72)
    x = left + (round(0.7 * grid.margin) if frame.is_wide and region is not Region.FULL else grid.margin - frame.edge)
    y = (top + bottom - size) // 2
    page.add(PlacedPictogram((x, y, x + size, y + size), design.sign, ink, ground))
    x += size + round(0.35 * size)
    free = right - grid.margin - x
    if region is Region.FULL and design.hazard:
        end = right - grid.margin
        page.add(PlacedPictogram((end - size, y, end, y + size), design.hazard, ink, ground))
        free -= round(1.3 * size)
    text, style = fit_line(
        (design.word,), FontWeight.BOLD, max(design.sizes[0], round((bottom - top) * 0.42)), free, crisp=False
    )
    page.add(TextLine(x, centred_baseline(top, bottom, style), text, style, ink))
    if not is_reversed and design.level is AlertLevel.VIGILANCE and not design.is_over:
        page.add(FilledBox((left, bottom - max(2, size // 16), right, bottom), ink))


def _add_status(page: Page, design: AlertDesign, frame: _Frame) -> None:
    """Add the band that says that this is not real."""
    width, height = design.grid.width, frame.status
    stripe = max(3, height // 8)
    page.add(FilledBox((0, 0, width, height), BLACK))
    add_edge_stripes(page, stripe, height)
    word, free = design.status_word, width - 2 * design.grid.margin
    texts = (f"{word} · {design.status_sentence}", f"{word} · {word} · {word}", word)
    text, style = fit_line(texts, FontWeight.BOLD, max(design.sizes[0], round(height * 0.42)), free, crisp=False)
    left = round((width - font_face(style).text_width(text)) / 2)
    page.add(TextLine(left, centred_baseline(0, height, style), text, style, WHITE))


def add_edge_stripes(page: Page, thickness: int, height: int) -> None:
    """Add barrier stripes along the upper and the lower edge of the first ``height`` pixels."""
    width = page.size[0]
    page.add(StripedBox((0, 0, width, thickness), YELLOW, BLACK))
    page.add(StripedBox((0, height - thickness, width, height), YELLOW, BLACK))


def _add_edge(page: Page, edge: int, design: AlertDesign) -> None:
    """Add the frame of a grave level: twice as thick for an emergency, and never over the words of an exercise."""
    width, height = design.canvas.size
    colour = design.palette.ink
    for box in (
        (0, 0, width, edge), (0, height - edge, width, height), (0, 0, edge, height), (width - edge, 0, width, height)
    ):  # fmt: skip
        page.add(FilledBox(box, colour))


def _foot_capital(design: AlertDesign) -> int:
    return max(7, round(0.75 * design.sizes[0]))


def _add_foot(page: Page, frame: _Frame, number: int, found: Composition) -> None:
    """Add until when, who speaks and where the rest is: side by side on a wide page, else one above the other."""
    design, grid, palette = frame.design, frame.design.grid, frame.design.palette
    top, bottom, capital = frame.foot, grid.height - frame.edge, _foot_capital(design)
    page.add(
        FilledBox(
            (frame.edge, top, grid.width - frame.edge, bottom),
            mix_colours(palette.ground, BLACK, 0.22 if palette.ink == WHITE else 0.1),
        )
    )
    count = len(found.pages)
    numbered = f"  ·  {number} / {count}" if count > 1 else ""
    corrected = f"  ·  {design.corrected}" if design.corrected else ""
    untils = tuple(f"{until}{corrected}{numbered}" for until in design.untils)
    free = grid.width - 2 * grid.margin
    place = "  ·  ".join(each for each in (design.source, design.phone) if each)
    sources: tuple[str, ...] = (place, design.phone or design.source)
    if found.left_out:
        rest = typeset_text(phrases_of(design.canvas.locale).rest.format(place=place), design.canvas.locale)
        sources = (rest, *sources[-1:])
    middle = (top + bottom) // 2
    spans = ((top, bottom), (top, bottom)) if frame.is_wide else ((middle, bottom), (top, middle))
    text, style = fit_line(untils, FontWeight.BOLD, capital, free * (0.6 if frame.is_wide else 1.0), crisp=False)
    wide = round(font_face(style).text_width(text))
    left = grid.width - grid.margin - wide if frame.is_wide else grid.margin
    page.add(TextLine(left, centred_baseline(*spans[0], style), text, style, palette.ink))
    room = free - wide - grid.margin if frame.is_wide else free
    text, style = fit_line(sources, FontWeight.SEMIBOLD, capital, room, crisp=False)
    page.add(TextLine(grid.margin, centred_baseline(*spans[1], style), text, style, palette.ink))


def lay_out_banner(design: AlertDesign) -> tuple[tuple[Page, ...], Composition]:
    """Return the pages of an alert in a band: the sign at its full height, one or two lines of chrome, what to do."""
    least = design.sizes[0]
    width, height = design.canvas.size
    stripe = 0 if design.is_real else max(3, height // 24)
    has_sign = width >= 3 * height
    left = height - stripe if has_sign else round(0.2 * height)
    right = width - round(0.2 * height)
    lines = _banner_lines(design, right - left)
    row = round(1.42 * least)
    top = max(stripe, round(0.03 * height))
    box = (left, top + len(lines) * row, right, height - max(stripe, round(0.04 * height)))
    spaces = {Region.FULL: (box[2] - box[0], box[3] - box[1])}
    setter = AlertTextSetter(design, spaces, (Region.FULL,), has_card=False)
    found = compose_pages(design, setter, "", _ONE if design.is_over else _USUAL)
    pages = []
    for number, composed in enumerate(found.pages, 1):
        page = Page(design.canvas.size, design.palette.ground)
        if has_sign:
            size = round((height - 2 * stripe) * 0.8)
            x, y = (left - size) // 2, (height - size) // 2
            page.add(PlacedPictogram((x, y, x + size, y + size), design.pictogram, design.palette.ink, page.ground))
        for at, (status, texts) in enumerate(lines):
            numbered = f" · {number} / {len(found.pages)}" if len(found.pages) > 1 and at == len(lines) - 1 else ""
            _add_banner_line(page, design, (left, top + at * row, right, top + (at + 1) * row), status, texts, numbered)
        rows = composed.column.pages[0]
        add_column(page, rows, left, box[1] + max(0, (box[3] - box[1] - rows[-1].bottom) // 2), composed.column)
        if stripe:
            add_edge_stripes(page, stripe, height)
        pages.append(page)
    return tuple(pages), found


_BannerLine = tuple[str, tuple[str, ...]]
"""The word of an exercise, and what stands beside it in ever shorter forms."""


def _banner_lines(design: AlertDesign, width: int) -> tuple[_BannerLine, ...]:
    """Return the lines that every page of a band has: one, or two where the status has no room beside the level."""
    ends = tuple(f"{design.word} · {until}" for until in design.untils)
    corrected = f" · {design.corrected}" if design.corrected else ""
    texts = (*(f"{end}{corrected} · {design.source}" for end in ends), *(f"{end}{corrected}" for end in ends), *ends)
    if not design.status_word:
        return (("", texts),)
    face = font_face(TextStyle(FontWeight.BOLD, design.sizes[0]))
    wide = face.text_width(design.status_word) + face.text_width(ends[-1]) + 3 * design.sizes[0]
    if wide <= width:
        return ((design.status_word, texts),)
    return ((design.status_word, (design.status_sentence, "")), ("", texts))


def _add_banner_line(
    page: Page, design: AlertDesign, box: Box, status: str, texts: tuple[str, ...], numbered: str
) -> None:
    least = design.sizes[0]
    style = TextStyle(FontWeight.BOLD, least)
    left, top, right, bottom = box
    if status:
        wide = round(font_face(style).text_width(status)) + least
        page.add(FilledBox((left, top, left + wide, bottom), BLACK))
        page.add(TextLine(left + least // 2, centred_baseline(top, bottom, style), status, style, YELLOW))
        left += wide + least // 2
    text, style = fit_line(
        (*(f"{each}{numbered}" for each in texts if each), *texts), FontWeight.BOLD, least, right - left, crisp=False
    )
    if text:
        page.add(TextLine(left, centred_baseline(top, bottom, style), text, style, design.palette.ink))
