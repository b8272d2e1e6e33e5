"""Fonts: the bundled typefaces, measured and ready to draw, with fallback fonts for the characters they lack.

A style is sized by the height of its capitals in pixels, because that is what legibility rules speak of.

Latin, Greek, Cyrillic and symbols use Pillow's basic layout, which needs nothing but FreeType and reads the ``kern``
table that ``scripts/prepare_fonts.py`` made. Only Arabic and Hebrew go through Raqm, which joins Arabic letters, and
needs the system library FriBiDi: a machine without it draws the same Latin pixels but unjoined Arabic.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, features

_FOLDER = Path(__file__).parents[2] / "fonts"
_METRICS: dict[str, dict[str, Any]] = json.loads((_FOLDER / "fonts.json").read_text())
_MISSING = "\N{REPLACEMENT CHARACTER}"
# Fitting asks for the same words at the same size over and over: widths are kept by face. The limit is a few
# megabytes for an hour of editing, after which the table starts anew.
_REMEMBERED_WIDTHS = 8_192
# Masks of letters are cached up to this size, in pixels of the em: larger ones are few on a page and large in memory.
_LARGEST_CACHED = 320


class FontWeight(StrEnum):
    """Weight of the strokes."""

    REGULAR = "Regular"
    SEMIBOLD = "SemiBold"
    BOLD = "Bold"


CRISP_CAPITALS = {
    FontWeight.REGULAR: {
        5: "Fixed-4x6",
        6: "Fixed-5x8",
        7: "Fixed-6x10",
        9: "Fixed-6x13",
        10: "Clocher-14N",
        12: "Clocher-18N",
        13: "Clocher-20N",
        15: "Clocher-24B",
        18: "Clocher-28B",
        20: "Clocher-32B",
    },
    FontWeight.BOLD: {
        5: "Fixed-4x6",
        6: "Fixed-5x8",
        7: "Fixed-6x10",
        9: "Fixed-6x13B",
        10: "Clocher-14B",
        12: "Clocher-18B",
        13: "Clocher-20B",
        15: "Clocher-24B",
        18: "Clocher-28B",
        20: "Clocher-32B",
    },
}
"""Bitmap faces by capital height; beyond the largest, an outline is drawn without grey."""
_SMOOTH_FROM = 24


@dataclass(frozen=True, slots=True)
class TextStyle:
    """A weight at a capital height in pixels; ``crisp`` means without grey edges, for LED panels."""

    weight: FontWeight
    capital: int
    crisp: bool = False


@dataclass(frozen=True, slots=True)
class TextRun:
    """Characters that one font draws."""

    text: str
    font: ImageFont.FreeTypeFont
    is_rtl: bool = False

    @property
    def direction(self) -> str | None:
        """The writing direction to hand to Pillow, or None for its default."""
        return "rtl" if self.is_rtl and has_raqm() else None

    @property
    def drawn_text(self) -> str:
        """The characters as Pillow wants them: where it knows no direction, from left to right as they stand."""
        return self.text[::-1] if self.is_rtl and not has_raqm() else self.text

    @property
    def width(self) -> float:
        """Pixels."""
        return self.font.getlength(self.text, direction=self.direction)


@lru_cache(maxsize=1)
def has_raqm() -> bool:
    """Tell whether Arabic can be joined here: Raqm is in Pillow, but FriBiDi must be on the system."""
    return bool(features.check("raqm"))


def _is_rtl(name: str) -> bool:
    """Tell whether a font is of a script that is written from right to left."""
    return "Arabic" in name or "Hebrew" in name


@lru_cache(maxsize=64)
def _covered_characters(name: str) -> frozenset[str]:
    ranges = _METRICS[name]["ranges"]
    # The emoji font has digits of its own, for keycaps; plain digits must not come from it.
    first = 0x80 if name == "NotoEmoji.ttf" else 0
    return frozenset(chr(code) for low, high in ranges for code in range(max(low, first), high + 1))


@lru_cache(maxsize=64)
def _bitmap_file(name: str) -> bytes:
    return gzip.decompress((_FOLDER / name).read_bytes())


@lru_cache(maxsize=512)
def _load_font(name: str, pixels: int) -> ImageFont.FreeTypeFont:
    if name.endswith(".gz"):
        return ImageFont.truetype(BytesIO(_bitmap_file(name)), pixels, layout_engine=ImageFont.Layout.BASIC)
    engine = ImageFont.Layout.RAQM if _is_rtl(name) and has_raqm() else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(_FOLDER / name), pixels, layout_engine=engine)


@dataclass(frozen=True, slots=True)
class GlyphMask:
    """A letter as a mask, and where its upper left corner lies from the pen on the baseline."""

    mask: Image.Image | None
    left: int
    top: int


@lru_cache(maxsize=1_024)
def _draw_glyph(name: str, pixels: int, character: str) -> GlyphMask:
    font = _load_font(name, pixels)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(character, anchor="ls"))
    if right <= left or bottom <= top:
        return GlyphMask(None, 0, 0)
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).text((-left, -top), character, 255, font, "ls")
    return GlyphMask(mask, left, top)


class FontFace:
    """A style with its fallback fonts, ready to measure and draw.

    ``ascent`` and ``descent`` are the pixels above and below the baseline that accents and tails may use.
    """

    def __init__(self, style: TextStyle) -> None:
        self.style = style
        self.crisp = style.crisp
        ladder = CRISP_CAPITALS[FontWeight.REGULAR if style.weight is FontWeight.REGULAR else FontWeight.BOLD]
        is_bitmap = style.crisp and style.capital < _SMOOTH_FROM
        # Bitmap fonts exist in some sizes only, so the metrics are those of the file. Outlines are scaled so
        # that the capital has the wanted height; ascent and descent are shares of the em that hold for the
        # bundled typefaces.
        if is_bitmap:
            name = ladder[snap_to_bitmap_size(style.capital)] + ".bdf.gz"
            metrics = _METRICS[name]
            self._primary, self._pixels = name, int(metrics["pixels"])
            self.ascent, self.descent = int(metrics["ascent"]), int(metrics["descent"])
        else:
            self._primary = f"AtkinsonHyperlegibleNext-{style.weight.value}.ttf"
            self._pixels = max(1, round(style.capital / float(_METRICS[self._primary]["capital"])))
            self.ascent, self.descent = round(self._pixels * 0.92), round(self._pixels * 0.24)
        self._covers = _covered_characters(self._primary).issuperset
        self._widths: dict[str, float] = {}

    @cached_property
    def font(self) -> ImageFont.FreeTypeFont:
        """The font of nearly all text."""
        return _load_font(self._primary, self._pixels)

    @cached_property
    def space_width(self) -> float:
        """Width of a word space in pixels."""
        return self.font.getlength(" ")

    def text_width(self, text: str) -> float:
        """Return the width of the text in pixels."""
        known = self._widths.get(text)
        if known is None:
            if len(self._widths) > _REMEMBERED_WIDTHS:
                self._widths.clear()
            known = self._widths[text] = sum(run.width for run in self.split_runs(text))
        return known

    def place_glyphs(self, text: str) -> list[tuple[int, GlyphMask]] | None:
        """Return the letters of a text and the pen positions in pixels, or None if it must be drawn as a whole.

        FreeType takes longer to draw a large letter than Pillow to paste it, and a page has few different ones. A
        letter's pen position is that of the one before plus the width of the pair less the width of the letter
        itself: so kerning is taken from the same measurement that broke the lines, and both agree to the pixel.
        """
        if self.crisp or self._pixels > _LARGEST_CACHED or not self._covers(text):
            return None
        placed: list[tuple[int, GlyphMask]] = []
        pen, before, widths = 0.0, "", self._widths
        for character in text:
            if before:
                pair = before + character
                both = widths.get(pair) or self.text_width(pair)
                pen += both - (widths.get(character) or self.text_width(character))
            placed.append((round(pen), _draw_glyph(self._primary, self._pixels, character)))
            before = character
        return placed

    def split_runs(self, text: str) -> tuple[TextRun, ...]:
        """Return the text cut by font, in logical order; a character that no font has becomes U+FFFD.

        The first font of the chain that has a character draws it. Digits and spaces within Arabic or Hebrew stay with
        the font of that run although the main typeface has them: a run that is cut cannot be joined or reversed as a
        whole.
        """
        if self._covers(text):
            return (TextRun(text, self.font),)
        runs: list[list[str]] = []
        for character in text:
            name = self._font_for(character, runs[-1][0] if runs else "")
            # A character that no font has is shown as U+FFFD rather than left out: a text with a hole may
            # say the opposite.
            if name == "":
                character, name = _MISSING, self._font_for(_MISSING, "")  # noqa: PLW2901
            if runs and runs[-1][0] == name:
                runs[-1][1] += character
            else:
                runs.append([name, character])
        return tuple(self._make_run(*piece) for piece in _without_trailing_spaces(runs, self._primary))

    def _font_for(self, character: str, current: str) -> str:
        if _is_rtl(current) and character in _covered_characters(current):
            return current
        for name in self._font_chain:
            if character in _covered_characters(name):
                return name
        return ""

    @cached_property
    def _font_chain(self) -> tuple[str, ...]:
        strength = "Regular" if self.style.weight is FontWeight.REGULAR else "Bold"
        noto = tuple(f"NotoSans{script}-{strength}.ttf" for script in ("", "Arabic", "Hebrew"))
        return (self._primary, *noto, "NotoEmoji.ttf", "NotoSansSymbols.ttf", "NotoSansSymbols2.ttf")

    def _make_run(self, name: str, text: str) -> TextRun:
        if name == self._primary:
            return TextRun(text, self.font)
        # Emoji fill the whole em and more; drawn a little smaller they keep inside the line.
        share = 0.84 if "Emoji" in name or "Symbols2" in name else 1.0
        return TextRun(text, _load_font(name, max(1, round(self._pixels * share))), _is_rtl(name))


def _without_trailing_spaces(runs: list[list[str]], primary: str) -> list[tuple[str, str]]:
    """Give the spaces after a run from right to left to the face itself, so that they stay between the two scripts."""
    pieces: list[tuple[str, str]] = []
    for name, text in runs:
        kept = text.rstrip(" ") if _is_rtl(name) else text
        if name == primary and pieces and pieces[-1][0] == primary:
            pieces[-1] = (primary, pieces[-1][1] + text)
            continue
        pieces.append((name, kept))
        if len(kept) < len(text):
            pieces.append((primary, text[len(kept) :]))
    return pieces


def snap_to_bitmap_size(capital: int) -> int:
    """Return the largest bitmap capital height that is not above ``capital`` pixels."""
    if capital >= _SMOOTH_FROM:
        return capital
    heights = CRISP_CAPITALS[FontWeight.REGULAR]
    return max((height for height in heights if height <= capital), default=min(heights))


def is_covered(character: str) -> bool:
    """Tell whether some bundled font can draw the character."""
    return any(character in _covered_characters(name) for name in _METRICS)


@lru_cache(maxsize=512)
def font_face(style: TextStyle) -> FontFace:
    """Return the face of a style; faces are kept, and so are the widths they have measured."""
    return FontFace(style)
