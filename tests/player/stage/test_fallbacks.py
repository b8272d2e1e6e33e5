"""What is shown when the town is silent, or nobody knows what time it is."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import AlertLevel, Playlist, ScreenSettings, UncertainClock

HOUR = 3_600_000


def start(player: PlayerHarness, hall: SigningTown, **settings: object) -> None:
    manifest = hall.manifest(slide("a"), **settings)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))
    player.run_iteration()


class TestSilence:
    def test_after_so_many_hours_only_the_idle_slide_and_alerts_are_shown(self, player, hall):
        start(player, hall, idle_after_hours=3)
        player.wait(2 * HOUR)
        assert player.slides == ["a"]
        player.wait(HOUR + 60_000)
        assert player.slides == ["idle"]
        hall.now_ms = player.time.system_ms
        player.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)), live=False)
        assert player.alerts == [("flood", "takeover")]

    def test_a_word_of_the_town_brings_the_programme_back(self, player, hall):
        start(player, hall, idle_after_hours=3)
        player.wait(4 * HOUR)
        assert player.slides == ["idle"]
        hall.now_ms = player.time.system_ms
        player.receive(hall.publish_beat())
        assert player.slides == ["a"]

    def test_without_such_a_rule_the_programme_goes_on(self, player, hall):
        start(player, hall)
        player.wait(500 * HOUR)
        assert player.slides == ["a"]


class TestUncertainClock:
    def start(self, player, hall, doubt: UncertainClock) -> None:
        """Show an undated slide all day, and a dated one before it; nobody says what time it is."""
        dated, undated = slide("dated"), slide("undated")
        manifest = hall.manifest(dated, undated, uncertain_clock=doubt)
        (always,) = manifest.rules
        playlists = tuple(Playlist(id=f"of-{each.id}", name=each.id, slides=(each.id,)) for each in (dated, undated))
        today = always.replace(id="today", playlist="of-dated", first_date=dt.date(2020, 1, 1), priority=90)
        rules = (always.replace(playlist="of-undated"), today)
        player.receive(hall.publish_keys(), hall.publish_programme(manifest.replace(playlists=playlists, rules=rules)))

    @pytest.mark.parametrize(
        ("doubt", "shown"),
        [
            (UncertainClock.BELIEVED, "dated"),
            (UncertainClock.UNDATED, "undated"),
            (UncertainClock.IDLE, "idle"),
        ],
    )
    def test_what_is_shown_while_the_time_is_only_carried_over_is_for_the_town_to_say(self, player, hall, doubt, shown):
        self.start(player, hall, doubt)
        assert player.slides == [shown]
        hall.now_ms = player.time.system_ms
        player.receive(hall.publish_beat())
        assert player.slides == ["dated"]

    @pytest.mark.parametrize("doubt", UncertainClock)
    def test_alerts_are_shown_in_any_case(self, player, hall, doubt):
        self.start(player, hall, doubt)
        player.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)))
        assert player.alerts == [("flood", "takeover")]

    def test_what_only_a_newer_server_knows_is_read_as_the_most_careful(self, hall):
        settings = hall.manifest().settings.model_dump(mode="json") | {"uncertain_clock": "ask-the-moon"}
        assert ScreenSettings.model_validate(settings).uncertain_clock is UncertainClock.IDLE
