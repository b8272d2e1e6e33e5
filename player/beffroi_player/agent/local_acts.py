"""What was triggered on the spot: the scenarios that the town has signed for it, the acts, and who may do them.

Nothing here is shown that the town did not sign: an act only makes a signed scenario active, for as long as the town
allows at most. It comes from this machine (a technician's command, a contact), or from a peer that the scenario names,
in a statement signed with that peer's key and with the nonce of our question. Once a set of the server lists the alert
of an act, the server says what is so (docs/decisions/0050-local-triggers.md).

Only the admission thread changes anything; other threads may ask for ``statement`` and ``unreported``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_content.model import HeldAlert, Identifier, WireModel
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.wire.documents import AlertSet
from beffroi_content.wire.envelope import public_hex
from beffroi_content.wire.local_triggers import (
    MAX_ACTS,
    ActCause,
    ActStatement,
    LocalAct,
    LocalScenario,
    ScenarioSet,
    SignedStatement,
    StatementRefused,
    TriggerContact,
    TriggerKind,
    act_alert,
    new_act_id,
    open_statement,
    read_screen,
    sign_statement,
)
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

MAX_KEPT = 40
"""Acts that are remembered at most: the newest."""
TOLD_MS = 3_600_000
"""For how long peers are told of one that is over."""
KEPT_MS = 86_400_000
"""For how long one that is over is remembered."""


class TriggerRefused(Exception):
    """It cannot be triggered here; the message says why and what to do."""


class KeptScenarios(WireModel):
    """The scenarios that the town has signed, by stream."""

    streams: dict[str, ScenarioSet] = {}


class KeptAct(WireModel):
    """An act as this player knows it."""

    act: LocalAct
    screen: Identifier
    """Whose act it is."""
    lapses_at_uptime_ms: int
    is_measured: bool = True
    """Whether nothing but the monotonic clock ends it: it was triggered in this boot."""
    is_reported: bool = False
    """Whether the server has taken it in as it is."""


class KeptActs(WireModel):
    """The acts that are remembered."""

    boot: str = ""
    saved_at_uptime_ms: int = 0
    acts: tuple[KeptAct, ...] = ()


@dataclass(frozen=True, slots=True)
class TriggerRequest:
    """What somebody at this machine wants: to trigger a scenario, to end one, or all."""

    kind: TriggerKind
    who: str
    scenario: str = ""
    """Identifier or name; empty: everything that is on."""
    ends: bool = False


class LocalActs:
    """The scenarios and acts of one screen.

    Args:
        site: The town.
        screen: Whose acts these are.
        key: The private key of the player, in hexadecimal; empty: it has none, and can trigger nothing.
        scenarios: Where the scenarios are kept.
        acts: Where the acts are kept.
        boot: Identifies the boot.
        now: Returns the present moment.
        is_active: Tells whether an alert of the server's sets is active.
    """

    def __init__(
        self, site: str, screen: str, key: str, scenarios: ModelFile[KeptScenarios], acts: ModelFile[KeptActs],
        boot: str, now: Callable[[], Moment], is_active: Callable[[str], bool],
    ) -> None:  # fmt: skip
        self._is_active = is_active
        self._site, self._screen, self._boot, self._now = site, screen, boot, now
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key)) if key else None
        self._public = public_hex(self._key) if self._key else ""
        self._scenario_file, self._act_file = scenarios, acts
        stored = scenarios.read()
        self.streams: dict[str, ScenarioSet] = dict(stored.streams) if stored else {}
        self._acts: tuple[KeptAct, ...] = _in_boot(acts.read() or KeptActs(), boot)

    # --- what the town has signed

    def take_scenarios(self, stream: str, document: ScenarioSet) -> None:
        """Keep a newer set of scenarios; what it lacks is revoked."""
        self.streams = {**self.streams, stream: document}

    def retain_streams(self, names: Iterable[str]) -> None:
        """Drop the scenarios of all streams but these: the screen has left a group."""
        kept = set(names)
        self.streams = {name: document for name, document in self.streams.items() if name in kept}

    def save_scenarios(self) -> None:
        """Write the scenarios to the disk. From any thread.

        Raises:
            OSError: the disk is full or broken.
        """
        self._scenario_file.write(KeptScenarios(streams=self.streams))

    @property
    def contacts(self) -> tuple[TriggerContact, ...]:
        """The contacts of this player, as the town has set them."""
        return tuple(contact for document in self.streams.values() for contact in document.contacts)

    def triggerable(self) -> dict[str, LocalScenario]:
        """Return the scenarios that this player may trigger, by identifier."""
        found = (each for document in self.streams.values() for each in document.scenarios)
        return {each.id: each for each in found if self._public and each.triggers.get(self._screen) == self._public}

    # --- acts at this machine

    def carry_out(self, request: TriggerRequest) -> str:
        """Trigger or end something; return what was done, in a sentence for the technician.

        Raises:
            TriggerRefused: it cannot be done.
        """
        return self._end(request) if request.ends else self._trigger(request)

    def _trigger(self, request: TriggerRequest) -> str:
        scenario = self._find(request.scenario)
        running = [kept for kept in self._own_running() if kept.act.scenario == scenario.id]
        if running:
            raise TriggerRefused(f"“{scenario.name}” is on already")
        moment = self._now()
        began = _cause(request, moment)
        act = LocalAct(id=new_act_id(), scenario=scenario.id, began=began)
        kept = KeptAct(act=act, screen=self._screen, lapses_at_uptime_ms=moment.uptime_ms + scenario.longest_ms)
        self._keep(kept)
        log.warning("%s was triggered here by %s %s", scenario.name, request.kind, request.who)
        return f"“{scenario.name}” is on, for {scenario.longest_ms // 60_000} minutes at most"

    def _end(self, request: TriggerRequest) -> str:
        wanted = self._find(request.scenario).id if request.scenario else ""
        running = [kept for kept in self._own_running() if not wanted or kept.act.scenario == wanted]
        if not running:
            raise TriggerRefused("nothing that was triggered here is on")
        moment = self._now()
        for kept in running:
            act = kept.act.model_copy(update={"ended": _cause(request, moment)})
            self._keep(
                kept.model_copy(
                    update={"act": act, "lapses_at_uptime_ms": moment.uptime_ms, "is_measured": True,
                            "is_reported": False}
                )
            )  # fmt: skip
        log.warning("what was triggered here is ended by %s %s", request.kind, request.who)
        return "it is over: the screens show “end of alert”"

    def _find(self, name: str) -> LocalScenario:
        known = self.triggerable()
        wanted = _as_typed(name)
        found = [each for each in known.values() if wanted in (each.id, _as_typed(each.name))]
        if not found:
            names = ", ".join(f"“{each.name}”" for each in known.values())
            raise TriggerRefused(f"no scenario “{name}” can be triggered here. " + (f"There is: {names}" if names else (
                "The town names none: it is set on the page of the scenario"
            )))  # fmt: skip
        moment, document = self._now(), self._document_of(found[0])
        if moment.clock is not ClockState.UNKNOWN and moment.unix_ms >= document.expires_at_ms:
            raise TriggerRefused("the signature of the town is too old: this player has heard nothing for too long")
        return found[0]

    def _document_of(self, scenario: LocalScenario) -> ScenarioSet:
        return next(document for document in self.streams.values() if scenario in document.scenarios)

    def _own_running(self) -> list[KeptAct]:
        uptime = self._now().uptime_ms
        return [
            kept
            for kept in self._acts
            if kept.screen == self._screen
            and kept.act.ended is None
            and kept.lapses_at_uptime_ms > uptime
            # What an officer has ended or withdrawn must be shown when it is triggered again.
            and (not kept.act.is_taken_over or self._is_active(kept.act.id))
        ]

    # --- acts of peers, and what the server says

    def follow_statement(self, signed: SignedStatement, nonce: str) -> bool:
        """Follow a statement of a peer that we have asked with a nonce; return whether it changed anything.

        Raises:
            StatementRefused: it is not a statement of a player that the town names, or answers another question.
        """
        screen = read_screen(signed)
        named = [each for document in self.streams.values() for each in document.scenarios if screen in each.triggers]
        if screen == self._screen or not named:
            raise StatementRefused(f"the town lets {screen} trigger nothing here")
        keys = {each.triggers[screen] for each in named}
        statement = _open_with_any(signed, keys, self._site, screen, nonce)
        before = self._acts
        allowed = {each.id: each for each in named}
        told = {act.id for act in statement.acts}
        for act in statement.acts:
            if act.scenario in allowed:
                self._follow_act(act, allowed[act.scenario], screen)
        # A statement is complete: what it does not name any more is over.
        for kept in self._acts:
            if kept.screen == screen and kept.act.id not in told:
                self._finish(kept, None)
        return self._acts != before

    def note_set(self, document: AlertSet) -> bool:
        """Note what an alert set lists: those acts are the server's now. Return whether there is one."""
        listed = {alert.id for alert in document.alerts}
        before = self._acts
        for kept in before:
            if kept.act.id in listed and not kept.act.is_taken_over:
                self._keep(kept.model_copy(update={"act": kept.act.model_copy(update={"is_taken_over": True})}))
        return self._acts != before

    def _follow_act(self, act: LocalAct, scenario: LocalScenario, screen: str) -> None:
        uptime = self._now().uptime_ms
        lapse = uptime + min(act.left_ms, scenario.longest_ms)
        known = next((kept for kept in self._acts if kept.act.id == act.id), None)
        if known is None:
            # Also one that the server has taken over already: its end may come while the server is gone.
            if act.left_ms and act.ended is None:
                self._keep(KeptAct(act=act, screen=screen, lapses_at_uptime_ms=lapse, is_reported=True))
        elif known.screen == screen:
            if act.ended is not None or not act.left_ms:
                self._finish(known, act.ended)
            elif known.act.ended is None and lapse < known.lapses_at_uptime_ms:
                self._keep(known.model_copy(update={"lapses_at_uptime_ms": lapse, "is_measured": True}))

    def _finish(self, kept: KeptAct, cause: ActCause | None) -> None:
        uptime = self._now().uptime_ms
        if kept.act.ended is None and kept.lapses_at_uptime_ms > uptime:
            act = kept.act.model_copy(update={"ended": cause or kept.act.began})
            self._keep(kept.model_copy(update={"act": act, "lapses_at_uptime_ms": uptime, "is_measured": True}))

    # --- what follows

    def held(self) -> tuple[HeldAlert, ...]:
        """Return the alerts of acts that this screen shows, or whose end it shows."""
        found, uptime = [], self._now().uptime_ms
        shown = {
            each.id: each
            for document in self.streams.values()
            for each in document.scenarios
            if each.is_shown
        }  # fmt: skip
        for kept in self._acts:
            scenario = shown.get(kept.act.scenario)
            if scenario is None or kept.act.is_taken_over or kept.screen not in scenario.triggers:
                continue
            if uptime < kept.lapses_at_uptime_ms + scenario.alert.all_clear_ms:
                found.append(
                    HeldAlert(
                        alert=act_alert(scenario, kept.act), lapses_at_uptime_ms=kept.lapses_at_uptime_ms,
                        is_measured=kept.is_measured,
                    )
                )  # fmt: skip
        return tuple(found)

    @property
    def ended(self) -> frozenset[str]:
        """The alerts that were ended on the spot."""
        return frozenset(kept.act.id for kept in self._acts if kept.act.ended is not None)

    def statement(self, nonce: str = "") -> SignedStatement | None:
        """Return what this player has triggered of late, for whoever asks with a nonce; None where there is nothing."""
        uptime = self._now().uptime_ms
        own = [
            kept
            for kept in self._acts
            if kept.screen == self._screen
            and (not kept.is_reported or uptime < kept.lapses_at_uptime_ms + TOLD_MS)
        ][-MAX_ACTS:]  # fmt: skip
        if self._key is None or not own:
            return None
        acts = tuple(kept.act.model_copy(update={"left_ms": _left_ms(kept, uptime)}) for kept in own)
        return sign_statement(ActStatement(site=self._site, screen=self._screen, nonce=nonce, acts=acts), self._key)

    @property
    def unreported(self) -> tuple[LocalAct, ...]:
        """The own acts that the server has yet to take in, as they are."""
        return tuple(kept.act for kept in self._acts if not kept.is_reported)

    def note_reported(self, acts: Iterable[LocalAct]) -> None:
        """Note that the server has taken acts in; one that has changed meanwhile is still owed."""
        taken = {act.id: act for act in acts}
        self._acts = tuple(
            kept.model_copy(update={"is_reported": True}) if taken.get(kept.act.id) == kept.act else kept
            for kept in self._acts
        )

    def to_record(self) -> KeptActs:
        """Return the acts as they are kept."""
        return KeptActs(boot=self._boot, saved_at_uptime_ms=self._now().uptime_ms, acts=self._acts)

    def save_acts(self) -> None:
        """Write the acts to the disk. From any thread.

        Raises:
            OSError: the disk is full or broken.
        """
        self._act_file.write(self.to_record())

    def _keep(self, kept: KeptAct) -> None:
        uptime = self._now().uptime_ms
        others = [
            each
            for each in self._acts
            if each.act.id != kept.act.id
            and (not each.is_reported or uptime < each.lapses_at_uptime_ms + KEPT_MS)
        ]  # fmt: skip
        self._acts = (*others, kept)[-MAX_KEPT:]


