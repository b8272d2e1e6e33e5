"""Text box: a heading and running text in a box of the page, over as many pages as it takes.

The template draws what lies behind and around the box, on every page anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import Rgb
from beffroi_content.raster.page import Box, Page, TextLine
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.raster.text.text_fitting import ColumnSpace, FittedColumn, TextBlock
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.layout.page_parts import (
    TITLE_SCALES,
    FooterColours,
    PageGrid,
    add_column,
    add_footer,
    body_block,
    canvas_palette,
    fit_hierarchy,
    heading_blocks,
)
from beffroi_content.templates.layout.qr_code import CODE_SHARE, add_qr_code, permalink_side, qr_code_side

LEAST_YIELD = 0.75
"""Of the size of its letters, what a text keeps where it makes room for the code of its public page."""
_LONG_TITLE = 90
"""Letters from which a title may be hardly larger than the text: it is a sentence, not a heading."""


@dataclass(frozen=True, slots=True)
class TextBoxLayout:
    """The box of a text, and what a template draws around it."""

    box: Box
    """The box of the text."""
    ground: Rgb
    foot: FooterColours
    decorate: Callable[[Page], None]
    """Draws all that lies behind the text."""
    drop: float
    """The place of a short text in its box: 0 at the top, 1 at the bottom."""


def compose_text(
    announcement: Announcement, canvas: Canvas, composition: TextBoxLayout, details: Sequence[TextBlock] = ()
) -> tuple[Page, ...]:
    """Return the pages of label, title, ``details`` and body; the title is repeated in small on later pages.

    A link stands as a code in the lower right corner of the text, where there is room for one that can be scanned; the
    public page likewise, where the text is hardly smaller for it and takes no page more.
    """
    link = announcement.link
    side = _code_side(link, canvas, composition) if link else 0
    boxed = _beside_code(link, side, canvas, composition) if side else composition
    column = _fit_text(announcement, canvas, boxed, details)
    permalink = "" if link else announcement.permalink
    if side := permalink_side(permalink, canvas, _most_side(composition)):
        tried = _beside_code(permalink, side, canvas, composition)
        smaller = _fit_text(announcement, canvas, tried, details)
        if len(smaller.pages) == len(column.pages) and smaller.base >= LEAST_YIELD * column.base:
            boxed, column = tried, smaller
    left, _, right, _ = boxed.box
    return column_pages(announcement, canvas, boxed, column, running=_running_title(announcement, canvas, right - left))


def _most_side(composition: TextBoxLayout) -> int:
    left, top, right, bottom = composition.box
    return round(CODE_SHARE * min(right - left, bottom - top))


def _code_side(link: str, canvas: Canvas, composition: TextBoxLayout) -> int:
    return qr_code_side(link, canvas, _most_side(composition))


def _beside_code(link: str, side: int, canvas: Canvas, composition: TextBoxLayout) -> TextBoxLayout:
    """Return the composition with a code for a link, and the text beside or above it."""
    left, top, right, bottom = composition.box
    gap = PageGrid.for_canvas(canvas).margin // 2
    # The code takes a column beside the text where the box is wide, and a row under it where it is tall.
    is_beside = right - left >= bottom - top
    box = (left, top, right - side - gap, bottom) if is_beside else (left, top, right, bottom - side - gap)

    def decorate(page: Page) -> None:
        composition.decorate(page)
        add_qr_code(page, link, (right - side, bottom - side, right, bottom))

    return replace(composition, box=box, decorate=decorate)


def column_pages(
    announcement: Announcement,
    canvas: Canvas,
    composition: TextBoxLayout,
    column: FittedColumn,
    *,
    centred: bool = False,
    running: _RunningTitle | None = None,
) -> tuple[Page, ...]:
    """Return the pages of a column that was fitted to the box of the composition."""
    left, top, _, bottom = composition.box
    offset = round(3 * running.style.capital) if running else 0
    accent = canvas_palette(canvas).accent
    pages = []
    for number, rows in enumerate(column.pages, 1):
        page = Page(canvas.size, composition.ground)
        composition.decorate(page)
        start = top if number == 1 else top + offset
        if number > 1 and running:
            page.add(TextLine(left, top + running.style.capital, running.text, running.style, accent))
        slack = max(0, bottom - start - rows[-1].bottom) if rows else 0
        # Pages of one text begin at the same height; only a text of one page floats.
        share = composition.drop if len(column.pages) == 1 else 0
        add_column(page, rows, left, start + round(slack * share), column, centred=centred)
        add_footer(page, canvas, announcement.source, (number, len(column.pages)), composition.foot)
        pages.append(page)
    return tuple(pages)


def box_space(box: Box, canvas: Canvas) -> ColumnSpace:
    """Return the room in a box, the same on every page."""
    height = box[3] - box[1]
    return ColumnSpace(box[2] - box[0], height, height, is_crisp=False, locale=canvas.locale)


def _fit_text(
    announcement: Announcement, canvas: Canvas, composition: TextBoxLayout, details: Sequence[TextBlock]
) -> FittedColumn:
    left, top, right, bottom = composition.box
    running = _running_title(announcement, canvas, right - left)
    # Later pages repeat the title in small above the text, so they have less height.
    offset = round(3 * running.style.capital) if running else 0
    measure = ColumnSpace(right - left, bottom - top, bottom - top - offset, is_crisp=False, locale=canvas.locale)
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    body = [body_block(announcement.body, canvas, palette.ink)] if announcement.body else []
    scales = TITLE_SCALES if len(announcement.title) < _LONG_TITLE else (*TITLE_SCALES, 1.1)
    candidates = [
        [*heading_blocks(announcement, canvas, palette.accent, palette.ink, scale), *details, *body] for scale in scales
    ]
    return fit_hierarchy(candidates, measure, grid.smallest, grid.largest)


@dataclass(frozen=True, slots=True)
class _RunningTitle:
    text: str
    style: TextStyle


def _running_title(announcement: Announcement, canvas: Canvas, width: int) -> _RunningTitle | None:
    """Return the title for later pages, or None where it does not fit on one line."""
    style = TextStyle(FontWeight.BOLD, max(1, round(0.82 * PageGrid.for_canvas(canvas).smallest)))
    text = typeset_text(announcement.title, canvas.locale)
    return _RunningTitle(text, style) if font_face(style).text_width(text) <= width else None


def fewest_pages(candidates: Iterable[tuple[Page, ...]]) -> tuple[Page, ...]:
    """Return the first candidate of one page, or else the first of those with the fewest."""
    best: tuple[Page, ...] = ()
    for pages in candidates:
        if len(pages) == 1:
            return pages
        if not best or len(pages) < len(best):
            best = pages
    return best
