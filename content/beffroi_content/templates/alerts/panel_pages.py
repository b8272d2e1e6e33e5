"""Alert pages on LED panels and one-colour displays: rows that say the level and the end, and under them what to do.

A level is told from another without colour: information has a plain row, vigilance one with a rule under it, an alert a
reversed row and a frame, an emergency the whole page reversed where there is one colour only. A panel that is a narrow
column has its pages turned, so that words are read along it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from beffroi_content.model import AlertLevel
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import BLACK, WHITE, Rgb
from beffroi_content.raster.page import FilledBox, Page, PlacedPictogram, StripedBox, TextLine
from beffroi_content.raster.text.fonts import FontFace, FontWeight, TextStyle, font_face, snap_to_bitmap_size
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
from beffroi_content.templates.alerts.screen_pages import YELLOW
from beffroi_content.templates.alerts.text_setting import AlertTextSetter
from beffroi_content.templates.layout.page_parts import add_column

_USUAL, _SMALL = PageBudget(orders=3, facts=2), PageBudget(orders=2, facts=2)
_LEAST_FRAMED = 48
"""Pixels of height from which a page has room for a frame."""
_LEAST_CARD = 96
"""Pixels of height from which what to do has a field of its own."""
_LEAST_PICTOGRAM = 24
"""Pixels under which the pictogram of a hazard cannot be recognised."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of chrome: what stands left, and what stands right."""

    left: str
    right: str = ""
    is_status: bool = False


@dataclass(frozen=True, slots=True)
class _Chrome:
    """The rows that every page has, and the space that they leave."""

    rows: tuple[_Row, ...]
    style: TextStyle
    row_height: int
    has_sign: bool
    edge: int
    """Width of the frame."""

    @property
    def bottom(self) -> int:
        return len(self.rows) * self.row_height + 1


def is_turned(canvas: Canvas) -> bool:
    """Tell whether the pages of a canvas are turned by 90 degrees: a column too narrow for a word."""
    width, height = canvas.size
    return width < 48 and height >= 2 * width


