"""Pages for technicians: a test card that shows what a display cuts off, mixes up or cannot draw, and a large number.

The outermost pixels are white, and each corner has a colour of its own: red, green, yellow, blue, clockwise from the
upper left. So overscan, a turned picture and wrongly wired LED modules are seen from the ground.
"""

from __future__ import annotations

from collections.abc import Sequence

from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import BLACK, WHITE, Rgb
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import ColumnSpace, TextBlock
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.layout.page_parts import PageGrid, add_column, fit_hierarchy

BARS: tuple[Rgb, ...] = (
    WHITE, (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255), BLACK,
)  # fmt: skip
"""The colours at full strength, from the brightest to the darkest."""
CORNERS: tuple[Rgb, ...] = ((255, 0, 0), (0, 255, 0), (255, 255, 0), (0, 0, 255))
"""Clockwise from the upper left."""
NUMBER_COLOURS: tuple[Rgb, ...] = (
    (176, 0, 32), (0, 90, 160), (0, 110, 50), (120, 60, 150), (160, 80, 0), (0, 105, 110), (90, 90, 90), (150, 0, 100),
)  # fmt: skip
"""Grounds of numbers, which white letters are read on: neighbouring screens have different ones."""
GREY_STEPS = 16
_LINE: Rgb = (128, 128, 128)


def lay_out_test_card(name: str, lines: Sequence[str], canvas: Canvas) -> Page:
    """Return a test card with the name of the screen in its middle."""
    grid = PageGrid.for_canvas(canvas)
    width, height = canvas.size
    page = Page(canvas.size, BLACK)
    _add_grid(page, width, height)
    bars, greys = height // 4, height - height // 6
    _add_steps(page, (0, 0, width, bars), BARS)
    ramp = [(value, value, value) for value in (round(255 * step / (GREY_STEPS - 1)) for step in range(GREY_STEPS))]
    _add_steps(page, (0, greys, width, height), ramp)
    _add_frame(page, width, height)
    left, right = width // 8, width - width // 8
    page.add(FilledBox((left, bars, right, greys), BLACK))
    _add_text(page, name, lines, grid, canvas, (left, bars, right, greys))
    return page


def lay_out_number(number: int, name: str, canvas: Canvas) -> Page:
    """Return a page with a number as large as the screen lets it be, on a ground by which screens are told apart."""
    page = Page(canvas.size, NUMBER_COLOURS[number % len(NUMBER_COLOURS)])
    grid = PageGrid.for_canvas(canvas)
    width, height = canvas.size
    margin = 1 if grid.crisp else grid.margin
    _add_text(page, str(number), [name], grid, canvas, (margin, margin, width - margin, height - margin), scale=5.0)
    return page


def _add_steps(page: Page, box: Box, colours: Sequence[Rgb]) -> None:
    left, top, right, bottom = box
    edges = [left + (right - left) * number // len(colours) for number in range(len(colours) + 1)]
    for start, end, colour in zip(edges, edges[1:], colours, strict=False):
        if end > start:
            page.add(FilledBox((start, top, end, bottom), colour))


def _add_grid(page: Page, width: int, height: int) -> None:
    step, thick = max(4, min(width, height) // 9), max(1, min(width, height) // 540)
    for x in range(step, width, step):
        page.add(FilledBox((x, 0, min(width, x + thick), height), _LINE))
    for y in range(step, height, step):
        page.add(FilledBox((0, y, width, min(height, y + thick)), _LINE))


def _add_frame(page: Page, width: int, height: int) -> None:
    side = max(2, min(width, height) // 10)
    for corner, colour in zip(((0, 0), (1, 0), (1, 1), (0, 1)), CORNERS, strict=True):
        left, top = corner[0] * (width - side), corner[1] * (height - side)
        page.add(FilledBox((left, top, left + side, top + side), colour))
    for box in ((0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height)):
        page.add(FilledBox(box, WHITE))


def _add_text(
    page: Page, title: str, lines: Sequence[str], grid: PageGrid, canvas: Canvas, box: Box, scale: float = 2.0
) -> None:
    left, top, right, bottom = box
    room = max(1, bottom - top)
    measure = ColumnSpace(max(1, right - left), room, room, grid.crisp, canvas.locale)
    text = "\n".join(typeset_text(line, canvas.locale) for line in lines if line)
    gap = 2.0 if grid.crisp else 1.4

    def blocks(size: float, *, is_whole: bool) -> list[TextBlock]:
        head = TextBlock(typeset_text(title, canvas.locale) or "·", FontWeight.BOLD, size, WHITE, leading=1.5)
        return [head, TextBlock(text, FontWeight.REGULAR, 1.0, WHITE, gap=gap)] if is_whole and text else [head]

    candidates = [blocks(size, is_whole=True) for size in (scale, scale / 1.6, 1.0)] + [blocks(1.0, is_whole=False)]
    largest = max(6, room // 2 if scale > 2 else grid.largest)
    column = fit_hierarchy(candidates, measure, 5, largest)
    rows = column.pages[0]
    slack = max(0, room - rows[-1].bottom) if rows else 0
    add_column(page, rows, left, top + slack // 2, column, centred=True)
