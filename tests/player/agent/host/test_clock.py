from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.player_harness import ManualClock, PlayerHarness
from tests.support.signing_town import NOON, YEAR, SigningTown, alert, slide

from beffroi_content.timeline import ClockState
from beffroi_content.wire.documents import SteadyInstant
from beffroi_player import BUILT_AT_MS
from beffroi_player.clock import (
    DRIFT,
    MAX_BEAT_LAG_MS,
    MAX_NTP_DIFFERENCE_MS,
    BeatReading,
    ClockRecord,
    ClockSource,
    first_record,
    with_beat,
    with_floor,
    with_ntp,
    without_ntp,
)

UNKNOWN = first_record("b", 1_000, BUILT_AT_MS - 1, 0)
CARRIED = first_record("b", 1_000, NOON, 0)


def beat(unix_ms: int = NOON, uptime_ms: float = 1_000, late_ms: int = 0, epoch: str = "e1") -> BeatReading:
    """Return what a beat says that came in at an uptime, some time after it was sent."""
    steady = SteadyInstant(epoch=epoch, ms=int(uptime_ms) + 7_000_000 - late_ms)
    return BeatReading(issued_at_ms=unix_ms, steady=steady, uptime_ms=int(uptime_ms))


def beaten(unix_ms: int = NOON, uptime_ms: float = 1_000) -> ClockRecord:
    return with_beat(CARRIED, beat(unix_ms, uptime_ms))


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
    assert with_beat(ahead, beat(NOON, 2_000)).moment_at(2_000).unix_ms == NOON


@pytest.mark.parametrize("step_ms", [-50 * YEAR, -3_720_000, -501, 1, 300, 3_720_000, 50 * YEAR])
def test_the_server_s_clock_is_followed_at_once_wherever_somebody_sets_it(step_ms: int) -> None:
    assert with_beat(beaten(), beat(NOON + step_ms)).moment_at(1_000).unix_ms == NOON + step_ms


def test_a_clock_that_is_ahead_by_a_little_is_not_set_back() -> None:
    assert with_beat(beaten(), beat(NOON - 300)).moment_at(1_000).unix_ms == NOON


@pytest.mark.parametrize("late_ms", [300, 9_000, 3_600_000])
def test_a_late_beat_is_known_to_be_late_and_sets_nothing_back(late_ms: int) -> None:
    record = beaten()
    for number in range(1, 6):
        uptime = 1_000 + number * 10_000
        record = with_beat(record, beat(NOON + number * 10_000 - late_ms, uptime, late_ms))
        assert abs(record.moment_at(uptime).unix_ms - NOON - number * 10_000) <= 10_000 * number * DRIFT


def test_a_server_that_was_started_anew_has_another_steady_clock() -> None:
    record = with_beat(beaten(), beat(NOON - 90_000, 11_000, late_ms=5_000_000, epoch="e2"))
    assert record.moment_at(11_000).unix_ms == NOON - 90_000


def test_an_answer_sets_a_steady_clock_back_that_can_be_set() -> None:
    snapshot = beat(NOON, 11_000, late_ms=3_600_000).replace(asked_uptime_ms=10_900)
    record = with_beat(beaten(), snapshot)
    assert record.moment_at(11_000).unix_ms == NOON
    assert record.server is not None
    assert record.server.steady_at(11_000) == snapshot.steady


@pytest.mark.parametrize("late_ms", [900, 30_000, 139_000])
def test_an_answer_that_was_long_on_its_way_sets_nothing_back(late_ms: int) -> None:
    asked = 11_000
    slow = beat(NOON + 10_000, asked + late_ms, late_ms).replace(asked_uptime_ms=asked)
    record = with_beat(beaten(), slow)
    assert abs(record.moment_at(asked).unix_ms - NOON - 10_000) <= (late_ms + 10_000) * DRIFT + MAX_BEAT_LAG_MS


def test_a_steady_clock_near_its_end_can_still_be_read() -> None:
    last = SteadyInstant(epoch="e1", ms=2**53 - 1)
    record = with_beat(CARRIED, BeatReading(issued_at_ms=NOON, steady=last, uptime_ms=1_000))
    assert record.server is not None
    assert record.server.steady_at(60_000) == last


@pytest.mark.parametrize("fast", [DRIFT * 0.9, -DRIFT * 0.9])
def test_clocks_that_drift_apart_stay_together(fast: float) -> None:
    record = beaten()
    for number in range(1, 200):
        uptime = 1_000 + number * 10_000 * (1 + fast)
        steady = SteadyInstant(epoch="e1", ms=7_001_000 + number * 10_000)
        reading = BeatReading(issued_at_ms=NOON + number * 10_000, steady=steady, uptime_ms=int(uptime))
        record = with_beat(record, reading)
    assert abs(record.moment_at(uptime).unix_ms - NOON - 1_990_000) <= MAX_BEAT_LAG_MS + 20


def test_the_kernel_is_believed_until_the_town_speaks() -> None:
    record = with_ntp(CARRIED, NOON + 7_000, 1_000)
    assert (record.state, record.moment_at(1_000).unix_ms) == (ClockState.TRUSTED, NOON + 7_000)
    assert with_ntp(beaten(), NOON + MAX_NTP_DIFFERENCE_MS, 1_000) == beaten()


@pytest.mark.parametrize("wrong_ms", [-YEAR, -3_720_000, -MAX_NTP_DIFFERENCE_MS - 1, 3_720_000, YEAR])
def test_a_disciplined_clock_is_not_outranked_without_limit(wrong_ms: int) -> None:
    record = with_beat(with_ntp(CARRIED, NOON, 1_000), beat(NOON + wrong_ms))
    assert (record.source, record.moment_at(1_000).unix_ms) == (ClockSource.NTP, NOON)
    assert record.server_ahead_ms(1_000) == wrong_ms
    followed = beaten(NOON + wrong_ms)
    assert with_ntp(followed, NOON, 1_000).moment_at(1_000).unix_ms == NOON
    right = with_beat(record, beat(NOON + 10_000, 11_000))
    assert (right.source, right.server_ahead_ms(11_000)) == (ClockSource.BEAT, 0)


def test_a_clock_that_nobody_disciplines_any_more_follows_the_town_again() -> None:
    record = with_beat(with_ntp(CARRIED, NOON, 1_000), beat(NOON + YEAR))
    assert without_ntp(record, 1_000).moment_at(1_000).unix_ms == NOON + YEAR
    assert without_ntp(with_ntp(CARRIED, NOON, 1_000), 1_000).source is ClockSource.NTP


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


@pytest.mark.parametrize("wrong_ms", [-5 * YEAR, 3_720_000, 5 * YEAR])
@pytest.mark.parametrize("is_disciplined", [True, False])
def test_a_wrong_clock_of_the_machine_does_not_shut_the_town_out(
    hall: SigningTown, tmp_path: Path, wrong_ms: int, is_disciplined: bool
) -> None:
    time = ManualClock(system_ms=NOON + wrong_ms, is_disciplined=is_disciplined)
    player = PlayerHarness(hall, tmp_path, time=time)
    try:
        player.clock.ask_kernel()
        document = hall.publish_alerts(alert())
        player.receive(hall.publish_keys(), document, hall.publish_beat(), document)
        assert player.alerts == [("flood", "takeover")]
        player.clock.ask_kernel()
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