def lay_out_panel(design: AlertDesign) -> tuple[tuple[Page, ...], Composition]:
    """Return the pages of an alert on a panel, 3 at most, and what is on them."""
    chrome = _chrome(design)
    grid = design.grid
    width, top = grid.width - 2 * chrome.edge - 2, chrome.bottom
    height = grid.height - top - chrome.edge
    regions: tuple[Region, ...] = (Region.FULL,)
    spaces = {Region.FULL: (width, height)}
    side = min(grid.width // 3, height)
    if side >= _LEAST_PICTOGRAM and not design.is_banner and (design.hazard or design.is_over):
        regions = (Region.BESIDE_PICTOGRAM, Region.FULL)
        spaces[Region.BESIDE_PICTOGRAM] = (width - side - 2, height)
    setter = AlertTextSetter(design, spaces, regions, has_card=grid.height >= _LEAST_CARD)
    budget = PageBudget(1, 1, 1) if design.is_over else _SMALL if design.sizes[0] < 7 else _USUAL
    found = compose_pages(design, setter, design.source, budget)
    if found.left_out and not design.is_over:
        found = compose_pages(design, setter, _closing_of_more(design), budget)
    pages = tuple(_draw_page(design, chrome, each, side) for each in found.pages)
    return pages, found


def _closing_of_more(design: AlertDesign) -> str:
    """Return the line that says who speaks and that there is more."""
    place = "  ".join(each for each in (design.source, design.phone) if each)
    return typeset_text(phrases_of(design.canvas.locale).rest.format(place=place), design.canvas.locale)


def _chrome(design: AlertDesign) -> _Chrome:
    grid = design.grid
    capital = snap_to_bitmap_size(max(design.sizes[0], round(0.07 * grid.height)))
    style = TextStyle(FontWeight.BOLD, capital, crisp=True)
    face = font_face(style)
    edge = 0
    if grid.height >= _LEAST_FRAMED and design.level.rank >= AlertLevel.ALERT.rank and not design.is_over:
        edge = max(1, grid.height // 64)
    row_height = face.ascent + face.descent + (1 if grid.height >= 24 and not design.is_banner else 0)
    free = grid.width - 2 * edge - 2
    sign = row_height + 2 if grid.height >= 24 else 0
    forms = tuple(_row_forms(design))
    # Fewer rows leave more to what must be done: the sign yields before a row is added.
    for count in (1, 2, 3):
        for wide in (sign, 0):
            for rows in forms:
                if len(rows) == count and all(_row_width(row, design, face, wide) <= free for row in rows):
                    return _Chrome(rows, style, row_height, bool(wide), edge)
    return _Chrome(forms[-1], style, row_height, False, edge)


def _row_width(row: _Row, design: AlertDesign, face: FontFace, sign: int) -> float:
    texts = " ".join(text for text in (row.left, row.right) if text)
    return face.text_width(texts) + (sign if design.word in row.left else 0)


def _row_forms(design: AlertDesign) -> Iterator[tuple[_Row, ...]]:
    """Yield the rows in ever narrower forms; each has the status, the level and the end."""
    status, word, untils = design.status_word, design.word, design.untils
    if not status:
        yield from ((_Row(word, until),) for until in untils)
        yield (_Row(word), _Row("", untils[1]))
        yield (_Row(word), _Row("", untils[-1]))
        return
    yield from ((_Row(f"{status} {word}", until, is_status=True),) for until in untils)
    if design.grid.height < 24:
        # A second row would leave none for what to do.
        yield (_Row(f"{status} {word}", is_status=True),)
    yield from ((_Row(status, is_status=True), _Row(word, until)) for until in untils)
    yield (_Row(status, untils[-1], is_status=True), _Row(word))
    yield (_Row(status, is_status=True), _Row(word), _Row("", untils[-1]))


def _draw_page(design: AlertDesign, chrome: _Chrome, composed: ComposedPage, side: int) -> Page:
    grid, palette = design.grid, design.palette
    page = Page(design.canvas.size, palette.ground)
    if chrome.edge:
        _add_frame(page, design, chrome)
    _add_rows(page, design, chrome)
    rows = composed.column.pages[0]
    left, top = chrome.edge + 1, chrome.bottom
    free = grid.height - top - chrome.edge
    if composed.region is Region.BESIDE_PICTOGRAM:
        y = top + (free - side) // 2
        page.add(PlacedPictogram((left, y, left + side, y + side), design.pictogram, palette.ink, palette.ground))
        left += side + 2
    add_column(page, rows, left, top + max(0, free - rows[-1].bottom) // 2, composed.column)
    return page


def _add_frame(page: Page, design: AlertDesign, chrome: _Chrome) -> None:
    width, height = design.canvas.size
    for box in (
        (0, 0, chrome.edge, height), (width - chrome.edge, 0, width, height), (0, height - chrome.edge, width, height)
    ):  # fmt: skip
        page.add(FilledBox(box, design.palette.ink))


def _row_colours(design: AlertDesign, row: _Row) -> tuple[Rgb, Rgb]:
    """Return the ground and the ink of a row: black for what is not real, reversed where people must act."""
    palette = design.palette
    if row.is_status:
        return BLACK, WHITE
    is_reversed = design.is_over or design.level.rank >= AlertLevel.ALERT.rank
    return (palette.ink, palette.ground) if is_reversed else (palette.ground, palette.ink)


def _add_rows(page: Page, design: AlertDesign, chrome: _Chrome) -> None:
    width = design.grid.width
    face = font_face(chrome.style)
    for number, row in enumerate(chrome.rows):
        top, bottom = number * chrome.row_height, (number + 1) * chrome.row_height
        ground, ink = _row_colours(design, row)
        page.add(FilledBox((0, top, width, bottom), ground))
        left = chrome.edge + 1
        if chrome.has_sign and design.word in row.left:
            size = chrome.row_height - 1
            page.add(PlacedPictogram((left, top, left + size, top + size), design.sign, ink, ground))
            left += size + 2
        baseline = top + face.ascent
        end = left
        if row.left:
            page.add(TextLine(left, baseline, row.left, chrome.style, ink))
            end = left + round(face.text_width(row.left))
        start = width
        if row.right:
            start = width - chrome.edge - 1 - round(face.text_width(row.right))
            page.add(TextLine(start, baseline, row.right, chrome.style, ink))
        if row.is_status and start - end > 8:
            stripes = (end + 3, top + 1, start - 3 if row.right else width, bottom - 1)
            page.add(StripedBox(stripes, WHITE if design.is_mono else YELLOW, BLACK))
    if design.level is AlertLevel.VIGILANCE and not design.is_over and design.grid.height >= 24:
        line = len(chrome.rows) * chrome.row_height
        page.add(FilledBox((0, line - 1, width, line), design.palette.ink))


def turned(canvas: Canvas) -> Canvas:
    """Return a canvas with width and height exchanged, for pages that are turned."""
    width, height = canvas.size
    screen = canvas.screen_class
    # The pitch stays what it is: the physical height is that of the side that is now the height.
    flat = screen.replace(
        width=screen.height,
        height=screen.width,
        physical_height_mm=max(1, round(screen.physical_height_mm * screen.width / screen.height)),
    )
    return replace(canvas, size=(height, width), screen_class=flat)
