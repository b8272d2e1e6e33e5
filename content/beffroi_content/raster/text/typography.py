"""Typography: spaces, apostrophes and ellipses by the rules of the language, and where a line may end.

The French rules are those of the Imprimerie nationale: a narrow no-break space before high punctuation and units,
no-break spaces in dates and abbreviations.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import pyphen

from beffroi_content.languages import is_right_to_left
from beffroi_content.raster.text import bidi
from beffroi_content.raster.text.characters import drawable_text

NARROW = "\N{NARROW NO-BREAK SPACE}"
_RIGHT_TO_LEFT_MARK = "\N{RIGHT-TO-LEFT MARK}"
_GREEK_ACCENT = "\N{COMBINING ACUTE ACCENT}"
_MONTH = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"

SpacingRule = tuple[re.Pattern[str], str]

_EVERYWHERE: tuple[SpacingRule, ...] = (
    # Order matters: spaces are merged last, so that the French rules below see one space at most.
    (re.compile(r"(?<=\w)['\u02bc](?=\w)"), "’"),
    (re.compile(r"(?<!\.)\.\.\.(?!\.)"), "…"),
    (re.compile(r"[ ]{2,}"), " "),
)
_NUMBERS: tuple[SpacingRule, ...] = (
    (re.compile(r"(?<=\d)[ \u00a0](?=\d\d\d(?!\d))"), NARROW),
    (re.compile(r"(?<=\b\d\d)[ \u00a0](?=\d\d(?!\d))"), NARROW),
    # A telephone number with the code of its country.
    (re.compile(r"(?<=\+\d\d)[ \u00a0](?=\d[ \u00a0]\d\d\b)"), NARROW),
    (re.compile(r"(?<=\+\d\d\u202f\d)[ \u00a0](?=\d\d\b)"), NARROW),
)
_ISOLATED, _END_ISOLATED = "\N{LEFT-TO-RIGHT ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
# Within Arabic and Hebrew, whatever the language of the screen: a space between two groups of a number would change
# their order, a narrow no-break space does not. Hours with a letter between their numbers are set apart for it.
_RIGHT_TO_LEFT: tuple[SpacingRule, ...] = (
    *_NUMBERS,
    (re.compile(r"\b(\d{1,2})[ \u00a0\u202f]h[ \u00a0\u202f](\d\d)\b"), rf"\1{NARROW}h{NARROW}\2"),
    (re.compile(r"\b\d{1,2}\u202f?h\u202f?\d\d\b"), rf"{_ISOLATED}\g<0>{_END_ISOLATED}"),
)
_FRENCH: tuple[SpacingRule, ...] = (
    # The lookahead keeps 18:30, http://, and smileys as they are.
    (re.compile(r"(?<=[^\s\u00a0\u202f;:!?«])[ \u00a0\u202f]?([;:!?]+)(?=[\s»)\]…]|$)"), NARROW + r"\1"),
    (re.compile(r"«[ \u00a0\u202f]?(?=\S)"), "«" + NARROW),
    (re.compile(r"(?<=\S)[ \u00a0\u202f]?»"), NARROW + "»"),
    # Numbers stay with their unit, hours with their minutes, thousands together, and so do the pairs of a
    # telephone number.
    (re.compile(r"(?<=\d)[ \u00a0](?=(?:€|%|°|h|min|km|cm|mm|m|kg|g|l|t|ans?)(?:\W|$))"), NARROW),
    (re.compile(r"(?<=\d[\u202f]h)[ \u00a0](?=\d\d(?:\D|$))"), NARROW),
    *_NUMBERS,
    # Abbreviations stay with what they abbreviate for, days with their month.
    (re.compile(r"\b(n°|M\.|MM\.|Mme|Mlle|Dr|St|Ste|p\.) (?=\w)"), r"\1" + "\N{NO-BREAK SPACE}"),
    (re.compile(rf"(?<=\d) (?={_MONTH}\b)|(?<=\b1er) (?={_MONTH}\b)"), "\N{NO-BREAK SPACE}"),
    # A dash never begins a line.
    (re.compile(r" (?=–)"), "\N{NO-BREAK SPACE}"),
)


@lru_cache(maxsize=1_024)
def typeset_text(text: str, locale: str) -> str:
    """Return the text with the spaces, apostrophes and ellipses of its language, and nothing invisible in it.

    French takes a narrow no-break space before ``; : ! ? »`` and after ``«``, and within numbers, times and prices.
    """
    text = drawable_text(text)
    rules = _EVERYWHERE + (_FRENCH if locale == "fr" else ())
    for pattern, replacement in rules + (_RIGHT_TO_LEFT if bidi.has_right_to_left(text) else ()):
        text = pattern.sub(replacement, text)
    return _directed(text.strip(), locale)


def _directed(text: str, locale: str) -> str:
    """Return the text with a mark before each paragraph that would go in another direction than its language.

    “Mairie” as the first word of an Arabic paragraph does not turn it round. What has no letter of the language, such
    as the name of a place, stays as it is.
    """
    if not is_right_to_left(locale) or not bidi.has_right_to_left(text):
        return text
    return "\n".join(
        paragraph
        if bidi.is_right_to_left(paragraph) or not bidi.has_right_to_left(paragraph)
        else _RIGHT_TO_LEFT_MARK + paragraph
        for paragraph in text.split("\n")
    )


def capital_letters(text: str, locale: str) -> str:
    """Return a text in capitals, by the rules of its language: Turkish has two letters i, Greek capitals no accents."""
    if locale == "tr":
        text = text.replace("i", "İ")
    if locale == "el":
        apart = unicodedata.normalize("NFD", text.upper()).replace(_GREEK_ACCENT, "")
        return unicodedata.normalize("NFC", apart)
    return text.upper()


_AFTER_HYPHEN = re.compile(r"(?<=[^\W\d_][-/\u2010])(?=[^\W\d_]{2})")
_LONGEST_PIECE = 64


@lru_cache(maxsize=1_024)
def unbreakable_pieces(text: str) -> tuple[tuple[str, bool], ...]:
    """Return what may not be broken, each with whether a space comes before it.

    A line may end at a space, and after a hyphen or a slash between two letters of the same word.
    """
    found: list[tuple[str, bool]] = []
    for word in text.split(" "):
        if word:
            parts = [part for whole in _AFTER_HYPHEN.split(word) for part in _cut_chunks(whole)]
            found += [(part, position == 0) for position, part in enumerate(parts)]
    return tuple(found)


def _cut_chunks(part: str) -> list[str]:
    """Cut what is longer than any word, such as an address on the web, so that no line has to measure all of it."""
    return [part[start : start + _LONGEST_PIECE] for start in range(0, len(part), _LONGEST_PIECE)]


@lru_cache(maxsize=8)
def _hyphen_dictionary(locale: str) -> pyphen.Pyphen | None:
    """Return the dictionary of a language; None for one whose words are never hyphenated."""
    name = pyphen.language_fallback("en_GB" if locale == "en" else locale)
    return pyphen.Pyphen(lang=name, left=3, right=3) if name else None


@lru_cache(maxsize=8_192)
def hyphen_positions(word: str, locale: str) -> tuple[int, ...]:
    """Return where a word may be hyphenated: never a short word, a number or an abbreviation in capitals."""
    # Quotation marks and punctuation are no part of the word: the dictionary knows only letters.
    start = len(word) - len(word.lstrip("«“‘(" + NARROW)) if word[:1] in "«“‘(" else 0
    core = word[start:].rstrip(".,;:!?»”’)…" + NARROW)
    if len(core) < 8 or not core.replace("’", "").isalpha() or core.isupper():
        return ()
    # “l’administration” is hyphenated as “administration”: the elided article stays with the first syllable.
    elided = core.rfind("’") + 1
    dictionary = _hyphen_dictionary(locale)
    positions = dictionary.positions(core[elided:]) if dictionary is not None else ()
    return tuple(start + elided + position for position in positions)
