"""When a schedule rule applies: by what the clock on the wall reads."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from beffroi_content.model import ScheduleRule, TimeWindow
from beffroi_content.timeline.calendar import LocalCalendar, local_time, rule_applies, rule_boundaries

PARIS, LORD_HOWE, ST_JOHNS = ZoneInfo("Europe/Paris"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns")
MINUTE = 60_000
DAY = 1440 * MINUTE
MONDAY_TO_FRIDAY = frozenset(range(1, 6))


def rule(*times: str, **changes) -> ScheduleRule:
    """Return a rule with windows written ``08:00-18:30``."""
    windows = [TimeWindow(start=start, end=end) for start, end in (window.split("-") for window in times)]
    return ScheduleRule(**{"id": "rule", "name": "Rule", "playlist": "news", "times": windows} | changes)


def on(schedule: ScheduleRule, local: str) -> bool:
    return rule_applies(schedule, dt.datetime.fromisoformat(local), LocalCalendar(PARIS))


def unix(text: str, zone: ZoneInfo = PARIS, fold: int = 0) -> int:
    """Return the instant at which the clock on the wall shows a time; the second one with ``fold=1``."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()) * 1000


def applies_at(schedule: ScheduleRule, unix_ms: int, zone: ZoneInfo) -> bool:
    return rule_applies(schedule, local_time(unix_ms, zone), LocalCalendar(zone))


def walls(schedule: ScheduleRule, start: str, hours: int, zone: ZoneInfo = PARIS) -> list[str]:
    """Return what the clock on the wall shows each time that the rule begins or ceases to apply."""
    now = unix(start, zone)
    end = now + hours * 60 * MINUTE
    found = []
    while (after := rule_boundaries(schedule, now, LocalCalendar(zone))[1]) is not None and after < end:
        now = after
        found.append(local_time(now, zone).isoformat(timespec="minutes"))
    return found


class TestTimesOfDay:
    def test_a_rule_without_limits_always_applies(self):
        assert on(rule(), "2026-11-24T03:00")
        assert rule_boundaries(rule(), unix("2026-11-24T03:00"), LocalCalendar(PARIS)) == (None, None)

    def test_a_window_holds_its_start_and_not_its_end(self):
        office = rule("08:30-17:00")
        assert [on(office, f"2026-11-24T{time}") for time in ("08:29:59", "08:30", "16:59:59.999", "17:00")] == [
            False,
            True,
            True,
            False,
        ]

    def test_several_windows_add_up(self):
        market = rule("08:00-12:00", "14:00-18:00")
        assert walls(market, "2026-11-24T00:00", 24) == [f"2026-11-24T{time}:00" for time in ("08", "12", "14", "18")]

    def test_windows_that_touch_are_one(self):
        assert walls(rule("08:00-12:00", "12:00-18:00"), "2026-11-24T00:00", 24) == [
            "2026-11-24T08:00",
            "2026-11-24T18:00",
        ]

    def test_a_window_past_midnight_ends_on_the_next_day(self):
        night = rule("22:00-06:00")
        assert on(night, "2026-11-24T23:00")
        assert on(night, "2026-11-25T05:59")
        assert not on(night, "2026-11-25T06:00")

    def test_a_window_that_ends_as_it_starts_is_a_whole_day(self):
        saturday = rule("06:00-06:00", weekdays={6})
        assert walls(saturday, "2026-11-23T00:00", 168) == ["2026-11-28T06:00", "2026-11-29T06:00"]

    def test_midnight_as_an_end_is_that_of_the_same_night(self):
        assert walls(rule("18:00-00:00"), "2026-11-24T12:00", 24) == ["2026-11-24T18:00", "2026-11-25T00:00"]

    def test_a_boundary_within_a_millisecond_is_not_missed(self):
        odd = rule("08:00:00.000500-09:00")
        after = rule_boundaries(odd, unix("2026-11-24T07:00"), LocalCalendar(PARIS))[1]
        assert after == unix("2026-11-24T08:00") + 1
        assert applies_at(odd, after, PARIS)


