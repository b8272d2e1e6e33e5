from __future__ import annotations

import pytest
from tests.support.player_harness import ManualClock, PlayerHarness
from tests.support.signing_town import NOON, YEAR, SigningTown, alert, slide

from beffroi_content.timeline import ClockState
from beffroi_player import BUILT_AT_MS
from beffroi_player.clock import ClockRecord, ClockSource, first_record, with_beat, with_floor, with_ntp

UNKNOWN = first_record("b", 1_000, BUILT_AT_MS - 1, 0)
CARRIED = first_record("b", 1_000, NOON, 0)


def beaten(unix_ms: int = NOON, uptime_ms: float = 1_000) -> ClockRecord:
    return with_beat(CARRIED, unix_ms, uptime_ms)


def test_a_system_clock_before_this_release_is_not_believed() -> None:
    assert UNKNOWN.state is ClockState.UNKNOWN
    assert CARRIED.state is ClockState.CARRIED


def test_the_later_of_system_clock_and_signed_time_is_carried() -> None:
    assert first_record("b", 1_000, 5_000, NOON).moment_at(1_000).unix_ms == NOON
    assert first_record("b", 1_000, NOON + 9, NOON).moment_at(1_000).unix_ms == NOON + 9


def test_time_goes_on_by_the_uptime() -> None:
    moment = beaten().moment_at(61_000.7)
    assert (moment.unix_ms, moment.uptime_ms, moment.clock) == (NOON + 60_000, 61_000, ClockState.TRUSTED)


def test_a_beat_is_trusted_even_against_a_clock_that_is_years_ahead() -> None:
    ahead = first_record("b", 1_000, NOON + 5 * YEAR, 0)
    assert with_beat(ahead, NOON, 2_000).moment_at(2_000).unix_ms == NOON


@pytest.mark.parametrize(("issued", "expected"), [(NOON + 300, NOON + 300), (NOON - 300, NOON), (NOON - 9_000, NOON)])
def test_a_beat_moves_the_clock_forward_but_a_late_one_not_back(issued: int, expected: int) -> None:
    assert with_beat(beaten(), issued, 1_000).moment_at(1_000).unix_ms == expected


def test_three_beats_in_a_row_do_move_it_back() -> None:
    record = beaten()
    for _ in range(3):
        record = with_beat(record, NOON - 9_000, 1_000)
    assert record.moment_at(1_000).unix_ms == NOON - 9_000


def test_beats_that_are_a_little_late_never_move_it_back() -> None:
    record = beaten()
    for _ in range(9):
        record = with_beat(record, NOON - 300, 1_000)
    assert record.moment_at(1_000).unix_ms == NOON


def test_one_beat_in_time_ends_the_doubt() -> None:
    record = with_beat(with_beat(beaten(), NOON - 9_000, 1_000), NOON - 9_000, 1_000)
    record = with_beat(record, NOON, 1_000)
    assert with_beat(record, NOON - 9_000, 1_000).moment_at(1_000).unix_ms == NOON


def test_the_kernel_is_believed_until_the_town_speaks() -> None:
    record = with_ntp(CARRIED, NOON + 7_000, 1_000)
    assert (record.state, record.moment_at(1_000).unix_ms) == (ClockState.TRUSTED, NOON + 7_000)
    assert with_ntp(beaten(), NOON + YEAR, 1_000) == beaten()


def test_something_signed_raises_the_floor_but_trusts_nothing() -> None:
    assert with_floor(CARRIED, NOON + 9, 1_000).moment_at(1_000).unix_ms == NOON + 9
    assert with_floor(CARRIED, NOON - 9, 1_000) == CARRIED
    assert with_floor(UNKNOWN, 5, 1_000).source is ClockSource.CARRIED
    assert with_floor(beaten(), NOON + YEAR, 1_000) == beaten()


# --- in a player


def test_a_live_beat_sets_the_clock_and_a_kept_one_does_not(player: PlayerHarness, hall: SigningTown) -> None:
    player.receive(hall.publish_keys())
    hall.now_ms += 5_000
    player.receive(hall.publish_beat(), live=False)
    assert player.clock.now().clock is ClockState.CARRIED
    assert player.held.admission.last_beat_uptime_ms is None
    hall.now_ms += 5_000
    player.receive(hall.publish_beat())
    assert player.clock.now().clock is ClockState.TRUSTED
    assert player.clock.now().unix_ms == hall.now_ms


def test_the_beat_that_a_broker_kept_is_no_attack_when_a_newer_one_came_by_http(
    player: PlayerHarness, hall: SigningTown
) -> None:
    kept, newer = hall.publish_beat(), hall.publish_beat()
    player.receive(hall.publish_keys())
    player.receive(newer, kept, live=False)
    assert player.codes() == []
    player.receive(kept)
    assert player.codes() == ["rollback"]


def test_the_stage_reads_the_same_clock(player: PlayerHarness, hall: SigningTown) -> None:
    hall.now_ms += YEAR
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))
    glass = player.run_iteration()
    assert glass.clock is ClockState.TRUSTED
    assert abs(glass.presented_at_ms - hall.now_ms) < 1_000


def test_trust_lasts_over_a_restart_in_the_same_boot(player: PlayerHarness, hall: SigningTown) -> None:
    player.receive(hall.publish_keys(), hall.publish_beat())
    player.time.pass_by(5_000)
    player.start()
    assert player.clock.now().clock is ClockState.TRUSTED
    assert player.clock.now().unix_ms == hall.now_ms + 5_000


def test_a_clock_that_runs_years_ahead_does_not_shut_the_town_out(hall: SigningTown, tmp_path: object) -> None:
    player = PlayerHarness(hall, tmp_path, time=ManualClock(system_ms=NOON + 5 * YEAR))
    try:
        document = hall.publish_alerts(alert())
        player.receive(hall.publish_keys(), document)
        assert "expired" in player.codes()
        polls = player.polls
        player.receive(hall.publish_beat())
        assert player.polls > polls
        player.receive(hall.publish_keys(), document)
        assert player.alerts == [("flood", "takeover")]
    finally:
        player.close()


def test_a_beat_tells_what_has_not_arrived(player: PlayerHarness, hall: SigningTown) -> None:
    player.receive(hall.publish_keys())
    late = hall.publish_alerts(alert())
    player.receive(hall.publish_beat(all_alerts=hall.sequence, **{"g-other_alerts": hall.sequence}))
    assert player.held.admission.withheld_streams == {"all/alerts"}
    player.receive(late)
    assert player.held.admission.withheld_streams == frozenset()


def test_beats_do_not_wear_the_disk_out(player: PlayerHarness, hall: SigningTown) -> None:
    player.receive(hall.publish_keys(), hall.publish_beat())
    before = player.storage.trust.file_stamp
    for _ in range(11):
        hall.now_ms += 10_000
        player.time.pass_by(10_000)
        player.receive(hall.publish_beat())
    assert player.storage.trust.file_stamp == before
    hall.now_ms += 10_000
    player.time.pass_by(10_000)
    player.receive(hall.publish_beat())
    assert player.storage.trust.file_stamp != before
