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
from beffroi_content.wire.local_triggers import ScenarioSet
from beffroi_content.wire.messages import ALERTS, BEAT, KEYS, SCENARIOS
from beffroi_content.wire.topics import Topic
from beffroi_player.agent.effects import (
    Effect,
    HoldProgramme,
    HoldScenarios,
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
    SaveScenarios,
    SaveTrust,
    SetClock,
    ShowAlerts,
)
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.storage import PendingProgramme, floor_below
from beffroi_player.clock import BeatReading, ServerClock, next_server_clock

OLDER_OFFERED_MS = 30_000
"""How often the server is asked because a broker offers older alert sets or odd keys, which one that lies may do for
ever."""
BEAT_SAVE_MS = 120_000
"""How often the floor of the beat goes to the disk: a beat repeated from within this time can set the clock back by
no more than that, and a memory card lives longer."""

MOVED_MS = 2_000
"""From here on the server's clock was set, and did not just drift."""


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
    older_offered_uptime_ms: float | None = None
    """When a broker offered what calls for a poll, such as an older alert set, and the server was asked."""
    has_refused_expired: bool = False
    """Whether a document was refused as expired since everything was last fetched again."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What the player subscribes to, in the order in which it is to be read."""
        return concerned_topics(self.trust)

    @property
    def alert_streams(self) -> frozenset[str]:
        """The streams of alerts that concern the player."""
        return frozenset(topic.stream for topic in self.topics if topic.leaf == ALERTS.leaf)

    @property
    def set_streams(self) -> frozenset[str]:
        """The streams of alerts, and of scenarios that may be triggered on the spot, that concern the player."""
        return frozenset(topic.stream for topic in self.topics if topic.leaf in (ALERTS.leaf, SCENARIOS.leaf))

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
    state: AdmissionState, received: ReceivedDocument, moment: Moment, server: ServerClock | None
) -> Decision:
    """Check a document and decide what follows from it.

    Args:
        state: The state before it.
        received: The document, unchecked.
        moment: The time now.
        server: The server's clocks; None until a fresh beat was heard since boot.
    """
    try:
        admission = admit_document(
            state.trust, received.topic, received.payload, _expiry_moment(received, moment, server),
            steady=server.steady_at(received.uptime_ms) if server else None, nonce=received.nonce,
            steps=received.steps,
        )  # fmt: skip
    except DuplicateDocument:
        return Decision(state)
    except DocumentRefused as refused:
        return _refuse_document(state, received, refused)
    state, effects = _act_on(replace(state, trust=admission.state), admission, received, server)
    return Decision(state, (RaiseClockFloor(admission.state.newest_at_ms), *effects, ReportChange()))


def _expiry_moment(received: ReceivedDocument, moment: Moment, server: ServerClock | None) -> Moment:
    """Return the moment at which expiry is checked, for a document of which the server's steady clock tells no age.

    That is the server's own time, whose clock has stamped the document, however wrong it may be. Before it was heard,
    only a disciplined clock can judge, and not even that one the beat which will tell, nor the keys that it is signed
    with. A beat is never judged by a wall clock: it is what sets them.
    """
    is_beat = received.topic.endswith(f"/{BEAT.leaf}")
    if server is not None and not is_beat:
        return Moment(server.unix_at(received.uptime_ms), moment.uptime_ms, ClockState.TRUSTED)
    if moment.clock is ClockState.TRUSTED and not is_beat and not received.topic.endswith(f"/{KEYS.leaf}"):
        return moment
    return Moment(moment.unix_ms, moment.uptime_ms, ClockState.UNKNOWN)


def _refuse_document(state: AdmissionState, received: ReceivedDocument, refused: DocumentRefused) -> Decision:
    # A broker hands out the beat that it had retained, long ago or after a newer one came by HTTP: that is no attack.
    if refused.code in {"rollback", "expired"} and not received.live and received.topic.endswith(f"/{BEAT.leaf}"):
        return Decision(state)
    state = replace(state, has_refused_expired=state.has_refused_expired or refused.code == "expired")
    effects: list[Effect] = [RecordRefusal(received.topic, refused.code, refused.detail), ReportChange()]
    if _is_poll_due(state, received, refused):
        state = replace(state, older_offered_uptime_ms=received.uptime_ms)
        effects.append(RequestPoll())
    return Decision(state, tuple(effects))


