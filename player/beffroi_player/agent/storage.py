"""The agent's own files in the state directory, and the recovery of a state of trust that was lost."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from beffroi_content.model import Identifier, Manifest, WireModel
from beffroi_content.model.base_models import Instant, Line
from beffroi_content.model.manifest import MAX_AUTHORITIES, AuthorityPem
from beffroi_content.trust import SequenceFloor, TrustAnchor, TrustState
from beffroi_content.wire.enrolment_card import EnrolmentCard
from beffroi_content.wire.messages import PROGRAMME
from beffroi_content.wire.reports import Receipt
from beffroi_content.wire.scopes import TopicScope
from beffroi_player.agent.local_acts import KeptActs, KeptScenarios
from beffroi_player.agent.transport.held_sets import StoredSets
from beffroi_player.state.default_paths import COPIES_FOLDER
from beffroi_player.state.directories import LOCAL_STREAM, ActiveProgramme, AlertsRecord, ForwardedPlays, StateDirectory
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)


class BrokerAddress(WireModel):
    """The address of the MQTT broker, and the account there."""

    host: str = ""
    """Empty where it is the host of the server."""
    port: int = Field(default=1883, ge=1, le=65535)
    tls: bool = False
    username: str = ""
    password: str = Field(default="", repr=False)
    is_fixed: bool = False
    """Set by hand, for a player with a broker of its own: what the server says about the broker is not followed."""

    def moved_to(self, said: BrokerAddress) -> BrokerAddress:
        """Return the address of a broker that has moved, as the server says it; what it does not say stays."""
        account = {"username": said.username or self.username, "password": said.password or self.password}
        return said.model_copy(update={**account, "is_fixed": self.is_fixed})


class EnrolledDisplay(WireModel):
    """The display of the screen at enrolment: what an alert is drawn for that comes before the first programme."""

    size: Annotated[tuple[int, int], Field(min_length=2, max_length=2)]
    """Width and height in pixels, as one looks at it."""
    rotation: Literal[0, 90, 180, 270] = 0

    @field_validator("size")
    @classmethod
    def _check_size(cls, size: tuple[int, int]) -> tuple[int, int]:
        if not all(16 <= side <= 7680 for side in size):
            raise ValueError("a display has 16 to 7680 pixels a side")
        return size


class PlayerEnrolment(WireModel):
    """The identity of the screen: what the server gave it at enrolment."""

    site: Identifier
    screen: Identifier
    name: Line = ""
    """Of the screen, as people call it; empty: from a server that did not say it yet."""
    server: str
    """URL without a slash at its end."""
    token: str = Field(repr=False)
    mqtt: BrokerAddress
    former_mqtt: BrokerAddress | None = None
    """The broker before that one, to which the player goes back where the new one brings no beat."""
    anchor: TrustAnchor
    display: EnrolledDisplay | None = None
    """None: from a server that did not say it yet."""
    authorities: Annotated[tuple[AuthorityPem, ...], Field(max_length=MAX_AUTHORITIES)] = ()
    """Certificate authorities of an enrolment card, that are believed until the first programme names those of the
    town."""
    trigger_key: str = Field(default="", repr=False, pattern=r"^([0-9a-f]{64})?$")
    """The private key of this player, in hexadecimal: it signs what is triggered on the spot. Empty: it has none."""
    plays: int = Field(default=0, ge=0, lt=2**52)
    """The highest number of a play that the server has of this screen: a new memory card goes on from there."""


class PendingProgramme(WireModel):
    """A programme that is admitted but not ready."""

    sequence: int
    manifest: Manifest
    received_at_ms: int = 0
    """Unix time; 0: unknown, as it is of one that is prepared again after a repair."""


class KeptReceipt(WireModel):
    """A receipt, and whether the server has said that it has it."""

    receipt: Receipt
    is_confirmed: bool = False


class KeptReceipts(WireModel):
    """The receipts of the screen, oldest first: those that the server has yet to confirm, and the newest others."""

    receipts: tuple[KeptReceipt, ...] = ()
    restore: str = ""
    """The last restoration of its database that the server has named: what it had confirmed before, it may lack."""


class CardInHand(WireModel):
    """An enrolment card that is being used, with the key that this player made for it.

    The key is kept: if the answer of the server is lost, asking again with the same key is allowed.
    """

    code: str = Field(repr=False)
    key: str = Field(repr=False, pattern=r"^[0-9a-f]{64}$")
    """Private, in hexadecimal."""


class PlayedSounds(WireModel):
    """When each alert was last heard, by its name and when its text was corrected; oldest first."""

    played: dict[str, Instant] = {}


class DoneCommands(WireModel):
    """The identifiers of the commands that were run, oldest first."""

    commands: tuple[str, ...] = ()


class AgentStorage:
    """The agent's own files."""

    def __init__(self, folder: Path) -> None:
        copy = folder / COPIES_FOLDER / "enrolment.json"
        self.enrolment = ModelFile(folder / "enrolment.json", PlayerEnrolment, mode=0o600, copy=copy)
        # Without a copy: it is written every two minutes, and what is held gives it again.
        self.trust = ModelFile(folder / "trust.json", TrustState)
        self.card = ModelFile(folder / "card.json", EnrolmentCard, mode=0o600)
        self.card_in_hand = ModelFile(folder / "card-in-hand.json", CardInHand, mode=0o600)
        self.pending = ModelFile(folder / "pending.json", PendingProgramme)
        self.receipts = ModelFile(folder / "receipts.json", KeptReceipts)
        self.done = ModelFile(folder / "commands.json", DoneCommands)
        self.sets = ModelFile(folder / "alert-sets.json", StoredSets)
        copies = folder / COPIES_FOLDER
        self.scenarios = ModelFile(folder / "scenarios.json", KeptScenarios, copy=copies / "scenarios.json")
        self.sounds = ModelFile(folder / "sounds.json", PlayedSounds)
        self.acts = ModelFile(folder / "acts.json", KeptActs)


