"""Content lines of iCalendar (RFC 5545, 3.1), and the components that they make.

A line that is not understood, or a component that is cut off, costs itself only. A stream may hold several calendars
(RFC 5545, 3.4); what stands outside them is passed over.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from beffroi_server.feeds.readers.reading import FeedContentError, SkippedParts
from beffroi_server.feeds.readers.text import clean_line, decode_text, plain_text

VALUE_LENGTH = 20_000
"""Characters of a value that are looked at."""
LINE_LIMIT, EVENT_LIMIT = 600_000, 50_000
"""Lines and events of a file that are read: those of a club with thirty years of history and more."""
_PROPERTY_LIMIT = 3_000
"""Properties of a component that are kept; a stranger may write a million."""
_DEPTH_LIMIT = 8
_WANTED = frozenset({
    "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "CLASS", "UID", "SEQUENCE", "LAST-MODIFIED", "DTSTAMP",
    "METHOD", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "TZID",
    "TZOFFSETFROM", "TZOFFSETTO", "X-LIC-LOCATION", "X-WR-TIMEZONE", "X-MICROSOFT-CDO-ALLDAYEVENT",
    "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT", "X-FUNAMBOL-ALLDAY",
})  # fmt: skip
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]*)[ \t]*(?=[;:])")
_PARAMETERS = re.compile(r"[^:\"]*(?:\"[^\"]*\"[^:\"]*)*:")
_PARAMETER = re.compile(r";[ \t]*([^=;:\"]+)=(\"[^\"]*\"|[^;:\"]*)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CalendarProperty:
    """A property of a component: its value as it is written, and its parameters by their names in capitals."""

    value: str
    parameters: dict[str, str]

    @property
    def text(self) -> str:
        """The value of a text on one line, without escapes, and without the tags that web sites leave in it."""
        plain = _ESCAPE.sub(lambda found: " " if found[1] in "nN" else found[1], self.value)
        return plain_text(plain)


@dataclass(slots=True)
class CalendarComponent:
    """A component such as ``VEVENT`` with the properties that matter here, each as often as it is written."""

    name: str
    line: int
    """Number of its first line in the file, from 1."""
    written: dict[str, list[str]] = field(default_factory=dict)
    """What follows the names of its properties, such as ``;VALUE=DATE:20261205``: few of them are ever asked for."""
    parts: list[CalendarComponent] = field(default_factory=list)

    def all_of(self, name: str) -> list[CalendarProperty]:
        """Return every property of a name, in the order of the file."""
        return [_parse_property(rest) for rest in self.written.get(name, ())]

    def text_of(self, name: str) -> str:
        """Return the text of a property: of several the one in French, else the first that is not empty."""
        found = [(each.parameters.get("LANGUAGE", "").lower(), each.text) for each in self.all_of(name)]
        texts = [text for language, text in found if text and language.startswith("fr")]
        return next(iter(texts or [text for _, text in found if text]), "")

    def words_of(self, name: str) -> set[str]:
        """Return the values of a property with a fixed set of words, such as ``STATUS``, in capitals."""
        if name not in self.written:
            return set()
        return {word for each in self.all_of(name) if (word := each.value.strip().upper())}

    def has(self, name: str) -> bool:
        """Tell whether it has a property of a name."""
        return name in self.written


def read_components(content: bytes, skipped: SkippedParts) -> list[CalendarComponent]:
    """Return the calendars of a stream as components with their parts.

    Raises:
        FeedContentError: there is no calendar in it.
    """
    reader = _ComponentReader(skipped)
    for number, line in _logical_lines(content, skipped):
        if number > LINE_LIMIT or reader.event_count > EVENT_LIMIT:
            skipped.add("line", "too-many-lines", number)
            break
        reader.take_line(number, line)
    return reader.finish()


def _logical_lines(content: bytes, skipped: SkippedParts) -> Iterator[tuple[int, str]]:
    """Yield the lines as text after unfolding, each with the number of its first line in the file."""
    if b"\0" in content[:4096]:
        content = decode_text(content, skipped).encode("utf-8", "replace")
    numbers: list[int] = []
    lines: list[bytes] = []
    # A bound on the returns before a line feed, since a search through a run of them begins again at each.
    # Lines are folded by octets, so a fold may lie within a letter: it is undone before the text is decoded.
    for number, line in enumerate(re.split(rb"\r{0,3}\n|\r", content), 1):
        if line[:1] in b" \t" and line and lines:
            lines.append(line[1:])
            continue
        if lines:
            lines.append(b"\n")
        lines.append(line)
        numbers.append(number)
    text = decode_text(b"".join(lines), skipped)
    return zip(numbers, text.split("\n"), strict=False)


class _ComponentReader:
    """Puts lines together to components."""

    def __init__(self, skipped: SkippedParts) -> None:
        self.event_count = 0
        self._skipped = skipped
        self._calendars: list[CalendarComponent] = []
        self._open: list[CalendarComponent] = []
        self._soft_break: tuple[int, str] | None = None

    def take_line(self, number: int, line: str) -> None:
        if self._soft_break is not None:
            number, line = self._soft_break[0], self._soft_break[1] + line.lstrip("\t ")
            self._soft_break = None
        name = _NAME.match(line.lstrip(" \t\ufeff") if not self._open else line)
        if name is None:
            if self._open and line.strip():
                self._skipped.add("line", "not-understood", number, clean_line(line[:80]))
            return
        word, rest = name[1].upper(), name.string[name.end() :]
        if word == "BEGIN":
            self._begin(number, rest[1:].strip().upper())
        elif word == "END":
            self._end(rest[1:].strip().upper())
        elif self._open and word in _WANTED:
            if "QUOTED-PRINTABLE" in rest[:200].upper() and rest.endswith("=") and len(line) < VALUE_LENGTH:
                self._soft_break = number, line[:-1]
            else:
                self._add(word, rest)

    def finish(self) -> list[CalendarComponent]:
        for each in self._open:
            if each.name == "VEVENT":
                self._skipped.add("event", "cut-off", each.line, each.text_of("SUMMARY"))
        torn = {id(each) for each in self._open}
        for calendar in self._calendars:
            calendar.parts = [part for part in calendar.parts if id(part) not in torn]
        if not self._calendars:
            raise FeedContentError("not-a-calendar")
        return self._calendars

    def _begin(self, number: int, name: str) -> None:
        if name == "VCALENDAR":
            self._open = [CalendarComponent(name, number)]
            self._calendars.append(self._open[0])
            return
        if name == "VEVENT":
            # A calendar is missing, or the end of the event before.
            if not self._open:
                self._begin(number, "VCALENDAR")
            del self._open[1:]
            self.event_count += 1
        if self._open and len(self._open) < _DEPTH_LIMIT:
            self._open.append(CalendarComponent(name, number))
            self._open[-2].parts.append(self._open[-1])

    def _end(self, name: str) -> None:
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth].name == name:
                del self._open[depth:]
                return

    def _add(self, name: str, rest: str) -> None:
        written = self._open[-1].written.setdefault(name, [])
        if len(written) < _PROPERTY_LIMIT:
            written.append(rest[:VALUE_LENGTH])


def _parse_property(rest: str) -> CalendarProperty:
    """Return the property of what follows its name, such as ``;TZID=Europe/Paris:20261205T180000``."""
    if rest.startswith(":"):
        return CalendarProperty(rest[1:], {})
    head = _PARAMETERS.match(rest)
    cut = head.end() if head else rest.find(":") + 1
    parameters = {name.strip().upper(): value.strip('" ') for name, value in _PARAMETER.findall(rest[: cut - 1])}
    value = rest[cut:]
    if parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        octets = quopri.decodestring(value.encode("utf-8", "replace"))
        value = decode_text(octets, SkippedParts()).replace("\r", "").replace("\n", " ")
    return CalendarProperty(value, parameters)
