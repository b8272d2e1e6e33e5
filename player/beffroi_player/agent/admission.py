"""Admission: decides what follows from a document that came in. Sans-I/O, as ``beffroi_content.trust`` is.

Bytes, state and time go in; the next state and a tuple of effects come out, and ``dispatcher`` carries them out. Every
document of a player passes here, in one thread and in the order of arrival.

The order of persistence is in the order of the effects. An alert is shown first, and its floor is written with it
afterwards. For everything else the new floor is on the disk before anything acts: a programme is handed to preparation,
and a command is run, after :class:`SaveTrust` in the same :class:`OnDisk`. What a power cut leaves between two writes
``storage.recover_trust`` puts right at the next start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from beffroi_content.timeline import ClockState, Moment
from beffroi_content.trust import (
    AdmittedDocument,
    DocumentRefused,
    DuplicateDocument,
    TrustState,
    admit_document,
    concerned_topics,
)
from beffroi_content.wire.documents import AlertSet, Beat, KeyList, ProgrammeDocument, ScreenCommand
from beffroi_content.wire.messages import ALERTS, BEAT, KEYS
from beffroi_content.wire.topics import Topic
from beffroi_player.agent.effects import (
    Effect,
    HoldProgramme,
    OnDisk,
    PrepareProgramme,
    RaiseClockFloor,
    RecordRefusal,
    ReportChange,
    RequestPoll,
    RequestSubscriptions,
    RetainStreams,
    RunCommand,
    SavePending,
    SaveTrust,
    SetClock,
    ShowAlerts,
)
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.storage import PendingProgramme

BEAT_SAVE_MS = 120_000
"""How often the floor of the beat goes to the disk: a beat repeated from within this time can set the clock back by
no more than that, and a memory card lives longer."""


@dataclass(frozen=True, slots=True)
class AdmissionState:
    """Everything that the next decision depends on, besides the time."""

    screen: str
    trust: TrustState
    last_beat_uptime_ms: float | None = None
    """When the last live beat came in."""
    beat_saved_uptime_ms: float | None = None
    """When the beat came in whose floor was written last."""
    heads: Mapping[str, int] = field(default_factory=dict)
    """The newest sequence of each stream, as the last live beat has named it."""
    has_refused_expired: bool = False
    """Whether a document was refused as expired since the clock was last set by a first beat."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What the player subscribes to, in the order in which it is to be read."""
        return concerned_topics(self.trust)

    @property
    def alert_streams(self) -> frozenset[str]:
        """The streams of alerts that concern the player."""
        return frozenset(topic.stream for topic in self.topics if topic.leaf == ALERTS.leaf)

    @property
    def withheld_streams(self) -> frozenset[str]:
        """The streams of which the last beat has named a newer sequence than has arrived."""
        floors = self.trust.floors
        return frozenset(
            topic.stream
            for topic in self.topics
            if (floors[topic.stream].sequence if topic.stream in floors else -1) < self.heads.get(topic.stream, -1)
        )


class Decision(NamedTuple):
    """The state after a document, and what is to be done."""

    state: AdmissionState
    effects: tuple[Effect, ...] = ()


def decide_on_document(
    state: AdmissionState, received: ReceivedDocument, moment: Moment, *, is_clock_set: bool
) -> Decision:
    """Check a document and decide what follows from it.

    Args:
        state: The state before it.
        received: The document, unchecked.
        moment: The time now.
        is_clock_set: Whether a live beat has set the clock since boot.
    """
    try:
        checked_at = _expiry_moment(received, moment, is_clock_set)
        admission = admit_document(state.trust, received.topic, received.payload, checked_at)
    except DuplicateDocument:
        return Decision(state)
    except DocumentRefused as refused:
        return _refuse_document(state, received, refused)
    state, effects = _act_on(replace(state, trust=admission.state), admission, received, is_clock_set=is_clock_set)
    return Decision(state, (RaiseClockFloor(admission.state.newest_at_ms), *effects, ReportChange()))


