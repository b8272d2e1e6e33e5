"""What people ask of a programme: the calendar, the shares, what is never seen, the hours of a display."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from tests.support.sample_manifests import HOUR, MINUTE, NOW, UPTIME, at, manifest, rule, slide, unix

from beffroi_content.model import (
    Alert,
    AlertLevel,
    DayCalendar,
    DayRange,
    HeldAlert,
    PowerState,
    ScheduleRule,
    ScreenHours,
    SunEvent,
    SunTime,
    TimeWindow,
)
from beffroi_content.timeline import (
    ClockState,
    Moment,
    calendar_grid,
    display_power,
    idle_stretches,
    lit_stretches,
    next_showing,
    rule_shown_ms,
    rule_visibilities,
    shown_ms,
)
from beffroi_content.timeline.calendar import LocalCalendar, local_time, rule_applies

PARIS = ZoneInfo("Europe/Paris")
DAY = 24 * HOUR


def wall(unix_ms: int) -> str:
    return local_time(unix_ms, PARIS).isoformat(timespec="minutes")


class TestGrid:
    programme = manifest(
        (rule("morning", "08:00-12:00"), [slide("news")]),
        (rule("market", "10:00-11:00", priority=70), [slide("market")]),
        (rule("sport", "10:30-12:00"), [slide("match")]),
    )

    def test_says_who_has_a_zone_from_when_to_when(self):
        found = calendar_grid(self.programme, unix("2026-11-24T00:00"), unix("2026-11-25T00:00"))["main"]
        assert [(wall(one.since_ms)[11:], one.rules) for one in found] == [
            ("00:00", ()),
            ("08:00", ("morning",)),
            ("10:00", ("market",)),
            ("11:00", ("morning", "sport")),
            ("12:00", ()),
        ]

    def test_finds_the_hours_with_nothing_to_show(self):
        found = idle_stretches(self.programme, unix("2026-11-24T00:00"), unix("2026-11-25T00:00"))["main"]
        assert [(wall(one.since_ms)[11:], wall(one.until_ms)[11:]) for one in found] == [
            ("00:00", "08:00"),
            ("12:00", "00:00"),
        ]

    def test_of_a_day_of_25_hours_has_25_hours(self):
        start, end = unix("2026-10-25T00:00"), unix("2026-10-26T00:00")
        found = calendar_grid(self.programme, start, end)["main"]
        assert found[0].since_ms == start
        assert found[-1].until_ms - start == 25 * HOUR


class TestNextShowing:
    programme = manifest(
        (rule("night", "22:00-02:00"), [slide("rest"), slide("sleep")]),
        (rule("holiday", first_date="2026-12-25", last_date="2026-12-25", priority=80), [slide("tree")]),
    )

    def test_is_when_its_rule_comes_on(self):
        assert wall(next_showing(self.programme, "rest", NOW, NOW + DAY)) == "2026-11-24T22:00"

    def test_is_when_its_turn_comes_in_the_loop(self):
        start = unix("2026-11-24T22:00")
        found = {next_showing(self.programme, name, start, start + HOUR) for name in ("rest", "sleep")}
        assert found == {start, start + 10_000}

    def test_is_found_weeks_ahead_and_not_beyond_the_question(self):
        assert wall(next_showing(self.programme, "tree", NOW, NOW + 60 * DAY)) == "2026-12-25T00:00"
        assert next_showing(self.programme, "tree", NOW, NOW + 7 * DAY) is None
        assert next_showing(self.programme, "nothing", NOW, NOW + 7 * DAY) is None


def test_how_long_each_slide_is_seen_in_a_week_adds_up_to_the_week():
    programme = TestGrid.programme
    shown = shown_ms(programme, NOW, NOW + 7 * DAY)["main"]
    assert sum(shown.values()) == 7 * DAY
    assert shown["market"] == 7 * HOUR
    assert shown["news"] == 7 * 2.5 * HOUR
    assert shown["match"] == 7 * 0.5 * HOUR


def test_a_rule_that_is_always_hidden_or_empty_is_found():
    programme = manifest(
        (rule("news"), [slide("news")]),
        (rule("hidden", "09:00-10:00", priority=20), [slide("filler")]),
        (rule("empty", priority=90), []),
        (rule("past", last_date="2020-01-01"), [slide("old")]),
    )
    found = {one.rule: one for one in rule_visibilities(programme, NOW, NOW + 7 * DAY)}
    assert {name for name, one in found.items() if one.is_never_seen} == {"hidden", "empty"}
    assert found["hidden"].applies_ms == 7 * HOUR
    assert found["past"].applies_ms == 0
    assert found["news"].seen_ms == 7 * DAY


class TestDays:
    calendars = (
        DayCalendar(id="public", name="Jours fériés", days=(DayRange(first="2026-11-11", last="2026-11-11"),)),
        DayCalendar(id="school", name="Zone B", days=(DayRange(first="2026-12-19", last="2027-01-03"),)),
    )

    def days(self, schedule: ScheduleRule, start: str, count: int) -> list[str]:
        programme = manifest((schedule, [slide("on")]), calendars=self.calendars)
        begin = unix(f"{start}T00:00")
        found = calendar_grid(programme, begin, begin + count * DAY)["main"]
        return [wall(one.since_ms)[:10] for one in found if one.rules]

    def test_only_in_the_school_holidays(self):
        assert self.days(rule("camp", only_on={"school"}), "2026-12-01", 60) == ["2026-12-19"]

    def test_on_weekdays_but_not_on_public_holidays(self):
        office = rule("office", weekdays=range(1, 6), never_on={"public"})
        assert self.days(office, "2026-11-09", 7) == ["2026-11-09", "2026-11-12"]

    def test_days_may_be_added_and_taken_out(self):
        market = rule("market", weekdays={6}, extra_dates={"2026-11-11"}, except_dates={"2026-11-14"})
        assert self.days(market, "2026-11-09", 14) == ["2026-11-11", "2026-11-21"]

    def test_days_may_recur(self):
        council = rule("council", first_date="2026-01-01", recurrence="FREQ=MONTHLY;BYDAY=-1TH")
        assert self.days(council, "2026-11-01", 61) == ["2026-11-26", "2026-12-31"]

    def test_a_calendar_that_is_missing_is_an_error(self):
        with pytest.raises(ValueError, match="other"):
            manifest((rule("camp", only_on={"other"}), [slide("on")]))

    def test_a_rule_that_recurs_needs_a_beginning(self):
        with pytest.raises(ValueError, match="first date"):
            rule("council", recurrence="FREQ=DAILY")


class TestTheSun:
    """Compared with the times that the Institut de mécanique céleste publishes for Paris, within three minutes."""

    after_dark = rule("night").replace(
        times=(TimeWindow(start=SunTime(event=SunEvent.SUNSET), end=SunTime(event=SunEvent.SUNRISE)),)
    )

    @pytest.mark.parametrize(
        ("day", "sunrise", "sunset"),
        [("2026-06-21", "05:47", "21:58"), ("2026-12-21", "08:41", "16:56"), ("2026-03-29", "07:35", "20:16")],
    )
    def test_rises_and_sets_when_it_does(self, day, sunrise, sunset):
        calendar, date = LocalCalendar(PARIS), dt.date.fromisoformat(day)
        for event, expected in ((SunEvent.SUNRISE, sunrise), (SunEvent.SUNSET, sunset)):
            time = calendar.wall_clock_time(SunTime(event=event), date)
            minutes = time.hour * 60 + time.minute
            hours, rest = expected.split(":")
            assert minutes == pytest.approx(int(hours) * 60 + int(rest), abs=3)

    def test_a_window_may_last_from_sunset_to_sunrise(self):
        programme = manifest((self.after_dark, [slide("stars")]))
        start = unix("2026-12-21T00:00")
        found = calendar_grid(programme, start, start + DAY)["main"]
        assert [one.rules for one in found] == [("night",), (), ("night",)]

    def test_a_time_may_lie_before_or_after_it(self):
        early = LocalCalendar(PARIS).wall_clock_time(
            SunTime(event=SunEvent.SUNSET, offset_minutes=-30), dt.date(2026, 12, 21)
        )
        late = LocalCalendar(PARIS).wall_clock_time(SunTime(event=SunEvent.SUNSET), dt.date(2026, 12, 21))
        assert (late.hour * 60 + late.minute) - (early.hour * 60 + early.minute) == 30

    @pytest.mark.parametrize(("day", "dark"), [("2026-06-21", False), ("2026-12-21", True)])
    def test_where_it_does_not_set_it_is_never_dark_and_where_it_does_not_rise_always(self, day, dark):
        polar = LocalCalendar(ZoneInfo("Arctic/Longyearbyen"), 78.2, 15.6)
        hours = [rule_applies(self.after_dark, dt.datetime.fromisoformat(f"{day}T{h:02}:30"), polar) for h in range(24)]
        assert hours.count(dark) >= 23


class TestDisplay:
    hours = (
        ScreenHours(state=PowerState.OFF, window=TimeWindow(start="23:00", end="06:00")),
        ScreenHours(
            state=PowerState.DIM,
            window=TimeWindow(start=SunTime(event=SunEvent.SUNSET), end="23:00"),
            brightness=40,
        ),
    )
    programme = manifest((rule("news"), [slide("news")]))
    programme = programme.replace(settings=programme.settings.replace(hours=hours))

    def moment(self, text: str, clock: ClockState = ClockState.TRUSTED) -> Moment:
        return Moment(unix(text), UPTIME + unix(text) - NOW, clock)

    def test_is_on_by_day_dimmed_after_sunset_and_off_at_night(self):
        story = []
        now = self.moment("2026-11-24T12:00")
        for _ in range(4):
            found = display_power(self.programme, (), now)
            story.append((found.state, found.brightness))
            now = now.at(found.until_ms)
        assert story == [("on", 100), ("dim", 40), ("off", 0), ("on", 100)]
        assert abs(now.unix_ms - unix("2026-11-25T16:58")) < 5 * MINUTE

    def test_is_on_while_nobody_knows_the_time(self):
        assert display_power(self.programme, (), self.moment("2026-11-24T02:00", ClockState.UNKNOWN)).state == "on"

    def test_without_hours_is_on_without_end(self):
        found = display_power(manifest(), (), at())
        assert (found.state, found.until_ms) == ("on", None)

    def test_an_emergency_wakes_it_until_it_ends(self):
        night = self.moment("2026-11-25T02:00")
        for level, expected in ((AlertLevel.EMERGENCY, "on"), (AlertLevel.ALERT, "off")):
            alert = Alert(
                id="flood",
                level=level,
                title="Crue",
                source="Mairie",
                issued_at_ms=night.unix_ms - MINUTE,
                ends_at_ms=night.unix_ms + HOUR,
                time_to_live_ms=2 * HOUR,
            )
            held = HeldAlert(alert=alert, lapses_at_uptime_ms=night.uptime_ms + 2 * HOUR)
            assert display_power(self.programme, (held,), night).state == expected
            assert display_power(self.programme, (held,), night.at(night.unix_ms + HOUR)).state == "off"


class TestLitTime:
    night = ScreenHours(state=PowerState.OFF, window=TimeWindow(start=dt.time(22), end=dt.time(6)))
    dim = ScreenHours(state=PowerState.DIM, window=TimeWindow(start=dt.time(20), end=dt.time(22)))

    def lit(self, *hours: ScreenHours) -> list[tuple[str, str]]:
        programme = manifest()
        programme = programme.replace(settings=programme.settings.replace(hours=hours))
        found = lit_stretches(programme, unix("2026-11-24T00:00"), unix("2026-11-26T00:00"))
        return [(wall(since)[5:16], wall(until)[5:16]) for since, until in found]

    def test_is_all_of_it_without_hours(self):
        assert self.lit() == [("11-24T00:00", "11-26T00:00")]

    def test_leaves_out_what_is_off_and_joins_what_is_dimmed(self):
        assert self.lit(self.night, self.dim) == [("11-24T06:00", "11-24T22:00"), ("11-25T06:00", "11-25T22:00")]


class TestTimeOfRules:
    def test_is_that_of_their_slides(self):
        shared = slide("shared", 30)
        programme = manifest(
            (rule("a", weight=0), [slide("one"), shared]), (rule("b", weight=0), [slide("two")]),
            (rule("hidden", priority=10), [slide("three")]),
        )  # fmt: skip

        assert rule_shown_ms(programme, NOW, NOW + 50 * MINUTE) == {"a": 40 * MINUTE, "b": 10 * MINUTE}

    def test_is_halved_where_two_have_the_same_slide_on(self):
        one = slide("one")
        programme = manifest((rule("a", weight=0), [one]), (rule("b", weight=0), [one]))

        assert rule_shown_ms(programme, NOW, NOW + HOUR) == {"a": HOUR // 2, "b": HOUR // 2}
