"""References of CAP: ``sender,identifier,sent`` between blanks, as they should be and as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from beffroi_server.cap.instants import read_instant
from beffroi_server.cap.messages import CapReference
from beffroi_server.cap.read_notes import ReadNotes

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
_OWN = "\x00"
"""Stands for the sender of the message itself while its references are taken apart."""


def read_references(text: str, sender: str | None = None, notes: ReadNotes | None = None) -> tuple[CapReference, ...]:
    """Return the messages that are named, each once.

    A triple ends with its instant: blanks and commas may stand before it. Where there is no comma at all, semicolons
    and bars are. What has no instant counts as an identifier alone, or with its sender.

    Args:
        text: As the source wrote it.
        sender: Of the message, and so most often of what it names: no comma or blank in it parts anything.
        notes: Named is what has an instant that cannot be read; it costs no other.
    """
    text = " ".join(text[:MAX_LENGTH].replace(_OWN, " ").split())
    text = text if "," in text else text.translate(_OTHER_COMMAS)
    own = " ".join((sender or "").split())
    if own:
        text = re.sub(rf"(?<![^ ,;]){re.escape(own)}(?= ?,)", _OWN, text, flags=re.IGNORECASE)
    found = dict.fromkeys(
        CapReference(each.sender and each.sender.replace(_OWN, own), each.identifier.replace(_OWN, own), each.sent)
        for each in _references(text, notes or ReadNotes())
    )
    return tuple(found)[:MAX_REFERENCES]


def _references(text: str, notes: ReadNotes) -> Iterator[CapReference]:
    at = 0
    for sent in _SENT.finditer(text):
        others, named = _parted(text[at : sent.start()].strip(" ,;"))
        yield from _undated(others, notes)
        sender, identifier = _sender_and_identifier(named)
        before, _, last = identifier.rpartition(" ")
        if before and set(before.split()) <= set(others.split()):
            # The German office lists all earlier messages, and again before the oldest one.
            identifier = last
        if identifier:
            instant = read_instant(sent[1])
            if instant is None:
                notes.add("bad-reference", "references", f"{named},{sent[1]}".replace(_OWN, "…"))
            yield CapReference(sender or None, identifier, instant)
        at = sent.end()
    yield from _undated(text[at:], notes)


def _parted(head: str) -> tuple[str, str]:
    """Return what is before an instant: triples without one, and sender and identifier of this one."""
    words = head.split(" ")
    # Blanks may stand in the name of a sender: a triple begins only after something that has commas itself.
    starts = [at for at, word in enumerate(words) if at and _is_sender(word.partition(",")[0]) and "," in word]
    ends = [at + 1 for at, word in enumerate(words[:-1]) if word.count(",") >= 2]
    at = max((each for each in (*starts, *ends) if "," in " ".join(words[:each]) or words[each].startswith(_OWN)),
             default=0)  # fmt: skip
    return " ".join(words[:at]), " ".join(words[at:])


def _is_sender(part: str) -> bool:
    return part == _OWN or "@" in part


def _sender_and_identifier(text: str) -> tuple[str, str]:
    first, _, rest = text.partition(",")
    if _is_sender(first.strip()) and rest.strip(" ,"):
        return first.strip(), rest.strip(" ,")
    sender, _, identifier = text.rpartition(",")
    # The two stand the other way round.
    return (identifier.strip(), sender.strip()) if identifier.strip() == _OWN else (sender.strip(), identifier.strip())


def _undated(text: str, notes: ReadNotes) -> Iterator[CapReference]:
    for word in text.split():
        if old := _OF_CAP_1_0.fullmatch(word):
            yield CapReference(old[2], old[1], None)
            continue
        parts = [part for part in word.strip(",;").split(",") if part]
        if len(parts) > 2:
            notes.add("bad-reference", "references", word.replace(_OWN, "…"))
        if parts:
            yield CapReference(parts[0] if len(parts) > 1 else None, parts[min(1, len(parts) - 1)], None)


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