def adopt_identity(state: StateDirectory, enrolment: PlayerEnrolment) -> None:
    """Become a screen: what the player holds of another screen, or under other keys, is removed first.

    Raises:
        OSError: the disk does not let us.
    """
    storage = AgentStorage(state.folder)
    before = storage.enrolment.read()
    if before is not None and before.anchor != enrolment.anchor:
        gone = (storage.trust, storage.pending, storage.sets, storage.scenarios, storage.acts)
        for slot in (*gone, state.programme, state.alerts):
            slot.remove()
    continue_play_numbers(state, before, enrolment)
    storage.enrolment.write(enrolment)
    state.darkness.remove()


def continue_play_numbers(state: StateDirectory, before: PlayerEnrolment | None, now: PlayerEnrolment) -> None:
    """Let the play log of a newly enrolled player go on where that of its screen has ended.

    Plays that it has logged as another screen are removed: no server would accept them.

    Raises:
        OSError: the disk does not let us.
    """
    if before is not None and (before.site, before.screen) != (now.site, now.screen):
        for path in state.plays.glob("*.jsonl*"):
            path.unlink()
        state.forwarded.remove()
    known = state.forwarded.read()
    if now.plays > (known.number if known else 0):
        state.forwarded.write(ForwardedPlays(number=now.plays))


def recover_trust(
    stored: TrustState | None,
    anchor: TrustAnchor,
    programme: ActiveProgramme | None,
    pending: PendingProgramme | None,
    alerts: AlertsRecord | None,
    scenarios: KeptScenarios | None = None,
) -> TrustState:
    """Return the state of trust that fits what the player really holds, after a power cut or damage.

    A floor may be above what is held: the power went between the two writes, or a file was damaged. The document of
    that very sequence would then be a duplicate for ever, so the floor is lowered by one, which lets it in again
    and nothing older. A floor may also be below what is held, or be lost: what is held was acted on, whatever was
    written of it, and nothing older takes its place.
    """
    # A player that was enrolled anew must not believe what another town has signed.
    state = stored if stored is not None and stored.anchor == anchor else TrustState(anchor=anchor)
    streams = alerts.streams if alerts else {}
    held = {name: stream.sequence for name, stream in streams.items() if name != LOCAL_STREAM}
    held |= {name: document.sequence for name, document in (scenarios.streams if scenarios else {}).items()}
    newest = max((found.sequence for found in (programme, pending) if found), default=0)
    held[PROGRAMME.stream_for(TopicScope.of_screen(anchor.screen))] = newest
    floors = {name: _fitting_floor(name, floor, held) for name, floor in state.floors.items()}
    for name, sequence in held.items():
        if sequence and name not in floors:
            floors[name] = floor_below(sequence)
    source = pending or programme
    groups = source.manifest.settings.groups if source else state.groups
    return state.model_copy(update={"floors": floors, "groups": groups})


def floor_below(sequence: int) -> SequenceFloor:
    """Return the floor that lets in a document of that sequence, be it for the second time, and nothing older."""
    return SequenceFloor(sequence=sequence - 1, digest="")


def _fitting_floor(name: str, floor: SequenceFloor, held: dict[str, int]) -> SequenceFloor:
    # Keys, beats and commands leave nothing behind that could be compared.
    if not name.endswith(("/alerts", "/scenarios", "/programme")) or held.get(name, 0) == floor.sequence:
        return floor
    if held.get(name, 0) > floor.sequence:
        return floor_below(held[name])
    # Without a digest it was lowered before.
    if not floor.digest:
        return floor
    log.info("%s: sequence %d was seen but is not held: it may come again", name, floor.sequence)
    return floor_below(floor.sequence)
