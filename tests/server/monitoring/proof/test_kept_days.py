"""What a group has shown is summed up once for each day, and anew where something was added to the day."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.recorded_plays import DAY, PlayRecorder

from beffroi_server.fleet.play_models import DailyPlays
from beffroi_server.monitoring.proof import play_queries
from beffroi_server.monitoring.proof.daily_totals import count_new_plays
from beffroi_server.monitoring.proof.frame_confirmation import FrameConfirmation
from beffroi_server.monitoring.proof.kept_days import ContentTotals, KeptDays
from beffroi_server.monitoring.proof.play_queries import PlayPeriod

SATURDAY = DAY.date()
SUNDAY = SATURDAY + dt.timedelta(days=1)
CONFIRMED, NOBODY = FrameConfirmation(lambda play: True), FrameConfirmation(lambda play: False)
TOTALS = ContentTotals(1, 10, 0, DAY, DAY)


@pytest.fixture
def on_two_days(quay) -> PlayRecorder:
    """A screen of the group that showed two contents on Saturday, and one of them on Sunday."""
    recorder = PlayRecorder(quay)
    recorder.at = DAY.replace(hour=9)
    recorder.show("media-3-7", times=2)
    recorder.show("media-4-1")
    recorder.at = DAY.replace(hour=9) + dt.timedelta(days=1)
    recorder.show("media-3-7")
    count_new_plays(confirmation=NOBODY)
    return recorder


def shown(period: PlayPeriod) -> tuple[dict[str, int], list[str]]:
    """Return how often each content was shown, and what was asked of the totals of each screen."""
    with CaptureQueriesContext(connection) as asked:
        found = {row["content"]: row["shown"] for row in play_queries.totals_by(period, "content")}
    return found, [each["sql"] for each in asked if DailyPlays._meta.db_table in each["sql"]]


def test_a_day_that_stays_as_it_was_is_summed_up_once(on_two_days, district):
    period = PlayPeriod(SATURDAY, SUNDAY, group=district)

    found, asked = shown(period)
    assert (found, len(asked)) == ({"media-3": 3, "media-4": 1}, 1)
    assert shown(period) == (found, [])
    assert shown(PlayPeriod(SUNDAY, SUNDAY, group=district)) == ({"media-3": 1}, [])


def test_what_comes_late_counts_on_its_day(on_two_days, district):
    period = PlayPeriod(SATURDAY, SUNDAY, group=district)
    shown(period)

    on_two_days.at = DAY.replace(hour=12)
    on_two_days.show("media-5-1")
    count_new_plays(confirmation=CONFIRMED)

    found, asked = shown(period)
    assert found == {"media-3": 3, "media-4": 1, "media-5": 1}
    (of_saturday,) = asked
    assert str(SATURDAY) in of_saturday
    (late,) = play_queries.totals_by(period, "content")[2:]
    assert (late["proven"], late["length_ms"], late["begins_at"]) == (1, 10_000, DAY.replace(hour=12))


def test_a_screen_that_joins_or_leaves_counts_as_it_is_now(on_two_days, hall, quay, district):
    period = PlayPeriod(SATURDAY, SUNDAY, group=district)
    other = PlayRecorder(hall)
    other.at = DAY.replace(hour=9)
    other.show("media-3-7", times=4)
    count_new_plays(confirmation=NOBODY)
    before, _asked = shown(period)

    hall.groups.add(district)
    assert shown(period)[0] == {"media-3": 7, "media-4": 1}
    hall.groups.remove(district)
    assert shown(period)[0] == before
    quay.groups.remove(district)
    assert shown(period)[0] == {}


def test_totals_of_a_group_are_those_of_its_screens(on_two_days, quay, district):
    of_group, of_screen = PlayPeriod(SATURDAY, SUNDAY, group=district), PlayPeriod(SATURDAY, SUNDAY, screen=quay)

    for grouping in play_queries.GROUPINGS:
        assert list(play_queries.totals_by(of_group, grouping)) == list(play_queries.totals_by(of_screen, grouping))
    assert play_queries.total_of(of_group) == play_queries.total_of(of_screen)


def test_no_more_is_kept_than_there_is_room_for():
    days = {SATURDAY: 1, SUNDAY: 1}
    kept, asked = KeptDays(most_totals=3), []

    def read(missing):
        asked.append(list(missing))
        return [(day, content, TOTALS) for day in missing for content in ("a", "b")]

    both = {"a": ContentTotals(2, 20, 0, DAY, DAY), "b": ContentTotals(2, 20, 0, DAY, DAY)}
    assert kept.sum_up(1, days, read) == both
    assert kept.sum_up(1, days, read) == both
    assert kept.sum_up(2, {SUNDAY: 1}, read) == {"a": TOTALS, "b": TOTALS}
    assert asked == [[SATURDAY, SUNDAY], [SATURDAY], [SUNDAY]]
