"""Day calendars: import from iCalendar files, public holidays, and the calendars that rules need."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from beffroi_content.model import SunEvent, SunTime
from beffroi_server.accounts.holiday_regions import HolidayRegion, region_of_town
from beffroi_server.schedule import services
from beffroi_server.schedule.calendar_models import DayCalendar, DayImport
from beffroi_server.schedule.calendar_reading import SIZE_LIMIT, DayImportError, read_days
from beffroi_server.schedule.day_calendars import (
    calendars_of_rules,
    days_to_save,
    read_waiting_imports,
    start_import,
    town_almanac,
)
from beffroi_server.schedule.models import ScheduleRule
from beffroi_server.schedule.public_holidays import public_holidays
from beffroi_server.schedule.rule_status import rule_status

pytestmark = pytest.mark.usefixtures("english")


TODAY = dt.date(2026, 11, 29)


def ics(*events: str) -> bytes:
    """Return an iCalendar file with the lines of some events, separated by ``|``."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def result(*ranges: tuple[str, str, str]) -> dict:
    return {
        "data": {"ranges": [
            {"first": first, "last": last, "name": "", "places": [place] if place else []}
            for first, last, place in ranges
        ]}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        # Each day is saved once; days that touch make one range.
        ([("2026-12-19", "2027-01-03", ""), ("2026-12-25", "2026-12-25", "")], ["2026-12-19/2027-01-03"]),
        ([("2027-05-07", "2027-05-07", ""), ("2027-05-06", "2027-05-06", "")], ["2027-05-06/2027-05-07"]),
        ([("2027-05-08", "2027-05-08", ""), ("2027-05-06", "2027-05-06", "")],
         ["2027-05-06/2027-05-06", "2027-05-08/2027-05-08"]),
        # What was over before last year is not saved.
        ([("2010-01-01", "2010-01-09", ""), ("2024-12-20", "2025-01-05", "")], ["2025-01-01/2025-01-05"]),
        # Days of another zone are not those of the town.
        ([("2027-02-06", "2027-02-21", "Zone A"), ("2027-02-13", "2027-02-28", "Zone B")], ["2027-02-13/2027-02-28"]),
    ],
)  # fmt: skip
def test_days_are_saved_from_last_year_on_each_once(ranges, expected):
    assert ["/".join(span) for span in days_to_save(result(*ranges), "Zone B", TODAY)] == expected


def test_a_range_of_years_is_cut_into_pieces_without_a_gap():
    found = days_to_save(result(("1900-01-01", "2199-12-31", "")), "", TODAY)

    days = [(dt.date.fromisoformat(first), dt.date.fromisoformat(last)) for first, last in found]
    assert (days[0][0], days[-1][1]) == (dt.date(2025, 1, 1), dt.date(2199, 12, 31))
    assert all((last - first).days < 366 for first, last in days)
    assert all(later - last == dt.timedelta(days=1) for (_, last), (later, _) in pairwise(days))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (b"", "cannot be read"),
        (b"\xff\xfe\x00nonsense", "cannot be read"),
        (b"<html></html>", "cannot be read"),
        (ics(), "no days"),
        (ics("SUMMARY:without a day"), "no days"),
        (ics("DTSTART:yesterday"), "no days"),
        (b"BEGIN:VCALENDAR" + b" " * SIZE_LIMIT, "4 MB"),
    ],
)
def test_what_cannot_be_imported_says_why(file, text):
    with pytest.raises(DayImportError, match=text):
        read_days(file, "Europe/Paris")


class TestPublicHolidays:
    def test_are_those_of_the_years_asked_for(self):
        found = public_holidays("FR", range(2025, 2029))

        assert (dt.date(2026, 7, 14), dt.date(2026, 7, 14)) in found
        assert {first.year for first, _ in found} == {2025, 2026, 2027, 2028}
        assert found == sorted(found)

    @pytest.mark.parametrize(
        ("region", "expected"),
        [
            ("metropole", ""),
            ("alsace-moselle", "03-26 12-26"),
            ("guadeloupe", "05-27"),
            ("guyane", "06-10"),
            ("la-reunion", "12-20"),
            ("martinique", "05-22"),
            ("mayotte", "04-27"),
            ("nouvelle-caledonie", ""),
            ("polynesie-francaise", ""),
            ("saint-barthelemy", "10-09"),
            ("saint-martin", "05-28"),
            ("saint-pierre-et-miquelon", ""),
            ("wallis-et-futuna", ""),
        ],
    )
    def test_of_a_region_are_those_of_the_table_of_the_state(self, region, expected):
        """Days of 2027 beside those of the whole country, in etalab/jours-feries-france-data, data/csv."""
        country = {first for first, _ in public_holidays("FR", range(2027, 2028))}
        found = [first for first, _ in public_holidays("FR", range(2027, 2028), HolidayRegion(region))]
        assert [f"{day:%m-%d}" for day in found if day not in country] == expected.split()
        assert len(country) == 11

    @pytest.mark.parametrize(
        ("chosen", "zone", "region"),
        [
            ("", "Europe/Paris", HolidayRegion.METROPOLE),
            ("", "America/Martinique", HolidayRegion.MARTINIQUE),
            ("alsace-moselle", "Europe/Paris", HolidayRegion.ALSACE_MOSELLE),
            ("metropole", "America/Martinique", HolidayRegion.METROPOLE),
            ("of-a-newer-version", "Europe/Paris", HolidayRegion.METROPOLE),
        ],
    )
    def test_follow_the_time_zone_unless_somebody_chose(self, chosen, zone, region):
        assert region_of_town(chosen, zone) is region

    def test_of_the_town_reach_its_screens(self, town):
        town.holiday_region = HolidayRegion.ALSACE_MOSELLE
        town.save()
        days = DayCalendar.objects.get(country="FR").to_content().days
        assert any((span.first.month, span.first.day) == (12, 26) for span in days)


