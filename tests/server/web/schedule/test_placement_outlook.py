"""What the page of an announcement says about its share of the screens, before and after saving."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from tests.support.pages import page_text

from beffroi_server.fleet.models import Screen
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import publication, services
from beffroi_server.schedule.models import ScheduleRule
from beffroi_server.schedule.placements import place_announcement, take_off_screens

pytestmark = pytest.mark.usefixtures("english")
NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def two_others(hall) -> None:
    """Two slides on every screen."""
    playlist = services.create_playlist("Life", user=None)
    for number in range(2):
        services.add_entry(playlist, announcement=Announcement.objects.create(title=f"Life {number}"), user=None)
    services.save_rule(ScheduleRule(name="Life", playlist=playlist, everywhere=True), user=None)


def outlook(client, announcement: Announcement | None = None, **values: object) -> str:
    address = f"/schedule/outlook/{announcement.pk}/" if announcement else "/schedule/outlook/"
    answer = client.post(address, {"where": "everywhere", "title": "Fair", "template": "news", **values})
    return " ".join(re.sub(r"<[^>]+>", "", page_text(answer)).replace("\u202f", "~").split()).replace("~", "\u202f")


def test_a_new_announcement_is_told_its_share(as_alice, two_others):
    text = outlook(as_alice)

    assert "Town hall: 33\u202f% of the time, 56 hours a week, next showing: 12:00" in text
    assert "Shown until 15 July 2026 at 23:59." in text


def test_hours_in_which_the_display_is_off_do_not_count(as_alice, two_others):
    Screen.objects.update(off_from=dt.time(20), off_until=dt.time(8))

    assert "33\u202f% of the time, 28 hours a week" in outlook(as_alice)


def test_a_short_time_is_not_taken_for_a_week(as_alice, two_others):
    text = outlook(as_alice, valid_from="2026-06-16T08:00", valid_until="2026-06-16T11:00")

    assert "33\u202f% of the time, 1 hour, next showing: tomorrow at 08:00" in text


def test_a_change_is_told_with_what_was_before(as_alice, two_others, announcement):
    place_announcement(announcement, everywhere=True, user=None)

    text = outlook(as_alice, announcement, duration_s=40)

    assert "67\u202f% of the time, 112 hours a week" in text
    assert "(until now 33\u202f% of the time, 56 hours a week)" in text


def test_what_is_more_important_hides_it(as_alice, two_others):
    ScheduleRule.objects.update(priority=70)

    assert "never seen in that time" in outlook(as_alice)


def test_screens_that_are_alike_are_told_together(as_alice, two_others, hall, full_hd, quay):
    for number in range(3):
        Screen.objects.create(slug=f"s{number}", name=f"Zoo {number}", screen_class=full_hd)

    text = outlook(as_alice)

    assert "4 screens, such as Town hall: 33" in text
    assert "Quay: 33" in text


def test_a_group_without_screens_is_told(as_alice, town, district):
    assert "these groups have no screens" in outlook(as_alice, where="chosen", groups=[district.pk])


def test_what_was_taken_off_is_said_to_stay_off(as_alice, two_others, announcement):
    take_off_screens([announcement], user=None)

    assert "Saving does not put it back." in outlook(as_alice, announcement)


@pytest.mark.parametrize(
    "values",
    [{"where": "nowhere"}, {"where": "x"}, {"template": "weather"}, {"template": "event", "starts": "x"}, {"title": ""},
     {"valid_from": "9999-99-99T99:99", "groups": "x"}, {"duration_s": "9" * 30}, {"body": "x" * 6000}],
)  # fmt: skip
def test_a_form_that_is_not_finished_breaks_nothing(as_alice, two_others, values):
    assert outlook(as_alice, **values)


def test_takes_few_queries_for_many_screens(as_alice, two_others, full_hd, keyring, django_assert_max_num_queries):
    made = [Screen(slug=f"s{number}", name=f"Zoo {number}", screen_class=full_hd) for number in range(12)]
    Screen.objects.bulk_create(made)
    publication.publish_due_programmes()

    with django_assert_max_num_queries(15):
        assert "13 screens, such as Town hall: 33" in outlook(as_alice)