def _is_poll_due(state: AdmissionState, received: ReceivedDocument, refused: DocumentRefused) -> bool:
    """Tell whether a broker offers what calls for a poll, for the first time in a while.

    That is an older alert set than the one in force: the server may have been restored from a backup, and learns so
    what this screen holds. Or a key list by unknown root keys: these may have changed more than once while the screen
    was off, and the server has the lists between.
    """
    found = refused.code, received.topic.rsplit("/", 1)[-1]
    if received.nonce or found not in {("rollback", ALERTS.leaf), ("wrong-key", KEYS.leaf)}:
        return False
    last_ms = state.older_offered_uptime_ms
    return last_ms is None or received.uptime_ms - last_ms >= OLDER_OFFERED_MS


def _act_on(
    state: AdmissionState, admission: AdmittedDocument, received: ReceivedDocument, server: ServerClock | None
) -> Decision:
    document, stream = admission.document, admission.topic.stream
    match document:
        case AlertSet() | ScenarioSet():
            return Decision(state, _hold_set(stream, document, received))
        case KeyList():
            return Decision(state, (SaveTrust(), RequestSubscriptions()))
        case Beat():
            return _act_on_beat(state, document, received, server)
        case ProgrammeDocument():
            return _act_on_programme(state, document, stream, received)
        case ScreenCommand():
            return Decision(state, (OnDisk((SaveTrust(), RunCommand(document), ReportChange())),))
        case _:
            return Decision(state)


def _hold_set(stream: str, document: AlertSet | ScenarioSet, received: ReceivedDocument) -> tuple[Effect, ...]:
    if isinstance(document, ScenarioSet):
        return HoldScenarios(stream, document), OnDisk((SaveScenarios(), SaveTrust()))
    # The floor is written once the alert is shown: with the alerts, see ``dispatcher``.
    return (ShowAlerts(stream, document, received.uptime_ms),)


def _act_on_beat(state: AdmissionState, beat: Beat, received: ReceivedDocument, server: ServerClock | None) -> Decision:
    effects: list[Effect] = []
    saved_ms = state.beat_saved_uptime_ms
    if saved_ms is None or received.uptime_ms - saved_ms >= BEAT_SAVE_MS:
        state = replace(state, beat_saved_uptime_ms=received.uptime_ms)
        effects.append(OnDisk((SaveTrust(),)))
    is_answer = bool(received.nonce) and beat.nonce == received.nonce
    if not received.live and not is_answer:
        # Retained, or not asked for: it proves neither that the connection lives nor what time it is.
        return Decision(state, tuple(effects))
    asked_ms = int(received.asked_uptime_ms) if is_answer and received.asked_uptime_ms is not None else None
    reading = BeatReading(
        issued_at_ms=beat.issued_at_ms, steady=beat.steady, uptime_ms=int(received.uptime_ms), asked_uptime_ms=asked_ms
    )
    effects.append(SetClock(reading))
    if _is_other_time(server, reading):
        if state.has_refused_expired:
            # What a wrong clock took for expired may be genuine after all.
            state = replace(state, has_refused_expired=False)
            effects += (RequestSubscriptions(), RequestPoll())
        elif received.live and server is not None:
            # The server's machine was started anew, or its clock set: its answer over HTTP is proof of that.
            effects.append(RequestPoll())
    if received.live:
        state = replace(state, last_beat_uptime_ms=received.uptime_ms, heads=beat.heads)
    return Decision(state, tuple(effects))


def _is_other_time(server: ServerClock | None, reading: BeatReading) -> bool:
    """Tell whether a beat is the first since boot, or says something else than those before about the server's time."""
    if server is None:
        return True
    after = next_server_clock(server, reading)
    moved = after.unix_at(reading.uptime_ms) - server.unix_at(reading.uptime_ms)
    return after.epoch != server.epoch or abs(moved) > MOVED_MS


def _let_in_again(state: AdmissionState, left: frozenset[str]) -> AdmissionState:
    """Return the state after streams were left: what they held is not held any more, and comes again on the return."""
    floors = dict(state.trust.floors)
    floors |= {name: floor_below(floor.sequence) for name, floor in floors.items() if name in left and floor.digest}
    return replace(state, trust=state.trust.model_copy(update={"floors": floors}))


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
        before = state.set_streams
        state = replace(state, trust=state.trust.model_copy(update={"groups": groups}))
        state = _let_in_again(state, before - state.set_streams)
        effects += (RetainStreams(state.set_streams), RequestSubscriptions())
    effects.append(OnDisk((SavePending(pending), SaveTrust(), PrepareProgramme(pending))))
    return Decision(state, tuple(effects))
