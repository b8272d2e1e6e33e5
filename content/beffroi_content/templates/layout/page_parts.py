"""Parts of pages: the grid of margins and sizes, headings, columns of text, the footer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_content.model import Announcement, ScreenAppearance
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import WHITE, ColourPalette, Rgb, dark_palette, town_palette
from beffroi_content.raster.legibility import is_crisp, mean_side, minimum_capital
from beffroi_content.raster.page import Box, FilledBox, Page, PlacedLogo, TextLine
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face, snap_to_bitmap_size
from beffroi_content.raster.text.line_breaking import Hyphenation
from beffroi_content.raster.text.text_fitting import (
    ColumnSpace,
    FittedColumn,
    PlacedLine,
    TextBlock,
    fit_column,
    panel_padding,
    smallest_column,
)
from beffroi_content.raster.text.typography import capital_letters, typeset_text

TITLE_SCALES = (2.3, 1.9, 1.6, 1.35)


@dataclass(frozen=True, slots=True)
class PageGrid:
    """The margins and letter sizes of a canvas, in pixels."""

    width: int
    height: int
    margin: int
    foot: int
    """Height of the band at the foot of a page."""
    smallest: int
    """Capital height of the smallest text."""
    largest: int
    """Capital height of the largest running text."""
    title: int
    """Capital height of the largest title."""
    crisp: bool

    @classmethod
    def for_canvas(cls, canvas: Canvas) -> PageGrid:
        """Return the measures of a canvas."""
        width, height = canvas.size
        mean = mean_side(canvas.size)
        # Everything is in proportion to the geometric mean of the sides, so that landscape, portrait and
        # ribbon look alike; bounds by one side keep margins and footer in shape where a canvas is much wider
        # than high.
        smallest = minimum_capital(canvas)
        return cls(
            width=width,
            height=height,
            margin=max(8, round(0.05 * min(mean, 1.25 * min(width, height)))),
            foot=round(0.075 * min(mean, 1.3 * height)),
            smallest=smallest,
            largest=max(smallest, round(0.043 * mean)),
            title=max(smallest, round(0.1 * mean)),
            crisp=is_crisp(canvas),
        )

    @property
    def is_wide(self) -> bool:
        """True if columns stand side by side."""
        return self.width >= 1.25 * self.height


def canvas_palette(canvas: Canvas) -> ColourPalette:
    """Return the colours of announcements on a canvas, by day or by night."""
    is_night = canvas.appearance is ScreenAppearance.NIGHT
    return dark_palette(canvas.town.colour) if is_night else town_palette(canvas.town.colour)


def heading_blocks(announcement: Announcement, canvas: Canvas, label: Rgb, ink: Rgb, scale: float) -> list[TextBlock]:
    """Return the label and the title as blocks."""
    grid = PageGrid.for_canvas(canvas)
    title = TextBlock(
        typeset_text(announcement.title, canvas.locale), FontWeight.BOLD, scale, ink,
        gap=1.05 / scale if announcement.label else 0.0, leading=1.58, is_balanced=True, limit=grid.title,
        most_lines=3 if grid.is_wide else 4,
    )  # fmt: skip
    if not announcement.label:
        return [title]
    text = capital_letters(typeset_text(announcement.label, canvas.locale), canvas.locale)
    limit, least = round(0.36 * grid.title), round(0.66 * grid.smallest)
    return [TextBlock(text, FontWeight.BOLD, 0.78, label, limit=limit, least=least, leading=1.7), title]


def body_block(text: str, canvas: Canvas, ink: Rgb, gap: float = 1.5) -> TextBlock:
    """Return running text as a block."""
    hyphenation = Hyphenation.WELCOME
    return TextBlock(typeset_text(text, canvas.locale), FontWeight.REGULAR, 1.0, ink, gap=gap, hyphenation=hyphenation)


def add_column(
    page: Page, rows: Sequence[PlacedLine], x: int, y: int, column: FittedColumn, *, centred: bool = False
) -> None:
    """Put rows on a page with the upper left corner of their column at x, y; cards first."""
    pad = panel_padding(column.base, any(row.style.crisp for row in rows))
    # Cards first: the text lies on them.
    for box, colour in _card_boxes(rows, x, y, column.width, pad):
        page.add(FilledBox(box, colour, round(0.8 * pad)))
    for row in rows:
        inset = pad if row.block.panel else 0
        left = x + inset + row.indent
        wide = font_face(row.style).text_width(row.text)
        if centred:
            left = round(x + (column.width - wide) / 2)
        elif row.is_rtl:
            left = round(x + column.width - inset - row.indent - wide)
        page.add(TextLine(left, y + row.baseline, row.text, row.style, row.block.colour, row.is_rtl, row.before))


def _card_boxes(rows: Sequence[PlacedLine], x: int, y: int, width: int, pad: int) -> list[tuple[Box, Rgb]]:
    cards: list[tuple[Box, Rgb]] = []
    previous: PlacedLine | None = None
    for row in rows:
        if row.block.panel:
            top = y + row.top - pad
            if previous and previous.block.panel == row.block.panel:
                top = cards.pop()[0][1]
            cards.append(((x, top, x + width, y + row.bottom + pad), row.block.panel))
        previous = row
    return cards


def fit_hierarchy(
    candidates: Sequence[Sequence[TextBlock]], measure: ColumnSpace, smallest: int, largest: int
) -> FittedColumn:
    """Return the column of the first candidate that takes one page and cuts no word; else the last of the best.

    Candidates are the same text with ever less contrast of sizes: a grand title yields before the text is cut up.
    """
    # Later candidates are inserted first, so that of two equally good ones ``min`` takes the later, with less
    # contrast and therefore larger running text.
    found: list[tuple[tuple[int, bool], Sequence[TextBlock]]] = []
    for blocks in candidates:
        column = smallest_column(blocks, measure, smallest)
        if len(column.pages) == 1 and column.is_clean and fits_height(column, measure):
            return fit_column(blocks, measure, smallest, largest)
        found.insert(0, ((len(column.pages), not column.is_clean), blocks))
    return fit_column(min(found, key=lambda each: each[0])[1], measure, smallest, largest)


def fits_height(column: FittedColumn, measure: ColumnSpace) -> bool:
    """Tell whether every page of the column keeps to its height."""
    limits = (measure.first, *[measure.later] * (len(column.pages) - 1))
    return all(height <= limit for height, limit in zip(column.page_heights, limits, strict=True))


def fit_line(
    texts: Sequence[str], weight: FontWeight, capital: int, width: float, *, crisp: bool
) -> tuple[str, TextStyle]:
    """Return the first text that fits on one line at that capital height, or the last one, made smaller."""
    style = TextStyle(weight, snap_to_bitmap_size(capital) if crisp else capital, crisp)
    for text in texts:
        if font_face(style).text_width(text) <= width:
            return text, style
    while capital > 5 and font_face(style).text_width(texts[-1]) > width:
        capital -= max(1, capital // 20)
        style = TextStyle(weight, snap_to_bitmap_size(capital) if crisp else capital, crisp)
    return texts[-1], style


def centred_baseline(top: int, bottom: int, style: TextStyle) -> int:
    """Return the baseline that puts capitals in the middle between two heights."""
    return round((top + bottom + style.capital) / 2)


@dataclass(frozen=True, slots=True)
class FooterColours:
    """The colours of the foot of a page."""

    ground: Rgb
    strong: Rgb
    soft: Rgb


def add_footer(page: Page, canvas: Canvas, source: str, number: tuple[int, int], colours: FooterColours) -> None:
    """Add the band with the town's name, the service that speaks and, if there are several, the page."""
    grid = PageGrid.for_canvas(canvas)
    top = grid.height - grid.foot
    page.add(FilledBox((0, top, grid.width, grid.height), colours.ground))
    left = grid.margin + _add_logo(page, canvas, grid)
    right = grid.width - grid.margin
    capital = max(7, round(grid.foot * 0.3))
    if number[1] > 1:
        right -= _add_page_number(page, grid, number, TextStyle(FontWeight.BOLD, capital), colours)
    own, town = typeset_text(source, canvas.locale), typeset_text(canvas.town.name, canvas.locale)
    shown = own if own and own != town else ""
    free = right - left
    # The town gets half of the line if another service speaks, else all of it.
    name, style = _footer_line(town, FontWeight.BOLD, capital, free * (0.5 if shown else 1.0))
    if name:
        page.add(TextLine(left, centred_baseline(top, grid.height, style), name, style, colours.strong))
    text, style = _footer_line(shown, FontWeight.REGULAR, capital, free * 0.46)
    if text:
        start = right - round(font_face(style).text_width(text))
        page.add(TextLine(start, centred_baseline(top, grid.height, style), text, style, colours.soft))