def _expiry_moment(received: ReceivedDocument, moment: Moment, is_clock_set: bool) -> Moment:
    """Return the moment at which expiry is checked.

    A wrong clock must not shut out the beat that would set it, nor the keys that the beat is signed with: until the
    first beat those two are checked as if the time were unknown.
    """
    if is_clock_set or not received.topic.endswith((f"/{BEAT.leaf}", f"/{KEYS.leaf}")):
        return moment
    return Moment(moment.unix_ms, moment.uptime_ms, ClockState.UNKNOWN)


def _refuse_document(state: AdmissionState, received: ReceivedDocument, refused: DocumentRefused) -> Decision:
    # A broker hands out the beat that it had retained, after a newer one came by HTTP: that is no attack.
    if refused.code == "rollback" and not received.live and received.topic.endswith(f"/{BEAT.leaf}"):
        return Decision(state)
    state = replace(state, has_refused_expired=state.has_refused_expired or refused.code == "expired")
    return Decision(state, (RecordRefusal(received.topic, refused.code, refused.detail), ReportChange()))


def _act_on(
    state: AdmissionState, admission: AdmittedDocument, received: ReceivedDocument, *, is_clock_set: bool
) -> Decision:
    document, stream = admission.document, admission.topic.stream
    match document:
        case AlertSet():
            # The floor is written once the alert is shown: with the alerts, see ``dispatcher``.
            return Decision(state, (ShowAlerts(stream, document, received.uptime_ms),))
        case KeyList():
            return Decision(state, (SaveTrust(), RequestSubscriptions()))
        case Beat():
            return _act_on_beat(state, document, received, is_clock_set=is_clock_set)
        case ProgrammeDocument():
            return _act_on_programme(state, document, stream, received)
        case ScreenCommand():
            return Decision(state, (OnDisk((SaveTrust(), RunCommand(document), ReportChange())),))
        case _:
            return Decision(state)


def _act_on_beat(state: AdmissionState, beat: Beat, received: ReceivedDocument, *, is_clock_set: bool) -> Decision:
    effects: list[Effect] = []
    saved_ms = state.beat_saved_uptime_ms
    if saved_ms is None or received.uptime_ms - saved_ms >= BEAT_SAVE_MS:
        state = replace(state, beat_saved_uptime_ms=received.uptime_ms)
        effects.append(OnDisk((SaveTrust(),)))
    if not received.live:
        # Retained or polled: it proves neither that the connection lives nor what time it is.
        return Decision(state, tuple(effects))
    effects.append(SetClock(beat.issued_at_ms, received.uptime_ms))
    if state.has_refused_expired and not is_clock_set:
        # What a wrong clock took for expired may be genuine after all.
        state = replace(state, has_refused_expired=False)
        effects += (RequestSubscriptions(), RequestPoll())
    state = replace(state, last_beat_uptime_ms=received.uptime_ms, heads=beat.heads)
    return Decision(state, tuple(effects))


def _act_on_programme(
    state: AdmissionState, document: ProgrammeDocument, stream: str, received: ReceivedDocument
) -> Decision:
    manifest = document.manifest
    if manifest.screen != state.screen:
        return Decision(state, (RecordRefusal(stream, "invalid", f"the programme is that of {manifest.screen}"),))
    pending = PendingProgramme(sequence=document.sequence, manifest=manifest)
    effects: list[Effect] = [HoldProgramme(pending, stream, received.uptime_ms)]
    groups = manifest.settings.groups
    if groups != state.trust.groups:
        state = replace(state, trust=state.trust.model_copy(update={"groups": groups}))
        effects += (RetainStreams(state.alert_streams), RequestSubscriptions())
    effects.append(OnDisk((SavePending(pending), SaveTrust(), PrepareProgramme(pending))))
    return Decision(state, tuple(effects))
