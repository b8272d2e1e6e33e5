"""Line breaking: a paragraph in lines that are not wider than a column.

Lines are filled greedily, each with as many pieces as fit; a piece is a word, or a part of one that may be divided at
a hyphen or slash. That is not the global optimum of TeX, but signs have few lines, and greedy breaking is fast enough
to be repeated for each size that text fitting tries. Ragged results are evened out afterwards by
:func:`balance_lines`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from beffroi_content.raster.text.fonts import FontFace, TextStyle, font_face
from beffroi_content.raster.text.typography import hyphen_positions, unbreakable_pieces


class Hyphenation(Enum):
    """Permission to divide words at the end of a line."""

    NEVER = 0
    """Only a word that is wider than the column, and then without a hyphen: on LED panels a hyphen costs a letter."""
    LAST_RESORT = 1
    """Only a word that is wider than the column at the smallest size is divided."""
    WELCOME = 2
    """Words may be divided wherever that makes better lines."""


@dataclass(frozen=True, slots=True)
class BrokenParagraph:
    """Lines of one paragraph. ``is_clean`` is false if a word had to be cut against the wish of its block."""

    lines: tuple[str, ...]
    is_clean: bool


class _LineBreaker:
    """Greedy filling of lines: ``_line`` is under way and ``_used`` its width in pixels."""

    def __init__(self, measure: FontFace, width: float, hyphenation: Hyphenation, locale: str) -> None:
        self._face, self._width, self._hyphenation, self._locale = measure, width, hyphenation, locale
        self._done: list[str] = []
        self._line, self._used = "", 0.0
        self.is_clean = True

    def add_piece(self, piece: str, is_spaced: bool) -> None:
        """Append a piece to the current line, or to as many new ones as it needs.

        A word that does not fit is hyphenated into the remainder of the line only where hyphens are welcome and the
        line would otherwise stay loose, with a quarter of it empty: a hyphen costs more reading than a short line
        does.
        """
        wide = self._face.text_width(piece)
        gap = self._face.space_width if is_spaced and self._line else 0.0
        if self._used + gap + wide <= self._width:
            self._append_piece(piece, gap, wide)
            return
        free = self._width - self._used - gap
        cut = self._hyphen_cut(piece, free) if self._hyphenation is Hyphenation.WELCOME and self._is_loose(free) else 0
        if cut:
            head = piece[:cut] + "-"
            self._append_piece(head, gap, self._face.text_width(head))
            piece = piece[cut:]
        self._end_line()
        self._start_line(piece)

    def finish_lines(self) -> tuple[str, ...]:
        """Return the lines."""
        self._end_line()
        return tuple(self._done)

    def _is_loose(self, free: float) -> bool:
        return not self._line or free > 0.24 * self._width

    def _append_piece(self, piece: str, gap: float, wide: float) -> None:
        self._line = f"{self._line} {piece}" if gap else self._line + piece
        self._used += gap + wide

    def _start_line(self, piece: str) -> None:
        # A piece wider than a whole line is cut at the last hyphenation point that fits, or, where there is none or
        # hyphens are unwanted, at the last letter that fits. ``is_clean`` tells text fitting to try smaller letters
        # instead.
        while (wide := self._face.text_width(piece)) > self._width and len(piece) > 1:
            self.is_clean &= self._hyphenation is Hyphenation.WELCOME
            cut = 0 if self._hyphenation is Hyphenation.NEVER else self._hyphen_cut(piece, self._width)
            if cut:
                self._done.append(piece[:cut] + "-")
            else:
                self.is_clean = False
                cut = self._letters_that_fit(piece)
                self._done.append(piece[:cut])
            piece = piece[cut:]
        self._line, self._used = piece, wide

    def _hyphen_cut(self, piece: str, free: float) -> int:
        fitting = (
            at for at in hyphen_positions(piece, self._locale) if self._face.text_width(piece[:at] + "-") <= free
        )
        return max(fitting, default=0)

    def _letters_that_fit(self, piece: str) -> int:
        count = 1
        while count < len(piece) and self._face.text_width(piece[: count + 1]) <= self._width:
            count += 1
        return count

    def _end_line(self) -> None:
        if self._line:
            self._done.append(self._line)
        self._line, self._used = "", 0.0


def break_lines(
    paragraph: str, style: TextStyle, width: float, hyphenation: Hyphenation, locale: str
) -> BrokenParagraph:
    """Return the paragraph in lines of at most ``width`` pixels. A single letter wider than that stays whole."""
    breaker = _LineBreaker(font_face(style), width, hyphenation, locale)
    parts = unbreakable_pieces(paragraph)
    for piece, is_spaced in parts:
        breaker.add_piece(piece, is_spaced)
    lines = breaker.finish_lines()
    # “Vide-grenier” as a title looks better a little smaller than on two lines.
    is_short = hyphenation is Hyphenation.LAST_RESORT and sum(is_spaced for _, is_spaced in parts) <= 2
    is_split = is_short and any(line.endswith("-") for line in lines[:-1])
    return BrokenParagraph(lines, breaker.is_clean and not is_split)


def balance_lines(
    paragraph: str, style: TextStyle, width: float, hyphenation: Hyphenation, locale: str
) -> BrokenParagraph:
    """Return the paragraph in as few lines as :func:`break_lines` needs, as even as they can be."""
    best = break_lines(paragraph, style, width, hyphenation, locale)
    if len(best.lines) < 2 or not best.is_clean:
        return best
    # Bisection on the width: the narrowest column that still gives as many lines has the most even ones. Five steps
    # bring it within a sixty-fourth of the width, less than a letter; half the width is never too wide for two lines
    # or more.
    low, high = width * 0.5, width
    for _ in range(5):
        middle = (low + high) / 2
        tried = break_lines(paragraph, style, middle, hyphenation, locale)
        if tried.is_clean and len(tried.lines) == len(best.lines):
            best, high = tried, middle
        else:
            low = middle
    return best
