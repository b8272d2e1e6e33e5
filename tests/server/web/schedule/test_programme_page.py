"""Page of the calendar: any screen or group on any day or week."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from tests.support.pages import page_text

from beffroi_server.schedule import publication
from beffroi_server.schedule.models import ScheduleRule
from beffroi_server.schedule.placements import place_announcement

pytestmark = pytest.mark.usefixtures("english")
NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


def test_links_each_slide_and_each_reason(as_alice, playlist, hall, announcement):
    page = page_text(as_alice.get("/calendar/?of=s-hall&date=2026-06-20"))

    assert "Saturday 20 June" in page
    assert f'href="/announcements/{announcement.pk}/"' in page
    assert f'href="/schedule/{ScheduleRule.objects.get().pk}/"' in page
    assert f'href="/playlists/{playlist.pk}/"' in page


def test_links_what_is_published_directly(as_alice, hall, announcement):
    place_announcement(announcement, everywhere=True, user=None)

    page = page_text(as_alice.get("/calendar/"))

    assert f'href="/announcements/{announcement.pk}/#where-and-until">published directly</a>' in page


def test_of_a_week_begins_on_monday_and_leads_to_its_days(as_alice, playlist, hall, quay, district):
    page = page_text(as_alice.get(f"/calendar/?of=g-{district.pk}&date=2026-06-18&view=week"))

    assert "Monday 15 June" in page
    assert "Sunday 21 June" in page
    assert ">Quay</a>" in page
    assert "date=2026-06-08" in page
    assert "date=2026-06-22" in page


def test_of_the_past_leads_to_what_was_shown(as_alice, playlist, hall):
    page = page_text(as_alice.get("/calendar/?of=s-hall&date=2026-06-10"))

    assert 'href="/screens/hall/day/?day=2026-06-10"' in page


def test_is_for_everybody_without_links_that_they_may_not_follow(client, charlie, playlist, hall):
    client.force_login(charlie)

    page = page_text(client.get("/calendar/"))

    assert "La piscine rouvre lundi" in page
    assert "/playlists/" not in page


@pytest.mark.parametrize(
    "query",
    ["", "of=s-nowhere", "of=g-999", "of=g-x", "of=g-" + "9" * 40, "date=x", "date=9999-12-31", "date=0001-01-01",
     "view=year", "of=%00", "date=%00", "view=week&date=2026-02-30"],
)  # fmt: skip
def test_takes_whatever_an_address_holds(as_alice, playlist, hall, quay, query):
    assert as_alice.get(f"/calendar/?{query}").status_code == 200


@pytest.mark.parametrize("query", ["of=all", "of=s-hall&view=week", "of=g-{group}"])
def test_takes_few_queries(as_alice, playlist, hall, quay, keyring, district, django_assert_max_num_queries, query):
    publication.publish_due_programmes()

    with django_assert_max_num_queries(15):
        as_alice.get("/calendar/?" + query.format(group=district.pk))
