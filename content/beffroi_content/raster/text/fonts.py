"""Fonts: the bundled typefaces, measured and ready to draw, with fallback fonts for the characters they lack.

A style is sized by the height of its capitals in pixels, because that is what legibility rules speak of.

Latin, Greek, Cyrillic and symbols use Pillow's basic layout, which needs nothing but FreeType and reads the ``kern``
table that ``scripts/prepare_fonts.py`` made. Only Arabic and Hebrew go through Raqm, which joins Arabic letters, and
needs the system library FriBiDi: a machine without it draws the same Latin pixels and the same order, but unjoined
Arabic.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, features

from beffroi_content.raster.text.bidi import (
    has_right_to_left,
    is_right_to_left,
    mirror_text,
    resolve_levels,
    visual_runs,
)

_FOLDER = Path(__file__).parents[2] / "fonts"
_METRICS: dict[str, dict[str, Any]] = json.loads((_FOLDER / "fonts.json").read_text())
_MISSING = "\N{REPLACEMENT CHARACTER}"
_MARKED_LETTER = re.compile(r".[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]*", re.DOTALL)
# They decide the order of what is around them, and are not drawn themselves.
_DIRECTION_MARKS = dict.fromkeys([0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
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
    """In logical order."""
    font: ImageFont.FreeTypeFont
    is_rtl: bool = False

    @property
    def direction(self) -> str | None:
        """The writing direction to hand to Pillow, or None for its basic layout, which knows one only."""
        if self.font.layout_engine != ImageFont.Layout.RAQM:
            return None
        return "rtl" if self.is_rtl else "ltr"

    @property
    def drawn_text(self) -> str:
        """The characters as Pillow wants them: where it knows no direction, from left to right as they stand."""
        if not self.is_rtl or self.direction is not None:
            return self.text
        # Marks follow their letter in either direction (L3).
        return "".join(reversed(_MARKED_LETTER.findall(mirror_text(self.text))))

    @property
    def width(self) -> float:
        """Pixels."""
        return self.font.getlength(self.drawn_text, direction=self.direction)


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


def font_names() -> tuple[str, ...]:
    """Return the names of all fonts of this package."""
    return tuple(_METRICS)


def font_path(name: str) -> Path:
    """Return the path of a font of this package, for who draws with another library: ``NotoSans-Bold.ttf``."""
    return _FOLDER / name


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
    width: int = 0
    height: int = 0
    core: Any = None
    """What Pillow's C code knows the mask as."""


@lru_cache(maxsize=1_024)
def _draw_glyph(name: str, pixels: int, character: str) -> GlyphMask:
    font = _load_font(name, pixels)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(character, anchor="ls"))
    if right <= left or bottom <= top:
        return GlyphMask(None, 0, 0)
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).text((-left, -top), character, 255, font, "ls")
    return GlyphMask(mask, left, top, mask.width, mask.height, mask.im)


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
            is_rtl = has_right_to_left(text) and is_right_to_left(text)
            known = self._widths[text] = sum(run.width for run in self.split_runs(text, is_rtl=is_rtl))
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

    def split_runs(self, text: str, *, is_rtl: bool = False, before: str = "") -> list[TextRun]:
        """Return the text cut by font and direction, in the order in which the runs stand from the left.

        A character that no font has becomes U+FFFD.

        Args:
            text: One line, in logical order.
            is_rtl: Direction of its paragraph.
            before: Class of the last strong letter before it, see :func:`bidi.resolve_levels`.
        """
        if not is_rtl and self._covers(text):
            return [TextRun(text, self.font)]
        # A character that no font has is shown as U+FFFD rather than left out: a text with a hole may say the
        # opposite.
        text = "".join(character if self._is_drawn(character) else _MISSING for character in text)
        if not is_rtl and not has_right_to_left(text):
            return self._cut_by_font(text, is_rtl=False)
        runs: list[TextRun] = []
        for start, end, level in visual_runs(resolve_levels(text, is_rtl=is_rtl, before=before)):
            cut = self._cut_by_font(text[start:end].translate(_DIRECTION_MARKS), is_rtl=level % 2 == 1)
            runs += reversed(cut) if level % 2 else cut
        return runs

    def _is_drawn(self, character: str) -> bool:
        return ord(character) in _DIRECTION_MARKS or self._font_for(character, "") != ""

    def _cut_by_font(self, text: str, *, is_rtl: bool) -> list[TextRun]:
        """Return runs of one direction, in logical order.

        The first font of the chain that has a character draws it. Spaces and punctuation within Arabic or Hebrew stay
        with the font of that run although the main typeface has them: a run that is cut cannot be joined.
        """
        runs: list[list[str]] = []
        for character in text:
            name = self._font_for(character, runs[-1][0] if runs and is_rtl else "")
            if runs and runs[-1][0] == name:
                runs[-1][1] += character
            else:
                runs.append([name, character])
        return [self._make_run(name, characters, is_rtl=is_rtl) for name, characters in runs]

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

    def _make_run(self, name: str, text: str, *, is_rtl: bool) -> TextRun:
        if name == self._primary:
            return TextRun(text, self.font, is_rtl)
        # Emoji fill the whole em and more; drawn a little smaller they keep inside the line.
        share = 0.84 if "Emoji" in name or "Symbols2" in name else 1.0
        return TextRun(text, _load_font(name, max(1, round(self._pixels * share))), is_rtl)


def snap_to_bitmap_size(capital: int) -> int:
    """Return the largest bitmap capital height that is not above ``capital`` pixels."""
    if capital >= _SMOOTH_FROM:
        return capital
    heights = CRISP_CAPITALS[FontWeight.REGULAR]
    return max((height for height in heights if height <= capital), default=min(heights))


@lru_cache(maxsize=1)
def covered_characters() -> frozenset[str]:
    """Return the characters that some bundled font can draw."""
    return frozenset().union(*(_covered_characters(name) for name in _METRICS))


def is_covered(character: str) -> bool:
    """Tell whether some bundled font can draw the character."""
    return character in covered_characters()


@lru_cache(maxsize=512)
def font_face(style: TextStyle) -> FontFace:
    """Return the face of a style; faces are kept, and so are the widths they have measured."""
    return FontFace(style)
