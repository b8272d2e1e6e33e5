"""The warnings of a source that are in force, with the documents of one event put together."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass

from beffroi_server.cap.lifecycle import CapStore, KnownMessage
from beffroi_server.cap.lifetimes import LifeLimits, Lifetime, State, lifetime
from beffroi_server.cap.messages import CapAlert, CapInfo
from beffroi_server.cap.names import folded_name

_LANGUAGE_SUFFIX = re.compile(
    r"[._-](?:mul|eng?|deu|ger|de|fra|fre|fr|ita?|spa|es|por|pt|nld|nl|rus?|kaz|kz|kk|ara?|chi|zho|zh|pol|pl|swe|sv|"
    r"nor|no|dan|da|fin|fi|ukr?|tur|tr|ell|el|ron|ro|hun|hu|ces|cs|slk|sk|hrv|hr|srp|sr|bul|bg|jpn|ja|kor|ko)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class WarningPart:
    """An info that is not over."""

    message: KnownMessage
    info: CapInfo
    lifetime: Lifetime


@dataclass(frozen=True, slots=True)
class OutsideWarning:
    """One event as a source warns of it now: all its languages and places, whatever documents they came in."""

    key: str
    """The same for all documents of the event."""
    parts: tuple[WarningPart, ...]
    state: State
    """Running as soon as one part is."""
    ends: dt.datetime | None
    """When the last part ends; each part has its own end, too."""

    @property
    def messages(self) -> tuple[KnownMessage, ...]:
        """The documents, each once."""
        return tuple({id(part.message): part.message for part in self.parts}.values())


def outside_warnings(store: CapStore, now: dt.datetime, limits: LifeLimits | None = None) -> tuple[OutsideWarning, ...]:
    """Return the warnings that count at an instant, in the order in which they came.

    Not among them is what was replaced, cancelled or given the all-clear, what is over, and what is not for the public.
    Exercises and tests are: their ``status`` says so, and ``verdicts.judge`` what to do with them.
    """
    groups: dict[str, list[WarningPart]] = {}
    known = [each for versions in store.messages.values() for each in versions if each.end is None]
    for message in sorted(known, key=lambda each: each.received):
        for part in message_parts(message, now, limits):
            groups.setdefault(event_key(message.alert), []).append(part)
    return tuple(_warning(key, parts, now) for key, parts in groups.items())


def message_parts(message: KnownMessage, now: dt.datetime, limits: LifeLimits | None = None) -> list[WarningPart]:
    """Return the infos of a message that warn of something at an instant or later."""
    alert = message.alert
    if alert.msg_type == "Cancel" or alert.scope == "Private":
        return []
    found = [WarningPart(message, info, lifetime(alert, info, limits, seen=message.seen)) for info in alert.infos]
    return [part for part in found if not alert.clears(part.info) and part.lifetime.state(now) is not State.OVER]


def event_key(alert: CapAlert) -> str:
    """Return a key that the documents of one event share: one per language, with a suffix in the identifier."""
    identifier = alert.identifier or alert.version
    stem = _LANGUAGE_SUFFIX.sub("", identifier)
    if stem == identifier:
        return f"{folded_name(alert.sender or '')}/{identifier}"
    info = alert.infos[0] if alert.infos else None
    times = (info.onset or info.effective, info.expires) if info else ()
    words = [str(each.timestamp()) if each else "" for each in times]
    places = repr([(area.polygons, area.circles, area.geocodes) for area in info.areas] if info else None)
    digest = hashlib.sha256(places.encode("utf-8", "replace")).hexdigest()[:16]
    return "/".join([folded_name(alert.sender or ""), stem, *words, digest])


def _warning(key: str, parts: list[WarningPart], now: dt.datetime) -> OutsideWarning:
    is_running = any(part.lifetime.state(now) is State.RUNNING for part in parts)
    ends = [part.lifetime.ends for part in parts]
    last = None if None in ends else max(each for each in ends if each)
    return OutsideWarning(key, tuple(parts), State.RUNNING if is_running else State.ANNOUNCED, last)
