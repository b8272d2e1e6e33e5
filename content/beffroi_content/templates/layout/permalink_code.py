"""The code of an announcement's own public page, put where a finished page has room for it.

It never moves or shrinks what the announcement says: a page without a free place of one colour has no code.
"""

from __future__ import annotations

from collections.abc import Iterator

from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Item, Page, PlacedImage, QrCode, TextLine
from beffroi_content.raster.text.fonts import font_face
from beffroi_content.templates.layout.page_parts import PageGrid
from beffroi_content.templates.layout.qr_code import CODE_SHARE, add_qr_code, permalink_side

_DESCENT = 0.4
"""What hangs below the baseline, as a part of the height of a capital."""
_ASCENT = 1.3
"""What stands above the baseline, accents included, likewise."""


def add_permalink(page: Page, permalink: str, canvas: Canvas) -> None:
    """Put the code of a public page into a free corner, where one fits that can be scanned from where people stand."""
    side = permalink_side(permalink, canvas, round(CODE_SHARE * min(canvas.size)))
    if not side or any(isinstance(item, QrCode) for item in page.items):
        return
    if (box := _free_place(page, side, PageGrid.for_canvas(canvas))) is not None:
        add_qr_code(page, permalink, box)


def _free_place(page: Page, side: int, grid: PageGrid) -> Box | None:
    gap, margin, bottom = grid.margin // 2, grid.margin, grid.height - grid.foot
    for left, top in _corners(page, side, grid):
        right, foot = left + side, top + side
        if left < margin or top < margin or right > grid.width - margin or foot > bottom - margin:
            continue
        around = (left - gap, top - gap, right + gap, foot + gap)
        if not any(_is_hit(item, around) for item in page.items):
            return (left, top, right, foot)
    return None


def _corners(page: Page, side: int, grid: PageGrid) -> Iterator[tuple[int, int]]:
    """Yield places to try: at the foot of the page and of its fields, the right ones first; then those at their top."""
    margin, bottom = grid.margin, grid.height - grid.foot
    fields: list[Box] = [(0, 0, grid.width, bottom)]
    fields += [item.box for item in page.items if isinstance(item, FilledBox)]
    beside = [item.box for item in page.items if isinstance(item, PlacedImage)]
    rights = sorted({min(box[2], grid.width) for box in fields} | {box[0] for box in beside}, reverse=True)
    lefts = sorted({max(box[0], 0) for box in fields} | {box[2] for box in beside})
    columns = [right - margin - side for right in rights] + [left + margin for left in lefts]
    feet = sorted({min(box[3], bottom) for box in fields}, reverse=True)
    heads = sorted({max(box[1], 0) for box in fields})
    for top in [foot - margin - side for foot in feet] + [head + margin for head in heads]:
        yield from ((left, top) for left in columns)


def _is_hit(item: Item, around: Box) -> bool:
    """Tell whether something is in the way of a box: whatever touches it, but for a field that holds all of it."""
    box = _extent(item)
    if box[2] <= around[0] or box[0] >= around[2] or box[3] <= around[1] or box[1] >= around[3]:
        return False
    is_ground = isinstance(item, FilledBox) and (
        box[0] <= around[0] and box[1] <= around[1] and box[2] >= around[2] and box[3] >= around[3]
    )
    return not is_ground


def _extent(item: Item) -> Box:
    if not isinstance(item, TextLine):
        return item.box
    face, capital = font_face(item.style), item.style.capital
    right = item.x + round(face.text_width(item.text))
    return (item.x, item.baseline - round(_ASCENT * capital), right, item.baseline + round(_DESCENT * capital))
