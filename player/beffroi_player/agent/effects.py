"""Effects: everything that the agent does because of a document or an event, written down as data.

``admission`` answers with effects, other threads put them into the inbox, and ``dispatcher`` is the only module that
carries them out. The admission thread does so in the order in which they are listed, except for those within
:class:`OnDisk`: those wait for the disk, and the disk worker carries them out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from beffroi_content.wire.documents import AlertSet, ScreenCommand
from beffroi_content.wire.local_triggers import LocalAct, ScenarioSet, SignedStatement
from beffroi_player.agent.local_acts import TriggerRequest
from beffroi_player.agent.storage import PendingProgramme
from beffroi_player.clock import BeatReading
from beffroi_player.state.directories import AlertsRecord, Size


class Effect:
    """The base of all effects."""

    __slots__ = ()


# --- of a document, in the admission thread


@dataclass(frozen=True, slots=True)
class RaiseClockFloor(Effect):
    """It cannot be earlier than this instant: something genuine was issued then."""

    newest_at_ms: int


@dataclass(frozen=True, slots=True)
class SetClock(Effect):
    """Set the clock by a fresh beat."""

    reading: BeatReading


@dataclass(frozen=True, slots=True)
class ShowAlerts(Effect):
    """Draw and present the alerts of a stream. Nothing that waits for a disk may come before this."""

    stream: str
    document: AlertSet
    received_uptime_ms: float


@dataclass(frozen=True, slots=True)
class HoldScenarios(Effect):
    """Keep the scenarios of a stream that may be triggered on the spot; what is revoked leaves the screen."""

    stream: str
    document: ScenarioSet


@dataclass(frozen=True, slots=True)
class RetainStreams(Effect):
    """Drop the alerts and scenarios of all streams but these: the screen has left a group."""

    streams: frozenset[str]


@dataclass(frozen=True, slots=True)
class HoldProgramme(Effect):
    """Take a programme as the one to be prepared."""

    programme: PendingProgramme
    stream: str
    received_uptime_ms: float


@dataclass(frozen=True, slots=True)
class RequestSubscriptions(Effect):
    """Subscribe to every topic again: the topics have changed, or retained documents are wanted again."""


@dataclass(frozen=True, slots=True)
class RequestPoll(Effect):
    """Fetch every document over HTTP now."""


@dataclass(frozen=True, slots=True)
class RecordRefusal(Effect):
    """Count a refusal; the operator sees it in the report."""

    subject: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReportChange(Effect):
    """Wake the reporting thread: the report says something else now."""


# --- of an event elsewhere in the agent, in the admission thread


@dataclass(frozen=True, slots=True)
class TriggerScenario(Effect):
    """Trigger or end something on the spot, and answer whoever asked: whether it was done, and a sentence."""

    request: TriggerRequest
    answer: Callable[[bool, str], object]


@dataclass(frozen=True, slots=True)
class FollowStatement(Effect):
    """Follow what a peer has triggered, which was asked with a nonce."""

    statement: SignedStatement
    nonce: str


@dataclass(frozen=True, slots=True)
class NoteReported(Effect):
    """Note that the server has taken in what was triggered on the spot."""

    acts: tuple[LocalAct, ...]


@dataclass(frozen=True, slots=True)
class FinishAlerts(Effect):
    """Draw the less urgent forms of the alerts that are held, and write all of them to the disk."""


@dataclass(frozen=True, slots=True)
class SaveAlerts(Effect):
    """Write to the disk what the alerts have left to live, in case the power goes."""


@dataclass(frozen=True, slots=True)
class UpdateDrawingContext(Effect):
    """Draw the alerts again if the programme that became active is for a screen of another size or look."""


@dataclass(frozen=True, slots=True)
class ResizeDisplay(Effect):
    """Take the size of the display as that of the screen, while no programme says it."""

    size: Size


@dataclass(frozen=True, slots=True)
class RepairFrames(Effect):
    """Remove frames that the stage could not show, and make what they belong to again."""

    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepairStateFiles(Effect):
    """Write again what somebody has damaged or removed of the files that the stage reads at its start."""


@dataclass(frozen=True, slots=True)
class RemoveUnneeded(Effect):
    """Remove frames and assets that neither a programme nor an alert needs."""


# --- on the disk worker


@dataclass(frozen=True, slots=True)
class OnDisk(Effect):
    """Carry out effects on the disk worker, in order: all of them, or none where its queue is full.

    An effect that must not act before its floor is on the disk stands after :class:`SaveTrust` in the same sequence.
    """

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class SaveTrust(Effect):
    """Write the present state of trust: key list and floors.

    A key list is written at once, in the admission thread; everything else on the disk worker.
    """


@dataclass(frozen=True, slots=True)
class SavePending(Effect):
    """Write the programme that is to be prepared: preparation goes on with it after a restart."""

    programme: PendingProgramme


@dataclass(frozen=True, slots=True)
class PrepareProgramme(Effect):
    """Hand a programme to the preparation queue."""

    programme: PendingProgramme


@dataclass(frozen=True, slots=True)
class RunCommand(Effect):
    """Do what the town has commanded."""

    command: ScreenCommand


@dataclass(frozen=True, slots=True)
class WriteAlerts(Effect):
    """Write frames and record of the alerts."""

    record: AlertsRecord


@dataclass(frozen=True, slots=True)
class SaveSets(Effect):
    """Write the alert sets as they were signed, for peers that are cut off."""


@dataclass(frozen=True, slots=True)
class SaveScenarios(Effect):
    """Write the scenarios that may be triggered on the spot."""


@dataclass(frozen=True, slots=True)
class SaveActs(Effect):
    """Write what was triggered on the spot."""


@dataclass(frozen=True, slots=True)
class RewriteProgramme(Effect):
    """Write ``programme.json`` again, which somebody has changed."""


@dataclass(frozen=True, slots=True)
class RepairCopies(Effect):
    """Make files of the state directory and their copies the same again."""


@dataclass(frozen=True, slots=True)
class RemoveOtherFrames(Effect):
    """Remove every frame that is not named here."""

    needed: frozenset[str]


@dataclass(frozen=True, slots=True)
class RemoveUnneededAssets(Effect):
    """Remove assets that no programme needs, as far as free space is wanted."""
