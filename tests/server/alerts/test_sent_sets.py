"""Signed alert sets are kept for the months that the town says, and deleted by no wrong clock."""

from __future__ import annotations

import datetime as dt

import pytest

from beffroi_server.accounts.models import Town
from beffroi_server.alerts import sent_sets
from beffroi_server.alerts.models import SentAlertSet
from beffroi_server.fleet.plays import retention

BEGIN = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
WEEK = dt.timedelta(weeks=1)


@pytest.fixture
def year(town: Town) -> None:
    """Proof of play is kept for a month, and signed alerts for twelve: the marks of both are the same."""
    Town.objects.update(plays_months=1, alert_sets_months=12)


def weeks(count: int, *, begin: dt.datetime = BEGIN) -> dt.datetime:
    """Let weeks pass, with an alert in each; return the last instant."""
    for number in range(count):
        now = begin + number * WEEK
        SentAlertSet.objects.create(topic="all", sequence=round(now.timestamp()), payload=b"signed", sent_at=now)
        retention.delete_expired_plays(now)
        sent_sets.delete_expired(now)
    return now


def test_the_sets_of_a_year_stay_and_older_ones_go(year):
    assert not SentAlertSet.objects.filter(sent_at__gt=weeks(50)).exists()
    assert SentAlertSet.objects.count() == 50

    now = weeks(30, begin=BEGIN + 50 * WEEK)

    oldest = SentAlertSet.objects.earliest("sent_at").sent_at
    assert retention.months_before(now, 12) - WEEK <= oldest <= retention.months_before(now, 12) + WEEK
    assert 52 <= SentAlertSet.objects.count() <= 54


def test_a_clock_that_leaps_by_years_deletes_nothing(year):
    leap = weeks(20) + dt.timedelta(days=4000)

    retention.delete_expired_plays(leap)

    assert sent_sets.delete_expired(leap) == 0


def test_five_years_and_a_month_unless_the_town_says_otherwise(town):
    assert town.alert_sets_months == 61
