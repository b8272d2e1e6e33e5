"""Reading of special days: those that the events of a calendar take."""

from __future__ import annotations

import datetime as dt

import pytest

from beffroi_server.feeds import readers

NOW = dt.datetime(2026, 11, 29, 9, 0, tzinfo=dt.UTC)
SUMMER = "SUMMARY:Début des Vacances d'Été - Zone B|DTSTART;VALUE=DATE:20270703|DTEND;VALUE=DATE:20270703"
TEACHERS = "SUMMARY:Rentrée scolaire des enseignants - Zones A B C|DTSTART;VALUE=DATE:20270830"
PUPILS = "SUMMARY:Rentrée scolaire des élèves - Zones A, B et C|DTSTART;VALUE=DATE:20270901"
CHRISTMAS = "SUMMARY:Vacances de Noël - Zone A|DTSTART;VALUE=DATE:20261219|DTEND;VALUE=DATE:20270104"


def ics(*events: str) -> bytes:
    lines = "|".join(f"BEGIN:VEVENT|{event}|END:VEVENT" for event in events)
    return f"BEGIN:VCALENDAR|VERSION:2.0|{lines}|END:VCALENDAR|".replace("|", "\r\n").encode()


def reading(*events: str, year: int | None = None) -> dict:
    return readers.read_feed("days", "Europe/Paris", ics(*events), now=NOW, year=year)


def ranges(*events: str, year: int | None = None) -> list[tuple[str, str]]:
    return [(each["first"], each["last"]) for each in reading(*events, year=year)["data"]["ranges"]]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART;VALUE=DATE:20261219|DTEND;VALUE=DATE:20270104", ("2026-12-19", "2027-01-03")),
        ("DTSTART;VALUE=DATE:20261219|DTEND;VALUE=DATE:20261219", ("2026-12-19", "2026-12-19")),
        ("DTSTART;VALUE=DATE:20261219|DURATION:P16D", ("2026-12-19", "2027-01-03")),
        ("DTSTART:20261219T200000|DTEND:20261220T020000", ("2026-12-19", "2026-12-20")),
        ("DTSTART:20261219T000000|DTEND:20270104T000000", ("2026-12-19", "2027-01-03")),
        # Midnights of Paris, written in UTC.
        ("DTSTART:20261016T220000Z|DTEND:20261101T230000Z", ("2026-10-17", "2026-11-01")),
        ("DTSTART;VALUE=DATE:20100101|DTEND;VALUE=DATE:20100103", ("2010-01-01", "2010-01-02")),
        ("DTSTART;VALUE=DATE:00010101|DTEND;VALUE=DATE:99991231", ("1900-01-01", "2199-12-31")),
    ],
)
def test_an_event_takes_its_days(event, expected):
    assert ranges(event) == [expected]


def test_a_repetition_is_written_out_around_the_present_year_or_in_the_year_wanted():
    event = "DTSTART;VALUE=DATE:20200824|RRULE:FREQ=YEARLY"
    assert [first[:4] for first, _ in ranges(event)] == ["2025", "2026", "2027", "2028", "2029", "2030", "2031"]
    assert ranges(event, year=2040) == [("2040-08-24", "2040-08-24")]
    assert ranges("DTSTART;VALUE=DATE:20261220|DTEND;VALUE=DATE:20270104", year=2027) == [("2026-12-20", "2027-01-03")]


def test_what_is_cancelled_or_left_out_is_no_day():
    event = "DTSTART;VALUE=DATE:20261201|RRULE:FREQ=DAILY;COUNT=3|EXDATE;VALUE=DATE:20261202"
    found = reading(event, "SUMMARY:Pont|DTSTART;VALUE=DATE:20270101|STATUS:CANCELLED")
    assert [each["first"] for each in found["data"]["ranges"]] == ["2026-12-01", "2026-12-03"]
    assert [(each["reason"], each["name"]) for each in found["skipped"]] == [("cancelled", "Pont")]


def test_sixty_events_of_all_ages_cost_nothing():
    event = "DTSTART;VALUE=DATE:00010101|DTEND;VALUE=DATE:99991231"
    assert len(ranges(*(f"SUMMARY:{n}|{event}" for n in range(60)))) == 60


class TestTheMinistryOfEducation:
    def test_summer_lasts_until_the_return_without_the_day_of_the_teachers(self):
        assert ranges(SUMMER, TEACHERS, PUPILS) == [("2027-07-03", "2027-08-29"), ("2027-08-31", "2027-08-31")]

    def test_the_days_of_return_are_named(self):
        found = reading(SUMMER, TEACHERS, PUPILS)["skipped"]
        assert [(each["reason"], each["name"][:15]) for each in found] == [("no-holiday", "Rentrée scolair")] * 2

    @pytest.mark.parametrize(
        ("event", "last"),
        [
            (SUMMER, "2027-08-31"),
            (SUMMER.replace("DTEND;VALUE=DATE:20270703", "DTEND;VALUE=DATE:20270704"), "2027-08-31"),
            (SUMMER.replace("Été", "hiver austral"), "2027-08-13"),
        ],
    )
    def test_a_return_that_is_not_known_yet_is_assumed_with_a_word(self, event, last):
        found = reading(event, CHRISTMAS)
        assert found["data"]["ranges"][-1]["last"] == last
        assert [each["reason"] for each in found["skipped"]] == ["end-assumed"]

    def test_the_return_of_another_zone_does_not_end_holidays(self):
        other = "SUMMARY:Rentrée scolaire des élèves - Corse|DTSTART;VALUE=DATE:20270825"
        assert ranges(SUMMER, other, PUPILS) == [("2027-07-03", "2027-08-31")]

    def test_each_holiday_knows_its_zones(self):
        bridge = "SUMMARY:Pont de l'Ascension|LOCATION:Zone B|DTSTART;VALUE=DATE:20270507"
        far = "SUMMARY:Vacances de Carnaval|LOCATION:La Réunion|DTSTART;VALUE=DATE:20270301"
        found = reading(SUMMER, CHRISTMAS, bridge, far)["data"]
        assert found["places"] == ["La Réunion", "Zone A", "Zone B"]
        assert {each["name"][:8]: each["places"] for each in found["ranges"]} == {
            "Vacances": ["La Réunion"], "Pont de ": ["Zone B"], "Début de": ["Zone B"],
        }  # fmt: skip

    def test_other_calendars_may_speak_of_a_return(self):
        assert ranges("SUMMARY:Rentrée du conservatoire|DTSTART;VALUE=DATE:20270906") == [("2027-09-06", "2027-09-06")]
