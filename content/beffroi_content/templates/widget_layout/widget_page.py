"""Widget page: a title, a footer and a box between them, and lines of text that keep to their box."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import ColourPalette, Rgb, panel_palette
from beffroi_content.raster.legibility import least_capital
from beffroi_content.raster.page import Box, FilledBox, Page, TextLine
from beffroi_content.raster.text.bidi import is_right_to_left
from beffroi_content.raster.text.dates import day_number, instant_text, short_day_text
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face, snap_to_bitmap_size
from beffroi_content.raster.text.line_breaking import Hyphenation, break_lines
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.layout import page_parts
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, add_footer, centred_baseline, fit_line
from beffroi_content.templates.widget_layout.phrases import phrase

BAND_SHARE = 8
"""The longer side of a screen is so many times as long as a band is high, at least."""


@dataclass(frozen=True, slots=True)
class WidgetPage:
    """A page that a widget is being drawn on; ``box`` is what is left for the widget itself."""

    page: Page
    canvas: Canvas
    grid: PageGrid
    palette: ColourPalette
    box: Box

    @property
    def crisp(self) -> bool:
        return self.grid.crisp

    @property
    def locale(self) -> str:
        return self.canvas.locale

    @property
    def width(self) -> int:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        return self.box[3] - self.box[1]

    @property
    def smallest_capital(self) -> int:
        """The capital height of the smallest running text, in pixels; less than legible where the box is very low."""
        return self.grid.smallest if self.height >= 3 * self.grid.smallest else least_capital(self.canvas)

    def text_style(self, weight: FontWeight, capital: float) -> TextStyle:
        """Return a style that the canvas can draw."""
        size = max(5, round(capital))
        return TextStyle(weight, snap_to_bitmap_size(size) if self.crisp else size, self.crisp)

    def line_height(self, style: TextStyle) -> int:
        """Return the pixels from one line to the next."""
        drawn = font_face(style)
        return drawn.ascent + drawn.descent if self.crisp else round(style.capital * 1.75)


def local_time(at_ms: int, canvas: Canvas) -> dt.datetime:
    """Return the local time without an offset; the end of the year 9999 is the latest."""
    # A day short of the end of the year 9999, so that no time zone can step past it.
    seconds = min(max(at_ms, 0) // 1000, 253_402_214_400)
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).astimezone(ZoneInfo(canvas.time_zone)).replace(tzinfo=None)


def is_band(canvas: Canvas) -> bool:
    """Tell whether a canvas is a low band of a screen, beside whose loop a heading and a foot would say too much."""
    width, height = canvas.size
    full = canvas.screen_class.size
    return canvas.size != full and width >= 2 * height and BAND_SHARE * height <= max(full)


def widget_palette(canvas: Canvas) -> ColourPalette:
    """Return the colours of a canvas by day or by night, or on a panel; a band is a field of the town's colour."""
    if PageGrid.for_canvas(canvas).crisp:
        return panel_palette(canvas.town.colour, canvas.screen_class.colour_depth)
    palette = page_parts.canvas_palette(canvas)
    if not is_band(canvas):
        return palette
    ground, ink, soft = palette.band, palette.band_ink, palette.band_soft
    return replace(palette, paper=ground, ink=ink, soft_ink=soft, accent=soft, tint=ground)


def open_widget_page(canvas: Canvas, title: str, note: str = "", aside: str = "") -> WidgetPage:
    """Return a page with its title, at the right of that ``aside``, and a foot with the town and ``note``."""
    grid, palette = PageGrid.for_canvas(canvas), widget_palette(canvas)
    page = Page(canvas.size, palette.paper)
    if grid.crisp:
        return _panel_page(page, canvas, grid, palette, title, note)
    if is_band(canvas):
        air = grid.margin // 2
        return WidgetPage(page, canvas, grid, palette, (grid.margin, air, grid.width - grid.margin, grid.height - air))
    top = _add_heading(page, canvas, grid, palette, title, aside) if title else 0
    bottom = grid.height - grid.foot
    colours = FooterColours(palette.tint, palette.accent, palette.soft_ink)
    add_footer(page, canvas, note, (1, 1), colours)
    air = round(grid.margin * 0.7)
    return WidgetPage(page, canvas, grid, palette, (grid.margin, top + air, grid.width - grid.margin, bottom - air))


