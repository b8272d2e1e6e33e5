"""Screen hours: the screen rests when it is told to, and wakes for an emergency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from tests.support.player_harness import ManualClock, PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import AlertLevel, DayRange, PowerState, ScreenHours, SpecialHours, TimeWindow
from beffroi_player.outputs.base import SwitchResult
from beffroi_player.state.play_files import play_files, read_plays

PARIS = ZoneInfo("Europe/Paris")
EVENING = int(dt.datetime(2026, 5, 28, 21, 59, 50, tzinfo=PARIS).timestamp() * 1000)
OFF = ScreenHours(state=PowerState.OFF, window=TimeWindow(start=dt.time(22), end=dt.time(6)))
DIM = ScreenHours(state=PowerState.DIM, window=TimeWindow(start=dt.time(22), end=dt.time(6)), brightness=40)
HOUR = 3_600_000


@pytest.fixture
def hall() -> SigningTown:
    return SigningTown(now_ms=EVENING)


@pytest.fixture
def player(hall, tmp_path) -> Iterator[PlayerHarness]:
    player = PlayerHarness(hall, tmp_path, time=ManualClock(system_ms=EVENING))
    yield player
    player.stage.shut_down()
    player.close()


def brightest(player: PlayerHarness) -> int:
    picture = player.display.images[-1]
    return max(max(picture.get_at((x, y))[:3]) for x in range(0, 320, 16) for y in range(0, 180, 9))


def start(player: PlayerHarness, hall: SigningTown, *hours: ScreenHours) -> None:
    manifest = hall.manifest(slide("a"), hours=hours)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))
    assert player.slides == ["a"]


def test_the_screen_is_dark_in_its_standby_hours(player, hall):
    start(player, hall, OFF)
    assert brightest(player) > 200

    status = player.wait(11_000)
    assert (status.power, status.showings, brightest(player)) == (PowerState.OFF, (), 0)
    assert player.report().power is PowerState.OFF

    player.wait(8 * HOUR)
    assert player.slides == ["a"]
    assert brightest(player) > 200
    assert player.report().power is PowerState.ON


def test_what_is_not_seen_is_no_play(player, hall):
    start(player, hall, OFF)
    player.wait(11_000)
    player.wait(HOUR)
    player.stage.shut_down()
    (play,) = [play for file in play_files(player.state.plays) for play in read_plays(file)]
    assert play.lasted_ms == 11_000


def test_an_emergency_wakes_it_and_lesser_alerts_do_not(player, hall):
    start(player, hall, OFF)
    player.wait(HOUR)
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_alerts(alert(level=AlertLevel.ALERT, now=hall.now_ms)))
    assert player.run_iteration().power is PowerState.OFF

    player.receive(hall.publish_alerts(alert("fire", AlertLevel.EMERGENCY, now=hall.now_ms)))
    assert player.alerts == [("fire", "takeover")]
    assert brightest(player) > 200
    assert ("all/alerts", hall.sequence, "fire", "takeover") in player.receipts()


def test_dimming_changes_the_light_and_not_what_is_said_of_the_picture(player, hall):
    start(player, hall, DIM)
    before, light = player.run_iteration().frame, brightest(player)
    status = player.wait(11_000)
    assert (status.power, status.brightness, status.frame) == (PowerState.DIM, 40, before)
    assert abs(brightest(player) - 0.4 * light) < 3
    assert player.slides == ["a"]


def test_a_player_that_does_not_know_the_time_stays_on(tmp_path):
    hall = SigningTown(now_ms=EVENING)
    player = PlayerHarness(hall, tmp_path, time=ManualClock(system_ms=0))
    player.receive(hall.publish_keys(), hall.publish_programme(hall.manifest(slide("a"), hours=(OFF,))))
    assert player.run_iteration().power is PowerState.ON
    player.stage.shut_down()
    player.close()


def test_the_display_itself_is_switched_off_and_on_and_that_is_told(player, hall):
    start(player, hall, OFF)
    status = player.wait(11_000)
    assert status.power is PowerState.OFF
    assert player.display.switched == [False]
    assert status.lit == "confirmed"
    assert player.report().lit == "confirmed"
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)))
    player.run_iteration()
    assert player.display.switched == [False, True]


def test_who_looks_for_a_screen_in_its_standby_hours_finds_it(player, hall):
    start(player, hall, OFF)
    assert player.wait(HOUR).power is PowerState.OFF
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_command("who", "identify", 60))
    assert player.run_iteration().overlay
    assert player.display.switched == [False, True]
    assert brightest(player) > 200
    assert player.display.brightness[-1] == 100


def test_a_display_that_dims_itself_is_not_given_a_darker_picture_as_well(player, hall):
    start(player, hall, DIM)
    light = brightest(player)
    player.wait(11_000)
    assert player.display.brightness[-1] == 40
    assert abs(brightest(player) - 0.4 * light) < 3

    player.display.dims = True
    status = player.run_iteration()
    assert (status.power, status.brightness, brightest(player)) == (PowerState.DIM, 40, light)
    player.display.dims = False
    player.run_iteration()
    assert abs(brightest(player) - 0.4 * light) < 3


def test_an_answer_that_comes_later_is_told(player, hall):
    start(player, hall, OFF)
    player.display.lit = SwitchResult.SENT
    assert player.wait(11_000).lit == "sent"
    player.display.lit = SwitchResult.CONFIRMED
    assert player.run_iteration().lit == "confirmed"
    assert player.report().lit == "confirmed"


CHRISTMAS = dt.date(2026, 5, 28)
"""The day on which these tests begin, as a special one."""


def special(day: dt.date, *hours: ScreenHours) -> SpecialHours:
    return SpecialHours(days=DayRange(first=day, last=day), hours=hours)


def test_special_days_have_hours_of_their_own(player, hall):
    manifest = hall.manifest(slide("a"), hours=(OFF,), special_hours=(special(CHRISTMAS),))
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))

    assert player.wait(HOUR).power is PowerState.ON
    # The evening after is a usual one again.
    assert player.wait(24 * HOUR).power is PowerState.OFF


def test_a_screen_may_be_off_on_a_special_day_alone(player, hall):
    all_day = ScreenHours(state=PowerState.OFF, window=TimeWindow(start=dt.time(), end=dt.time()))
    manifest = hall.manifest(slide("a"), special_hours=(special(CHRISTMAS, all_day),))
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))

    assert player.wait(1_000).power is PowerState.OFF
    assert player.wait(3 * HOUR).power is PowerState.ON


def test_a_person_switches_the_screen_off_until_an_instant(player, hall):
    manifest = hall.manifest(slide("a"), off_until_ms=EVENING + HOUR)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))

    assert player.wait(1_000).power is PowerState.OFF
    assert player.wait(HOUR).power is PowerState.ON


def test_an_emergency_wakes_a_screen_that_a_person_switched_off(player, hall):
    manifest = hall.manifest(slide("a"), off_until_ms=EVENING + HOUR)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))
    player.receive(hall.publish_alerts(alert("flood", AlertLevel.EMERGENCY, hall.now_ms)))

    assert player.wait(1_000).power is PowerState.ON
