"""Text fitting: the largest size at which a text has room, on as few pages as possible.

A text is a column of blocks whose sizes are in proportion to one *base size*, the capital height of running text in
pixels. Fitting goes in three steps:

1. The column is set in the smallest base that can be read. That gives the fewest pages it can take: larger letters
   never take fewer.
2. Bisection finds the largest base that takes no more pages, keeps every page within its height and cuts no word
   against the wish of its block. Bisection is right because room needed grows with the base; where line breaks make
   it jump, the base that is found is still one that fits, only perhaps not the very largest.
3. That base is set once more with balanced lines, which are as many.

Setting a base is: break each block into rows (:func:`_break_blocks`), then stack the rows on pages
(:class:`_PageBreaker`). Broken blocks are cached: a short list of sizes is tried again and again, for each screen of a
class and at each key stroke of an editor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from beffroi_content.raster.graphics.palettes import Rgb
from beffroi_content.raster.text.bidi import direction_before, is_right_to_left
from beffroi_content.raster.text.fonts import FontFace, FontWeight, TextStyle, font_face, snap_to_bitmap_size
from beffroi_content.raster.text.line_breaking import Hyphenation, balance_lines, break_lines


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A text of one style within a column. Lengths are in proportion to a capital of its own size."""

    text: str
    weight: FontWeight = FontWeight.REGULAR
    scale: float = 1.0
    """Size in proportion to the base size of the column."""
    colour: Rgb = (0, 0, 0)
    gap: float = 1.4
    """Space above, unless the block comes first on its page."""
    leading: float = 1.92
    """Distance of one baseline from the next."""
    hyphenation: Hyphenation = Hyphenation.LAST_RESORT
    is_balanced: bool = False
    limit: int = 10_000
    """The largest capital in pixels, whatever the base."""
    least: int = 1
    """The smallest capital in pixels, whatever the base."""
    most_lines: int = 1_000
    """More lines than this are a reason for smaller letters."""
    is_kept: bool = False
    """Keep it on one page, if it has room on one. A card is always kept."""
    kept_with: str = ""
    """Neighbours with the same word here are kept together, if they have room on one page."""
    panel: Rgb | None = None
    """The colour of a card that lies under the block."""

    @property
    def keep_group(self) -> object:
        """The group whose blocks are kept together on a page; None for a block that may be cut anywhere."""
        return self.panel or self.kept_with or (self.text if self.is_kept else None)


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line of a column. ``top`` and ``bottom`` are pixels from the top of its page; text hangs from ``baseline``."""

    block: TextBlock
    text: str
    style: TextStyle
    top: int
    bottom: int
    baseline: int
    indent: int = 0
    is_rtl: bool = False
    before: str = ""
    """Class of the last strong letter of its paragraph before it, see :func:`bidi.resolve_levels`."""


@dataclass(frozen=True, slots=True)
class FittedColumn:
    """A fitted text: rows by page, all in the same base size."""

    base: int
    pages: tuple[tuple[PlacedLine, ...], ...]
    width: int
    is_clean: bool = True
    """True if no word was cut against the wish of its block."""

    @property
    def page_heights(self) -> tuple[int, ...]:
        """The pixels that each page takes."""
        return tuple(page[-1].bottom if page else 0 for page in self.pages)


@dataclass(frozen=True, slots=True)
class ColumnSpace:
    """The space for a column: its width, and its height on the first and on later pages, in pixels."""

    width: int
    first: int
    later: int
    is_crisp: bool
    locale: str


@dataclass(frozen=True, slots=True)
class _BrokenColumn:
    """A column broken for one base size, before it is cut into pages."""

    rows: tuple[PlacedLine, ...]
    gaps: tuple[int, ...]
    is_clean: bool


def block_style(block: TextBlock, base: int, is_crisp: bool) -> TextStyle:
    """Return the style of a block at a base size."""
    capital = max(block.least, min(block.limit, round(base * block.scale)))
    return TextStyle(block.weight, snap_to_bitmap_size(capital) if is_crisp else capital, is_crisp)


_BULLETS = ("- ", "– ", "• ", "* ", "· ", "▪ ", "‣ ")


def _split_paragraphs(block: TextBlock) -> Iterator[tuple[str, bool]]:
    """Yield the paragraphs of a block, each with whether it is an item of a list."""
    for paragraph in block.text.split("\n"):
        stripped = paragraph.strip()
        if stripped:
            is_item = stripped.startswith(_BULLETS)
            yield (stripped[2:].strip() if is_item else stripped), is_item


@lru_cache(maxsize=256)
def _block_rows(block: TextBlock, base: int, width: int, is_crisp: bool, locale: str, is_final: bool) -> _BrokenColumn:
    style = block_style(block, base, is_crisp)
    measured = font_face(style)
    if is_crisp:
        line = measured.ascent + measured.descent + (1 if style.capital >= 10 else 0)
    else:
        line = round(style.capital * block.leading)
    rows: list[PlacedLine] = []
    gaps: list[int] = []
    is_clean = True
    # On LED panels a hyphen costs one of perhaps twelve letters of a line.
    hyphenation = Hyphenation.NEVER if is_crisp else block.hyphenation
    # Balanced lines are as many: while sizes are tried, it does not matter where they end.
    lay = balance_lines if block.is_balanced and is_final else break_lines
    # A list item is indented under its bullet; the bullet is part of its first line, so that both are one text to
    # draw.
    for paragraph, is_item in _split_paragraphs(block):
        indent = math.ceil(measured.text_width("• ")) if is_item else 0
        broken = lay(paragraph, style, width - indent, hyphenation, locale)
        is_clean &= broken.is_clean
        is_rtl, before = is_right_to_left(paragraph), ""
        for number, text in enumerate(broken.lines):
            marked = "• " + text if is_item and number == 0 else text
            above = 0 if number else _gap_above(block, style, is_first=not rows, is_crisp=is_crisp)
            rows.append(
                PlacedLine(
                    block,
                    marked,
                    style,
                    0,
                    line,
                    _baseline_offset(line, measured),
                    0 if marked != text else indent,
                    is_rtl,
                    before,
                )
            )
            gaps.append(above)
            before = direction_before(text) or before
    return _BrokenColumn(tuple(rows), tuple(gaps), is_clean and len(rows) <= block.most_lines)


def _gap_above(block: TextBlock, style: TextStyle, *, is_first: bool, is_crisp: bool) -> int:
    if is_crisp:
        return round(block.gap) if is_first else 1
    return round(style.capital * (block.gap if is_first else 0.75))


def _baseline_offset(line: int, measured: FontFace) -> int:
    if measured.crisp:
        return measured.ascent
    # Capitals stand in the middle of the line, a little high: tails need more room than accents.
    return round((line + measured.style.capital) / 2)


def _break_blocks(blocks: Sequence[TextBlock], base: int, measure: ColumnSpace, *, is_final: bool) -> _BrokenColumn:
    rows: list[PlacedLine] = []
    gaps: list[int] = []
    is_clean = True
    for block in blocks:
        pad = panel_padding(base, measure.is_crisp) if block.panel else 0
        part = _block_rows(block, base, measure.width - 2 * pad, measure.is_crisp, measure.locale, is_final)
        rows += part.rows
        gaps += part.gaps
        is_clean &= part.is_clean
    return _BrokenColumn(tuple(rows), tuple(gaps), is_clean)


def panel_padding(base: int, is_crisp: bool) -> int:
    """Return the pixels between the edge of a card and its text."""
    return 2 if is_crisp else round(base * 1.1)


class _PageBreaker:
    """Stacks rows on pages, and begins a new page where a row, or a group that is kept together, does not fit."""

    def __init__(self, measure: ColumnSpace, pad: int) -> None:
        self._measure, self._pad = measure, pad
        self.pages: list[list[PlacedLine]] = [[]]
        self._y = 0

    def add_row(self, row: PlacedLine, gap: int, whole: int) -> None:
        """Put a row down. ``whole`` is the height of the group that begins with it, or 0.

        A group moves to a new page as a whole if it does not fit on this one, unless it is too high for any page:
        then it begins here and is cut like running text. A card takes padding above its first and below its last row.
        """
        before = self.pages[-1][-1].block if self.pages[-1] else None
        card = self._pad if row.block.panel else 0
        above = self._space_above(row.block, before, gap)
        needed = above + (whole or row.bottom) + card
        fits_alone = whole + 2 * card <= self._measure.later
        if before and self._y + (needed if fits_alone else above + row.bottom + card) > self._page_height():
            self.pages.append([])
            self._y, above = 0, card
        top = self._y + above
        self._y = top + row.bottom
        self.pages[-1].append(_place_row(row, top))

    def _page_height(self) -> int:
        return self._measure.first if len(self.pages) == 1 else self._measure.later

    def _space_above(self, block: TextBlock, before: TextBlock | None, gap: int) -> int:
        if before is None:
            return self._pad if block.panel else 0
        if block.panel == before.panel:
            return gap
        return gap + self._pad * ((block.panel is not None) + (before.panel is not None))


def _break_pages(
    blocks: Sequence[TextBlock], base: int, measure: ColumnSpace, *, is_final: bool = False
) -> FittedColumn:
    broken = _break_blocks(blocks, base, measure, is_final=is_final)
    pager = _PageBreaker(measure, panel_padding(base, measure.is_crisp))
    for index, (row, gap) in enumerate(zip(broken.rows, broken.gaps, strict=True)):
        pager.add_row(row, gap, _group_height(broken, index))
    return FittedColumn(base, tuple(tuple(page) for page in pager.pages), measure.width, broken.is_clean)


def _group_height(broken: _BrokenColumn, index: int) -> int:
    """Return the height of the text that begins at that row and is kept together, or 0 if none does."""
    group = broken.rows[index].block.keep_group
    if group is None or (index and broken.rows[index - 1].block.keep_group == group):
        return 0
    rows = broken.rows[index:]
    last = next((at for at, row in enumerate(rows) if row.block.keep_group != group), len(rows))
    return sum(row.bottom for row in rows[:last]) + sum(broken.gaps[index + 1 : index + last])


def _place_row(row: PlacedLine, top: int) -> PlacedLine:
    return PlacedLine(
        row.block, row.text, row.style, top, top + row.bottom, top + row.baseline, row.indent, row.is_rtl, row.before
    )


def fit_column(blocks: Sequence[TextBlock], measure: ColumnSpace, smallest: int, largest: int) -> FittedColumn:
    """Return the column with the fewest pages, and of those the one with the largest letters.

    ``smallest`` and ``largest`` bound the base: capital heights in pixels. Above the smallest, no word is cut that
    its block wants whole.
    """
    blocks = [block for block in blocks if block.text.strip()]
    bases = _base_sizes(smallest, max(smallest, largest), measure.is_crisp)
    best = _break_pages(blocks, bases[0], measure)
    fewest = len(best.pages)
    # The smallest base is known already, so the bisection begins with the second.
    bases = [base for base in bases if base <= _largest_possible_base(best, measure)]
    # Invariant: ``best`` is the largest base known to fit; all above ``high`` do not.
    low, high = 1, len(bases) - 1
    while low <= high:
        middle = (low + high) // 2
        tried = _break_pages(blocks, bases[middle], measure)
        if tried.is_clean and len(tried.pages) <= fewest and not _overflows_pages(tried, measure):
            best, low = tried, middle + 1
        else:
            high = middle - 1
    return _break_pages(blocks, best.base, measure, is_final=True)


def fit_one_page(blocks: Sequence[TextBlock], measure: ColumnSpace, bases: Sequence[int]) -> FittedColumn | None:
    """Return the column on one page in the largest of some base sizes, ascending; None where the first is too large.

    No word is cut that its block wants whole.
    """
    blocks = [block for block in blocks if block.text.strip()]
    best: FittedColumn | None = None
    low, high = 0, len(bases) - 1
    while low <= high:
        # The smallest first: most of what is tried does not fit at all.
        middle = 0 if best is None else (low + high + 1) // 2
        tried = _break_pages(blocks, bases[middle], measure)
        if tried.is_clean and len(tried.pages) == 1 and not _overflows_pages(tried, measure):
            best, low = tried, middle + 1
        elif best is None:
            return None
        else:
            high = middle - 1
    return _break_pages(blocks, best.base, measure, is_final=True) if best else None


def smallest_column(blocks: Sequence[TextBlock], measure: ColumnSpace, smallest: int) -> FittedColumn:
    """Return the column in the smallest base: what :func:`fit` finds has as many pages, and is clean if this one is."""
    blocks = [block for block in blocks if block.text.strip()]
    return _break_pages(blocks, _base_sizes(smallest, smallest, measure.is_crisp)[0], measure)


def _largest_possible_base(column: FittedColumn, measure: ColumnSpace) -> float:
    """Return a base above which no size can do with as few pages, to spare the bisection its slowest steps.

    The area that a long text takes grows with the square of its size, so the base cannot grow by more than the root of
    the free area. A fifth is added for what line breaks may save; under ten rows the estimate is too rough.
    """
    if sum(len(page) for page in column.pages) < 10:
        return math.inf
    free = measure.first + measure.later * (len(column.pages) - 1)
    return column.base * 1.2 * math.sqrt(max(1.0, free / max(1, sum(column.page_heights)))) + 2


def _overflows_pages(column: FittedColumn, measure: ColumnSpace) -> bool:
    limits = (measure.first, *[measure.later] * (len(column.pages) - 1))
    return any(height > limit for height, limit in zip(column.page_heights, limits, strict=True))


def _base_sizes(smallest: int, largest: int, is_crisp: bool) -> list[int]:
    if not is_crisp:
        return list(range(smallest, largest + 1))
    return sorted({snap_to_bitmap_size(capital) for capital in range(smallest, largest + 1)})
