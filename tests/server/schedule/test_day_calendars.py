"""Day calendars: import from iCalendar files, public holidays, and the calendars that rules need."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from beffroi_server.schedule import services
from beffroi_server.schedule.day_calendars import DayImportError, calendars_of_rules, import_days, town_almanac
from beffroi_server.schedule.models import DayCalendar, ScheduleRule, public_holidays
from beffroi_server.schedule.rule_status import rule_status

pytestmark = pytest.mark.usefixtures("english")


def ics(*events: str) -> bytes:
    """Return an iCalendar file with the lines of some events, separated by ``|``."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART;VALUE=DATE:20261219", ("2026-12-19", "2026-12-19")),
        ("DTSTART;VALUE=DATE:20261219|DTEND;VALUE=DATE:20270104", ("2026-12-19", "2027-01-03")),
        ("DTSTART;VALUE=DATE:20261219|DTEND;VALUE=DATE:20261219", ("2026-12-19", "2026-12-19")),
        ("DTSTART;VALUE=DATE:20261219|DTEND;VALUE=DATE:20261210", ("2026-12-19", "2026-12-19")),
        ("DTSTART:20261219T200000|DTEND:20261220T020000", ("2026-12-19", "2026-12-20")),
        ("DTSTART:20261219T200000Z", ("2026-12-19", "2026-12-19")),
    ],
)
def test_an_event_becomes_its_first_and_last_day(event, expected):
    assert import_days(ics(event)) == [expected]


def test_days_are_in_order_and_each_once():
    late, early = "DTSTART;VALUE=DATE:20261225", "DTSTART;VALUE=DATE:20260501"

    assert import_days(ics(late, early, late)) == [("2026-05-01", "2026-05-01"), ("2026-12-25", "2026-12-25")]


def test_a_range_of_years_is_cut_into_pieces_without_a_gap():
    found = import_days(ics("DTSTART;VALUE=DATE:20240101|DTEND;VALUE=DATE:20270101"))

    days = [(dt.date.fromisoformat(first), dt.date.fromisoformat(last)) for first, last in found]
    assert days[0][0] == dt.date(2024, 1, 1)
    assert days[-1][1] == dt.date(2026, 12, 31)
    assert all((last - first).days <= 366 for first, last in days)
    assert all(
        next_first - last == dt.timedelta(days=1) for (_, last), (next_first, _) in zip(days, days[1:], strict=False)
    )


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (b"", "cannot be read"),
        (b"\xff\xfe\x00nonsense", "cannot be read"),
        (b"<html></html>", "cannot be read"),
        (ics(), "no days"),
        (ics("SUMMARY:without a day"), "cannot be read"),
        (ics("DTSTART:yesterday"), "cannot be read"),
        (ics(*(f"DTSTART;VALUE=DATE:{dt.date(2026, 1, 1) + dt.timedelta(days=n):%Y%m%d}" for n in range(401))), "401"),
    ],
)
def test_what_cannot_be_imported_says_why(file, text):
    with pytest.raises(DayImportError, match=text):
        import_days(file)


def test_public_holidays_are_those_of_four_years():
    found = public_holidays("FR", 2026)

    assert (dt.date(2026, 7, 14), dt.date(2026, 7, 14)) in found
    assert {first.year for first, _ in found} == {2025, 2026, 2027, 2028}
    assert found == sorted(found)


@pytest.mark.django_db
class TestCalendarsOfRules:
    @pytest.fixture
    def holidays(self) -> DayCalendar:
        return DayCalendar.objects.create(name="School holidays", days=[["2026-12-19", "2027-01-03"]])

    @pytest.fixture
    def market(self) -> DayCalendar:
        return DayCalendar.objects.create(name="Market", days=[["2026-06-15", "2026-06-15"]])

    def test_are_each_once_in_order(self, playlist, holidays, market):
        rule = playlist.rules.get()
        services.save_rule(rule, user=None, only_on=[market, holidays])
        other = ScheduleRule(name="Other", playlist=playlist, everywhere=True)
        services.save_rule(other, user=None, never_on=[holidays])

        found = calendars_of_rules(ScheduleRule.objects.all())

        assert [each.name for each in found] == ["School holidays", "Market"]
        assert [each.id for each in found] == [holidays.identifier, market.identifier]

    def test_are_none_where_no_rule_needs_one(self, playlist, holidays):
        assert calendars_of_rules(ScheduleRule.objects.all()) == ()

    def test_decide_when_a_rule_applies(self, playlist, market):
        services.save_rule(playlist.rules.get(), user=None, only_on=[market])
        almanac = town_almanac(ZoneInfo("Europe/Paris"))

        applies = [
            rule_status(ScheduleRule.objects.get(), dt.datetime(2026, 6, day, 10, tzinfo=dt.UTC), almanac).applies
            for day in (14, 15, 16)
        ]
        assert applies == [False, True, False]
