"""References of CAP: ``sender,identifier,sent`` between blanks, as they should be and as they are."""

from __future__ import annotations

import re

from beffroi_server.cap.instants import read_instant
from beffroi_server.cap.messages import CapReference

MAX_REFERENCES = 500
MAX_LENGTH = 100_000
_ADDRESS = re.compile(r"https?://[^?#]+/([^/?#]+)")
_FILE_NAME_END = re.compile(r"\.(?:xml|cap)$")
_SENT = re.compile(
    r" ?, ?(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)? ?(?:[Zz]|[+-]\d\d:?\d\d)?)(?=[ ,;]|$)"
)
_OTHER_COMMAS = str.maketrans(";|", ",,")
_OF_CAP_1_0 = re.compile(r"([^\s,/]+)/([^\s,/]+)")
"""CAP 1.0 writes ``identifier/sender``, without an instant."""


def read_references(text: str) -> tuple[CapReference, ...]:
    """Return the messages that are named, each once.

    A triple ends with its instant: blanks and commas may stand in the name of a sender. Where there is no comma at
    all, semicolons and bars are. What has no instant counts as an identifier alone.
    """
    text = " ".join(text[:MAX_LENGTH].split())
    text = text if "," in text else text.translate(_OTHER_COMMAS)
    found: list[CapReference] = []
    at = 0
    for sent in _SENT.finditer(text):
        sender, _, identifier = text[at : sent.start()].strip(" ,;").rpartition(",")
        if identifier.strip():
            found.append(CapReference(sender.strip() or None, identifier.strip(), read_instant(sent[1])))
        at = sent.end()
    for word in text[at:].split():
        if old := _OF_CAP_1_0.fullmatch(word):
            found.append(CapReference(old[2], old[1], None))
            continue
        parts = [part for part in word.strip(",;").split(",") if part]
        if parts:
            found.append(CapReference(parts[0] if len(parts) > 1 else None, parts[min(1, len(parts) - 1)], None))
    return tuple(dict.fromkeys(found[:MAX_REFERENCES]))


def identifier_keys(identifier: str) -> tuple[str, ...]:
    """Return the names under which an identifier is known: itself in small letters, and the end of an address.

    The American weather service gives identifiers and references now as an address, now as the name at its end. A name
    without a digit is that of a page for all messages, and identifies none.
    """
    key = identifier.casefold()
    found = _ADDRESS.fullmatch(key)
    if found is None or len(found[1]) < 6 or not any(letter.isdigit() for letter in found[1]):
        return (key,)
    return tuple(dict.fromkeys((key, found[1], _FILE_NAME_END.sub("", found[1]))))
