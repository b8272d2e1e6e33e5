"""What the agent holds, over restarts and damage: activation, proven slides, recovered trust."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SCREEN, SigningTown, slide

from beffroi_content.model import Manifest
from beffroi_content.trust import SequenceFloor, TrustState
from beffroi_player.agent.held_state import PROVEN_AFTER_MS, proven_slides
from beffroi_player.agent.storage import PendingProgramme, continue_play_numbers, recover_trust
from beffroi_player.state.directories import (
    ActiveProgramme,
    AlertsRecord,
    ForwardedPlays,
    FrameSet,
    HeldStream,
    frame_table,
)
from beffroi_player.wakeup import WakeupSocket

SIZE = (320, 180)
PROGRAMME = f"s-{SCREEN}/programme"


def programme(
    manifest: Manifest, sequence: int = 1, at_ms: int = 0, proven: frozenset[str] = frozenset(), **frames: str
) -> ActiveProgramme:
    """Return a programme whose slides have one page each, by the names of their files."""
    sets = (FrameSet(slide=name, size=SIZE, pages=(page,)) for name, page in frames.items())
    return ActiveProgramme(
        sequence=sequence, manifest=manifest, frames=frame_table(sets), activated_at_ms=at_ms, proven=proven
    )


# --- activation


def test_a_programme_becomes_active_and_wakes_the_stage(player: PlayerHarness, hall: SigningTown) -> None:
    with WakeupSocket(player.runtime.stage_socket) as stage:
        player.held.activate_programme(programme(hall.manifest(slide("pool")), pool="a.png"))
        assert stage.wait(0)
    active = player.state.programme.read()
    assert active == player.held.active
    assert active is not None
    assert active.activated_at_ms == player.clock.now().unix_ms


def test_an_older_programme_does_not_become_active(player: PlayerHarness, hall: SigningTown) -> None:
    manifest = hall.manifest(slide("pool"))
    player.held.activate_programme(programme(manifest, sequence=2))
    player.held.activate_programme(programme(manifest, sequence=1))
    assert player.held.active is not None
    assert player.held.active.sequence == 2


@pytest.mark.parametrize(("pending", "stays"), [(1, False), (2, False), (3, True)])
def test_what_is_pending_goes_with_the_programme_that_is_as_new(
    player: PlayerHarness, hall: SigningTown, pending: int, stays: bool
) -> None:
    manifest = hall.manifest(slide("pool"))
    waiting = PendingProgramme(sequence=pending, manifest=manifest)
    player.held.pending = waiting
    player.held.save_pending(waiting)
    player.held.activate_programme(programme(manifest, sequence=2))
    assert (player.held.pending is not None) is stays
    assert (player.storage.pending.read() is not None) is stays


def test_a_disk_that_refuses_leaves_the_programme_before(
    player: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = hall.manifest(slide("pool"))
    player.held.activate_programme(programme(manifest, sequence=1))

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(OSError, match="No space"):
            player.held.activate_programme(programme(manifest, sequence=2))
    assert player.held.active == player.state.programme.read()
    assert player.held.active is not None
    assert player.held.active.sequence == 1


# --- slides that are proven


@dataclass(frozen=True)
class ProvenCase:
    """A programme before, and the slides that are proven after it."""

    lasted_ms: int
    before: dict[str, str]
    proven_before: frozenset[str]
    after: dict[str, str]
    proven: set[str]


LONG, SHORT = PROVEN_AFTER_MS, PROVEN_AFTER_MS - 1


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(ProvenCase(LONG, {"a": "a"}, frozenset(), {"a": "a", "b": "b"}, {"a"}), id="it was on for long"),
        pytest.param(ProvenCase(SHORT, {"a": "a"}, frozenset(), {"a": "a"}, set()), id="it was not"),
        pytest.param(ProvenCase(SHORT, {"a": "a"}, frozenset({"a"}), {"a": "a"}, {"a"}), id="proven before that"),
        pytest.param(ProvenCase(LONG, {"a": "a"}, frozenset({"a"}), {"a": "z"}, set()), id="drawn otherwise now"),
        pytest.param(ProvenCase(LONG, {"a": "a"}, frozenset({"a"}), {"b": "b"}, set()), id="gone"),
        pytest.param(ProvenCase(LONG, {}, frozenset(), {"a": "a"}, set()), id="all new"),
    ],
)
def test_slides_that_cannot_be_what_makes_the_stage_crash(hall: SigningTown, case: ProvenCase) -> None:
    manifest = hall.manifest(slide("a"))
    before = programme(manifest, 1, 0, case.proven_before, **case.before)
    after = programme(manifest, 2, case.lasted_ms, **case.after)
    assert proven_slides(before, after) == case.proven


def test_a_programme_that_is_made_ready_again_keeps_what_is_proven(hall: SigningTown) -> None:
    before = programme(hall.manifest(slide("a")), 1, 0, frozenset({"a"}), a="a")
    assert proven_slides(before, programme(hall.manifest(slide("a")), 1, LONG, a="other")) == {"a"}
    assert proven_slides(None, before) == frozenset()


def test_the_first_programme_of_a_player_proves_nothing(player: PlayerHarness, hall: SigningTown) -> None:
    player.held.activate_programme(programme(hall.manifest(slide("a")), a="a"))
    assert player.held.active is not None
    assert player.held.active.proven == frozenset()


# --- trust that fits what is held


def trusted(hall: SigningTown, **floors: int) -> TrustState:
    named = {name.replace("__", "/").replace("_", "-"): sequence for name, sequence in floors.items()}
    kept = {name: SequenceFloor(sequence=sequence, digest="d") for name, sequence in named.items()}
    return TrustState(anchor=hall.anchor, floors=kept, groups=("schools",))


def alerts(**streams: int) -> AlertsRecord:
    named = {name.replace("__", "/").replace("_", "-"): HeldStream(sequence=number) for name, number in streams.items()}
    return AlertsRecord(boot="b", streams=named)


@pytest.mark.parametrize(
    ("floor", "held", "expected"),
    [
        pytest.param(7, 7, (7, "d"), id="what was seen is held"),
        pytest.param(7, 6, (6, ""), id="the power went between two writes"),
        pytest.param(7, None, (6, ""), id="the alerts are lost"),
        pytest.param(7, 9, (8, ""), id="the agent died before the floor was written"),
        pytest.param(None, 7, (6, ""), id="the trust is lost"),
        pytest.param(None, None, None, id="a new player"),
    ],
)
def test_a_floor_lets_in_again_what_is_not_held_and_nothing_older(
    hall: SigningTown, floor: int | None, held: int | None, expected: tuple[int, str] | None
) -> None:
    stored = trusted(hall, all__alerts=floor) if floor else None
    record = alerts(all__alerts=held) if held else None
    found = recover_trust(stored, hall.anchor, None, None, record).floors.get("all/alerts")
    assert (None if found is None else (found.sequence, found.digest)) == expected


@pytest.mark.parametrize(
    ("active", "pending", "expected"),
    [(None, None, 6), (5, None, 6), (7, None, 7), (5, 7, 7), (7, 5, 7)],
)
def test_the_newest_programme_that_is_held_counts(
    hall: SigningTown, active: int | None, pending: int | None, expected: int
) -> None:
    manifest = hall.manifest(slide("a"))
    stored = trusted(hall, s_hall__programme=7)
    held = ActiveProgramme(sequence=active, manifest=manifest, frames={}) if active else None
    waiting = PendingProgramme(sequence=pending, manifest=manifest) if pending else None
    assert recover_trust(stored, hall.anchor, held, waiting, None).floors[PROGRAMME].sequence == expected


@pytest.mark.parametrize("stream", ["all__keys", "all__beat", "s_hall__command"])
def test_floors_of_what_is_not_held_stay(hall: SigningTown, stream: str) -> None:
    stored = trusted(hall, **{stream: 7})
    assert recover_trust(stored, hall.anchor, None, None, None).floors.items() >= stored.floors.items()


def test_trust_of_another_town_is_not_taken_over(hall: SigningTown) -> None:
    stored = trusted(SigningTown(), all__alerts=7)
    found = recover_trust(stored, hall.anchor, None, None, None)
    assert (found.anchor, found.floors) == (hall.anchor, {})


def test_groups_are_those_of_the_newest_programme(hall: SigningTown) -> None:
    here, there = (hall.manifest(slide("a"), groups=(name,)) for name in ("here", "there"))
    active = ActiveProgramme(sequence=1, manifest=here, frames={})
    pending = PendingProgramme(sequence=2, manifest=there)
    stored = trusted(hall)
    assert recover_trust(stored, hall.anchor, None, None, None).groups == ("schools",)
    assert recover_trust(stored, hall.anchor, active, None, None).groups == ("here",)
    assert recover_trust(stored, hall.anchor, active, pending, None).groups == ("there",)


# --- numbers of plays over an enrolment


@pytest.mark.parametrize(
    ("known", "server", "expected"),
    [(None, 0, None), (None, 9, 9), (5, 9, 9), (9, 5, 9), (9, 9, 9)],
)
def test_the_play_log_goes_on_after_the_highest_number_that_anybody_knows(
    player: PlayerHarness, hall: SigningTown, known: int | None, server: int, expected: int | None
) -> None:
    if known:
        player.state.forwarded.write(ForwardedPlays(number=known))
    enrolment = hall.enrolment().replace(plays=server)
    continue_play_numbers(player.state, enrolment, enrolment)
    found = player.state.forwarded.read()
    assert (found.number if found else None) == expected


@pytest.mark.parametrize(("screen", "stays"), [(SCREEN, True), ("library", False)])
def test_plays_of_another_screen_are_not_sent(
    player: PlayerHarness, hall: SigningTown, screen: str, stays: bool
) -> None:
    log = player.state.plays / "000000000001.jsonl"
    log.write_bytes(b"{}\n")
    player.state.forwarded.write(ForwardedPlays(number=3))
    continue_play_numbers(player.state, hall.enrolment(), hall.enrolment().replace(screen=screen))
    assert log.exists() is stays
    assert (player.state.forwarded.read() is not None) is stays
