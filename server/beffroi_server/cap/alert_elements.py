"""Elements of CAP to messages: by local name, in any order, in any namespace, whatever the schema says."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Sequence

from beffroi_server.cap.coordinates import CoordinatesError, read_circle, read_outline
from beffroi_server.cap.instants import LAST_YEAR, read_instant
from beffroi_server.cap.json_documents import BBK_IDENTIFIERS
from beffroi_server.cap.messages import (
    CERTAINTIES,
    DEFAULT_LANGUAGE,
    MESSAGE_TYPES,
    RESPONSE_TYPES,
    SCOPES,
    SEVERITIES,
    STATUSES,
    URGENCIES,
    CapAlert,
    CapArea,
    CapCircle,
    CapInfo,
    NamedValue,
    Outline,
)  # fmt: skip
from beffroi_server.cap.names import folded_name
from beffroi_server.cap.read_notes import ReadNotes
from beffroi_server.cap.references import read_references
from beffroi_server.cap.texts import MAX_TEXT, one_line, paragraphs, trimmed
from beffroi_server.cap.xml_documents import Element, full_text, local_name

MAX_INFOS, MAX_AREAS, MAX_OUTLINES, MAX_VALUES = 500, 5_000, 5_000, 50_000
"""Of each at most: infos of a message, areas of an info, outlines and values of an area or info."""
INFO_NAMES = frozenset({"event", "urgency", "severity", "certainty", "headline", "expires", "effective", "onset"})
AREA_NAMES = frozenset({"areadesc", "polygon", "circle", "geocode"})
_OLD_CERTAINTY = {"verylikely": "Likely"}
"""CAP 1.2, section 3.2.2: the “Very Likely” of CAP 1.0 counts as “Likely”."""
_CODE_LIST = re.compile(r"[A-Z0-9]{3,12}(?:[\s,;]+[A-Z0-9]{3,12})+")
_EXCLUDE = "excludepolygon"


class Children:
    """The children of an element, by local name."""

    def __init__(self, *elements: Element) -> None:
        self._by_name: dict[str, list[Element]] = {}
        for element in elements:
            for child in element:
                self._by_name.setdefault(local_name(child), []).append(child)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def all(self, *names: str) -> list[Element]:
        """Return the children with one of some names."""
        return [child for name in names for child in self._by_name.get(name, ())]

    def text(self, *names: str) -> str | None:
        """Return the first text that is not blank under one of some names, trimmed."""
        return next((text for child in self.all(*names) if (text := full_text(child).strip())), None)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all texts under a name that are not blank."""
        found = (full_text(child).strip() for child in self.all(name)[:MAX_VALUES])
        return tuple(text for text in found if text)


def read_alert(element: Element, notes: ReadNotes, *, is_damaged: bool = False) -> CapAlert:
    """Return the message of an element ``alert``."""
    children = Children(element)
    identifier = trimmed(children.text("identifier"))
    with notes.within(identifier or "?"):
        infos = children.all("info")
        if len(infos) > MAX_INFOS:
            notes.add("too-many-infos", value=str(len(infos)))
        sources = [Children(info) for info in infos[:MAX_INFOS]]
        if not sources and any(name in children for name in INFO_NAMES):
            # The index of a feed that calls itself a message: what belongs into info and area lies flat in it.
            sources = [children]
        is_bbk = _is_of_bbk(identifier, children.text("sender"))
        read = tuple(
            read_info(source, notes, where=f"info {at}", placeholders=is_bbk) for at, source in enumerate(sources, 1)
        )
        if (len(infos) > MAX_INFOS or is_damaged) and read:
            read = (*read[:-1], dataclasses.replace(read[-1], areas=with_unread(read[-1].areas)))
        return CapAlert(
            identifier=identifier,
            sender=trimmed(children.text("sender")),
            sent=_instant(children, "sent", notes),
            status=_spelt(children.text("status"), STATUSES),
            msg_type=_spelt(children.text("msgtype", "messagetype"), MESSAGE_TYPES),
            scope=_spelt(children.text("scope"), SCOPES),
            source=trimmed(children.text("source")),
            restriction=one_line(children.text("restriction")),
            codes=children.texts("code"),
            note=paragraphs(children.text("note")),
            references=read_references(" ".join(children.texts("references")), children.text("sender"), notes),
            incidents=one_line(children.text("incidents")),
            infos=read,
            version=content_digest(element),
            is_damaged=is_damaged,
            is_signed="signature" in children,
        )