class TestDaysAndDates:
    def test_a_night_belongs_to_the_day_it_starts_on(self):
        friday_night = rule("22:00-06:00", weekdays={5})
        assert on(friday_night, "2026-11-27T22:00")
        assert on(friday_night, "2026-11-28T05:00")
        assert not on(friday_night, "2026-11-27T05:00")
        assert not on(friday_night, "2026-11-28T22:00")

    def test_the_last_date_is_included_with_its_night(self):
        advent = rule("18:00-02:00", first_date="2026-12-01", last_date="2026-12-24")
        assert not on(advent, "2026-12-01T01:00")
        assert on(advent, "2026-12-01T18:00")
        assert on(advent, "2026-12-25T01:59")
        assert not on(advent, "2026-12-25T18:00")

    def test_dates_without_times_go_from_midnight_to_midnight(self):
        fair = rule(first_date="2026-11-27", last_date="2026-11-29")
        assert walls(fair, "2026-11-24T12:00", 500) == ["2026-11-27T00:00", "2026-11-30T00:00"]

    def test_the_weekend_is_no_reason_to_stop_looking_ahead(self):
        office = rule("08:00-18:00", weekdays=MONDAY_TO_FRIDAY)
        assert rule_boundaries(office, unix("2026-11-27T18:00"), LocalCalendar(PARIS)) == (
            unix("2026-11-27T18:00"),
            unix("2026-11-30T08:00"),
        )

    def test_a_rule_of_next_year_is_known_to_begin_then(self):
        assert rule_boundaries(rule(first_date="2028-02-29"), unix("2026-11-24T12:00"), LocalCalendar(PARIS))[
            1
        ] == unix("2028-02-29T00:00")

    def test_a_rule_that_is_over_never_comes_back(self):
        assert rule_boundaries(
            rule("08:00-12:00", last_date="2026-11-01"), unix("2026-11-24T12:00"), LocalCalendar(PARIS)
        ) == (
            None,
            None,
        )

    def test_a_rule_without_end_may_be_written_with_the_last_of_all_days(self):
        assert rule_boundaries(rule(last_date=dt.date.max), unix("2026-11-24T12:00"), LocalCalendar(PARIS)) == (
            None,
            None,
        )


class TestDaylightSaving:
    """Europe/Paris: 29 March 2026, 02:00 becomes 03:00; 25 October 2026, 03:00 becomes 02:00."""

    def test_an_hour_that_is_skipped_does_not_exist(self):
        assert walls(rule("02:15-02:45"), "2026-03-28T12:00", 24) == []
        assert walls(rule("02:15-02:45"), "2026-03-28T12:00", 48) == ["2026-03-30T02:15", "2026-03-30T02:45"]

    def test_a_window_cut_by_the_skipped_hour_begins_after_it(self):
        schedule = rule("02:30-04:00")
        assert walls(schedule, "2026-03-28T12:00", 24) == ["2026-03-29T03:00", "2026-03-29T04:00"]
        assert rule_boundaries(schedule, unix("2026-03-29T01:00"), LocalCalendar(PARIS))[1] == unix("2026-03-29T03:00")

    def test_an_hour_that_is_repeated_counts_twice(self):
        schedule = rule("02:15-02:45")
        assert walls(schedule, "2026-10-24T12:00", 24) == ["2026-10-25T02:15", "2026-10-25T02:45"] * 2
        second = unix("2026-10-25T02:15", fold=1)
        assert second - unix("2026-10-25T02:15") == 60 * MINUTE
        assert rule_boundaries(schedule, second, LocalCalendar(PARIS))[0] == second

    def test_a_window_that_ends_in_the_repeated_hour_comes_back(self):
        assert walls(rule("01:00-02:30"), "2026-10-24T12:00", 24) == [
            "2026-10-25T01:00",
            "2026-10-25T02:30",
            "2026-10-25T02:00",
            "2026-10-25T02:30",
        ]

    def test_a_night_window_stays_on_through_either_change(self):
        for evening, morning in (("2026-03-28", "2026-03-29"), ("2026-10-24", "2026-10-25")):
            assert walls(rule("22:00-06:00"), f"{evening}T12:00", 23) == [f"{evening}T22:00", f"{morning}T06:00"]

    def test_opening_hours_stay_at_the_same_time_of_the_wall(self):
        assert walls(rule("08:00-18:00"), "2026-03-28T20:00", 24) == ["2026-03-29T08:00", "2026-03-29T18:00"]
        assert walls(rule("08:00-18:00"), "2026-10-24T20:00", 24) == ["2026-10-25T08:00", "2026-10-25T18:00"]

    def test_half_an_hour_is_repeated_on_lord_howe(self):
        assert (
            walls(rule("01:40-01:50"), "2026-04-04T12:00", 24, LORD_HOWE)
            == [
                "2026-04-05T01:40",
                "2026-04-05T01:50",
            ]
            * 2
        )

    def test_half_an_hour_is_skipped_on_lord_howe(self):
        assert walls(rule("02:10-03:00"), "2026-10-03T12:00", 24, LORD_HOWE) == ["2026-10-04T02:30", "2026-10-04T03:00"]

    def test_an_offset_of_half_hours_is_followed_in_newfoundland(self):
        assert rule_boundaries(rule("08:00-18:00"), unix("2026-11-01T00:00", ST_JOHNS), LocalCalendar(ST_JOHNS))[
            1
        ] == unix("2026-11-01T11:30", ZoneInfo("UTC"))

    def test_a_minute_of_monday_came_twice_in_newfoundland(self):
        """Until 2011 the clock went back from 00:01 to 23:01 of the day before."""
        sunday = rule(weekdays={7})
        assert walls(sunday, "2010-11-05T12:00", 60, ST_JOHNS) == [
            "2010-11-07T00:00",
            "2010-11-06T23:01",
            "2010-11-07T00:00",
        ]

    def test_a_weekday_may_be_one_that_the_change_falls_on(self):
        schedule = rule("02:15-02:45", weekdays={7})
        assert rule_boundaries(schedule, unix("2026-03-22T12:00"), LocalCalendar(PARIS))[1] == unix("2026-04-05T02:15")


