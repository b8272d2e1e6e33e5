"""What the page of a rule says before it is saved: what will change, and the share of each rule."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from tests.support.pages import page_text

from beffroi_server.library.models import Announcement
from beffroi_server.schedule import publication, services
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.models import Playlist, ScheduleRule

pytestmark = pytest.mark.usefixtures("english")
NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


def make_playlist(name: str, size: int = 1) -> Playlist:
    playlist = services.create_playlist(name, user=None)
    for number in range(size):
        services.add_entry(playlist, announcement=Announcement.objects.create(title=f"{name} {number}"), user=None)
    return playlist


def make_rule(name: str, size: int = 1, **values: object) -> ScheduleRule:
    rule = ScheduleRule(name=name, playlist=make_playlist(name, size), everywhere=True, **values)
    return services.save_rule(rule, user=None)


def plain(answer) -> str:
    text = re.sub(r"<[^>]+>", " ", page_text(answer)).replace("\u202f", "~")
    return " ".join(text.split()).replace("~", "\u202f")


def rule_values(playlist: Playlist, **changes: object) -> dict[str, object]:
    usual = {"playlist": playlist.pk, "everywhere": "on", "every_day": "on", "level": "50", "mode": "rotate"}
    return usual | {"weight": 0} | changes


class TestWhatWillChange:
    def test_of_a_new_rule_is_told_with_a_typical_hour(self, as_alice, hall):
        make_rule("Life", 3)

        text = plain(as_alice.post("/schedule/sentence/", rule_values(make_playlist("Fair"))))

        assert "What will change on 1 screen" in text
        assert "Town hall, Monday, 18:00" in text
        assert "Fair 0 – 25\u202f%" in text
        assert "Life 0 33\u202f% 25\u202f%" in text

    def test_of_a_rule_is_that_of_its_new_version(self, as_alice, hall):
        make_rule("Life")
        edited = make_rule("Fair")

        values = rule_values(edited.playlist, weight=3)
        text = plain(as_alice.post(f"/schedule/sentence/?rule={edited.pk}", values))

        assert "Fair 0 50\u202f% 75\u202f%" in text
        assert ScheduleRule.objects.get(pk=edited.pk).weight == 0, "nothing is saved"

    def test_is_looked_at_when_the_rule_applies(self, as_alice, hall):
        holidays = DayCalendar.objects.create(name="Fair days", days=[["2026-06-20", "2026-06-20"]])

        values = rule_values(make_playlist("Fair"), only_on=[holidays.pk])
        text = plain(as_alice.post("/schedule/sentence/", values))

        assert "Saturday, 20 June 2026 at 18:00" in text

    def test_counts_the_screens_that_it_leaves(self, as_alice, hall, quay):
        edited = make_rule("Fair")

        values = rule_values(edited.playlist, everywhere="", screens=[hall.pk])
        text = plain(as_alice.post(f"/schedule/sentence/?rule={edited.pk}", values))

        assert "What will change on 2 screens" in text
        assert "shows the same as before" in text

    def test_needs_a_screen(self, as_alice, town):
        assert "No screen is concerned." in plain(as_alice.post("/schedule/sentence/", rule_values(make_playlist("F"))))


class TestShares:
    def test_stand_beside_the_sentences(self, as_alice, hall):
        first, second = make_rule("Life", 3), make_rule("Fair")

        text = page_text(as_alice.get("/schedule/shares/"))

        assert f'id="share-{first.pk}" hx-swap-oob="true">75\u202f% of the time, 126 hours a week<' in text
        assert f'id="share-{second.pk}" hx-swap-oob="true">25\u202f% of the time, 42 hours a week<' in text
        assert f'id="share-{second.pk}"' in page_text(as_alice.get("/schedule/"))
        assert f'id="share-{second.pk}"' in page_text(as_alice.get(f"/playlists/{second.playlist_id}/"))

    def test_that_differ_by_screen_are_a_range(self, as_alice, hall, quay):
        rule, other = make_rule("Life"), make_rule("Fair")
        other.everywhere = False
        services.save_rule(other, user=None, screens=[quay])

        text = page_text(as_alice.get("/schedule/shares/"))

        assert f'id="share-{rule.pk}" hx-swap-oob="true">From 50\u202f% to 100\u202f% of the time' in text

    def test_take_few_queries(self, as_alice, hall, quay, keyring, django_assert_max_num_queries):
        for number in range(6):
            make_rule(f"Rule {number}")
        publication.publish_due_programmes()

        with django_assert_max_num_queries(15):
            as_alice.get("/schedule/shares/")
