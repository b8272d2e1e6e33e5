"""A heading and running text in a box, over as many pages as it takes, on whatever the template draws behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.fonts import Style, Weight, face
from beffroi_content.raster.palettes import Palette, Rgb
from beffroi_content.raster.scene import Box, Letters, Page
from beffroi_content.raster.templates.code import add_code, code_side
from beffroi_content.raster.templates.frame import (
    TITLE_SCALES,
    FootColours,
    Grid,
    add_foot,
    body_block,
    fit_hierarchy,
    heading_blocks,
    palette_of,
    set_column,
)
from beffroi_content.raster.text import Block, Column, Measure
from beffroi_content.raster.typography import typeset

CODE_SHARE = 0.42
"""Of the shorter side of the text, at most, for the code of a link."""
_LONG_TITLE = 90
"""Letters from which a title may be hardly larger than the text: it is a sentence, not a heading."""


@dataclass(frozen=True, slots=True)
class Composition:
    """What a template decides around its text."""

    box: Box
    """Where the text goes."""
    ground: Rgb
    foot: FootColours
    decorate: Callable[[Page], None]
    """Draws all that lies behind the text."""
    drop: float
    """Where a short text hangs in its box: 0 at the top, 1 at the bottom."""


def compose_text(
    announcement: Announcement, canvas: Canvas, composition: Composition, details: Sequence[Block] = ()
) -> tuple[Page, ...]:
    """Return the pages of label, title, ``details`` and body; the title is repeated in small on later pages.

    A link stands as a code in the lower right corner of the text, where there is room for one that can be scanned.
    """
    composition = _beside_code(announcement, canvas, composition)
    left, top, right, bottom = composition.box
    running = _running_title(announcement, canvas, right - left)
    offset = round(3 * running.style.capital) if running else 0
    measure = Measure(right - left, bottom - top, bottom - top - offset, is_crisp=False, locale=canvas.locale)
    column = _column(announcement, canvas, palette_of(canvas), measure, details)
    return column_pages(announcement, canvas, composition, column, running=running)


def _beside_code(announcement: Announcement, canvas: Canvas, composition: Composition) -> Composition:
    """Return the composition with a code for the link, and the text beside or above it."""
    left, top, right, bottom = composition.box
    side = 0
    if announcement.link:
        side = code_side(announcement.link, canvas, round(CODE_SHARE * min(right - left, bottom - top)))
    if not side:
        return composition
    gap = Grid.of(canvas).margin // 2
    is_beside = right - left >= bottom - top
    box = (left, top, right - side - gap, bottom) if is_beside else (left, top, right, bottom - side - gap)

    def decorate(page: Page) -> None:
        composition.decorate(page)
        add_code(page, announcement.link, (right - side, bottom - side, right, bottom))

    return replace(composition, box=box, decorate=decorate)


def column_pages(
    announcement: Announcement,
    canvas: Canvas,
    composition: Composition,
    column: Column,
    *,
    centred: bool = False,
    running: _Running | None = None,
) -> tuple[Page, ...]:
    """Return the pages of a column that was fitted to the box of the composition."""
    left, top, _, bottom = composition.box
    offset = round(3 * running.style.capital) if running else 0
    pages = []
    for number, rows in enumerate(column.pages, 1):
        page = Page(canvas.size, composition.ground)
        composition.decorate(page)
        start = top if number == 1 else top + offset
        if number > 1 and running:
            page.add(Letters(left, top + running.style.capital, running.text, running.style, palette_of(canvas).accent))
        slack = max(0, bottom - start - rows[-1].bottom) if rows else 0
        # Pages of one text begin at the same height; only a text of one page floats.
        share = composition.drop if len(column.pages) == 1 else 0
        set_column(page, rows, left, start + round(slack * share), column, centred=centred)
        add_foot(page, canvas, announcement.source, (number, len(column.pages)), composition.foot)
        pages.append(page)
    return tuple(pages)


def box_measure(box: Box, canvas: Canvas) -> Measure:
    """Return the room in a box, the same on every page."""
    height = box[3] - box[1]
    return Measure(box[2] - box[0], height, height, is_crisp=False, locale=canvas.locale)


def _column(
    announcement: Announcement, canvas: Canvas, palette: Palette, measure: Measure, details: Sequence[Block]
) -> Column:
    grid = Grid.of(canvas)
    body = [body_block(announcement.body, canvas, palette.ink)] if announcement.body else []
    scales = TITLE_SCALES if len(announcement.title) < _LONG_TITLE else (*TITLE_SCALES, 1.1)
    candidates = [
        [*heading_blocks(announcement, canvas, palette.accent, palette.ink, scale), *details, *body] for scale in scales
    ]
    return fit_hierarchy(candidates, measure, grid.smallest, grid.largest)


@dataclass(frozen=True, slots=True)
class _Running:
    text: str
    style: Style


def _running_title(announcement: Announcement, canvas: Canvas, width: int) -> _Running | None:
    """Return the title for later pages, or None where it does not fit on one line."""
    style = Style(Weight.BOLD, max(1, round(0.82 * Grid.of(canvas).smallest)))
    text = typeset(announcement.title, canvas.locale)
    return _Running(text, style) if face(style).width(text) <= width else None


def fewest_pages(candidates: Iterable[tuple[Page, ...]]) -> tuple[Page, ...]:
    """Return the first candidate of one page, or else the first of those with the fewest."""
    best: tuple[Page, ...] = ()
    for pages in candidates:
        if len(pages) == 1:
            return pages
        if not best or len(pages) < len(best):
            best = pages
    return best
