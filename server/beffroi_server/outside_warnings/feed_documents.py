"""The documents that a feed links to: which were fetched, and which messages are in each.

Only the document says how its message is called: entries may have names of their own, or none.
"""

from __future__ import annotations

from collections.abc import Iterable

from beffroi_server.cap.messages import CapAlert, CapDocument, CapLink

MOST_REMEMBERED = 4_000
"""Documents that are remembered as fetched."""
_Row = tuple[str, list[str]]


class FetchedDocuments:
    """What is remembered of the documents of one feed.

    Args:
        stored: As ``stored`` returned it; what cannot be understood is as if it had never been fetched.
    """

    def __init__(self, stored: Iterable[object]) -> None:
        rows = (each for each in stored if isinstance(each, list) and len(each) == 3)
        self._rows: dict[str, _Row] = {address: (sent, list(identifiers)) for address, sent, identifiers in rows}

    def stored(self) -> list[list[object]]:
        """Return what is remembered, for JSON: address, when its feed said that it was sent, identifiers."""
        newest = list(self._rows.items())[-MOST_REMEMBERED:]
        return [[address, sent, identifiers] for address, (sent, identifiers) in newest]

    def note(self, link: CapLink, document: CapDocument) -> None:
        """Note that the document of a link was fetched."""
        self._rows.pop(link.address, None)
        self._rows[link.address] = (_sent(link), [each.identifier for each in document.alerts if each.identifier])

    def has(self, link: CapLink) -> bool:
        """Return whether the document of a link was fetched, and its feed does not say that it was sent anew."""
        row = self._rows.get(link.address)
        return row is not None and row[0] == _sent(link)

    def identifiers(self, link: CapLink) -> list[str] | None:
        """Return the identifiers behind a link; None where nobody knows them."""
        row = self._rows.get(link.address)
        if row is not None:
            return row[1]
        return [link.identifier] if link.identifier else None

    def without_summaries(self, document: CapDocument) -> list[CapAlert]:
        """Return the messages of a feed without the summaries of documents that were fetched."""
        names = {link.identifier for link in document.links if self.has(link)} - {None}
        return [each for each in document.alerts if not (each.is_summary and each.identifier in names)]

    def listing(self, document: CapDocument) -> tuple[set[str], bool]:
        """Return the identifiers of all messages that a feed lists, and whether these are all."""
        found = {each.identifier for each in self.without_summaries(document) if each.identifier}
        behind = [self.identifiers(link) for link in document.links]
        found.update(name for names in behind for name in names or ())
        return found, document.is_complete and None not in behind


def _sent(link: CapLink) -> str:
    return link.sent.isoformat() if link.sent is not None else ""
