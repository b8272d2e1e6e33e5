"""End of an announcement's event: the instant, and the condition that it is past."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from beffroi_server.library.event_dates import event_end, event_is_over
from beffroi_server.library.models import Announcement

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> dt.datetime:
    """Return a local time in Paris."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("template", "starts", "ends", "expected"),
    [
        ("event", "2026-06-15T20:00", None, "2026-06-16T00:00"),
        ("event", "2026-06-15T00:00", None, "2026-06-16T00:00"),
        ("event", "2026-06-15T20:00", "2026-06-15T22:30", "2026-06-15T22:30"),
        ("event", "2026-06-15T20:00", "2026-06-17T02:00", "2026-06-17T02:00"),
        ("event", None, "2026-06-15T22:30", "2026-06-15T22:30"),
        ("event", None, None, None),
        ("works", "2026-06-15T08:00", "2026-06-17T17:00", "2026-06-17T17:00"),
        ("works", "2026-06-15T08:00", None, None),
        ("countdown", "2026-06-15T08:00", "2026-06-17T17:00", "2026-06-17T17:00"),
        ("news", "2026-06-15T20:00", "2026-06-15T22:30", None),
        ("notice", "2026-06-15T20:00", None, None),
    ],
)
def test_an_event_ends_at_its_end_or_with_its_day(template, starts, ends, expected):
    announcement = Announcement(title="Fête", template=template, starts=starts and at(starts), ends=ends and at(ends))

    assert event_end(announcement, PARIS) == (expected and at(expected))


@pytest.mark.parametrize(
    ("starts", "hours"), [("2026-03-29T12:00", 23), ("2026-10-25T12:00", 25), ("2026-06-15T12:00", 24)]
)
def test_a_day_may_have_another_length_when_the_clock_changes(starts, hours):
    announcement = Announcement(title="Fête", template="event", starts=at(starts))

    end = event_end(announcement, PARIS)

    assert end is not None
    midnight = at(starts).replace(hour=0)
    assert end.astimezone(dt.UTC) - midnight.astimezone(dt.UTC) == dt.timedelta(hours=hours)


@pytest.mark.django_db
def test_the_condition_says_the_same_as_the_instant():
    """Every hour around two changes of the clock, for events of every shape."""
    days = ["2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25", "2026-06-15"]
    starts = [at(f"{day}T{hour:02}:30") for day in days for hour in (0, 5, 23)]
    lengths = [None, dt.timedelta(minutes=10), dt.timedelta(hours=30)]
    made = [
        Announcement.objects.create(title=f"{number}", template="event", starts=start, ends=length and start + length)
        for number, (start, length) in enumerate((start, length) for start in starts for length in lengths)
    ]
    Announcement.objects.create(title="Never over", starts=starts[0], ends=starts[0])

    for now in (start + dt.timedelta(hours=hours) for start in starts[::3] for hours in range(-2, 50, 3)):
        over = set(Announcement.objects.filter(event_is_over(now, PARIS)).values_list("title", flat=True))
        assert over == {each.title for each in made if (end := event_end(each, PARIS)) is not None and end <= now}


@pytest.mark.django_db
def test_the_last_hour_of_a_day_with_25_hours_is_still_that_day():
    Announcement.objects.create(title="Fête", template="event", starts=at("2026-10-25T10:00"))
    before_midnight = dt.datetime(2026, 10, 25, 22, 45, tzinfo=dt.UTC)

    assert not Announcement.objects.filter(event_is_over(before_midnight, PARIS)).exists()
    assert Announcement.objects.filter(event_is_over(before_midnight + dt.timedelta(minutes=15), PARIS)).exists()