def _add_heading(page: Page, canvas: Canvas, grid: PageGrid, palette: ColourPalette, title: str, aside: str) -> int:
    height = round(min(grid.title * 1.55, grid.height * 0.17))
    board = WidgetPage(page, canvas, grid, palette, (grid.margin, 0, grid.width - grid.margin, height))
    page.add(FilledBox((0, 0, grid.width, height), palette.band))
    capital = height * 0.34
    taken = 0
    if aside and grid.is_wide:
        text, style = fit_one_line(board, aside, FontWeight.REGULAR, capital * 0.72, board.width * 0.4)
        taken = round(font_face(style).text_width(text)) + grid.margin
        put_line(board, text, style, (board.box[2] - taken, 0, board.box[2], height), palette.band_soft, "right")
    text, style = fit_one_line(board, title, FontWeight.BOLD, capital, board.width - taken, least=capital * 0.42)
    put_line(board, text, style, (grid.margin, 0, board.box[2] - taken, height), palette.band_ink)
    return height


def _panel_page(
    page: Page, canvas: Canvas, grid: PageGrid, palette: ColourPalette, title: str, note: str
) -> WidgetPage:
    """Return a panel with a title where it is high enough for one, and a note where it has even more room."""
    width, height = canvas.size
    air = 1 if min(width, height) >= 32 else 0
    board = WidgetPage(page, canvas, grid, palette, (air, air, max(1, width - air), max(1, height - air)))
    top, bottom = board.box[1], board.box[3]
    if title and height >= 44:
        text, style = fit_one_line(board, title, FontWeight.BOLD, max(7, height / 11), board.width, least=6)
        line = board.line_height(style)
        put_line(board, text, style, (air, top, width - air, top + line), palette.accent)
        page.add(FilledBox((0, top + line, width, top + line + 1), palette.accent))
        top += line + 2
    if note and height >= 60:
        text, style = fit_one_line(board, note, FontWeight.REGULAR, 5 if height < 120 else 7, board.width, least=5)
        line = board.line_height(style)
        put_line(board, text, style, (air, bottom - line, width - air, bottom), palette.soft_ink)
        bottom -= line + 1
    return WidgetPage(page, canvas, grid, palette, (board.box[0], top, board.box[2], max(top + 1, bottom)))


def data_age_text(fetched_at_ms: int, canvas: Canvas) -> str:
    """Return “données du 12 nov., 14 h”."""
    day = local_time(fetched_at_ms, canvas).date()
    parts = short_day_text(day, canvas.locale).split("\N{NO-BREAK SPACE}")
    date = "\N{NO-BREAK SPACE}".join((day_number(day, canvas.locale), parts[-1]))
    return phrase("as-of", canvas.locale, day=date, time=instant_text(fetched_at_ms, canvas.time_zone, canvas.locale))


def put_line(board: WidgetPage, text: str, style: TextStyle, box: Box, colour: Rgb, align: str = "left") -> None:
    """Put a line in the middle of the height of a box: ``left``, ``centre`` or ``right``."""
    if not text:
        return
    wide = font_face(style).text_width(text)
    is_rtl = is_right_to_left(text)
    if is_rtl and align == "left":
        align = "right"
    slack = {"left": 0.0, "centre": (box[2] - box[0] - wide) / 2, "right": box[2] - box[0] - wide}[align]
    baseline = centred_baseline(box[1], box[3], style)
    board.page.add(TextLine(box[0] + max(0, round(slack)), baseline, text, style, colour, is_rtl))


def fit_one_line(
    board: WidgetPage, text: str, weight: FontWeight, capital: float, width: float, least: float = 5
) -> tuple[str, TextStyle]:
    """Return the text at that capital height or smaller; what does not fit even so ends with an ellipsis."""
    text = typeset_text(text, board.locale).replace("\n", " ")
    wanted, smallest = board.text_style(weight, capital), board.text_style(weight, min(least, capital))
    if font_face(wanted).text_width(text) <= width:
        return text, wanted
    text, style = fit_line((text,), weight, wanted.capital, width, crisp=board.crisp)
    if style.capital >= smallest.capital:
        return shorten_text(text, style, width), style
    return shorten_text(text, smallest, width), smallest


