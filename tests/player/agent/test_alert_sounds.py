"""Alerts are heard where the town allows it: when they are shown, now and then, and never at the wrong time."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import AlertLevel, AlertSound, AlertStatus, TimeWindow
from beffroi_player.sound.requests import SoundOutcome

MINUTE = 60_000
SOUND = AlertSound(from_level=AlertLevel.VIGILANCE, volume=40)
EMERGENCY = AlertLevel.EMERGENCY


@pytest.fixture
def start(player: PlayerHarness, hall: SigningTown):
    """Let the screen show a slide, with its sound as the town has set it."""

    def begin(sound: AlertSound | None = SOUND, **settings: object) -> None:
        programme = hall.publish_programme(hall.manifest(slide("a"), alert_sound=sound, **settings))
        player.receive(hall.publish_keys(), hall.publish_beat(), programme)
        player.run_iteration()

    return begin


@pytest.fixture
def broadcast(player: PlayerHarness, hall: SigningTown):
    """Let the screen receive a set of alerts, and show it."""

    def send(*alerts: object) -> None:
        hall.now_ms = player.time.system_ms
        player.receive(hall.publish_alerts(*alerts))
        player.run_iteration()

    return send


def chimes(player: PlayerHarness) -> list[str]:
    return [request.chime for request in player.loudspeaker.requests]


def flood(player: PlayerHarness, name: str = "flood", level: AlertLevel = EMERGENCY, **fields: object):
    return alert(name, level, now=player.time.system_ms, **fields)


class TestWhatIsHeard:
    def test_an_emergency_is_heard_and_spoken_at_the_volume_of_the_town(self, player, start, broadcast):
        start()
        broadcast(flood(player))
        [request] = player.loudspeaker.requests
        assert (request.chime, request.volume) == ("emergency", 40)
        [(language, text)] = request.spoken
        assert language == "fr"
        assert text.startswith("Urgence. Inondation. Montez à l’étage.")
        player.wait(1_000)
        assert player.report().sound.outcome == "played"
        assert player.report().sound.alert == "flood"

    @pytest.mark.parametrize(
        ("level", "chime"),
        [(AlertLevel.VIGILANCE, ["alert"]), (AlertLevel.ALERT, ["alert"]), (AlertLevel.INFORMATION, [])],
    )
    def test_other_levels_as_far_as_they_are_ever_heard(self, player, start, broadcast, level, chime):
        start()
        broadcast(flood(player, level=level))
        player.wait(9_000)
        assert chimes(player) == chime

    def test_the_chime_alone_where_nothing_is_to_be_spoken(self, player, start, broadcast):
        start(SOUND.replace(speech=False))
        broadcast(flood(player))
        assert player.loudspeaker.requests[0].spoken == ()

    @pytest.mark.parametrize("status", [AlertStatus.EXERCISE, AlertStatus.TEST])
    def test_an_exercise_has_a_chime_of_its_own_and_says_so(self, player, start, broadcast, status):
        start()
        broadcast(flood(player, status=status))
        assert chimes(player) == ["exercise"]
        assert "aucun danger" in player.loudspeaker.requests[0].spoken[0][1]

    @pytest.mark.parametrize("sound", [None, SOUND.replace(from_level=EMERGENCY)])
    def test_nothing_without_the_consent_of_the_town(self, player, start, broadcast, sound):
        start(sound)
        broadcast(flood(player, level=AlertLevel.ALERT))
        player.wait(11 * MINUTE)
        assert chimes(player) == []

    def test_a_silent_drill_is_silent(self, player, start, hall):
        start()
        player.receive(hall.publish_command("c1", "drill", alert=flood(player)))
        player.run_iteration()
        assert player.commands.last_drill is not None
        assert chimes(player) == []

    def test_what_is_not_on_the_screen_is_not_heard(self, player, start, hall, broadcast):
        start()
        player.receive(hall.publish_command("c1", "identify", 60))
        broadcast(flood(player, level=AlertLevel.VIGILANCE))
        assert player.runtime.presented.read().overlay
        assert chimes(player) == []
        player.wait(61_000)
        assert chimes(player) == ["alert"]


class TestHowOften:
    def test_every_ten_minutes_as_long_as_it_lasts(self, player, start, broadcast):
        start()
        broadcast(flood(player))
        for _ in range(25):
            player.wait(MINUTE)
        assert chimes(player) == ["emergency"] * 3

    def test_a_player_that_is_started_anew_does_not_begin_again(self, player, start, broadcast):
        start()
        broadcast(flood(player))
        player.wait(2 * MINUTE)
        player.start()
        player.run_iteration()
        assert chimes(player) == ["emergency"]
        player.wait(8 * MINUTE)
        assert chimes(player) == ["emergency"] * 2

    @pytest.mark.parametrize(
        ("changed", "times"),
        [({"title": "Crue", "corrected_at_ms": 1_796_000_000_000}, 2), ({"ends_at_ms": 4_000_000_000_000}, 1)],
        ids=["corrected", "extended"],
    )
    def test_a_corrected_text_is_heard_again_and_a_later_end_is_not(self, player, start, broadcast, changed, times):
        start()
        first = flood(player)
        broadcast(first)
        player.wait(MINUTE)
        broadcast(first.replace(**changed))
        player.wait(1_000)
        assert chimes(player) == ["emergency"] * times

    def test_its_end_is_heard_once_where_it_was_heard(self, player, start, broadcast):
        start()
        broadcast(flood(player))
        player.wait(MINUTE)
        broadcast(flood(player).replace(issued_at_ms=0, ends_at_ms=player.time.system_ms))
        for _ in range(4):
            player.wait(MINUTE)
        assert chimes(player) == ["emergency", "all-clear"]
        assert player.loudspeaker.requests[-1].spoken == (("fr", "Fin d’alerte. Inondation. C’est terminé."),)

    def test_the_end_of_what_nobody_heard_is_silent(self, player, start, broadcast):
        start(SOUND.replace(hours=TimeWindow(start=dt.time(20), end=dt.time(21))))
        broadcast(flood(player))
        player.wait(MINUTE)
        broadcast(flood(player).replace(issued_at_ms=0, ends_at_ms=player.time.system_ms))
        player.wait(1_000)
        assert player.alerts == [("flood", "all-clear")]
        assert chimes(player) == []


class TestSeveral:
    def test_the_gravest_is_heard(self, player, start, broadcast):
        start()
        broadcast(flood(player, "wind", AlertLevel.VIGILANCE), flood(player, "fire"))
        for _ in range(11):
            player.wait(MINUTE)
        assert chimes(player) == ["emergency"] * 2

    def test_of_two_that_take_turns_the_newer_is(self, player, start, broadcast):
        start()
        older = flood(player, title="Crue")
        player.time.pass_by(1_000)
        broadcast(older, flood(player, "fire", title="Incendie"))
        for _ in range(12):
            player.wait(5_000)
        [request] = player.loudspeaker.requests
        assert "Incendie" in request.spoken[0][1]

    def test_a_graver_one_interrupts(self, player, start, broadcast):
        start()
        player.loudspeaker.outcome = None
        milder = flood(player, "wind", AlertLevel.ALERT)
        broadcast(milder)
        broadcast(milder, flood(player))
        assert chimes(player) == ["alert", "emergency"]
        assert player.loudspeaker.stops == 1
        player.wait(9_000)
        assert player.loudspeaker.stops == 1

    def test_what_is_over_falls_silent(self, player, start, broadcast):
        start()
        player.loudspeaker.outcome = None
        broadcast(flood(player))
        broadcast()
        assert player.loudspeaker.stops == 1

    def test_what_never_ends_is_ended(self, player, start, broadcast):
        start()
        player.loudspeaker.outcome = None
        broadcast(flood(player))
        player.wait(121_000)
        assert player.loudspeaker.stops == 1
        assert player.sounds.last_result.outcome == "timed-out"


class TestHours:
    def test_it_is_quiet_outside_them_and_the_report_says_why(self, player, start, broadcast):
        evening = TimeWindow(start=dt.time(20), end=dt.time(21))
        start(SOUND.replace(hours=evening))
        broadcast(flood(player))
        assert chimes(player) == []
        assert player.report().sound.outcome == "quiet-hours"

    def test_an_alert_that_lasts_is_heard_when_they_begin(self, player, start, broadcast):
        # It is 22:26 in Paris.
        start(SOUND.replace(hours=TimeWindow(start=dt.time(22, 32), end=dt.time(23))))
        broadcast(flood(player))
        player.wait(4 * MINUTE)
        assert chimes(player) == []
        player.wait(2 * MINUTE)
        assert chimes(player) == ["emergency"]


class TestFailures:
    def test_a_machine_without_a_loudspeaker_is_asked_ever_less_often(self, player, start, broadcast):
        start()
        player.loudspeaker.outcome = (SoundOutcome.NO_DEVICE, "No such audio device")
        broadcast(flood(player))
        for _ in range(60):
            player.wait(10_000)
        assert 4 <= len(chimes(player)) <= 10
        assert player.report().sound.outcome == "no-device"

    def test_one_that_comes_later_is_used(self, player, start, broadcast):
        start()
        player.loudspeaker.outcome = (SoundOutcome.NO_DEVICE, "busy")
        broadcast(flood(player))
        player.wait(1_000)
        player.loudspeaker.outcome = (SoundOutcome.PLAYED, "")
        player.wait(6_000)
        player.wait(1_000)
        assert player.report().sound.outcome == "played"

    def test_another_alert_is_tried_at_once(self, player, start, broadcast):
        start()
        player.loudspeaker.outcome = (SoundOutcome.NO_DEVICE, "busy")
        first = flood(player)
        broadcast(first)
        player.wait(1_000)
        broadcast(first, flood(player, "fire"))
        assert len(chimes(player)) == 2

    def test_a_disk_that_takes_nothing_keeps_no_alert_from_being_heard(self, player, start, broadcast, monkeypatch):
        def refuse(_value: object) -> None:
            raise OSError("read-only")

        start()
        monkeypatch.setattr(player.storage.sounds, "write", refuse)
        broadcast(flood(player))
        player.wait(MINUTE)
        assert chimes(player) == ["emergency"]


class TestTrial:
    def test_is_heard_and_says_that_it_is_one(self, player, start, hall):
        start()
        player.receive(hall.publish_command("c1", "sound"))
        player.run_iteration()
        [request] = player.loudspeaker.requests
        assert request.chime == "trial"
        assert "essai" in request.spoken[0][1]
        player.wait(1_000)
        assert (player.sounds.last_result.alert, player.sounds.last_result.outcome) == (None, "played")

    def test_is_refused_where_the_town_lets_nothing_be_heard(self, player, start, hall):
        start(None)
        player.receive(hall.publish_command("c1", "sound"))
        player.run_iteration()
        assert chimes(player) == []
        assert player.codes() == ["sound-off"]

    def test_gives_way_to_an_alert(self, player, start, hall, broadcast):
        start()
        player.loudspeaker.outcome = None
        player.receive(hall.publish_command("c1", "sound"))
        player.run_iteration()
        broadcast(flood(player))
        assert chimes(player) == ["trial", "emergency"]
