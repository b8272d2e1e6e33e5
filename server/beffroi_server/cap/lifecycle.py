"""The life of messages: versions, updates, cancellations and all-clears, in whatever order they arrive.

A pure fold over what a source sends: ``receive`` takes the messages that are known and a new one, and returns what is
known then and what has changed. One store is for one source, so that nobody ends the warnings of others.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from beffroi_server.cap.forks import Subject
from beffroi_server.cap.messages import CapAlert, CapReference
from beffroi_server.cap.reference_cycles import messages_in_cycle
from beffroi_server.cap.references import identifier_keys
from beffroi_server.cap.succession import (
    ends_others,
    is_end,
    is_later,
    is_minor,
    is_older,
    is_same_version,
    is_version,
    order_of,
    reaches,
    repeats,
    same_name,
    version_end,
)  # fmt: skip

_MOST_RELATED = 12


class Change(Enum):
    """What a message does to the warnings that are known."""

    NEW = "new"
    UPDATED = "updated"
    """Takes the place of others, or of an earlier version of itself."""
    TEXT = "text"
    """The same with other words (profile ``MinorChange``): shown in place, no new siren and no new full screen."""
    ENDED = "ended"
    """Says that others are over: a cancellation or an all-clear."""
    REPEATED = "repeated"
    SUPERSEDED = "superseded"
    """Was over or replaced before it arrived."""
    NOTHING = "nothing"
    """Heartbeats, acknowledgements, errors, drafts."""


@dataclass(frozen=True, slots=True)
class EndCause:
    """Why a message no longer counts."""

    kind: str
    """``update``, ``cancel``, ``all-clear``, ``version`` or ``absence``."""
    identifier: str | None
    """The message that says so."""
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message with what became of it."""

    alert: CapAlert
    received: dt.datetime
    seen: dt.datetime
    """When the source last had it."""
    end: EndCause | None = None
    misses: int = 0
    """How many readings of the feed in a row were without it."""


