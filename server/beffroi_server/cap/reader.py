"""Reading of CAP: documents, feeds and envelopes to messages and links."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import urljoin

from beffroi_server.cap.alert_elements import (
    AREA_NAMES,
    INFO_NAMES,
    Children,
    content_digest,
    fallback_headline,
    read_alert,
    read_info,
)  # fmt: skip
from beffroi_server.cap.archives import archived_files, is_zip
from beffroi_server.cap.instants import read_instant
from beffroi_server.cap.messages import (
    MESSAGE_TYPES,
    SCOPES,
    STATUSES,
    CapAlert,
    CapDocument,
    CapInfo,
    CapLink,
    CapUnreadable,
)  # fmt: skip
from beffroi_server.cap.names import folded_name
from beffroi_server.cap.read_notes import ReadNotes
from beffroi_server.cap.texts import one_line, trimmed
from beffroi_server.cap.xml_documents import Element, local_name, namespace, parse_document

MAX_ALERTS, MAX_ENTRIES, MAX_LINKS, MAX_CARRIED = 5_000, 10_000, 5_000, 2_000
_KINDS = {"alert": "alert", "feed": "atom", "rss": "rss", "rdf": "rss", "edxldistribution": "edxl"}
_SIGNS = frozenset({"identifier", "sender", "sent", "status", "msgtype", "info", "event"})
"""An element ``alert`` with one of these children is a message; other vocabularies have such elements, too."""
_CARRIERS = frozenset(
    {"content", "summary", "description", "encoded", "contentdata", "embeddedxmlcontent", "value", "payload"}
)
"""Elements in which whole messages travel in base64; escaped or in CDATA they travel under any name."""
_ENTRY_NAMES = INFO_NAMES | AREA_NAMES | {"status", "msgtype", "messagetype"}
_ENTRIES = ("entry", "item")
_CAP_TYPES = ("application/cap+xml", "application/common-alerting-protocol+xml")
_XML_TYPES = ("text/xml", "application/xml")
_INCOMPLETE = frozenset({"damaged", "too-many-alerts", "too-many-files", "carried-unreadable"})
"""Notes after which what was not found may have been there all the same."""
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_CAP_ADDRESS = re.compile(r"\.(?:xml|cap)(?:[?#]|$)|[/?=&.]cap\b", re.IGNORECASE)


def read_document(content: bytes, address: str = "") -> CapDocument:
    """Return what is in a document: one message, a feed with messages or links to them, an envelope, or a zip of these.

    Messages that a feed repeats (one entry for each area) are returned once. A feed without messages is calm, and so
    is an empty archive. A file of an archive that cannot be read is skipped and named.

    Args:
        content: The document.
        address: Where it was found: its links may be relative to that.

    Raises:
        CapUnreadable: it is no XML, a web page, or a document without a trace of CAP.
    """
    return _read_archive(content) if is_zip(content) else _read_one(content, address)


def _read_archive(content: bytes) -> CapDocument:
    notes = ReadNotes()
    alerts: dict[tuple[object, ...], CapAlert] = {}
    links: dict[str, CapLink] = {}
    errors, was_read, is_complete = 0, False, True
    for file in archived_files(content, notes):
        try:
            if file.error:
                raise CapUnreadable(file.error)
            found = _read_one(file.content, "")
        except CapUnreadable as error:
            notes.add("file-unreadable", file.name, str(error))
            is_complete = is_complete and not file.is_cap
            errors += 1
            continue
        was_read = True
        for note in found.notes:
            notes.add(note.code, f"{file.name}: {note.where}".rstrip(": "), note.value)
        is_complete = is_complete and found.is_complete
        alerts |= {(each.identifier, each.sent, each.version): each for each in found.alerts}
        links |= {each.address: each for each in found.links}
        if len(alerts) > MAX_ALERTS:
            notes.add("too-many-alerts", value=str(MAX_ALERTS))
            break
    if errors and not was_read:
        raise CapUnreadable("no-cap")
    is_complete = is_complete and not _INCOMPLETE & notes.codes
    return CapDocument(
        "zip", tuple(alerts.values())[:MAX_ALERTS], tuple(links.values()), tuple(notes.notes), is_complete
    )


def _read_one(content: bytes, address: str) -> CapDocument:
    root, is_damaged = parse_document(content)
    notes = ReadNotes()
    if is_damaged:
        notes.add("damaged")
    kind = _KINDS.get(local_name(root), "other")
    alerts = list(_limited(_read_alerts(root, notes, is_damaged=is_damaged), notes))
    summaries, links = _read_entries(root, notes, address)
    alerts = _each_once(alerts, summaries)
    if not alerts and not links and not _is_calm(root, kind):
        raise CapUnreadable("no-cap")
    if not (alerts or links or notes.notes) and (entries := sum(local_name(each) in _ENTRIES for each in root.iter())):
        # As of a news feed; a service without warnings has one entry that says so.
        notes.add("entries-without-cap", value=str(entries))
    return CapDocument(kind, tuple(alerts), tuple(links), tuple(notes.notes), not _INCOMPLETE & notes.codes)


def links_to_fetch(
    links: Iterable[CapLink], fetched: Collection[str], known: Collection[tuple[str, object]], limit: int = 50
) -> list[CapLink]:
    """Return the links to fetch now: each document once, and no more than a limit at a time.

    Args:
        links: Of a feed.
        fetched: Addresses of what is at hand: services throttle.
        known: Identifiers, in small letters, and instants of messages that are known.
        limit: Documents of one cycle; the others follow in the next.
    """
    found: list[CapLink] = []
    for link in links:
        is_known = link.sent is not None and ((link.identifier or "").casefold(), link.sent) in known
        if link.address not in fetched and not is_known:
            found.append(link)
    return found[:limit]


def _is_calm(root: Element, kind: str) -> bool:
    return kind in ("atom", "rss", "edxl") or local_name(root) == "alerts"


def _limited(alerts: Iterable[CapAlert], notes: ReadNotes) -> Iterator[CapAlert]:
    for count, alert in enumerate(alerts):
        if count >= MAX_ALERTS:
            notes.add("too-many-alerts", value=str(MAX_ALERTS))
            return
        yield alert


def _read_alerts(
    root: Element, notes: ReadNotes, *, is_damaged: bool, depth: int = 0, envelope_status: str | None = None
) -> Iterator[CapAlert]:
    carried = 0
    for element in root.iter():
        name = local_name(element)
        if name == "edxldistribution":
            envelope_status = None
        elif name == "distributionstatus" and not _is_within_alert(element):
            envelope_status = _spelt(" ".join(element.itertext()), STATUSES)
        elif name == "alert" and _is_message(element):
            alert = read_alert(element, notes, is_damaged=is_damaged)
            yield dataclasses.replace(alert, envelope_status=envelope_status) if envelope_status else alert
        elif depth == 0 and carried < MAX_CARRIED and name and not len(element):
            content = _carried_bytes((element.text or "").strip(), is_carrier=name in _CARRIERS)
            if content is not None and not _is_within_alert(element):
                carried += 1
                yield from _read_carried(content, notes, envelope_status)
    if carried == MAX_CARRIED:
        notes.add("too-many-alerts", value=str(MAX_CARRIED))


def _is_message(element: Element) -> bool:
    return _has_signs(element) and not _is_within_alert(element)


def _has_signs(element: Element) -> bool:
    return any(local_name(child) in _SIGNS for child in element)


def _is_within_alert(element: Element) -> bool:
    return any(local_name(parent) == "alert" and _has_signs(parent) for parent in element.iterancestors())


def _read_carried(content: bytes, notes: ReadNotes, envelope_status: str | None) -> Iterator[CapAlert]:
    """Yield the messages of a document that is the text of an element."""
    try:
        root, is_damaged = parse_document(content)
    except CapUnreadable as error:
        notes.add("carried-unreadable", value=str(error))
        return
    if is_damaged:
        notes.add("damaged")
    yield from _read_alerts(root, notes, is_damaged=is_damaged, depth=1, envelope_status=envelope_status)


def _carried_bytes(text: str, *, is_carrier: bool) -> bytes | None:
    if text.startswith("<"):
        return text.encode("utf-8", "replace") if re.search(r"<(?:\w{1,20}:)?alert\b", text[:4000]) else None
    # “<?xml” and “<alert” in base64, with or without a byte-order mark.
    if is_carrier and text.startswith(("PD94", "PGFsZXJ0", "PGNhc", "77u/P")):
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            return None
    return None


def _read_entries(root: Element, notes: ReadNotes, base: str) -> tuple[list[CapAlert], list[CapLink]]:
    """Return what the entries of a feed say themselves, and where the messages are."""
    summaries: dict[tuple[object, ...], CapAlert] = {}
    links: dict[str, CapLink] = {}
    has_cap = any("cap" in (uri or "") for uri in root.nsmap.values()) or any(
        "emergency:cap" in namespace(each) for each in root.iter()
    )
    entries = [each for each in root.iter() if local_name(each) in _ENTRIES]
    for entry in entries[:MAX_ENTRIES]:
        if any(local_name(each) == "alert" and _is_message(each) for each in entry.iter()):
            continue
        summary = _read_summary(entry, notes)
        if summary is not None:
            key = (summary.identifier, summary.sent) if summary.identifier else (summary.version,)
            summaries[key] = _united(summaries[key], summary) if key in summaries else summary
        if (address := _cap_address(entry, notes, base, has_cap=has_cap)) and len(links) < MAX_LINKS:
            identifier, sent = (summary.identifier, summary.sent) if summary else (None, None)
            links.setdefault(address, CapLink(address, identifier, sent))
    return list(summaries.values()), list(links.values())


def _read_summary(entry: Element, notes: ReadNotes) -> CapAlert | None:
    """Return the message as far as an entry tells it in elements of CAP, or None if it tells nothing."""
    cap = [each for each in entry if "cap" in namespace(each).lower() and "w3.org" not in namespace(each)]
    names = {local_name(each) for each in cap}
    if not names & _ENTRY_NAMES or not names & INFO_NAMES:
        return None
    own = Children(cap)
    around = Children(entry)
    identifier = trimmed(own.text("identifier") or around.text("id", "guid"))
    with notes.within(identifier or "?"):
        info = read_info(own, notes, where="entry")
    if "headline" not in names and (title := one_line(around.text("title"))):
        info = dataclasses.replace(info, headline=title)
    return CapAlert(
        identifier=identifier,
        sender=trimmed(own.text("sender")),
        sent=read_instant(own.text("sent")),
        status=_spelt(own.text("status"), STATUSES),
        msg_type=_spelt(own.text("msgtype", "messagetype"), MESSAGE_TYPES),
        scope=_spelt(own.text("scope"), SCOPES),
        infos=(info,),
        version=content_digest(*cap),
        is_summary=True,
    )


def _spelt(text: str | None, known: tuple[str, ...]) -> str | None:
    if text is None:
        return None
    return next((each for each in known if each.casefold() == folded_name(text)), " ".join(text.split())[:80])


def _united(known: CapAlert, more: CapAlert) -> CapAlert:
    """Return a message with what another entry says about it: feeds have one entry for each area of an info."""
    infos = list(known.infos)
    for info in more.infos:
        at = next((at for at, each in enumerate(infos) if _without_place(each) == _without_place(info)), None)
        if at is None:
            infos.append(info)
        else:
            areas = tuple(dict.fromkeys((*infos[at].areas, *info.areas)))
            # Titles of entries name one area each; a headline of the message is the same in all.
            is_common = infos[at].headline == info.headline
            headline = info.headline if is_common else fallback_headline(info.event, areas)
            infos[at] = dataclasses.replace(infos[at], areas=areas, headline=headline)
    return dataclasses.replace(known, infos=tuple(infos))


def _without_place(info: CapInfo) -> CapInfo:
    return dataclasses.replace(info, areas=(), headline=None)


def _each_once(alerts: list[CapAlert], summaries: list[CapAlert]) -> list[CapAlert]:
    """Return messages without those that are repeated, and without summaries of what is there in full."""
    found = {(alert.identifier, alert.sent, alert.version): alert for alert in alerts}
    full = {alert.identifier for alert in alerts if alert.identifier}
    return [*found.values(), *(each for each in summaries if each.identifier not in full)]


def _cap_address(entry: Element, notes: ReadNotes, base: str, *, has_cap: bool) -> str | None:
    """Return the address of the message of an entry: the link that says so, else the one that can be meant."""
    by_rank: dict[int, tuple[str, Element]] = {}
    for each in entry:
        name = local_name(each)
        if name not in ("link", "enclosure", "content", "cap"):
            continue
        text = each.text if name in ("link", "cap") else None
        address = (each.get("href") or each.get("url") or each.get("src") or text or "").strip()
        seems_cap = has_cap or _CAP_ADDRESS.search(address[-200:]) is not None
        rank = _link_rank(name, (each.get("type") or "").lower(), (each.get("rel") or "alternate").lower(), seems_cap)
        if rank is not None:
            by_rank.setdefault(rank, (address, each))
    if not by_rank:
        return None
    written, element = by_rank[min(by_rank)]
    address = _absolute(written, element, base)
    if re.fullmatch(r"https?://[^\s<>\"]{1,2000}", address):
        return address
    if written:
        notes.add("bad-link", value=written)
    return None


def _absolute(address: str, element: Element, base: str) -> str:
    """Return an address in full: it may be relative to the document, or to a base that is given in it."""
    bases = [each.get(_BASE) for each in (element, *element.iterancestors()) if each.get(_BASE)]
    try:
        for each in reversed(bases[:10]):
            base = urljoin(base, each.strip())
        return urljoin(base, address)
    except ValueError:
        return address


def _link_rank(name: str, kind: str, relation: str, seems_cap: bool) -> int | None:
    # GDACS has an element of its own for the address.
    if kind.startswith(_CAP_TYPES) or name == "cap":
        return 0
    if relation in ("hub", "self", "next", "prev", "via", "license"):
        return None
    if kind.startswith(_XML_TYPES):
        return 1
    # The American feeds give no type, RSS never does: what comes is read, and is a web page at worst.
    return 2 if seems_cap and not kind and relation == "alternate" and name == "link" else None