class TestAClockThatIsWrong:
    @pytest.mark.parametrize("unix_ms", [-10 * DAY, -1, 0, 1, 253_402_300_799_999, 2**53, 2**61])
    @pytest.mark.parametrize("zone", [PARIS, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Niue")], ids=str)
    def test_by_ages_still_gets_an_answer(self, unix_ms, zone):
        for schedule in (rule("22:00-06:00"), rule(first_date=dt.date.max), rule(weekdays={1}, last_date=dt.date.min)):
            before, after = rule_boundaries(schedule, unix_ms, LocalCalendar(zone))
            applies_at(schedule, unix_ms, zone)
            assert before is None or before <= unix_ms
            assert after is None or after > unix_ms


ZONES = [
    "Europe/Paris",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Apia",
    "UTC",
]
TIMES = st.times().map(lambda time: time.replace(minute=time.minute // 5 * 5, second=0, microsecond=0))
DATES = st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
SCHEDULES = st.builds(
    lambda first, last, weekdays, times: rule(
        first_date=min(first, last) if first and last else first,
        last_date=max(first, last) if first and last else last,
        weekdays=weekdays,
        times=times,
    ),
    DATES,
    DATES,
    st.frozensets(st.integers(1, 7), min_size=1),
    st.lists(st.builds(TimeWindow, start=TIMES, end=TIMES), max_size=3),
)
DAYS_OF_CHANGE = ["2026-03-29", "2026-04-04", "2026-10-03", "2026-10-25", "2026-11-01", "2026-03-08"]
INSTANTS = st.integers(unix("2026-01-01"), unix("2026-12-31")) | st.builds(
    lambda day, minutes: unix(day) + minutes * MINUTE, st.sampled_from(DAYS_OF_CHANGE), st.integers(-1440, 1440)
)


def minute_by_minute(schedule: ScheduleRule, minutes: range, zone: ZoneInfo) -> int | None:
    """Return the first minute at which the rule is not what it was a minute before."""
    return next((m for m in minutes if applies_at(schedule, m, zone) != applies_at(schedule, m - MINUTE, zone)), None)


@settings(max_examples=80, deadline=None)
@given(schedule=SCHEDULES, unix_ms=INSTANTS, name=st.sampled_from(ZONES))
@example(rule(weekdays={7}), unix("2010-11-07T12:00", ST_JOHNS) - DAY // 2, "America/St_Johns")
@example(rule("23:00-01:00", weekdays={6}), unix("2011-12-29T12:00"), "Pacific/Apia")
def test_boundaries_are_those_that_a_watchman_would_see(schedule, unix_ms, name):
    zone = ZoneInfo(name)
    before, after = rule_boundaries(schedule, unix_ms, LocalCalendar(zone))
    this_minute = unix_ms // MINUTE * MINUTE
    horizon = this_minute + 2 * DAY
    seen = minute_by_minute(schedule, range(this_minute + MINUTE, horizon, MINUTE), zone)
    assert after == seen if seen is not None else after is None or after >= horizon
    past = minute_by_minute(schedule, range(this_minute, this_minute - DAY, -MINUTE), zone)
    assert before == past if past is not None else before is None or before <= this_minute - DAY
