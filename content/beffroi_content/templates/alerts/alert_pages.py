"""Alert pages, in four forms. Each carries the level as a colour, a word and a symbol in the same place.

Text is never cut in silence: it shrinks to the legible minimum, then goes over several pages. Where even twenty
pages cannot hold it, the last one says so, and says whom to ask.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from beffroi_content.model import GENERAL_HAZARD, Alert, AlertLevel, AlertStatus
from beffroi_content.raster.canvas import AlertForm, Canvas
from beffroi_content.raster.graphics import pictograms
from beffroi_content.raster.graphics.palettes import BLACK, WHITE, AlertPalette, Rgb, alert_palette, mix_colours
from beffroi_content.raster.graphics.pictograms import Pictogram
from beffroi_content.raster.legibility import least_capital
from beffroi_content.raster.page import FilledBox, Page, PlacedPictogram, StripedBox, TextLine
from beffroi_content.raster.text.dates import instant_text, until_text
from beffroi_content.raster.text.fonts import FontWeight, font_face, snap_to_bitmap_size
from beffroi_content.raster.text.phrases import level_name, phrase, status_phrases
from beffroi_content.raster.text.text_fitting import ColumnSpace, FittedColumn, PlacedLine, TextBlock, fit_column
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.layout.page_parts import PageGrid, add_column, centred_baseline, fit_hierarchy, fit_line
from beffroi_content.templates.registry import hazard_declarations

MOST_PAGES = 20
_YELLOW: Rgb = (255, 212, 0)
"""The yellow of barrier stripes, which say that an alert is not real."""


@dataclass(frozen=True, slots=True)
class _AlertDesign:
    """The texts and colours of an alert, for one canvas."""

    canvas: Canvas
    grid: PageGrid
    palette: AlertPalette
    sign: Pictogram
    word: str
    title: str
    description: str
    instruction: str
    source: str
    until: str
    status: AlertStatus
    is_emergency: bool
    hazard: Pictogram | None
    """The pictogram of the hazard; None where only the level is known, or the alert is over."""

    @property
    def is_mono(self) -> bool:
        return self.canvas.screen_class.colour_depth == 1


def lay_out(alert: Alert, form: AlertForm, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of an alert, 20 at most, for any valid alert and any canvas."""
    design = _design_alert(alert, form, canvas)
    if form == AlertForm.BANNER:
        return _banner_pages(design)
    return _panel_pages(design) if design.grid.crisp else _takeover_pages(design)


def _design_alert(alert: Alert, form: AlertForm, canvas: Canvas) -> _AlertDesign:
    locale, zone = canvas.locale, canvas.time_zone
    is_over = form == AlertForm.ALL_CLEAR
    ended = phrase("since", locale).format(time=instant_text(alert.ends_at_ms, zone, locale))
    until = ended if is_over else until_text(alert.ends_at_ms, alert.issued_at_ms, zone, locale)
    return _AlertDesign(
        canvas=canvas,
        grid=PageGrid.for_canvas(canvas),
        palette=alert_palette(alert.level, is_over, canvas.screen_class.colour_depth),
        sign=pictograms.CHECK if is_over else pictograms.INFORMATION if alert.level.rank == 0 else pictograms.WARNING,
        word=phrase("all-clear", locale) if is_over else level_name(alert.level, locale),
        # Of a title without anything to see, the name of the level remains.
        title=typeset_text(alert.title, locale) or level_name(alert.level, locale),
        description="" if is_over else typeset_text(alert.description, locale),
        instruction="" if is_over else typeset_text(alert.instruction, locale),
        source=typeset_text(alert.source, locale),
        until=typeset_text(until, locale),
        status=alert.status,
        is_emergency=alert.level is AlertLevel.EMERGENCY and not is_over,
        hazard=None if is_over or alert.hazard == GENERAL_HAZARD else hazard_declarations()[alert.hazard].pictogram,
    )


