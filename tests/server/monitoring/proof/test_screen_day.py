"""The day of a screen: what was on when, and what is known of the time in between."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.support.recorded_plays import DAY, PlayRecorder

from beffroi_server.fleet.models import ScreenState
from beffroi_server.monitoring.proof.screen_day import ScreenDay, SpanKind, read_day

NOW = DAY + dt.timedelta(days=2)


@pytest.fixture
def plays(hall) -> PlayRecorder:
    return PlayRecorder(hall)


def day_of(plays: PlayRecorder, now: dt.datetime = NOW) -> ScreenDay:
    return read_day(plays.screen, DAY.date(), dt.UTC, now)


def spans(found: ScreenDay) -> list[tuple[str, float]]:
    return [(span.kind, (span.end - span.start).total_seconds() / 3600) for span in found.spans]


def test_tells_what_was_on_at_a_moment(plays):
    plays.at = DAY.replace(hour=17, minute=59, second=55)
    plays.show("media-1-1")
    plays.show("media-2-1")
    found = day_of(plays)

    assert [play.content for play in found.plays_at(DAY.replace(hour=18))] == ["media-1"]
    assert [play.content for play in found.plays_at(DAY.replace(hour=18, second=5))] == ["media-2"]
    assert found.plays_at(DAY.replace(hour=19)) == []
    assert len(found.plays_around(DAY.replace(hour=18))) == 2


def test_includes_what_began_the_day_before(plays):
    plays.at -= dt.timedelta(hours=1)
    plays.show("media-1-1", seconds=7200)

    assert spans(day_of(plays))[0] == (SpanKind.CONTENT, 1)


def test_names_the_gaps(plays):
    plays.show("media-1-1", seconds=6 * 3600, ended="standby")
    plays.skip(hours=2)
    plays.show("media-1-1", seconds=3600, ended="died")
    plays.skip(hours=1)
    plays.show("media-1-1", seconds=3600)
    plays.skip(hours=1)
    plays.show("media-1-1", seconds=12 * 3600)

    assert spans(day_of(plays)) == [
        ("content", 6), ("off", 2), ("content", 1), ("stopped", 1), ("content", 1), ("unknown", 1), ("content", 12)
    ]  # fmt: skip


def test_names_what_was_not_received_yet(plays):
    plays.show("media-1-1", seconds=3600)
    plays.skip(hours=2)
    plays.number += 5
    plays.show("media-1-1", seconds=21 * 3600)
    ScreenState.objects.update(plays_missing=[[2, 6]])

    assert spans(day_of(plays)) == [("content", 1), ("missing", 2), ("content", 21)]


def test_an_alert_covers_what_is_under_it(plays):
    plays.show("media-1-1", seconds=24 * 3600, zone="main")
    plays.at = DAY + dt.timedelta(hours=10)
    plays.show(alert="0f0e9d0a-0000-4000-8000-000000000000", seconds=3600)

    assert spans(day_of(plays)) == [("content", 10), ("alert", 1), ("content", 13)]


def test_says_since_when_nothing_comes(plays):
    plays.show("media-1-1", seconds=3600)
    ScreenState.objects.update(seen_at=DAY + dt.timedelta(hours=3))

    assert spans(day_of(plays)) == [("content", 1), ("missing", 2), ("silent", 21)]


def test_expects_what_is_on(plays):
    plays.show("media-1-1", seconds=3600)
    now = DAY + dt.timedelta(hours=2)
    ScreenState.objects.update(seen_at=now)

    assert spans(day_of(plays, now)) == [("content", 1), ("coming", 1)]


def test_a_day_without_anything_is_unknown(hall):
    assert spans(read_day(hall, DAY.date(), dt.UTC, NOW)) == [("unknown", 24)]
    assert spans(read_day(hall, DAY.date() + dt.timedelta(days=9), dt.UTC, NOW)) == []


def test_hours_have_their_contents(plays):
    plays.at = DAY.replace(hour=7, minute=50)
    plays.show("media-1-1", seconds=900)
    plays.show("media-2-1", seconds=300)
    first, second = day_of(plays).hours

    assert (first.start.hour, [(each.content, each.times, each.percent) for each in first.contents]) == (
        7, [("media-1", 1, 17)]
    )  # fmt: skip
    assert [(each.content, each.seconds) for each in second.contents] == [("media-1", 300), ("media-2", 300)]


def test_reads_a_day_with_a_few_queries(plays, django_assert_num_queries):
    plays.show("media-1-1", times=50)
    with django_assert_num_queries(4):
        day_of(plays)


def test_bands_are_no_part_of_the_day(plays):
    plays.show("band-right", seconds=3600)
    plays.show("media-1-1", seconds=3600)
    plays.show("band-right", seconds=3600)
    found = day_of(plays)

    assert found.contents == {"media-1"}
    assert [(hour.start.hour, [each.content for each in hour.contents]) for hour in found.hours] == [(1, ["media-1"])]
