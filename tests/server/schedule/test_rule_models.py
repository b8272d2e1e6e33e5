"""Schedule rules as rows: conversion for the timeline, and combinations of values that are refused."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from beffroi_content import model as content
from beffroi_server.schedule import services
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.models import DEFAULT_FIRST_DATE, Entry, ScheduleRule

NINE, NOON, SIX = dt.time(9), dt.time(12), dt.time(18)


def converted(**values: object) -> content.ScheduleRule:
    return ScheduleRule(name="x", playlist_id=7, **values).to_content()


class TestConversion:
    def test_of_a_rule_that_is_not_saved_has_the_number_0(self):
        found = converted()

        assert (found.id, found.playlist) == ("rule-0", "playlist-7")
        assert not found.is_dated

    @pytest.mark.parametrize("mode", content.RuleMode)
    def test_keeps_the_mode(self, mode):
        found = converted(mode=mode.value, weight=3, priority=70)

        assert (found.mode, found.weight, found.priority) == (mode, 3, 70)

    @pytest.mark.parametrize("cadence", content.InterjectionCadence)
    def test_gives_the_frequency_of_an_interjection(self, cadence):
        found = converted(mode="interject", cadence=cadence.value, amount=5)

        assert found.interjection == content.Interjection(cadence=cadence, amount=5)

    @pytest.mark.parametrize("mode", ["rotate", "replace"])
    def test_gives_no_frequency_to_other_modes(self, mode):
        assert converted(mode=mode, cadence="times-an-hour", amount=5).interjection is None

    @pytest.mark.parametrize(
        ("rhythm", "weekdays", "recurrence"),
        [
            ("weekly", "135", ""),
            ("fortnightly", "15", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"),
            ("1", "2", "FREQ=MONTHLY;BYDAY=1TU"),
            ("3", "67", "FREQ=MONTHLY;BYDAY=3SA,3SU"),
            ("-1", "5", "FREQ=MONTHLY;BYDAY=-1FR"),
        ],
    )
    def test_writes_the_recurrence_as_in_rfc_5545(self, rhythm, weekdays, recurrence):
        found = converted(rhythm=rhythm, weekdays=weekdays, first_date=dt.date(2026, 6, 1))

        assert found.recurrence == recurrence
        assert sorted(found.weekdays) == [int(day) for day in weekdays]

    def test_gives_a_monthly_rule_a_first_day(self):
        assert converted(rhythm="2", weekdays="1").first_date == DEFAULT_FIRST_DATE
        assert converted(rhythm="2", weekdays="1", first_date=dt.date(2026, 6, 1)).first_date == dt.date(2026, 6, 1)
        assert converted().first_date is None

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({}, []),
            ({"start_time": NINE}, []),
            ({"start_time": NINE, "end_time": SIX}, [("09:00", "18:00")]),
            (
                {"start_time": NINE, "end_time": NOON, "more_times": [["14:00", "18:00"], ["20:00", "22:00"]]},
                [("09:00", "12:00"), ("14:00", "18:00"), ("20:00", "22:00")],
            ),
        ],
    )
    def test_lists_the_hours_of_a_day(self, values, expected):
        windows = converted(**values).times

        assert [(f"{window.start:%H:%M}", f"{window.end:%H:%M}") for window in windows] == expected

    @pytest.mark.parametrize(("daypart", "events"), [("daylight", "sunrise sunset"), ("dark", "sunset sunrise")])
    def test_follows_the_sun(self, daypart, events):
        (window,) = converted(daypart=daypart, start_time=NINE, end_time=SIX).times

        assert [window.start.event, window.end.event] == events.split()

    def test_names_single_days(self):
        found = converted(extra_dates=["2026-12-24"], except_dates=["2026-12-25", "2026-12-26"])

        assert found.extra_dates == frozenset({dt.date(2026, 12, 24)})
        assert found.except_dates == frozenset({dt.date(2026, 12, 25), dt.date(2026, 12, 26)})

    @pytest.mark.django_db
    def test_names_the_calendars_that_are_stored_or_chosen(self, playlist):
        market = DayCalendar.objects.create(name="Market", days=[["2026-06-15", "2026-06-15"]])
        other = DayCalendar.objects.create(name="Other", days=[["2026-06-16", "2026-06-16"]])
        rule = playlist.rules.get()
        services.save_rule(rule, user=None, only_on=[market])

        assert rule.to_content().only_on == frozenset({market.identifier})
        rule.chosen_only_on = [other]
        assert rule.to_content().only_on == frozenset({other.identifier})
        assert rule.to_content().never_on == frozenset()


class TestRefusals:
    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"first_date": dt.date(2026, 6, 2), "last_date": dt.date(2026, 6, 1)}, "last_date"),
            ({"start_time": NINE}, "end_time"),
            ({"end_time": SIX}, "end_time"),
            ({"more_times": [["14:00", "18:00"]]}, "start_time"),
            ({"rhythm": "fortnightly"}, "first_date"),
        ],
    )
    def test_are_of_dates_and_times_that_make_no_window(self, values, field):
        with pytest.raises(ValidationError) as refused:
            ScheduleRule(name="x", **values).clean()

        assert list(refused.value.message_dict) == [field]

    @pytest.mark.parametrize(
        "values",
        [
            {"first_date": dt.date(2026, 6, 1), "last_date": dt.date(2026, 6, 1)},
            {"start_time": SIX, "end_time": NINE},
            {"daypart": "dark", "more_times": [["14:00", "18:00"]]},
            {"rhythm": "fortnightly", "first_date": dt.date(2026, 6, 1)},
            {"rhythm": "-1"},
        ],
    )
    def test_are_not_of_what_makes_sense(self, values):
        ScheduleRule(name="x", **values).clean()

    @pytest.mark.parametrize(
        "values",
        [{"priority": 101}, {"weight": -1}, {"weight": 101}, {"amount": 0}, {"amount": 3601}, {"mode": "shuffle"}],
    )
    @pytest.mark.django_db
    def test_are_of_numbers_out_of_range(self, playlist, values):
        with pytest.raises(ValidationError) as refused:
            services.save_rule(ScheduleRule(name="x", playlist=playlist, **values), user=None)

        assert set(refused.value.message_dict) == set(values)

    def test_are_of_an_entry_that_ends_before_it_begins(self):
        noon = dt.datetime(2026, 6, 15, 12, tzinfo=dt.UTC)
        Entry(valid_from=noon, valid_until=noon + dt.timedelta(minutes=1)).clean()

        with pytest.raises(ValidationError):
            Entry(valid_from=noon, valid_until=noon).clean()


@pytest.mark.django_db
class TestDayCalendars:
    def test_that_were_imported_keep_their_days(self):
        calendar = DayCalendar.objects.create(name="Holidays", days=[["2026-12-19", "2027-01-03"]])

        found = calendar.to_content()

        assert (found.id, found.name) == (calendar.identifier, "Holidays")
        assert [(str(span.first), str(span.last)) for span in found.days] == [("2026-12-19", "2027-01-03")]

    def test_of_a_country_are_computed(self):
        found = DayCalendar(name="Public holidays", country="FR", pk=3).to_content()

        assert found.id == "calendar-3"
        assert any((span.first.month, span.first.day) == (7, 14) for span in found.days)
        assert all(span.first == span.last for span in found.days)