def _takeover_pages(design: _AlertDesign) -> tuple[Page, ...]:
    grid, palette = design.grid, design.palette
    band, foot = _status_height(design), _footer_height(grid)
    head = round(grid.foot * (2.6 if design.sign is pictograms.CHECK else 1.55))
    top = band + head + round(grid.margin * 0.9)
    height = grid.height - foot - round(grid.margin * 0.8) - top
    measure = ColumnSpace(grid.width - 2 * grid.margin, max(1, height), max(1, height), False, design.canvas.locale)
    largest = round(grid.largest * 1.25)
    column = fit_hierarchy([_text_blocks(design, s) for s in _title_scales(design)], measure, grid.smallest, largest)
    # Twenty pages at the legible size are not enough: rather smaller letters than a text that is cut.
    if len(column.pages) > MOST_PAGES:
        column = fit_column(_text_blocks(design, 1.0), measure, least_capital(design.canvas), grid.smallest)
    shown = _limit_pages(column, design, measure)
    pages = []
    for number, rows in enumerate(shown, 1):
        page = Page(design.canvas.size, palette.ground)
        _add_header(page, design, band, head)
        _add_status(page, design, band)
        slack = max(0, height - rows[-1].bottom)
        add_column(page, rows, grid.margin, top + round(slack * 0.4), column)
        _add_footer(page, design, (number, len(shown)))
        pages.append(page)
    return tuple(pages)


def _title_scales(design: _AlertDesign) -> tuple[float, ...]:
    """Return the sizes of the title to try; of an alert that is over, the title only says which one it was."""
    return (1.0,) if design.sign is pictograms.CHECK else (2.1, 1.8, 1.5, 1.25)


def _text_blocks(design: _AlertDesign, scale: float) -> list[TextBlock]:
    palette = design.palette
    crisp = design.grid.crisp
    limit = round(1.35 * design.grid.title)
    blocks = [TextBlock(design.title, FontWeight.BOLD, scale, palette.ink, leading=1.55, is_balanced=True, limit=limit)]
    if design.description:
        gap = 2 if crisp else 1.3
        blocks.append(TextBlock(design.description, FontWeight.SEMIBOLD, 1.0, palette.ink, gap=gap))
    if design.instruction and crisp:
        blocks.append(TextBlock(design.instruction, FontWeight.BOLD, 1.0, palette.ink, gap=2))
    elif design.instruction:
        heading = typeset_text(phrase("do", design.canvas.locale), design.canvas.locale)
        blocks.append(TextBlock(heading, FontWeight.BOLD, 0.8, palette.card_accent, panel=palette.card, gap=1.2))
        blocks.append(TextBlock(design.instruction, FontWeight.BOLD, 1.0, palette.card_ink, 0.8, panel=palette.card))
    return blocks


def _add_header(page: Page, design: _AlertDesign, top: int, height: int) -> None:
    """Add the symbol and the word of the level: always first, always at the top left."""
    grid, palette = design.grid, design.palette
    # An emergency has its header in reversed colours: told from an alert at a glance, though both are red.
    ground, ink = (palette.ink, palette.ground) if design.is_emergency else (palette.ground, palette.ink)
    strip = ground if design.is_emergency else mix_colours(ground, BLACK, 0.16)
    page.add(FilledBox((0, top, grid.width, top + height), strip))
    size = round(height * 0.74)
    y = top + (height - size) // 2
    page.add(PlacedPictogram((grid.margin, y, grid.margin + size, y + size), design.sign, ink, strip))
    left = grid.margin + size + round(size * 0.3)
    free = grid.width - left - grid.margin
    if design.hazard and free > 4 * size:
        right = grid.width - grid.margin
        page.add(PlacedPictogram((right - size, y, right, y + size), design.hazard, ink, strip))
        free -= round(1.3 * size)
    text, style = fit_line((design.word,), FontWeight.BOLD, round(height * 0.36), free, crisp=False)
    page.add(TextLine(left, centred_baseline(top, top + height, style), text, style, ink))


def _status_height(design: _AlertDesign) -> int:
    if design.status is AlertStatus.ACTUAL:
        return 0
    return max(design.grid.foot, 9) if not design.grid.crisp else min(design.grid.height, _strip_height(design))


