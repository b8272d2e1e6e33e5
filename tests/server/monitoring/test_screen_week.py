"""Week of a screen: shares of slides, rules that are never seen."""

from __future__ import annotations

import datetime as dt

import pytest

from beffroi_server.fleet.models import Screen
from beffroi_server.library.models import Announcement
from beffroi_server.monitoring.screen_week import calendar_row, week_of
from beffroi_server.schedule import services
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.models import Playlist, ScheduleRule

NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""


def fresh(screen: Screen) -> Screen:
    return Screen.objects.get(pk=screen.pk)


def make_rule(name: str, **values: object) -> Playlist:
    playlist = services.create_playlist(name, user=None)
    services.add_entry(playlist, announcement=Announcement.objects.create(title=name), user=None)
    services.save_rule(ScheduleRule(name=name, playlist=playlist, everywhere=True, **values), user=None)
    return playlist


def test_of_a_screen_without_rules_is_idle(hall):
    week = week_of(fresh(hall), NOON)

    assert week.idle_hours == 7 * 24
    assert (week.unseen, week.hidden) == ((), ())


def test_slides_that_rotate_share_the_week(hall):
    make_rule("A")
    make_rule("B", weight=3)

    week = week_of(fresh(hall), NOON)

    assert {share.name: round(share.percent) for share in week.shares} == {"B": 75, "A": 25}
    assert sum(share.hours for share in week.shares) == pytest.approx(7 * 24, abs=0.1)


def test_what_is_never_seen_is_named(hall):
    make_rule("Important", priority=70)
    make_rule("Beaten")

    week = week_of(fresh(hall), NOON)

    assert week.hidden == ("Beaten",)
    assert week.unseen == ("Beaten",)
    assert week.idle_hours == 0


def test_idle_hours_are_rounded_up(hall):
    make_rule("Nearly always", start_time=dt.time(0, 1), end_time=dt.time(0))

    assert week_of(fresh(hall), NOON).idle_hours == 1


@pytest.mark.django_db
def test_a_calendar_is_listed_with_its_next_days():
    days = [[f"2026-{month:02}-01", f"2026-{month:02}-07"] for month in range(1, 13)]
    calendar = DayCalendar.objects.create(name="Market", days=days)

    row = calendar_row(calendar, dt.date(2026, 3, 7))

    assert row.calendar == calendar
    assert [span.first.month for span in row.coming] == [3, 4, 5, 6, 7, 8]
    assert [span.first.month for span in calendar_row(calendar, dt.date(2026, 12, 8)).coming] == []
