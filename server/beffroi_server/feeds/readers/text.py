"""Texts of feeds: decoding, and plain text without tags."""

from __future__ import annotations

import codecs
import html
import re

from beffroi_server.feeds.readers.reading import SkippedParts

MARKUP_LENGTH = 20_000
"""Characters of a text with tags that are looked at."""
_ELEMENTS = (
    "a abbr acronym address article aside audio b base basefont big blockquote body br button canvas caption "
    "center cite code col colgroup dd del details dfn dir div dl dt em embed fieldset figcaption figure font "
    "footer form frame h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link "
    "main map mark meta nav noscript object ol option p param picture pre q s samp section select small source "
    "span strike strong sub summary sup svg table tbody td textarea tfoot th thead time title tr track tt u ul "
    "var video wbr"
)
_TAG = re.compile(
    # A tag begins with a letter or a slash; what follows are attributes with values. So “<6 ans et des >” is none.
    r"<(?:/(?P<closed>[a-z][a-z0-9:-]*) ?|(?P<opened>[a-z][a-z0-9:-]*)"
    r"(?: (?:[a-z_:@][-\w:.]* ?= ?(?:\"[^\"<>]*\"|'[^'<>]*'|[^ \"'<>=]+)|hidden|disabled|controls))* ?/?)>",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--(?:[^-]|-(?!->))*-->|<!(?:doctype|\[cdata\[)[^<>]*>|<\?[^<>]*\?>", re.IGNORECASE)
_HIDDEN = re.compile(r"<(script|style|template)\b[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,8}|#x[0-9a-f]{1,7}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\n\r\f\v\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LOOSE_SPACE = re.compile("(?<![\\d«])[\u00a0\u202f](?![»!?:;%€\\d])")
_KNOWN = frozenset(_ELEMENTS.split())
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_SINGLE_BYTE = ("cp1252", "iso8859-15", "mac-roman", "cp850")
_USUAL = frozenset("éèêëàâäçùûüôöîïñœæáíóúßãõåøÉÈÊÀÂÇÔÎÙŒ€°«»’‘“”–—…·²³\u00a0")


def plain_text(text: str) -> str:
    """Return a text on one line, without tags, entities and control characters.

    Text between “<” and “>” stays where it is no tag. Entities that were escaped up to three times are resolved.
    """
    text = _SPACES.sub(" ", text[:MARKUP_LENGTH])
    for _ in range(4):
        plain = html_entities(without_tags(text))
        if plain == text:
            break
        text = plain
    return clean_line(text)


def clean_line(text: str) -> str:
    """Return a text on one line without control characters; tags and entities stay."""
    text = _SPACES.sub(" ", _SURROGATE.sub("\ufffd", text))
    return re.sub(" {2,}", " ", _LOOSE_SPACE.sub(" ", text)).strip()


def without_tags(text: str) -> str:
    """Return a text without the tags of HTML, comments, and the content of elements that are not shown."""
    return _TAG.sub(_without_tag, _COMMENT.sub(" ", _without_hidden(text)))


def is_html_element(name: str) -> bool:
    """Return whether a name in small letters is that of an element of HTML."""
    return name in _KNOWN


def html_entities(text: str) -> str:
    """Return a text with each entity that ends in “;” as its letter."""
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text)


def _without_tag(found: re.Match[str]) -> str:
    name = (found["opened"] or found["closed"]).lower()
    # Elements of other vocabularies, as word processors leave them, have a colon or hyphen in their names.
    if name not in _KNOWN and ":" not in name and "-" not in name:
        return found[0]
    return "" if name in {"b", "i", "em", "strong", "span", "font", "sup", "sub", "u", "a", "wbr"} else " "


def _without_hidden(text: str) -> str:
    parts, at = [], 0
    lower = text.lower()
    while found := _HIDDEN.search(text, at):
        parts.append(text[at : found.start()])
        end = lower.find(f"</{found[1].lower()}", found.end()) if len(lower) == len(text) else -1
        if end < 0:
            return " ".join(parts)
        close = text.find(">", end)
        at = len(text) if close < 0 else close + 1
    return " ".join([*parts, text[at:]])


def decode_text(content: bytes, skipped: SkippedParts) -> str:
    """Return the text of a file, whatever its encoding.

    Known are UTF-8, UTF-16 and UTF-32 with and without a mark, and the encodings of Windows, Latin-9, Mac OS and DOS.
    In a text in UTF-8 single bytes that are wrong are taken as those of Windows, and named.
    """
    encoding = _marked_encoding(content)
    if encoding and encoding != "utf-8":
        return content.decode(encoding, "replace").lstrip("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decode_mostly_utf8(content, skipped) or _decode_single_bytes(content)


def _marked_encoding(content: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return encoding
    start = content[:4096]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    # Letters of Europe have a zero byte in UTF-16, always on the same side.
    if odd > len(start) // 5 and even * 10 < odd:
        return "utf-16-le"
    if even > len(start) // 5 and odd * 10 < even:
        return "utf-16-be"
    return None


def _decode_mostly_utf8(content: bytes, skipped: SkippedParts) -> str | None:
    text = content.decode("utf-8-sig", "surrogateescape")
    wrong = [at for at, letter in enumerate(text) if "\udc80" <= letter <= "\udcff"]
    right = sum(letter > "\x7f" for letter in text) - len(wrong)
    if right < len(wrong):
        return None
    letters = list(text)
    for at in wrong:
        letters[at] = bytes([ord(text[at]) - 0xDC00]).decode("cp1252", "replace")
        start = max(text.rfind("\n", 0, at), at - 20) + 1
        excerpt = "".join(letters[start : at + 1]) + text[at + 1 : at + 12].split("\n")[0]
        skipped.add(
            "letter", "bad-byte", f"{text.count(chr(10), 0, at) + 1}" if len(wrong) < 50 else "", excerpt.strip()
        )
    return "".join(letters)


def _decode_single_bytes(content: bytes) -> str:
    content = content.removeprefix(codecs.BOM_UTF8)
    sample = content[:200_000]
    best = max(_SINGLE_BYTE, key=lambda encoding: _plausibility(sample.decode(encoding, "replace")))
    return content.decode(best, "replace")


def _plausibility(text: str) -> int:
    """Return how much a text looks like one in a language of western Europe; greater is better."""
    score = 0
    for found in re.finditer(r"[^\x00-\x7f]", text):
        letter, before = found[0], text[found.start() - 1 : found.start()]
        after = text[found.end() : found.end() + 1]
        score += 1 if letter in _USUAL else -1
        # “EntrŽe”, “lÕeau”, “b½uf”: no capital follows a small letter, and no sign stands within a word.
        within = before.isalpha() and before.islower()
        if within and (letter.isupper() or (not letter.isalpha() and after.isalpha() and letter not in "’‘·\u00a0–")):
            score -= 3
        if letter == "\ufffd":
            score -= 3
    return score
