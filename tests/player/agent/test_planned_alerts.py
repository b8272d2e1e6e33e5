"""A planned alert on a player whose server is gone: it begins and ends by the player's own clock."""

from __future__ import annotations

import shutil

import pytest
from tests.support.player_harness import ManualClock, PlayerHarness
from tests.support.signing_town import NOON, SigningTown, alert, slide

from beffroi_content.model import AlertLevel
from beffroi_content.wire.reports import ConnectionState
from beffroi_player.agent.effects import SaveAlerts

MINUTE = 60_000
HOUR = 60 * MINUTE
SIREN = alert(
    "siren", AlertLevel.EMERGENCY, NOON + 2 * HOUR, ends_at_ms=NOON + 2 * HOUR + 10 * MINUTE, all_clear_ms=MINUTE
)


@pytest.fixture
def alone(player: PlayerHarness, hall: SigningTown) -> PlayerHarness:
    """A player that was told of a siren test in two hours, and has heard nothing since."""
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))
    player.receive(hall.publish_alerts(planned=(SIREN,)))
    player.link = ConnectionState.LOST
    return player


@pytest.mark.parametrize("restarts", [False, True])
def test_it_begins_to_the_second_and_ends_without_a_word_from_the_server(alone: PlayerHarness, restarts: bool) -> None:
    assert (alone.slides, alone.alerts) == (["pool"], [])
    if restarts:
        # After a crash of both programs it is read from the disk.
        alone.time.pass_by(HOUR)
        alone.start()
    alone.time.pass_by(SIREN.issued_at_ms - alone.time.system_ms - 1_000)
    assert alone.alerts == []

    alone.time.pass_by(1_001)

    assert alone.alerts == [("siren", "takeover")]
    assert [(name, form) for _stream, _sequence, name, form in alone.receipts() if name] == [("siren", "takeover")]
    alone.time.pass_by(9 * MINUTE)
    assert alone.alerts == [("siren", "takeover")]
    alone.time.pass_by(MINUTE)
    assert alone.alerts == [("siren", "all-clear")]
    alone.time.pass_by(MINUTE)
    assert (alone.slides, alone.alerts) == (["pool"], [])


def power_off(player: PlayerHarness, system_ms: int) -> None:
    """Take the power away from a machine without a clock of its own, and give it back."""
    player.boot_id = "another"
    shutil.rmtree(player.runtime.folder)
    player.runtime.create_folder()
    player.time = ManualClock(uptime_ms=5_000, system_ms=system_ms)
    player.start()


def test_a_machine_that_was_off_is_neither_early_nor_days_late_and_right_once_it_hears_the_time(
    alone: PlayerHarness, hall: SigningTown
) -> None:
    # It goes on from the newest signed time that it knows, however long ago that was: its hour may be one of last week.
    power_off(alone, NOON - 400 * 24 * HOUR)
    alone.time.pass_by(2 * HOUR + MINUTE)
    assert alone.alerts == []

    hall.now_ms = SIREN.issued_at_ms + MINUTE
    alone.receive(hall.publish_beat())

    assert alone.alerts == [("siren", "takeover")]
    alone.time.pass_by(9 * MINUTE)
    assert alone.alerts == [("siren", "all-clear")]


def test_what_was_on_when_the_power_went_goes_on_for_what_it_had_left(alone: PlayerHarness) -> None:
    alone.time.pass_by(SIREN.issued_at_ms - alone.time.system_ms + 4 * MINUTE)
    assert alone.alerts == [("siren", "takeover")]
    alone.carry_out(SaveAlerts())

    power_off(alone, NOON)

    assert alone.alerts == [("siren", "takeover")]
    alone.time.pass_by(6 * MINUTE)
    assert alone.alerts != [("siren", "takeover")]