def content_digest(*elements: Element) -> str:
    """Return a digest of names and texts, the same however the elements are laid out."""
    digest = hashlib.sha256()
    for element in elements:
        for each in element.iter():
            words = " ".join((each.text or "").split()) if isinstance(each.tag, str) else ""
            digest.update(f"{local_name(each)}={words}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _is_of_bbk(identifier: str | None, sender: str | None) -> bool:
    return (identifier or "").lower().startswith(BBK_IDENTIFIERS) or "bbk.bund" in (sender or "").lower()


def read_info(source: Children, notes: ReadNotes, *, where: str, placeholders: bool = False) -> CapInfo:
    """Return what is in an element ``info``, or what lies flat in another one."""
    elements: list[Children] = [Children(area) for area in source.all("area")]
    if not elements and any(name in source for name in AREA_NAMES):
        elements = [source]
    if len(elements) > MAX_AREAS:
        notes.add("too-many-areas", where, str(len(elements)))
    areas = tuple(
        read_area(area, notes, where=f"{where}, area {at}", placeholders=placeholders)
        for at, area in enumerate(elements[:MAX_AREAS], 1)
    )
    if len(elements) > MAX_AREAS:
        areas = with_unread(areas)
    for name in ("headline", "description", "instruction"):
        if len(source.text(name) or "") > MAX_TEXT:
            notes.add("long-text", f"{where} {name}")
    event = one_line(source.text("event"))
    return CapInfo(
        language=trimmed(source.text("language")) or DEFAULT_LANGUAGE,
        categories=source.texts("category"),
        event=event,
        response_types=tuple(_spelt(text, RESPONSE_TYPES) or "" for text in source.texts("responsetype")),
        urgency=_spelt(source.text("urgency"), URGENCIES),
        severity=_spelt(source.text("severity"), SEVERITIES),
        certainty=_spelt(source.text("certainty"), CERTAINTIES, _OLD_CERTAINTY),
        audience=one_line(source.text("audience")),
        event_codes=_named_values(source.all("eventcode")),
        effective=_instant(source, "effective", notes, where),
        onset=_instant(source, "onset", notes, where),
        expires=_instant(source, "expires", notes, where, last_year=9999),
        sender_name=one_line(source.text("sendername")),
        headline=one_line(source.text("headline")) or fallback_headline(event, areas),
        description=paragraphs(source.text("description")),
        instruction=paragraphs(source.text("instruction")),
        web=trimmed(source.text("web")),
        contact=one_line(source.text("contact")),
        parameters=_named_values(source.all("parameter")),
        areas=areas,
    )


def with_unread(areas: tuple[CapArea, ...]) -> tuple[CapArea, ...]:
    """Return areas of which the last one says that there is more: nobody is certainly outside of what is not read."""
    return (*areas[:-1], dataclasses.replace(areas[-1], is_incomplete=True)) if areas else areas


def fallback_headline(event: str | None, areas: Sequence[CapArea]) -> str | None:
    """Return a headline for an info without one: its event and its first three areas."""
    names = list(dict.fromkeys(area.description for area in areas if area.description))
    place = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    return " – ".join(part for part in (event, place) if part) or None


def read_area(source: Children, notes: ReadNotes, *, where: str, placeholders: bool = False) -> CapArea:
    """Return what is in an element ``area``, or what lies flat in another one."""
    codes = _named_values(source.all("geocode"), has_lists=True)
    holes = [each.value for each in codes if folded_name(each.name) == _EXCLUDE]
    polygons = [full_text(each) for each in source.all("polygon") if not len(each)]
    outlines, is_incomplete = _outlines(polygons, notes, where, placeholders)
    holes_read, has_bad_hole = _outlines(holes, notes, where, placeholders)
    circles, has_bad_circle = _circles(source.texts("circle"), notes, where)
    return CapArea(
        description=one_line(source.text("areadesc")),
        polygons=outlines,
        circles=circles,
        holes=holes_read,
        geocodes=tuple(each for each in codes if folded_name(each.name) != _EXCLUDE),
        is_incomplete=is_incomplete or has_bad_circle,
        has_lost_hole=has_bad_hole,
    )


def _outlines(
    texts: Sequence[str], notes: ReadNotes, where: str, placeholders: bool
) -> tuple[tuple[Outline, ...], bool]:
    outlines: list[Outline] = []
    written = [text for text in texts if text.strip()]
    is_incomplete = len(written) > MAX_OUTLINES
    for text in written[:MAX_OUTLINES]:
        try:
            outlines.append(read_outline(text, placeholders=placeholders))
        except CoordinatesError as error:
            is_incomplete = True
            notes.add(str(error), where, text)
    return tuple(outlines), is_incomplete


def _circles(texts: Sequence[str], notes: ReadNotes, where: str) -> tuple[tuple[CapCircle, ...], bool]:
    circles: list[CapCircle] = []
    is_incomplete = False
    for text in texts:
        try:
            circles.append(read_circle(text))
        except CoordinatesError as error:
            is_incomplete = True
            notes.add(str(error), where, text)
    return tuple(circles), is_incomplete


def _named_values(elements: Sequence[Element], *, has_lists: bool = False) -> tuple[NamedValue, ...]:
    """Return the values of some elements; of codes, a value may be a list of them between blanks."""
    found = (value for element in elements[:MAX_VALUES] for value in _values_of(element))
    if has_lists:
        found = (code for value in found for code in _split_codes(value))
    return tuple(each for _, each in zip(range(MAX_VALUES), found, strict=False))


def _values_of(element: Element) -> Iterator[NamedValue]:
    """Yield the values of an element: one each in CAP, several in indexes, as an attribute in CAP 1.0."""
    children = Children(element)
    names, values = children.all("valuename"), children.all("value")
    for at, value in enumerate(values):
        # Further values have the last name.
        name = " ".join(full_text(names[min(at, len(names) - 1)]).split()) if names else ""
        text = full_text(value).strip()
        if name or text:
            yield NamedValue(name, text)
    if not values and not len(element) and (text := full_text(element).strip()):
        # CAP 1.0 writes “SAME=SVR”.
        name, separator, value_text = text.partition("=")
        yield NamedValue(name.strip() if separator else "", (value_text if separator else text).strip())


def _split_codes(each: NamedValue) -> Iterator[NamedValue]:
    value = each.value
    if len(value) < 20_000 and _CODE_LIST.fullmatch(value) and any(letter.isdigit() for letter in value):
        for code in re.split(r"[\s,;]+", value):
            yield NamedValue(each.name, code)
    else:
        yield each


def _instant(
    source: Children, name: str, notes: ReadNotes, where: str = "", *, last_year: int = LAST_YEAR
) -> dt.datetime | None:
    text = source.text(name)
    instant = read_instant(text, last_year=last_year)
    if text and instant is None:
        notes.add("bad-instant", f"{where} {name}".strip(), text)
    return instant


def _spelt(text: str | None, known: Sequence[str], old: dict[str, str] | None = None) -> str | None:
    """Return a value of an enumeration as CAP spells it; one that CAP does not know as it is written."""
    if text is None:
        return None
    name = folded_name(text)
    if old and name in old:
        return old[name]
    return next((each for each in known if each.casefold() == name), " ".join(text.split())[:80])