@pytest.mark.django_db
def test_of_more_days_than_a_manifest_holds_those_ahead_are_kept():
    today = timezone.localdate()
    days = [(str(today + dt.timedelta(days=2 * n)),) * 2 for n in range(-300, 600)]
    found = DayCalendar.objects.create(name="Market", days=days).to_content().days
    assert (len(found), found[0].first) == (400, today)


@pytest.mark.django_db
class TestImports:
    def test_wait_until_they_are_read_one_after_the_other(self, town, alice, bob):
        good = start_import("Zone B", ics("DTSTART;VALUE=DATE:20261219|DTEND;VALUE=DATE:20270104"), alice)
        bad = start_import("Other", b"hello", bob)
        assert (good.waits, read_waiting_imports(), read_waiting_imports()) == (True, 2, 0)
        good.refresh_from_db()
        bad.refresh_from_db()
        assert [each["first"] for each in good.result["data"]["ranges"]] == ["2026-12-19"]
        assert (bytes(good.content), bytes(bad.content)) == (b"", b"")
        assert "cannot be read" in bad.problem

    def test_of_a_user_take_the_place_of_each_other_and_leave_after_a_day(self, town, alice):
        start_import("Zone A", b"hello", alice)
        latest = start_import("Zone B", b"hello", alice)
        assert list(DayImport.objects.all()) == [latest]
        DayImport.objects.update(created_at=timezone.now() - dt.timedelta(days=2))
        assert read_waiting_imports() == 0
        assert not DayImport.objects.exists()


@pytest.mark.django_db
class TestCalendarsOfRules:
    @pytest.fixture
    def holidays(self) -> DayCalendar:
        return DayCalendar.objects.create(name="School holidays", days=[["2026-12-19", "2027-01-03"]])

    @pytest.fixture
    def market(self) -> DayCalendar:
        return DayCalendar.objects.create(name="Market", days=[["2026-06-15", "2026-06-15"]])

    def test_are_each_once_in_order(self, town, playlist, holidays, market):
        rule = playlist.rules.get()
        services.save_rule(rule, user=None, only_on=[market, holidays])
        other = ScheduleRule(name="Other", playlist=playlist, everywhere=True)
        services.save_rule(other, user=None, never_on=[holidays])

        found = calendars_of_rules(ScheduleRule.objects.all(), town)

        assert [each.name for each in found] == ["School holidays", "Market"]
        assert [each.id for each in found] == [holidays.identifier, market.identifier]

    def test_are_none_where_no_rule_needs_one(self, town, playlist, holidays):
        assert calendars_of_rules(ScheduleRule.objects.all(), town) == ()

    def test_of_the_town_have_its_own_sun(self, town):
        town.latitude, town.longitude = 48.39, -4.49
        june = dt.date(2026, 6, 21)

        sunrise = SunTime(event=SunEvent.SUNRISE)
        at_brest = town_almanac(ZoneInfo("Europe/Paris"), town).wall_clock_time(sunrise, june)
        assert at_brest.hour == 6
        assert town_almanac(ZoneInfo("Europe/Paris")).wall_clock_time(sunrise, june).hour == 5

    def test_decide_when_a_rule_applies(self, playlist, market):
        services.save_rule(playlist.rules.get(), user=None, only_on=[market])
        almanac = town_almanac(ZoneInfo("Europe/Paris"))

        applies = [
            rule_status(ScheduleRule.objects.get(), dt.datetime(2026, 6, day, 10, tzinfo=dt.UTC), almanac).applies
            for day in (14, 15, 16)
        ]
        assert applies == [False, True, False]
