"""Moments in forms, on the nights on which the clocks change, too."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.utils import timezone

from beffroi_server.web.local_times import LocalDateTimeField, LocalEndField

pytestmark = pytest.mark.usefixtures("english")


def entered(text: str, field=LocalDateTimeField, zone: str = "Europe/Paris") -> str:
    with timezone.override(zone):
        moment = field().clean(text)
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("2026-12-05T19:30", LocalDateTimeField, "2026-12-05T18:30Z"),
        ("2026-07-05T19:30", LocalEndField, "2026-07-05T17:30Z"),
        # 2:30 occurs twice: what starts then starts at the first, what ends then ends at the second.
        ("2027-10-31T02:30", LocalDateTimeField, "2027-10-31T00:30Z"),
        ("2027-10-31T02:30", LocalEndField, "2027-10-31T01:30Z"),
    ],
)
def test_an_hour_is_that_of_the_town(text, field, expected):
    assert entered(text, field) == expected


@pytest.mark.parametrize("field", [LocalDateTimeField, LocalEndField])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2027-03-28T02:30", "02:30 does not exist. Enter 03:30"),
        ("0001-01-01T00:00", "between 1970 and 2199"),
        ("9999-12-31T23:59", "between 1970 and 2199"),
        ("soon", "Enter a valid date/time"),
        ("2026-13-01T10:00", "Enter a valid date/time"),
    ],
)
def test_what_is_no_hour_is_refused_in_plain_words(field, text, message):
    with pytest.raises(ValidationError, match=message):
        entered(text, field)


def test_a_page_names_the_day_that_a_moment_has_in_the_town():
    page = Template("{% load beffroi %}{{ at|day }}; {{ at|moments_between:end }}")
    at = dt.datetime(2026, 6, 30, 22, 30, tzinfo=dt.UTC)
    with timezone.override("Europe/Paris"):
        said = page.render(Context({"at": at, "end": at + dt.timedelta(hours=1)}))
    assert said == "1 July 2026; on 1 July 2026 from 00:30 until 01:30"