@dataclass(frozen=True, slots=True)
class AwaitedEnd:
    """An end of a message that has not arrived yet."""

    reference: CapReference
    sender: str | None
    status: str | None
    cause: EndCause
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class CapStore:
    """What is known of one source. Keys are identifiers."""

    messages: Mapping[str, tuple[KnownMessage, ...]] = field(default_factory=dict)
    awaited: Mapping[str, tuple[AwaitedEnd, ...]] = field(default_factory=dict)

    def known(self, alert: CapAlert) -> KnownMessage | None:
        """Return what is known of a message."""
        return next((each for each in self.messages.get(_key(alert), ()) if is_same_version(each.alert, alert)), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a new message has changed."""

    change: Change
    ended: tuple[CapAlert, ...] = ()
    """Messages that no longer count because of it."""
    unknown_references: tuple[CapReference, ...] = ()
    """What it ends or replaces without that being known: remembered, never applied to anything else."""


def receive(store: CapStore, alert: CapAlert, now: dt.datetime) -> tuple[CapStore, Outcome]:
    """Return what is known after a message, and what the message has changed."""
    store, outcomes = receive_all(store, [alert], now)
    return store, outcomes[0]


def receive_all(store: CapStore, alerts: Iterable[CapAlert], now: dt.datetime) -> tuple[CapStore, list[Outcome]]:
    """Return what is known after several messages, and what each has changed."""
    fold = _Fold(dict(store.messages), dict(store.awaited), now)
    outcomes = [fold.receive(alert) for alert in alerts]
    return fold.store(), outcomes


class _Fold:
    """The working copy of a store while messages are received."""

    def __init__(
        self,
        messages: dict[str, tuple[KnownMessage, ...]],
        awaited: dict[str, tuple[AwaitedEnd, ...]],
        now: dt.datetime,
    ) -> None:
        self._messages, self._awaited, self._now = messages, awaited, now
        self._addresses: dict[str, str] = {}
        """Keys of messages by the names at the ends of their addresses."""
        for key in messages:
            if key.startswith("http"):
                self._note_address(key)

    def store(self) -> CapStore:
        return CapStore(self._messages, self._awaited)

    def receive(self, alert: CapAlert) -> Outcome:
        # The heartbeat of a network (System) names the last ten messages: it supersedes none of them.
        if alert.effective_status in ("System", "Draft") or alert.msg_type in ("Ack", "Error"):
            return Outcome(Change.NOTHING)
        key = _key(alert)
        versions = self._messages.get(key, ())
        repeated = next((each for each in versions if repeats(each.alert, alert)), None)
        if repeated is not None:
            seen = dataclasses.replace(repeated, seen=self._now, misses=0)
            self._messages[key] = tuple(seen if each is repeated else each for each in versions)
            return Outcome(Change.REPEATED)
        ended = self._end_versions(key, alert)
        self._messages[key] = (
            *self._messages.get(key, ()),
            KnownMessage(alert, self._now, self._now, self._own_end(alert, versions)),
        )
        self._note_address(key)
        more, missing = self._apply_references(alert)
        ended += [*more, *self._settle_cycle(alert)]
        for each in self._settle_forks(alert):
            ended += [each, *self._settle_cycle(each)]
        over = {id(each): each for each in ended if each is not alert and self._end_of(each) is not None}
        return Outcome(_change(alert, self._end_of(alert), tuple(over.values())), tuple(over.values()), missing)

    def _end_of(self, alert: CapAlert) -> EndCause | None:
        return next(each.end for each in self._messages[_key(alert)] if each.alert is alert)

    def _end_versions(self, key: str, alert: CapAlert) -> list[CapAlert]:
        """End earlier versions of a message, unless the new one says nothing."""
        ended: list[CapAlert] = []
        versions = []
        if not alert.infos and alert.msg_type != "Cancel":
            return ended
        for each in self._messages.get(key, ()):
            is_before = is_version(each.alert, alert) and not is_older(alert, each.alert)
            if each.end is None and is_before and reaches(alert.scope, each.alert):
                ended.append(each.alert)
                cause = EndCause(version_end(alert), alert.identifier, self._now)
                each = dataclasses.replace(each, end=cause)  # noqa: PLW2901
            versions.append(each)
        if versions:
            self._messages[key] = tuple(versions)
        return ended

    def _own_end(self, alert: CapAlert, versions: tuple[KnownMessage, ...]) -> EndCause | None:
        """Return why a message no longer counts when it arrives."""
        newer = (each.alert for each in versions if is_older(alert, each.alert) and reaches(each.alert.scope, alert))
        if version := next((each for each in newer if is_version(each, alert)), None):
            return EndCause(version_end(version), alert.identifier, self._now)
        names = identifier_keys(alert.identifier or "")
        awaited = (each for name in names for each in self._awaited.get(name, ()) if _confirms(each, alert))
        found = next((each for each in awaited if not _means_another(each, alert, versions)), None)
        return found.cause if found else None

    def _settle_cycle(self, alert: CapAlert) -> list[CapAlert]:
        """Of messages that end each other in a cycle, let only the newest count; return those that it ends.

        Each message of a cycle is ended by another one of it, so that all of them would vanish.
        """
        has_versions = len(self._messages[_key(alert)]) > 1
        if not has_versions and not any(self._keys_of(reference) for reference in alert.references):
            return []
        (known,) = (each for each in self._messages[_key(alert)] if each.alert is alert)
        cycle = {id(each.alert): each for each in messages_in_cycle(known, self._enders)}
        if not cycle:
            return []
        newest = max(cycle.values(), key=lambda each: order_of(each.alert))
        by_newest = EndCause(ends_others(newest.alert) or "update", newest.alert.identifier, self._now)
        for each in cycle.values():
            makers = self._makers(each.end, each.alert) if each.end is not None else ()
            if each.end is not None and not any(id(maker.alert) in cycle for maker in makers):
                continue
            if each is newest:
                outside = (end for end, ender in self._ends(each) if id(ender.alert) not in cycle)
                self._set_end(each, next(outside, None))
            else:
                self._set_end(each, by_newest)
        return [each.alert for each in cycle.values() if each is not newest]

    def _set_end(self, known: KnownMessage, end: EndCause | None) -> None:
        key = _key(known.alert)
        self._messages[key] = tuple(
            dataclasses.replace(each, end=end) if each.alert is known.alert else each for each in self._messages[key]
        )

    def _enders(self, known: KnownMessage) -> Iterator[KnownMessage]:
        """Yield the messages that end another one, whether or not it counts that they do."""
        return (ender for _, ender in self._ends(known))

    def _ends(self, known: KnownMessage) -> Iterator[tuple[EndCause, KnownMessage]]:
        for name in identifier_keys(known.alert.identifier or ""):
            for end in self._awaited.get(name, ()):
                if _confirms(end, known.alert):
                    makers = list(self._makers(end.cause, known.alert))
                    # Of several versions, not each names the same.
                    if len(makers) > 1:
                        makers = [each for each in makers if end.reference in each.alert.references]
                    yield from ((end.cause, each) for each in makers)
        if known.end is not None:
            yield from ((known.end, each) for each in self._makers(known.end, known.alert))

    def _makers(self, end: EndCause, alert: CapAlert) -> Iterator[KnownMessage]:
        """Yield the messages that may have made an end: those with its identifier."""
        for each in self._messages.get(_end_key(end), ()):
            if each.alert is not alert and not (_key(each.alert) == _key(alert) and is_older(each.alert, alert)):
                yield each

    def _settle_forks(self, alert: CapAlert) -> list[CapAlert]:
        """End the updates of a family that a later message of it leaves nothing of, and return them."""
        if ends_others(alert) is None or alert.sent is None:
            return []
        family = list(self._family(alert))
        subjects: dict[int, Subject] = {}
        ended = []
        for each in family:
            if each.end is not None or ends_others(each.alert) != "update":
                continue
            later = next((other.alert for other in family if _takes_the_place(other.alert, each.alert, subjects)), None)
            if later is not None:
                ended.append(each.alert)
                self._set_end(each, EndCause(ends_others(later) or "update", later.identifier, self._now))
        return ended

    def _family(self, alert: CapAlert) -> Iterator[KnownMessage]:
        """Yield a message, the others of its sender that name a message that it names, and what came after them."""
        waiting: list[str] = []
        for reference in alert.references:
            for name in identifier_keys(reference.identifier):
                waiting += [
                    _end_key(end.cause) for end in self._awaited.get(name, ()) if _is_rival(end, reference, alert)
                ]
            for key in self._keys_of(reference):
                waiting += [_end_key(each.end) for each in self._messages[key]]
        # Itself first, then the newest.
        waiting.append(_key(alert))
        seen = {""}
        while waiting and len(seen) < _MOST_RELATED:
            key = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            for each in self._messages.get(key, ()):
                if _is_kin(each.alert, alert):
                    yield each
                    waiting.append(_end_key(each.end))

    def _note_address(self, key: str) -> None:
        for name in identifier_keys(key)[1:]:
            self._addresses[name] = key

    def _keys_of(self, reference: CapReference) -> list[str]:
        """Return the keys of the messages that a reference may mean."""
        names = identifier_keys(reference.identifier)
        found = (key for name in names for key in (name, self._addresses.get(name)) if key in self._messages)
        return list(dict.fromkeys(key for key in found if key))

    def _apply_references(self, alert: CapAlert) -> tuple[list[CapAlert], tuple[CapReference, ...]]:
        kind = ends_others(alert)
        ended: list[CapAlert] = []
        missing: list[CapReference] = []
        if kind is None:
            return ended, ()
        cause = EndCause(kind, alert.identifier, self._now)
        own = set(identifier_keys(alert.identifier or ""))
        for reference in alert.references:
            # A reference to itself means an earlier version: that is what versions are for.
            if own & set(identifier_keys(reference.identifier)):
                continue
            end = AwaitedEnd(reference, alert.sender, alert.effective_status, cause, alert.scope)
            is_known, found = self._end_referenced(end)
            ended += found
            if not is_known:
                missing.append(reference)
            for name in identifier_keys(reference.identifier):
                self._awaited[name] = (*self._awaited.get(name, ())[-20:], end)
        return ended, tuple(missing)

    def _end_referenced(self, end: AwaitedEnd) -> tuple[bool, list[CapAlert]]:
        """End the messages that a reference means; return whether any is known, and those that were not over."""
        meant, ended = False, []
        for key in self._keys_of(end.reference):
            versions = []
            for each in self._messages[key]:
                if _confirms(end, each.alert) and not _means_another(end, each.alert, self._messages[key]):
                    meant = True
                    if each.end is None:
                        ended.append(each.alert)
                        each = dataclasses.replace(each, end=end.cause)  # noqa: PLW2901
                versions.append(each)
            self._messages[key] = tuple(versions)
        return meant, ended


def _key(alert: CapAlert) -> str:
    # Placeholders such as “!” identify nothing.
    identifier = alert.identifier or ""
    return identifier.casefold() if any(letter.isalnum() for letter in identifier) else f"?{alert.version}"


def _means_another(end: AwaitedEnd, alert: CapAlert, others: Iterable[KnownMessage]) -> bool:
    """Return whether a reference is to the message of its very sender, among those of one identifier."""
    sender = end.reference.sender or ""
    return not same_name(sender, alert.sender or "") and any(
        same_name(sender, each.alert.sender or "") and _confirms(end, each.alert) for each in others
    )


def _is_rival(end: AwaitedEnd, reference: CapReference, alert: CapAlert) -> bool:
    """Return whether an end is of the same message as a reference."""
    is_same = end.reference.sent is None or reference.sent is None or end.reference.sent == reference.sent
    return is_same and end.status == alert.effective_status


def _is_kin(one: CapAlert, other: CapAlert) -> bool:
    is_same = one.sender and other.sender and same_name(one.sender, other.sender)
    return bool(is_same) and one.effective_status == other.effective_status


def _takes_the_place(later: CapAlert, earlier: CapAlert, subjects: dict[int, Subject]) -> bool:
    if ends_others(later) is None or not reaches(later.scope, earlier) or not is_later(later, earlier):
        return False
    for each in (later, earlier):
        if id(each) not in subjects:
            subjects[id(each)] = Subject(each)
    return subjects[id(later)].holds(subjects[id(earlier)])


def _end_key(cause: EndCause | None) -> str:
    return (cause.identifier or "").casefold() if cause else ""


def _confirms(end: AwaitedEnd, alert: CapAlert) -> bool:
    """Return whether a reference means a message that has its identifier: the sender or the instant says so, too.

    Senders are written otherwise in references (a web address here, a short name there); instants are compared as
    instants, since references in UTC name messages with a local offset. Tests only end tests, and messages for a few
    only such.
    """
    reference, sender = end.reference, end.sender
    if end.status != alert.effective_status or not reaches(end.scope, alert):
        return False
    if reference.sent is not None and alert.sent is not None and reference.sent == alert.sent:
        return True
    named = reference.sender or (sender if reference.sent is None else None)
    return named is not None and alert.sender is not None and same_name(named, alert.sender)


def _change(alert: CapAlert, end: EndCause | None, ended: tuple[CapAlert, ...]) -> Change:
    if is_end(alert):
        return Change.ENDED
    if end is not None:
        return Change.SUPERSEDED
    if not ended:
        return Change.NEW
    return Change.TEXT if is_minor(alert) else Change.UPDATED
