"""Characters: what comes with text that was copied from elsewhere, and what no bundled font can draw.

:func:`clean_text` is for texts as they are stored, :func:`drawable_text` for texts as they are drawn: the latter also
drops what browsers show and our fonts do not, such as the joiners of emoji.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from beffroi_content.raster.text.bidi import has_right_to_left
from beffroi_content.raster.text.fonts import covered_characters

_LINE_ENDS = dict.fromkeys([0x0B, 0x0C, 0x85, 0x2028, 0x2029], "\n") | {0x09: " "}
# Controls, soft hyphens, joiners, tags, and letters that are blank by definition: they draw nothing or an empty box,
# count as letters where lines are measured, and let a text look empty, or read otherwise than it was written. What is
# no character in any text (Unicode 23.7) is none in XML either, and halves of a pair in no file.
_INVISIBLE = dict.fromkeys(
    [
        *range(0x0A), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0), 0xAD, 0x34F, 0x115F, 0x1160,
        0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x200B, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x2800, 0x3164,
        0xFEFF, 0xFFA0, *range(0xFFF0, 0xFFFC), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000),
        *range(0xD800, 0xE000), *range(0xFDD0, 0xFDF0), *(p << 16 | n for p in range(17) for n in (0xFFFE, 0xFFFF)),
    ],
    "",
)  # fmt: skip
# Spaces of other widths; the rules of the language set their own. The figure space holds numbers together.
_SPACES = dict.fromkeys([0x1680, *range(0x2000, 0x200B), 0x205F, 0x3000], " ") | {0x2007: "\N{NO-BREAK SPACE}"}
# Bullets of Word in the private use of its fonts Symbol and Wingdings, and signs without a compatible form.
_LOOK_ALIKES = {
    0xF02D: "–", 0xF06C: "•", 0xF06E: "▪", 0xF076: "❖", 0xF0A7: "▪", 0xF0A8: "▫", 0xF0B7: "•", 0xF0D8: "➢",
    0xF0E0: "→", 0xF0E8: "➔", 0xF0F0: "→", 0xF0FC: "✓", 0xF0FE: "✓", 0x2215: "/", 0x2219: "·",
}  # fmt: skip
_REPLACED = _INVISIBLE | _LINE_ENDS | _SPACES | _LOOK_ALIKES
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f]")
_JOINERS = "\u200c\u200d"
# Joiners belong to the spelling of Persian and others, and join emoji; anywhere else they are strays.
_STRAY_JOINER = re.compile(
    f"[{_JOINERS}](?![\u0600-\u08ff\u0900-\u0dff\u2190-\u2bff\U0001f000-\U0001faff])"
    f"|(?<![\u0600-\u08ff\u0900-\u0dff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])[{_JOINERS}]"
)
_LONE_SELECTOR = re.compile("(?:^|(?<=\\s))[\ufe00-\ufe0f\u20e3]+")
# Flags, keycaps, skin tones and families: the fonts have their parts only.
_EMOJI_PARTS = re.compile("[\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff]|\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])")
_MOST_NAMED = 5


def clean_text(text: str) -> str:
    """Return a text in NFC and without what nobody typed on purpose; its other letters in the form that is drawn.

    Ligatures, superscripts, full-width letters and bullets of word processors become their compatible forms where no
    font has them. Marks of direction stay in texts that have letters from right to left, and joiners in scripts and
    emoji that are spelt with them.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.isprintable():
        return text
    text = text.translate(_REPLACED)
    if not _unchanged_characters().issuperset(text):
        text = "".join(_compatible_form(character) for character in text)
    unmarked = _DIRECTION_MARKS.sub("", text)
    text = _without_strays(text if has_right_to_left(unmarked) else unmarked)
    # Last, since an accent may have stood behind one of the marks.
    return unicodedata.normalize("NFC", text)


def _without_strays(text: str) -> str:
    # What is taken out may have held another one.
    while (shorter := _LONE_SELECTOR.sub("", _STRAY_JOINER.sub("", text))) != text:
        text = shorter
    return text


def drawable_text(text: str) -> str:
    """Return the text as :func:`clean_text` does, with emoji in the parts that the fonts have."""
    return unicodedata.normalize("NFC", _without_strays(_EMOJI_PARTS.sub("", clean_text(text))))


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen."""
    return not drawable_text(text).strip()


def missing_characters(text: str) -> list[str]:
    """Return the characters of a text that no bundled font can draw, each once; U+FFFD is one that was lost before."""
    shown = drawable_text(text).replace("\n", " ")
    if _unchanged_characters().issuperset(shown):
        return []
    return [
        character
        for character in dict.fromkeys(shown)
        if character not in covered_characters() or character == "\N{REPLACEMENT CHARACTER}"
    ]


def name_characters(characters: list[str]) -> str:
    """Return characters with their names, such as “漢” (CJK UNIFIED IDEOGRAPH-6F22); of many, the first few."""
    named = [
        f"“{character}” ({unicodedata.name(character, f'U+{ord(character):04X}')})"
        for character in characters[:_MOST_NAMED]
    ]
    return ", ".join(named) + (" …" if len(characters) > _MOST_NAMED else "")


@lru_cache(maxsize=1)
def _unchanged_characters() -> frozenset[str]:
    """Return the characters that stay as they are: nearly all texts have no other."""
    return covered_characters() - {chr(code) for code in _REPLACED} - {"\N{REPLACEMENT CHARACTER}"} | {"\n"}


@lru_cache(maxsize=4_096)
def _compatible_form(character: str) -> str:
    if character in covered_characters() or character in "\n":
        return character
    form = unicodedata.normalize("NFKC", character)
    return form if covered_characters().issuperset(form) else character
