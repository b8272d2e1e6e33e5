"""Week of a screen: parts of days, shares of slides, rules that are never seen."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from beffroi_server.fleet.models import Screen
from beffroi_server.library.models import Announcement
from beffroi_server.monitoring.screen_week import calendar_row, week_of
from beffroi_server.schedule import services
from beffroi_server.schedule.models import DayCalendar, Playlist, ScheduleRule

PARIS = ZoneInfo("Europe/Paris")
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

    assert [day.date for day in week.days] == [dt.date(2026, 6, 15 + number) for number in range(7)]
    assert all(day.drawn == () for day in week.days)
    assert week.idle_hours == 7 * 24
    assert (week.unseen, week.hidden) == ((), ())


def test_a_day_is_cut_where_something_else_comes_on(hall):
    make_rule("Usual")
    make_rule("Noon", priority=70, start_time=dt.time(12), end_time=dt.time(18), weekdays="1")

    monday, tuesday, *_ = week_of(fresh(hall), NOON).days

    parts = [(part.playlists, f"{part.start:%H}-{part.end:%H}", part.left, part.width) for part in monday.parts]
    assert parts == [
        (("Usual",), "00-12", 0.0, 50.0), (("Noon",), "12-18", 50.0, 25.0), (("Usual",), "18-00", 75.0, 25.0),
    ]  # fmt: skip
    assert [part.playlists for part in tuesday.parts] == [("Usual",)]
    colours = {part.playlists: part.colour for part in (*monday.parts, *tuesday.parts)}
    assert len(set(colours.values())) == 2
    assert 0 not in colours.values()


def test_playlists_that_rotate_are_named_together(hall):
    make_rule("A")
    make_rule("B", weight=3)

    week = week_of(fresh(hall), NOON)

    (part,) = week.days[0].parts
    assert part.playlists == ("A", "B")
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


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2026, 3, 29), 23), (dt.date(2026, 10, 25), 25)])
def test_a_day_on_which_the_clock_changes_is_whole(hall, day, hours):
    make_rule("Usual")
    make_rule("Morning", priority=70, start_time=dt.time(0), end_time=dt.time(12))

    first = week_of(fresh(hall), dt.datetime.combine(day, dt.time(8), PARIS)).days[0]

    assert first.date == day
    morning, afternoon = first.parts
    assert morning.width == pytest.approx(100 * (hours - 12) / hours, abs=0.01)
    assert morning.width + afternoon.width == pytest.approx(100, abs=0.01)


@pytest.mark.django_db
def test_a_calendar_is_listed_with_its_next_days():
    days = [[f"2026-{month:02}-01", f"2026-{month:02}-07"] for month in range(1, 13)]
    calendar = DayCalendar.objects.create(name="Market", days=days)

    row = calendar_row(calendar, dt.date(2026, 3, 7))

    assert row.calendar == calendar
    assert [span.first.month for span in row.coming] == [3, 4, 5, 6, 7, 8]
    assert [span.first.month for span in calendar_row(calendar, dt.date(2026, 12, 8)).coming] == []