def _add_status(page: Page, design: _AlertDesign, height: int) -> None:
    """Add the band that says that this is not real."""
    if design.status is AlertStatus.ACTUAL:
        return
    word, sentence = status_phrases(design.status, design.canvas.locale)
    width = design.grid.width
    stripe = max(3, height // 8)
    page.add(FilledBox((0, 0, width, height), BLACK))
    _add_edge_stripes(page, stripe, height)
    free = width - 2 * design.grid.margin
    texts = (f"{word} · {sentence}", f"{word} · {word} · {word}", word)
    text, style = fit_line(texts, FontWeight.BOLD, round(height * 0.33), free, crisp=False)
    left = round((width - font_face(style).text_width(text)) / 2)
    page.add(TextLine(left, centred_baseline(0, height, style), text, style, WHITE))


def _footer_height(grid: PageGrid) -> int:
    return grid.foot if grid.is_wide else round(grid.foot * 1.55)


def _add_footer(page: Page, design: _AlertDesign, number: tuple[int, int]) -> None:
    """Add who speaks and until when: side by side on a wide page, one above the other on a tall one."""
    grid, palette = design.grid, design.palette
    top, capital, free = (
        grid.height - _footer_height(grid),
        max(7, round(grid.foot * 0.32)),
        grid.width - 2 * grid.margin,
    )
    page.add(FilledBox((0, top, grid.width, grid.height), mix_colours(palette.ground, BLACK, 0.16)))
    until = f"{design.until}  ·  {number[0]} / {number[1]}" if number[1] > 1 else design.until
    share = 0.55 if grid.is_wide else 1.0
    text, style = fit_line((until,), FontWeight.BOLD, capital, free * share, crisp=False)
    wide = round(font_face(style).text_width(text))
    middle = (top + grid.height) // 2
    span = (top, grid.height) if grid.is_wide else (middle - capital // 3, grid.height)
    left = grid.width - grid.margin - wide if grid.is_wide else grid.margin
    page.add(TextLine(left, centred_baseline(*span, style), text, style, palette.ink))
    span = (top, grid.height) if grid.is_wide else (top, middle + capital // 3)
    source_width = free - wide - grid.margin if grid.is_wide else free
    text, style = fit_line((design.source,), FontWeight.SEMIBOLD, capital, source_width, crisp=False)
    page.add(TextLine(grid.margin, centred_baseline(*span, style), text, style, palette.ink))


def _limit_pages(
    column: FittedColumn, design: _AlertDesign, measure: ColumnSpace
) -> tuple[tuple[PlacedLine, ...], ...]:
    """Return at most 20 pages; if that is not all of them, the last one ends by saying so."""
    if len(column.pages) <= MOST_PAGES:
        return column.pages
    text = phrase("cut", design.canvas.locale).format(source=design.source)
    block = TextBlock(text, FontWeight.BOLD, 1.0, design.palette.ink)
    remark = fit_column([block], measure, column.base, column.base).pages[0]
    rows = column.pages[MOST_PAGES - 1]
    # The remark takes the place of the last rows of the last page; moved rows are shifted under what is left.
    kept = tuple(row for row in rows if row.bottom + remark[-1].bottom <= measure.later)
    start = kept[-1].bottom if kept else 0
    moved = tuple(
        replace(row, top=row.top + start, bottom=row.bottom + start, baseline=row.baseline + start) for row in remark
    )
    return (*column.pages[: MOST_PAGES - 1], kept + moved)


# Small panels: a strip with symbol and word, and the text below it.


def _strip_height(design: _AlertDesign) -> int:
    height = design.grid.height
    return 0 if height < 24 else max(11, min(round(height * 0.17), 40))


def _panel_pages(design: _AlertDesign) -> tuple[Page, ...]:
    grid, palette = design.grid, design.palette
    strip = _strip_height(design)
    top = strip + (2 if strip else 0)
    free = max(1, grid.height - top)
    measure = ColumnSpace(max(1, grid.width - 4), free, free, True, design.canvas.locale)
    ending = f"{design.source}\n{design.until}"
    tail = TextBlock(ending, FontWeight.REGULAR, 1.0, palette.ink, gap=2, is_kept=True)
    prefix = "" if strip else _strip_text(design) + " : "
    named = replace(design, title=prefix + design.title)
    candidates = [[*_text_blocks(named, scale), tail] for scale in (1.6, 1.3, 1.0)]
    column = fit_hierarchy(candidates, measure, grid.smallest, max(grid.smallest, grid.height // 4))
    if len(column.pages) > MOST_PAGES:
        column = fit_column(candidates[-1], measure, 5, 6)
    pages = []
    for rows in _limit_pages(column, design, measure):
        page = Page(design.canvas.size, palette.ground)
        if strip:
            _add_strip(page, design, strip)
        slack = max(0, measure.first - rows[-1].bottom) if rows else 0
        add_column(page, rows, 2, top + slack // 2, column)
        pages.append(page)
    return tuple(pages)


def _strip_text(design: _AlertDesign) -> str:
    word, _ = status_phrases(design.status, design.canvas.locale)
    return f"{word} {design.word}".strip()


def _add_strip(page: Page, design: _AlertDesign, height: int) -> None:
    """Add symbol and word; an exercise takes the strip over, in black with stripes."""
    grid, palette = design.grid, design.palette
    word, _ = status_phrases(design.status, design.canvas.locale)
    ground, ink = (palette.ink, palette.ground) if not word else (BLACK, WHITE)
    page.add(FilledBox((0, 0, grid.width, height), ground))
    left = 2
    if grid.width >= 48:
        size = height - 2
        page.add(PlacedPictogram((1, 1, 1 + size, 1 + size), design.sign, ink, ground))
        left = size + 4
    capital = snap_to_bitmap_size(max(5, round(height * 0.62)))
    free = grid.width - left
    text, style = fit_line((f"{word} {design.word}".strip(),), FontWeight.BOLD, capital, free, crisp=True)
    if word and font_face(style).text_width(text) > free:
        # On the smallest panels: that it is an exercise is said whole, and the sign tells the level.
        text, style = fit_line((word,), FontWeight.BOLD, capital, free, crisp=True)
    end = left + round(font_face(style).text_width(text))
    if design.hazard and not word and height >= 12 and end + height + 2 <= grid.width:
        corner = grid.width - height + 1
        page.add(PlacedPictogram((corner, 1, corner + height - 2, height - 1), design.hazard, ink, ground))
    page.add(TextLine(left, centred_baseline(0, height, style), text, style, ink))
    right = left + round(font_face(style).text_width(text)) + 3
    if word and right < grid.width:
        page.add(StripedBox((right, 1, grid.width, height - 1), WHITE if design.is_mono else _YELLOW, BLACK))


# Banners: the symbol on the left, the text beside it.


def _banner_pages(design: _AlertDesign) -> tuple[Page, ...]:
    grid, palette = design.grid, design.palette
    width, height = design.canvas.size
    pad = (1 if height < 40 else 3) if grid.crisp else round(height * 0.1)
    size = height - 2 * pad
    has_sign = width >= 3 * height
    left = 2 * pad + size + (2 if grid.crisp else round(size * 0.12)) if has_sign else pad
    free = max(1, height - 2 * pad)
    measure = ColumnSpace(max(1, width - left - 2 * pad), free, free, grid.crisp, design.canvas.locale)
    column = _banner_column(design, measure)
    pages = []
    for rows in _limit_pages(column, design, measure):
        page = Page(design.canvas.size, palette.ground)
        if has_sign:
            page.add(PlacedPictogram((pad, pad, pad + size, pad + size), design.sign, palette.ink, palette.ground))
        if design.status is not AlertStatus.ACTUAL and not grid.crisp:
            _add_edge_stripes(page, max(2, pad // 2), height)
        slack = max(0, measure.first - rows[-1].bottom) if rows else 0
        add_column(page, rows, left, pad + slack // 2, column)
        pages.append(page)
    return tuple(pages)


def _add_edge_stripes(page: Page, thickness: int, height: int) -> None:
    """Add barrier stripes along the upper and the lower edge of the first ``height`` pixels."""
    width = page.size[0]
    page.add(StripedBox((0, 0, width, thickness), _YELLOW, BLACK))
    page.add(StripedBox((0, height - thickness, width, height), _YELLOW, BLACK))


def _banner_column(design: _AlertDesign, measure: ColumnSpace) -> FittedColumn:
    ink, crisp = design.palette.ink, design.grid.crisp
    title = f"{_strip_text(design)} · {design.title}"
    body = "\n".join(text for text in (design.description, design.instruction) if text)
    tail = f"{design.source} · {design.until}"
    gap = 1.0 if crisp else 0.7

    def blocks(scale: float) -> list[TextBlock]:
        texts = [TextBlock(title, FontWeight.BOLD, scale, ink, leading=1.5, is_balanced=True)]
        if body:
            texts.append(TextBlock(body, FontWeight.SEMIBOLD, 1.0, ink, gap=gap, leading=1.7))
        return [*texts, TextBlock(tail, FontWeight.REGULAR, 1.0, ink, gap=gap, leading=1.7, is_kept=True)]

    grid = design.grid
    largest = max(grid.smallest, round(grid.height * 0.3))
    smallest = min(grid.smallest, max(least_capital(design.canvas), round(grid.height * 0.14)))
    column = fit_hierarchy([blocks(1.5), blocks(1.2), blocks(1.0)], measure, smallest, largest)
    if len(column.pages) > MOST_PAGES:
        column = fit_column(blocks(1.0), measure, least_capital(design.canvas), smallest)
    return column
