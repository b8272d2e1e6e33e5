"""The life of messages: versions, updates, cancellations and all-clears, in whatever order they arrive.

A pure fold over what a source sends: ``receive`` takes the messages that are known and a new one, and returns what is
known then and what has changed. One store is for one source, so that nobody ends the warnings of others.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from beffroi_server.cap.messages import CapAlert, CapReference
from beffroi_server.cap.names import folded_name, values_named

MAX_MESSAGES = 20_000
"""Messages of a source that are kept; the oldest go first."""
KEPT = dt.timedelta(days=8)
"""How long messages are kept, and references to messages that have not arrived."""


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


@dataclass(frozen=True, slots=True)
class CapStore:
    """What is known of one source. Keys are identifiers."""

    messages: Mapping[str, tuple[KnownMessage, ...]] = field(default_factory=dict)
    awaited: Mapping[str, tuple[AwaitedEnd, ...]] = field(default_factory=dict)

    def known(self, alert: CapAlert) -> KnownMessage | None:
        """Return what is known of a message."""
        return next((each for each in self.messages.get(_key(alert), ()) if _is_same_version(each.alert, alert)), None)


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


def note_listing(
    store: CapStore, listed: Collection[str], now: dt.datetime, *, absence_ends: bool, misses: int = 2
) -> CapStore:
    """Return what is known after a reading of a feed that has listed some identifiers.

    Whether absence is an end depends on the source: yes for snapshots (the German weather service), no where lists
    flicker (the United States) or keep messages for days after their end. An empty feed is calm; one that could not be
    read is no reading.

    Args:
        store: What was known.
        listed: Identifiers in the feed.
        now: When it was read.
        absence_ends: Whether what is missing is over.
        misses: Readings in a row without it that make an end; at least two.
    """
    messages: dict[str, tuple[KnownMessage, ...]] = {}
    keys = {identifier.casefold() for identifier in listed}
    for key, versions in store.messages.items():
        if key in keys:
            messages[key] = tuple(dataclasses.replace(each, seen=now, misses=0) for each in versions)
        else:
            messages[key] = tuple(_missed(each, now, max(2, misses) if absence_ends else None) for each in versions)
    return CapStore(messages, store.awaited)


def _missed(known: KnownMessage, now: dt.datetime, limit: int | None) -> KnownMessage:
    count = known.misses + 1
    is_over = limit is not None and count >= limit and known.end is None
    end = EndCause("absence", None, now) if is_over else known.end
    return dataclasses.replace(known, misses=count, end=end)


def pruned(store: CapStore, now: dt.datetime) -> CapStore:
    """Return what is known without messages and references that the source has not had for days."""
    since = now - KEPT
    messages = {
        key: kept for key, versions in store.messages.items() if (kept := tuple(v for v in versions if v.seen > since))
    }
    newest = sorted(messages, key=lambda key: messages[key][-1].seen)[-MAX_MESSAGES:]
    awaited = {
        key: left for key, ends in store.awaited.items() if (left := tuple(e for e in ends if e.cause.at > since))
    }
    return CapStore({key: messages[key] for key in newest}, awaited)


class _Fold:
    """The working copy of a store while messages are received."""

    def __init__(
        self,
        messages: dict[str, tuple[KnownMessage, ...]],
        awaited: dict[str, tuple[AwaitedEnd, ...]],
        now: dt.datetime,
    ) -> None:
        self._messages, self._awaited, self._now = messages, awaited, now

    def store(self) -> CapStore:
        return CapStore(self._messages, self._awaited)

    def receive(self, alert: CapAlert) -> Outcome:
        # The heartbeat of a network (System) names the last ten messages: it supersedes none of them.
        if alert.status in ("System", "Draft") or alert.msg_type in ("Ack", "Error"):
            return Outcome(Change.NOTHING)
        key = _key(alert)
        versions = self._messages.get(key, ())
        repeated = next((each for each in versions if _repeats(each.alert, alert)), None)
        if repeated is not None:
            seen = dataclasses.replace(repeated, seen=self._now, misses=0)
            self._messages[key] = tuple(seen if each is repeated else each for each in versions)
            return Outcome(Change.REPEATED)
        ended = self._end_versions(key, alert)
        end = self._own_end(alert, versions)
        known = KnownMessage(alert, self._now, self._now, end)
        self._messages[key] = (*self._messages.get(key, ()), known)
        more, missing = self._apply_references(alert)
        return Outcome(_change(alert, end, (*ended, *more)), (*ended, *more), missing)

    def _end_versions(self, key: str, alert: CapAlert) -> list[CapAlert]:
        """End earlier versions of a message, unless the new one says nothing."""
        ended: list[CapAlert] = []
        versions = []
        if not alert.infos and alert.msg_type != "Cancel":
            return ended
        for each in self._messages.get(key, ()):
            if each.end is None and _is_version(each.alert, alert) and not _is_older(alert, each.alert):
                ended.append(each.alert)
                each = dataclasses.replace(each, end=EndCause("version", alert.identifier, self._now))  # noqa: PLW2901
            versions.append(each)
        if versions:
            self._messages[key] = tuple(versions)
        return ended

    def _own_end(self, alert: CapAlert, versions: tuple[KnownMessage, ...]) -> EndCause | None:
        """Return why a message no longer counts when it arrives."""
        if any(_is_version(each.alert, alert) and _is_older(alert, each.alert) for each in versions):
            return EndCause("version", alert.identifier, self._now)
        awaited = self._awaited.get(_key(alert), ())
        found = next((each for each in awaited if _confirms(each.reference, each.sender, each.status, alert)), None)
        return found.cause if found else None

    def _apply_references(self, alert: CapAlert) -> tuple[list[CapAlert], tuple[CapReference, ...]]:
        kind = _ends_others(alert)
        ended: list[CapAlert] = []
        missing: list[CapReference] = []
        if kind is None:
            return ended, ()
        cause = EndCause(kind, alert.identifier, self._now)
        for reference in alert.references:
            # A reference to itself means an earlier version: that is what versions are for.
            if alert.identifier and reference.identifier.casefold() == alert.identifier.casefold():
                continue
            found = self._end_referenced(reference, alert, cause)
            ended += found
            if not found and not self._is_known(reference, alert):
                missing.append(reference)
            key = reference.identifier.casefold()
            self._awaited[key] = (
                *self._awaited.get(key, ())[-20:], AwaitedEnd(reference, alert.sender, alert.status, cause),
            )  # fmt: skip
        return ended, tuple(missing)

    def _end_referenced(self, reference: CapReference, alert: CapAlert, cause: EndCause) -> list[CapAlert]:
        key = reference.identifier.casefold()
        ended, versions = [], []
        for each in self._messages.get(key, ()):
            if each.end is None and _confirms(reference, alert.sender, alert.status, each.alert):
                ended.append(each.alert)
                each = dataclasses.replace(each, end=cause)  # noqa: PLW2901
            versions.append(each)
        if ended:
            self._messages[key] = tuple(versions)
        return ended

    def _is_known(self, reference: CapReference, alert: CapAlert) -> bool:
        versions = self._messages.get(reference.identifier.casefold(), ())
        return any(_confirms(reference, alert.sender, alert.status, each.alert) for each in versions)


def _key(alert: CapAlert) -> str:
    # Placeholders such as “!” identify nothing.
    identifier = alert.identifier or ""
    return identifier.casefold() if any(letter.isalnum() for letter in identifier) else f"?{alert.version}"


def _is_same_version(one: CapAlert, other: CapAlert) -> bool:
    return one.sent == other.sent and one.version == other.version and one.sender == other.sender


def _repeats(known: CapAlert, alert: CapAlert) -> bool:
    """Return whether a message says nothing that is not known: the same once more, or the summary of it."""
    if alert.is_summary and not known.is_summary:
        return alert.sent is None or alert.sent == known.sent
    return _is_same_version(known, alert)


def _is_version(known: CapAlert, alert: CapAlert) -> bool:
    """Return whether two messages with the same identifier are versions of one another."""
    same_sender = known.sender is None or alert.sender is None or _same_name(known.sender, alert.sender)
    return same_sender and known.status == alert.status


def _is_older(alert: CapAlert, known: CapAlert) -> bool:
    if alert.sent is None or known.sent is None:
        return False
    # At the same instant, the end of a warning comes after its beginning.
    return alert.sent < known.sent or (alert.sent == known.sent and _is_end(known) and not _is_end(alert))


def _is_end(alert: CapAlert) -> bool:
    return alert.msg_type == "Cancel" or alert.is_all_clear


def _confirms(reference: CapReference, sender: str | None, status: str | None, alert: CapAlert) -> bool:
    """Return whether a reference means a message that has its identifier: the sender or the instant says so, too.

    Senders are written otherwise in references (a web address here, a short name there); instants are compared as
    instants, since references in UTC name messages with a local offset. Tests only end tests.
    """
    if status != alert.status:
        return False
    if reference.sent is not None and alert.sent is not None and reference.sent == alert.sent:
        return True
    named = reference.sender or (sender if reference.sent is None else None)
    return named is not None and alert.sender is not None and _same_name(named, alert.sender)


def _same_name(one: str, other: str) -> bool:
    return folded_name(one) == folded_name(other)


def _ends_others(alert: CapAlert) -> str | None:
    """Return how a message ends those that it refers to, or None if it does not."""
    if alert.scope == "Private":
        return None
    if alert.msg_type == "Cancel":
        return "cancel"
    if alert.is_all_clear:
        return "all-clear"
    return "update" if alert.msg_type == "Update" and alert.infos else None


def _change(alert: CapAlert, end: EndCause | None, ended: tuple[CapAlert, ...]) -> Change:
    if _is_end(alert):
        return Change.ENDED
    if end is not None:
        return Change.SUPERSEDED
    if not ended:
        return Change.NEW
    return Change.TEXT if _is_minor(alert) else Change.UPDATED


def _is_minor(alert: CapAlert) -> bool:
    """Return whether a message says that only its words have changed (profile CAP-CP, ``MinorChange``)."""
    if any("minorchange" in folded_name(code) for code in alert.codes):
        return True
    found = [value for info in alert.infos for value in values_named(info.parameters, "minorchange")]
    return any(folded_name(value) not in ("", "no", "none", "false") for value in found)