def _cause(request: TriggerRequest, moment: Moment) -> ActCause:
    return ActCause(kind=request.kind, who=request.who[:200], at_ms=max(0, moment.unix_ms), clock=moment.clock)


def _left_ms(kept: KeptAct, uptime_ms: int) -> int:
    return 0 if kept.act.ended is not None else max(0, kept.lapses_at_uptime_ms - uptime_ms)


def _in_boot(record: KeptActs, boot: str) -> tuple[KeptAct, ...]:
    """Return acts with uptimes of this boot: without power nobody counts, so what was left is still left."""
    if record.boot == boot:
        return record.acts
    return tuple(
        kept.model_copy(
            update={
                "lapses_at_uptime_ms": kept.lapses_at_uptime_ms - record.saved_at_uptime_ms,
                "is_measured": kept.lapses_at_uptime_ms <= record.saved_at_uptime_ms,
            }
        )
        for kept in record.acts
    )


def _open_with_any(signed: SignedStatement, keys: Iterable[str], site: str, screen: str, nonce: str) -> ActStatement:
    refusal = StatementRefused(f"the town names no key of {screen}")
    for key in keys:
        try:
            return open_statement(signed, key, site, screen, nonce)
        except StatementRefused as error:
            refusal = error
    raise refusal


def _as_typed(name: str) -> str:
    """Return a name without case, and with the blanks and apostrophes that a keyboard has."""
    return " ".join(name.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split()).casefold()