def shorten_text(text: str, style: TextStyle, width: float) -> str:
    """Return the text, with an ellipsis for what has no room."""
    measured = font_face(style)
    if measured.text_width(text) <= width:
        return text
    # Bisection: the width of a text grows with its letters, and ticker messages have up to 160 of them.
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measured.text_width(text[:middle].rstrip() + "…") <= width else (low, middle - 1)
    return text[:low].rstrip() + "…" if low else ""


def wrap_text(board: WidgetPage, text: str, style: TextStyle, width: float, most: int) -> list[str]:
    """Return the text on so many lines at most; the last one ends with an ellipsis if there is more."""
    text = typeset_text(text, board.locale).replace("\n", " ")
    lines = break_lines(text, style, max(1.0, width), Hyphenation.NEVER, board.locale).lines
    if len(lines) <= most:
        return [shorten_text(line, style, width) for line in lines]
    remainder = " ".join(lines[most - 1 :])
    return [
        *(shorten_text(line, style, width) for line in lines[: most - 1]),
        shorten_text(remainder + "…", style, width),
    ]


def add_paragraph(
    board: WidgetPage, parts: list[tuple[str, FontWeight, float, Rgb]], box: Box, align: str = "centre"
) -> None:
    """Put a few texts one above the other in the middle of a box, as large as they can be.

    Each part is a text, its weight, its size in proportion to the largest, and its colour.
    """
    width, height = box[2] - box[0], box[3] - box[1]
    parts = [part for part in parts if part[0]]
    if not parts or width < 1 or height < 5:
        return
    shown: list[_StyledText] = []
    # Sizes are tried from large to small, first down to the legible minimum and then down to the least that the canvas
    # can draw. A widget has one page: what fits at no size is shown in the smallest, cut with an ellipsis.
    for least in sorted({board.smallest_capital, least_capital(board.canvas)}, reverse=True):
        for capital in _candidate_sizes(board, max(5.0, height * 0.62)):
            shown, is_whole = _set_parts(board, parts, width, capital, least)
            if is_whole and sum(board.line_height(style) for _, style, _ in shown) <= height:
                _stack_lines(board, shown, box, align)
                return
    _stack_lines(board, shown, box, align)


_StyledText = tuple[str, TextStyle, Rgb]


def _set_parts(
    board: WidgetPage, parts: list[tuple[str, FontWeight, float, Rgb]], width: int, capital: float, least: int
) -> tuple[list[_StyledText], bool]:
    """Return the lines of some texts, and whether nothing of them had to be cut."""
    lines: list[_StyledText] = []
    is_whole = True
    for text, weight, scale, colour in parts:
        style = board.text_style(weight, max(least, capital * scale))
        lines += [(line, style, colour) for line in wrap_text(board, text, style, width, 4)]
        is_whole &= _is_whole(board, text, style, width)
    return lines, is_whole


def _stack_lines(board: WidgetPage, lines: list[_StyledText], box: Box, align: str) -> None:
    """Put lines in the middle of the height of a box; those without room are told by an ellipsis."""
    free, fitting = box[3] - box[1] + 1, 0
    while fitting < len(lines) and board.line_height(lines[fitting][1]) <= free:
        free -= board.line_height(lines[fitting][1])
        fitting += 1
    shown = lines[: max(1, fitting)]
    y = box[1] + max(0, free - 1) // 2
    for number, (line, style, colour) in enumerate(shown, 1):
        is_cut = number == len(shown) < len(lines)
        text = shorten_text(line.rstrip("…") + "…", style, box[2] - box[0]) if is_cut else line
        put_line(board, text, style, (box[0], y, box[2], y + board.line_height(style)), colour, align)
        y += board.line_height(style)


def _is_whole(board: WidgetPage, text: str, style: TextStyle, width: float) -> bool:
    """Tell whether a text has room on four lines without a word being cut."""
    broken = break_lines(
        typeset_text(text, board.locale).replace("\n", " "), style, width, Hyphenation.NEVER, board.locale
    )
    return broken.is_clean and len(broken.lines) <= 4


def _candidate_sizes(board: WidgetPage, largest: float) -> list[int]:
    """Return capital heights from large to small, each a tenth less than the one before."""
    sizes, size = [], largest
    while size > 5:
        sizes.append(round(size))
        # Nine tenths at a time is finer than the eye tells; bitmap fonts are tried pixel by pixel, since they
        # are few.
        size = size * 0.9 if not board.crisp else size - 1
    return [*sizes, 5]
