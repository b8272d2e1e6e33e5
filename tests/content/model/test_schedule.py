"""Schedule rules, windows, calendars and hours as data."""

import datetime as dt

import pytest
from pydantic import ValidationError

from beffroi_content.model import (
    DayCalendar,
    DayRange,
    Interjection,
    InterjectionCadence,
    Playlist,
    PowerState,
    RuleMode,
    ScheduleRule,
    ScreenHours,
    SunEvent,
    SunTime,
    TimeWindow,
)

OFFICE = {"start": "08:00", "end": "18:00"}


def rule(**changes) -> ScheduleRule:
    return ScheduleRule.model_validate({"id": "news", "name": "News", "playlist": "news-list"} | changes)


class TestRule:
    def test_without_anything_else_is_always_on(self):
        found = rule()
        assert (found.mode, found.weight, found.priority, found.zone) == (RuleMode.ROTATE, 1, 50, "main")
        assert not found.is_dated
        assert found.parsed_recurrence is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"first_date": "2026-12-01"},
            {"last_date": "2026-12-01"},
            {"weekdays": [1, 2, 3, 4, 5, 6]},
            {"times": [OFFICE]},
            {"extra_dates": ["2026-12-24"]},
            {"except_dates": ["2026-12-24"]},
            {"only_on": ["holidays"]},
            {"never_on": ["holidays"]},
            {"first_date": "2026-12-01", "recurrence": "FREQ=DAILY"},
        ],
        ids="-".join,
    )
    def test_that_depends_on_the_time_is_dated(self, changes):
        assert rule(**changes).is_dated

    @pytest.mark.parametrize(
        "changes", [{"priority": 90}, {"weight": 3}, {"zone": "side"}, {"mode": "replace"}], ids=str
    )
    def test_that_depends_on_nothing_but_its_rank_is_not_dated(self, changes):
        assert not rule(**changes).is_dated

    def test_may_repeat_by_a_rule_of_calendars(self):
        found = rule(first_date="2026-12-01", recurrence="FREQ=MONTHLY;BYDAY=1TU").parsed_recurrence
        assert found.includes_day(dt.date(2026, 12, 1), dt.date(2026, 12, 1))
        assert not found.includes_day(dt.date(2026, 12, 8), dt.date(2026, 12, 1))

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"first_date": "2026-12-02", "last_date": "2026-12-01"}, "not before"),
            ({"weekdays": []}, "weekday"),
            ({"weekdays": [0]}, "greater than"),
            ({"weekdays": [8]}, "less than"),
            ({"recurrence": "FREQ=DAILY"}, "first date"),
            ({"recurrence": "FREQ=HOURLY", "first_date": "2026-12-01"}, "FREQ=HOURLY"),
            ({"mode": "interject"}, "interjects"),
            ({"interjection": {"cadence": "every-minutes", "amount": 5}}, "interjects"),
            ({"priority": 101}, "100"),
            ({"weight": -1}, "0"),
            ({"mode": "shout"}, "mode"),
            ({"times": [OFFICE] * 25}, "24"),
        ],
        ids=str,
    )
    def test_that_contradicts_itself_is_refused(self, changes, complaint):
        with pytest.raises(ValidationError, match=complaint):
            rule(**changes)

    def test_crosses_the_wire_unchanged(self):
        interjection = Interjection(cadence=InterjectionCadence.TIMES_AN_HOUR, amount=4)
        full = rule(
            mode="interject", interjection=interjection, times=[OFFICE, {"start": {"event": "sunset"}, "end": "23:00"}],
            weekdays=[6, 7], only_on=["holidays"], extra_dates=["2026-12-24"], priority=80,
        )  # fmt: skip
        assert ScheduleRule.model_validate_json(full.to_json()) == full

    @pytest.mark.parametrize("amount", [0, 3_601])
    def test_interjects_within_an_hour(self, amount):
        with pytest.raises(ValidationError):
            Interjection(cadence="every-minutes", amount=amount)


class TestWindow:
    def test_may_begin_and_end_with_the_sun(self):
        window = TimeWindow(start=SunTime(event=SunEvent.SUNSET, offset_minutes=-30), end=dt.time(23, 0))
        assert TimeWindow.model_validate_json(window.to_json()) == window

    @pytest.mark.parametrize("wrong", [{"start": "08:00Z"}, {"end": "18:00+01:00"}], ids=str)
    def test_is_in_local_time(self, wrong):
        with pytest.raises(ValidationError, match="without an offset"):
            TimeWindow.model_validate(OFFICE | wrong)

    @pytest.mark.parametrize("offset", [-721, 721])
    def test_lies_within_twelve_hours_of_the_sun(self, offset):
        with pytest.raises(ValidationError):
            SunTime(event="sunrise", offset_minutes=offset)


class TestDays:
    @pytest.mark.parametrize(("first", "last"), [("2026-12-24", "2026-12-24"), ("2026-07-04", "2027-08-08")])
    def test_form_a_range(self, first, last):
        assert DayRange(first=first, last=last).last.isoformat() == last

    @pytest.mark.parametrize(("first", "last"), [("2026-12-25", "2026-12-24"), ("2026-01-01", "2027-02-06")])
    def test_do_not_form_a_range_backwards_or_of_years(self, first, last):
        with pytest.raises(ValidationError, match="400 days"):
            DayRange(first=first, last=last)

    def test_of_a_calendar_are_400_ranges_at_most(self):
        day = DayRange(first="2026-12-24", last="2026-12-24")
        assert len(DayCalendar(id="c", name="C", days=(day,) * 400).days) == 400
        with pytest.raises(ValidationError):
            DayCalendar(id="c", name="C", days=(day,) * 401)


class TestPlaylist:
    @pytest.mark.parametrize("wrong", [{"take": -1}, {"take": 501}, {"order": "random"}, {"slides": ["A"]}], ids=str)
    def test_that_cannot_be_shown_is_refused(self, wrong):
        with pytest.raises(ValidationError):
            Playlist(**{"id": "p", "name": "P"} | wrong)


class TestHours:
    def test_dim_a_display_to_a_third_unless_they_say_otherwise(self):
        hours = ScreenHours(state=PowerState.DIM, window=TimeWindow.model_validate(OFFICE))
        assert (hours.brightness, hours.weekdays) == (30, frozenset(range(1, 8)))

    @pytest.mark.parametrize("brightness", [0, 101])
    def test_have_a_brightness_in_percent(self, brightness):
        with pytest.raises(ValidationError):
            ScreenHours(state="dim", window=TimeWindow.model_validate(OFFICE), brightness=brightness)