def _add_page_number(
    page: Page, grid: PageGrid, number: tuple[int, int], style: TextStyle, colours: FooterColours
) -> int:
    """Add “2 / 3” at the right of the footer; return the pixels that it takes."""
    text = f"{number[0]} / {number[1]}"
    wide = round(font_face(style).text_width(text))
    baseline = centred_baseline(grid.height - grid.foot, grid.height, style)
    page.add(TextLine(grid.width - grid.margin - wide, baseline, text, style, colours.strong))
    return wide + grid.margin


def _footer_line(text: str, weight: FontWeight, capital: int, width: float) -> tuple[str, TextStyle]:
    """Return a name on one line; where even the smallest letters are too wide, it ends with an ellipsis."""
    text, style = fit_line((text,), weight, capital, width, crisp=False)
    whole = text
    while text and font_face(style).text_width(text) > width:
        whole = whole[:-1].rstrip()
        text = whole + "…" if whole else ""
    return text, style


def _add_logo(page: Page, canvas: Canvas, grid: PageGrid) -> int:
    """Add the town's logo on a white ground, where any logo can be seen; return the pixels that it takes."""
    height = round(grid.foot * 0.72)
    width, top = round(height * 1.5), grid.height - grid.foot + (grid.foot - height) // 2
    if canvas.town.logo is None or 4 * width > grid.width:
        return 0
    pad = max(2, height // 10)
    box = (grid.margin, top, grid.margin + width, top + height)
    page.add(FilledBox(box, WHITE, height // 6))
    page.add(PlacedLogo((box[0] + pad, box[1] + pad, box[2] - pad, box[3] - pad), canvas.town.logo))
    return width + grid.margin // 3
