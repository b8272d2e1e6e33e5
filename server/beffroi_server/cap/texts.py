"""Texts of CAP for people: without mark-up and hard line breaks; nothing else is changed."""

from __future__ import annotations

import re
from itertools import pairwise

from beffroi_server.cap.names import folded_name
from beffroi_server.feeds.readers.text import html_entities, without_tags

MAX_TEXT = 100_000
"""Characters of a text at most; the longest real one that was seen had 5,000."""
_BREAK = "\u2028"
"""Stands for a line break that was written as one (``<br>``, the end of a paragraph), and so is kept."""
_BREAKING_TAG = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6]|/ul|/ol|li|p|div)\b[^<>]{0,200}>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_WINDOWS = {
    code: letter for code in range(0x80, 0xA0) if code != 0x85 and (letter := bytes([code]).decode("cp1252", "ignore"))
}
"""Letters of Windows in documents that call themselves Latin-1, which has control characters there."""
_SECTION_MARK = re.compile(r"<!\[CDATA\[|\]\]>", re.IGNORECASE)
_BULLET = re.compile(r"(?:[*•·▪●◦‣–—+»>-]|\d{1,2}[.)]|[a-z]\)|#{1,6})\s|\.\.\.|[*•▪●◦‣]\S")
_LABEL = re.compile(r"[^\W\d_][\w'’/-]*(?: [\w'’/-]+){0,3}\s?:(?:\s|$)")
"""The beginning of a line of a list, such as “Council area: Rennes”: it goes on with none before it."""
_DECORATION = re.compile(r"[#=*_~+\s-]{3,}")
_SIGNS_AROUND = re.compile(r"^#{1,6} +|^[#=*_~+]{2,} *|(?<![ #=*_~+]) *[#=*_~+]{2,}$", re.MULTILINE)
_MARKDOWN_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\(https?://[^\s()]{1,500}\)")
_LOST_APOSTROPHE = re.compile(r"\b([cdjlmnst]|(?:jus|lors|puis)?qu|aujourd)\?(?=[a-zà-ÿ])", re.IGNORECASE)
_PLACEHOLDERS = frozenset(
    {"unknown", "notapplicable", "na", "none", "null", "nil", "undefined", "inconnu", "inconnue", "aucun", "aucune",
     "neant", "sansobjet", "nonrenseigne"}
)  # fmt: skip
"""What forms write into fields that have to be filled in, as ``names.folded_name`` returns it."""
_SENTENCE_END = (".", "!", "?", ":", ";", "。", "！", "？", "；", "…", "။", "।")
WRAP_SLACK = 8
"""Characters by which the lines of one text are wrapped differently."""
WRAP_WIDTH = 50
"""A text whose longest line is shorter than this is a list of lines, not a paragraph that was wrapped."""


def trimmed(text: str | None) -> str | None:
    """Return an identifier or address on one line, otherwise as it is written, or None if nothing is in it."""
    return " ".join((text or "").split()) or None


def one_line(text: str | None) -> str | None:
    """Return a text on one line, or None if nothing is in it."""
    return _collapsed(_without_markup(text or "").replace(_BREAK, " ")) or None


def paragraphs(text: str | None) -> str | None:
    """Return a text whose line breaks mean something, or None if nothing is in it.

    Single breaks within sentences are joined: the American weather service breaks each 62 to 71 letters. Blank lines,
    bullets, and breaks that were written as ``<br>`` are kept; case is never changed.
    """
    plain = _without_markup((text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n"))
    blocks = []
    for block in re.split(r"\n[ \t\u00a0]*\n", plain):
        parts = [_unwrapped(part.split("\n")) for part in block.split(_BREAK)]
        if lines := [line for part in parts for line in part]:
            blocks.append("\n".join(lines))
    return "\n\n".join(blocks) or None


def without_decoration(text: str) -> str:
    """Return paragraphs without lines of signs alone (``###``, ``=====``), which separate nothing for people."""
    lines = (line for line in text.split("\n") if not _DECORATION.fullmatch(line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def for_screens(text: str | None) -> str:
    """Return a text as it can be put on a screen.

    Without what says nothing there: decoration, marks of Markdown, words for “no text”. Météo-France loses the
    apostrophes of its texts on the way into CAP: “l?évolution” has its own again, and letters that were encoded twice.
    """
    plain = _MARKDOWN_LINK.sub(r"\1", without_decoration(_decoded_once_more(text or "")))
    plain = _LOST_APOSTROPHE.sub("\\1\u2019", _SIGNS_AROUND.sub("", plain)).replace(" , ", ", ")
    is_empty = folded_name(plain) in _PLACEHOLDERS or not any(map(str.isalnum, plain))
    return "" if is_empty else plain.strip()


def _decoded_once_more(text: str) -> str:
    """Return a text in UTF-8 that its source took for one of Windows, and wrote in UTF-8 again: “Ã©”, “â€™”."""
    try:
        return text.encode("cp1252").decode("utf-8") if "Ã" in text or "â€" in text else text
    except UnicodeError:
        return text


def _collapsed(text: str) -> str:
    # No-break spaces are French typography, and stay.
    return re.sub(r"[ \t\n\r\f\v]+", " ", text).strip()


def _without_markup(text: str) -> str:
    # Escaped by an aggregator, the marks of a section are letters; what is between them is the text.
    text = _SECTION_MARK.sub(" ", _CONTROL.sub(" ", text[:MAX_TEXT].translate(_WINDOWS)))
    if text.count("<!--") > 20:
        # Nobody comments a warning that often; searching for the end of each would take long.
        text = text.replace("<!--", "")
    # Escaped once more than needed, as aggregators do, mark-up and entities only appear in the second round.
    for _ in range(3):
        has_tags = "<" in text
        plain = without_tags(_BREAKING_TAG.sub(_BREAK, text)) if has_tags else text
        plain = html_entities(plain) if _ENTITY.search(plain) else plain
        if plain == text:
            break
        text = plain
    return text


def _unwrapped(lines: list[str]) -> list[str]:
    """Return the lines of a block, those that belong together joined."""
    lines = [line for line in map(_collapsed, lines) if line]
    width = max(map(len, lines), default=0)
    joined: list[str] = []
    for item in _items(lines):
        is_wrapped = _is_wrapped(item, width)
        last = ""
        for line in item:
            if last and _continues(last, line, width, is_wrapped=is_wrapped):
                joined[-1] = f"{joined[-1]} {line}"
            else:
                joined.append(line)
            last = line
    return joined


def _items(lines: list[str]) -> list[list[str]]:
    """Return lines in groups that begin with a bullet."""
    items: list[list[str]] = []
    for line in lines:
        if items and not _BULLET.match(line):
            items[-1].append(line)
        else:
            items.append([line])
    return items


def _is_wrapped(lines: list[str], width: int) -> bool:
    """Return whether lines are a text that was wrapped: most are full but the last. In a list, a few may be long."""
    full = sum(_is_full(line, following, width) for line, following in pairwise(lines))
    return 2 * full >= len(lines) - 1


def _is_full(line: str, following: str, width: int) -> bool:
    return len(line) + 1 + len(following.split(" ", 1)[0]) > width - WRAP_SLACK


def _continues(line: str, following: str, width: int, *, is_wrapped: bool) -> bool:
    if (
        _BULLET.match(following)
        or width < WRAP_WIDTH
        or _DECORATION.fullmatch(line)
        or _DECORATION.fullmatch(following)
    ):
        return False
    is_full = is_wrapped and not _LABEL.match(following) and _is_full(line, following, width)
    # In a text of capitals, a long line without a full stop goes on.
    is_capital = len(line) >= WRAP_WIDTH and line.isupper() and following.isupper()
    is_within_sentence = (following[0].islower() or is_capital) and not line.endswith(_SENTENCE_END)
    return is_full or is_within_sentence or line.endswith((",", "-"))
