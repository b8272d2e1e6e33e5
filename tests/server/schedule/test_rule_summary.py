"""Summary of a schedule rule as one sentence."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from beffroi_server.schedule import services
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.models import ScheduleRule
from beffroi_server.schedule.rule_summary import RulePlaces, places_text, rule_summary, saved_rule_sentence

pytestmark = pytest.mark.usefixtures("english")
NINE, SIX, NIGHT = dt.time(9), dt.time(18), dt.time(0)


def summary(places: RulePlaces | None = None, **values: object) -> str:
    return rule_summary(ScheduleRule(**values), places or RulePlaces(everywhere=True))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "all the time"),
        ({"start_time": NIGHT, "end_time": NIGHT}, "all the time"),
        ({"start_time": NINE, "end_time": SIX}, "every day from 09:00 to 18:00"),
        ({"start_time": SIX, "end_time": NIGHT}, "every day from 18:00 to midnight"),
        ({"start_time": SIX, "end_time": NINE}, "every day from 18:00 to 09:00 the next day"),
        (
            {"start_time": NINE, "end_time": dt.time(12), "more_times": [["14:00", "18:00"]]},
            "every day from 09:00 to 12:00 and from 14:00 to 18:00",
        ),
        ({"daypart": "daylight"}, "every day from sunrise to sunset"),
        ({"daypart": "dark"}, "every day from sunset to sunrise"),
    ],
)
def test_hours_are_said(values, text):
    assert summary(**values) == f"on all screens, {text}, in turn with others"


@pytest.mark.parametrize(
    ("weekdays", "text"),
    [
        ("12345", "Monday to Friday"),
        ("567", "Friday to Sunday"),
        ("67", "on Saturdays and on Sundays"),
        ("135", "on Mondays, on Wednesdays and on Fridays"),
        ("3", "on Wednesdays"),
        ("123567", "every day except on Thursdays"),
        ("234567", "Tuesday to Sunday"),
        ("", "on no day"),
    ],
)
def test_days_of_the_week_are_said(weekdays, text):
    assert summary(weekdays=weekdays) == f"on all screens, {text}, all day, in turn with others"


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (dt.date(2026, 7, 1), None, "starting 1 July 2026"),
        (None, dt.date(2026, 8, 31), "until 31 August 2026"),
        (dt.date(2026, 7, 1), dt.date(2026, 8, 31), "from 1 July 2026 to 31 August 2026"),
    ],
)
def test_dates_are_said(first, last, text):
    assert f"all the time, {text}," in summary(first_date=first, last_date=last)


def test_a_single_day_comes_before_its_hours():
    day = dt.date(2026, 7, 14)

    found = summary(first_date=day, last_date=day, start_time=NINE, end_time=SIX)

    assert found == "on all screens, on 14 July 2026, from 09:00 to 18:00, in turn with others"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"mode": "replace"}, "on its own"),
        ({"weight": 3}, "in turn with others, with a share of 3"),
        ({"mode": "interject", "amount": 10}, "between the others, at least every 10 minutes"),
        ({"mode": "interject", "amount": 1}, "between the others, at least every minute"),
        ({"mode": "interject", "cadence": "times-an-hour", "amount": 1}, "between the others, at most 1 time an hour"),
        ({"mode": "interject", "cadence": "seconds-an-hour", "amount": 90}, "between the others, 90 seconds an hour"),
        ({"priority": 70}, "in turn with others, before anything less important"),
        ({"priority": 30}, "in turn with others, when nothing more important is on"),
    ],
)
def test_mode_and_priority_are_said(values, text):
    assert summary(**values) == f"on all screens, all the time, {text}"


@pytest.mark.parametrize(
    ("extra", "left_out", "text"),
    [
        (["2026-12-24"], [], "1 day more"),
        ([], ["2026-12-25", "2026-12-26"], "2 days less"),
        (["2026-12-24"], ["2026-12-25"], "1 day more and 1 day less"),
    ],
)
def test_single_dates_are_counted(extra, left_out, text):
    assert f", {text}," in summary(extra_dates=extra, except_dates=left_out)


@pytest.mark.parametrize(
    ("screens", "groups", "text"),
    [
        ((), (), "on no screen yet"),
        (["Hall"], (), "on the screen Hall"),
        (["Hall", "Quay"], (), "on the screens Hall and Quay"),
        ((), ["Harbour"], "on the screens of the group Harbour"),
        ((), ["Harbour", "Schools"], "on the screens of the groups Harbour and Schools"),
        (["Hall"], ["Harbour"], "on the screens of the group Harbour and on the screen Hall"),
        (list("abcde"), (), "on 5 screens"),
        ((), list("abcde"), "on the screens of 5 groups"),
        (["  Hall   of  town "], (), "on the screen Hall of town"),
    ],
)
def test_places_are_named_or_counted(screens, groups, text):
    assert places_text(RulePlaces(False, screens, groups)) == text


@pytest.mark.parametrize(
    ("rhythm", "text"),
    [
        ("weekly", "on Fridays, all day, in turn"),
        ("fortnightly", "on Fridays, every other week"),
        ("-1", "on Fridays, the last of the month only"),
    ],
)
def test_the_recurrence_is_said(rhythm, text):
    assert text in summary(weekdays="5", rhythm=rhythm)


@pytest.mark.django_db
def test_a_saved_rule_is_a_sentence_that_begins_with_its_playlist(playlist, district, hall):
    rule = playlist.rules.get()
    rule.everywhere = False
    calendar = DayCalendar.objects.create(name="School holidays", days=[["2026-12-19", "2027-01-03"]])
    services.save_rule(rule, user=None, screens=[hall], groups=[district], never_on=[calendar])

    assert saved_rule_sentence(ScheduleRule.objects.get()) == (
        "Everywhere, on the screens of the group Harbour and on the screen Town hall, all the time,"
        " not on days of “School holidays”, in turn with others."
    )


@pytest.mark.django_db
def test_it_speaks_the_language_of_its_reader(playlist):
    with translation.override("fr"):
        found = saved_rule_sentence(playlist.rules.get())

    assert found.startswith("Everywhere, sur tous les écrans")
