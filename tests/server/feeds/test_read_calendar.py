"""Reading of calendars: what is odd costs itself only, and is named."""

from __future__ import annotations

import datetime as dt
import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beffroi_content.model.widgets import AgendaWidget
from beffroi_server.feeds import readers

PARIS = ZoneInfo("Europe/Paris")
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=PARIS)
ZONE_OF_AN_OFFICE = (
    "BEGIN:VTIMEZONE|TZID:Bureau|BEGIN:STANDARD|DTSTART:16010101T030000|TZOFFSETFROM:+0200|TZOFFSETTO:+0100|"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10|END:STANDARD|BEGIN:STANDARD|END:STANDARD|"
    "BEGIN:DAYLIGHT|DTSTART:16010101T020000|TZOFFSETFROM:+0100|TZOFFSETTO:+0200|"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3|END:DAYLIGHT|END:VTIMEZONE|"
)


def ical(*events: str, head: str = "") -> str:
    """Return a calendar with the lines of some events, separated by ``|``."""
    body = "".join(f"BEGIN:VEVENT|{event}|END:VEVENT|" for event in events)
    return f"BEGIN:VCALENDAR|VERSION:2.0|{head}{body}END:VCALENDAR|".replace("|", "\r\n")


def reading(content: str | bytes, *, zone: str = "Europe/Paris", now: dt.datetime = NOW) -> dict:
    """Return what the reader of calendars makes of a file, checked as a widget."""
    found = readers.read_feed("calendar", zone, content.encode() if isinstance(content, str) else content, now=now)
    AgendaWidget.model_validate(found.get("data", {}))
    return found


def times(content: str | bytes, **options) -> list[str]:
    """Return each event as its first and last moment; days as days."""
    shown = []
    for event in reading(content, **options)["data"]["events"]:
        length = 10 if event["whole_days"] else 16
        shown.append("/".join(event[end][:length] for end in ("starts", "ends") if event[end]))
    return shown


def titles(content: str | bytes, **options) -> list[str]:
    return [event["title"] for event in reading(content, **options)["data"]["events"]]


def reasons(content: str | bytes, **options) -> list[tuple[str, str, str]]:
    return [(each["reason"], each["where"], each["name"]) for each in reading(content, **options)["skipped"]]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART:20261205T193000Z", "2026-12-05T20:30"),
        ("DTSTART:20261205T193000+0530", "2026-12-05T15:00"),
        ("DTSTART:20261205T193000", "2026-12-05T19:30"),
        ("DTSTART;TZID=Romance Standard Time:20261205T193000", "2026-12-05T19:30"),
        ("DTSTART;TZID=/freeassociation/Tzfile/America/Cayenne:20261205T150000", "2026-12-05T19:00"),
        ('DTSTART;TZID="America/Cayenne":20261205T150000', "2026-12-05T19:00"),
        ("DTSTART;TZID=Bureau inconnu:20261205T193000", "2026-12-05T19:30"),
        ("DTSTART:2026-12-05T19:30:00", "2026-12-05T19:30"),
        ("DTSTART:20261205T240000", "2026-12-06T00:00"),
        # Whole days are those of the type, or those that programs write so.
        ("DTSTART;VALUE=DATE:20261205", "2026-12-05/2026-12-06"),
        ("DTSTART:20261205", "2026-12-05/2026-12-06"),
        ("DTSTART;VALUE=DATE:20261205|DTEND;VALUE=DATE:20261207", "2026-12-05/2026-12-07"),
        ("DTSTART;VALUE=DATE:20261205|DTEND;VALUE=DATE:20261205", "2026-12-05/2026-12-06"),
        ("DTSTART;VALUE=DATE:20261205|DURATION:P3D", "2026-12-05/2026-12-08"),
        ("DTSTART;VALUE=DATE:20261205|DURATION:P1W", "2026-12-05/2026-12-12"),
        ("DTSTART:20261225T000000", "2026-12-25T00:00"),
        ("DTSTART:20261225T000000|DTEND:20261225T013000", "2026-12-25T00:00/2026-12-25T01:30"),
        ("DTSTART:20261201T000000|DTEND:20261220T235959", "2026-12-01/2026-12-21"),
        ("DTSTART:20261201T000000|DTEND:20261201T235900", "2026-12-01/2026-12-02"),
        ("DTSTART:20261201T000000|DTEND:20261203T000000", "2026-12-01/2026-12-03"),
        ("DTSTART:20261204T230000Z|DTEND:20261205T230000Z", "2026-12-05/2026-12-06"),
        ("X-MICROSOFT-CDO-ALLDAYEVENT:TRUE|DTSTART:20261205T000000Z|DTEND:20261206T000000Z", "2026-12-05/2026-12-06"),
        ("X-MICROSOFT-CDO-ALLDAYEVENT:TRUE|DTSTART:20261204T230000Z|DTEND:20261206T230000Z", "2026-12-05/2026-12-07"),
        ("X-MICROSOFT-CDO-ALLDAYEVENT:FALSE|DTSTART:20261205T000000Z", "2026-12-05T01:00"),
        # Ends that do not fit their start.
        ("DTSTART:20261205T110000|DTEND:20261205T090000", "2026-12-05T11:00"),
        ("DTSTART:20261205T110000|DTEND;VALUE=DATE:20261205", "2026-12-05T11:00"),
        ("DTSTART;VALUE=DATE:20261205|DTEND:20261206T000000", "2026-12-05/2026-12-06"),
        ("DTSTART;VALUE=DATE:20261205|DTEND:20261206T180000", "2026-12-05/2026-12-07"),
        ("DTSTART;VALUE=DATE:20261205|DTEND:20261201T180000", "2026-12-05/2026-12-06"),
        ("DTSTART:20261205T110000|DTEND:soon", "2026-12-05T11:00"),
        ("DTSTART:20261205T110000|DURATION:-PT1H", "2026-12-05T11:00"),
        # Days follow the calendar, hours are exact: on 28 March 2027 the night has an hour less.
        ("DTSTART:20270306T230000|DURATION:P1DT2H", "2027-03-06T23:00/2027-03-08T01:00"),
    ],
)
def test_an_event_keeps_its_hours_and_its_days(event, expected):
    assert times(ical(f"SUMMARY:Fête|{event}")) == [expected]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART;TZID=Europe/Paris:20270327T230000|DURATION:PT6H", "2027-03-27T23:00/2027-03-28T06:00"),
        ("DTSTART;TZID=Europe/Paris:20270327T230000|DURATION:P1D", "2027-03-27T23:00/2027-03-28T23:00"),
        ("DTSTART;TZID=Europe/Paris:20270327T230000|DURATION:PT24H", "2027-03-27T23:00/2027-03-29T00:00"),
        ("DTSTART;TZID=Europe/Paris:20270328T000000|DTEND;TZID=Europe/Paris:20270329T000000", "2027-03-28/2027-03-29"),
        ("DTSTART;TZID=Europe/Paris:20270328T023000", "2027-03-28T03:30"),
    ],
)
def test_over_the_change_of_time_hours_are_exact_and_days_are_days(event, expected):
    now = dt.datetime(2027, 3, 27, 9, tzinfo=PARIS)
    assert times(ical(f"SUMMARY:Nuit|{event}"), now=now) == [expected]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART:20261201T180000|RRULE:FREQ=DAILY;COUNT=3", "01 02 03"),
        ("DTSTART:20261201T180000|RRULE:FREQ=WEEKLY;BYDAY=1TU,TH;UNTIL=20261210T180000", "01 03 08 10"),
        ("DTSTART:20261201T180000|RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20261229", "01 15 29"),
        # The first Monday and every Friday.
        ("DTSTART:20261204T180000|RRULE:FREQ=MONTHLY;BYDAY=1MO,FR;UNTIL=20261231T000000", "04 07 11 18 25"),
        ("DTSTART:20101204T180000|RRULE:FREQ=YEARLY;BYWEEKNO=50", "12"),
        ("DTSTART;VALUE=DATE:18021205|RRULE:FREQ=YEARLY", "05"),
        ("DTSTART:20261201T180000|RRULE:FREQ=DAILY;COUNT=4|EXDATE:20261202T180000|EXDATE;VALUE=DATE:20261203", "01 04"),
        ("DTSTART;TZID=Europe/Paris:20261201T180000|RRULE:FREQ=DAILY;COUNT=2|EXDATE:20261201T170000Z", "02"),
        ("DTSTART;VALUE=DATE:20261201|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20261202T000000", "01 03"),
        ("DTSTART:20261201T180000|RDATE:20261203T180000,20261205T180000|RDATE:20261203T180000", "01 03 05"),
        ("DTSTART:20261201T180000|RDATE;VALUE=PERIOD:20261203T180000/PT2H", "01 03"),
        ("DTSTART:20261201T180000|RRULE:FREQ=DAILY;COUNT=4|EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=2", "02 04"),
        ("DTSTART:20261201T180000|RRULE:FREQ=HOURLY;INTERVAL=24;COUNT=3", "01 02 03"),
        ("DTSTART:20261201T180000|RRULE:FREQ=DAILY;BYHOUR=18,20;UNTIL=20261202T190000", "01 01 02"),
        ("DTSTART:20261201T180000|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20261202T180000Z", "01 03"),
        ("DTSTART:20261201T180000|RRULE:FREQ=DAILY;COUNT=-1;UNTIL=20261202", "01 02"),
        ("DTSTART:20261201T180000|RRULE:RSCALE=GREGORIAN;FREQ=DAILY;COUNT=2;SKIP=OMIT", "01 02"),
        ("DTSTART:20261201T180000|RRULE:FREQ=DAILY;INTERVAL=0", "01"),
        ("DTSTART:20261201T180000|RRULE:FREQ=DAILY;X-ONE=1;COUNT=2", "01 02"),
    ],
)
def test_a_repetition_is_written_out(event, expected):
    assert [each[8:10] for each in times(ical(f"SUMMARY:Marché|{event}"))] == expected.split()


def test_a_time_without_zone_ends_a_repetition_by_the_clock_of_its_start():
    event = "SUMMARY:Zouk|DTSTART;TZID=America/Cayenne:20261201T180000|RRULE:FREQ=DAILY;UNTIL=20261203T180000"
    assert [each[8:13] for each in times(ical(event), zone="America/Cayenne")] == ["01T18", "02T18", "03T18"]


def test_a_calendar_may_name_its_own_zone():
    head = "X-WR-TIMEZONE:America/Martinique|"
    assert times(ical("SUMMARY:A|DTSTART:20261201T100000", head=head)) == ["2026-12-01T15:00"]
    # It repeats by the clock of that zone, also where its times are in UTC.
    event = "SUMMARY:A|DTSTART:20260701T160000Z|RRULE:FREQ=WEEKLY;UNTIL=20261203T000000Z"
    assert times(ical(event, head="X-WR-TIMEZONE:Europe/Paris|"))[0] == "2026-11-25T18:00"


def test_a_zone_that_the_file_describes_is_that_zone():
    event = "SUMMARY:A|DTSTART;TZID=Bureau:20261201T100000"
    assert times(ical(event, head=ZONE_OF_AN_OFFICE), zone="America/Martinique") == ["2026-12-01T05:00"]


def test_a_changed_repetition_takes_the_place_of_the_one_it_names():
    series = "UID:1|SUMMARY:Cours|DTSTART;TZID=Europe/Paris:20261201T180000|RRULE:FREQ=WEEKLY;COUNT=4"
    moved = (
        "UID:1|SUMMARY:Cours|RECURRENCE-ID;TZID=Europe/Paris:20261208T180000|DTSTART;TZID=Europe/Paris:20261209T190000"
    )
    gone = "UID:1|SUMMARY:Cours|STATUS:CANCELLED|RECURRENCE-ID:20261215T170000Z|DTSTART:20261215T170000Z"
    assert [each[8:13] for each in times(ical(series, moved, gone))] == ["01T18", "09T19", "22T18"]
    later = moved.replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;")
    assert [each[8:13] for each in times(ical(series, later))] == ["01T18", "09T19", "16T19", "23T19"]


def test_a_change_of_an_older_version_does_not_come_back():
    series = "UID:1|SEQUENCE:3|SUMMARY:Cours|DTSTART:20261201T180000|RRULE:FREQ=WEEKLY;UNTIL=20261216"
    change = "UID:1|SEQUENCE:2|SUMMARY:Cours|RECURRENCE-ID:20261208T180000|DTSTART:20261209T190000"
    excluded = "|EXDATE:20261208T180000"
    assert [each[8:10] for each in times(ical(series, change))] == ["01", "09", "15"]
    assert [each[8:10] for each in times(ical(series + excluded, change))] == ["01", "15"]
    after_its_end = change.replace("RECURRENCE-ID:20261208", "RECURRENCE-ID:20261222")
    assert [each[8:10] for each in times(ical(series, after_its_end))] == ["01", "08", "15"]


def test_a_change_of_a_private_series_is_private():
    series = "UID:1|CLASS:PRIVATE|SUMMARY:RDV|DTSTART:20261201T180000|RRULE:FREQ=WEEKLY;COUNT=2"
    change = "UID:1|SUMMARY:RDV|RECURRENCE-ID:20261208T180000|DTSTART:20261209T190000"
    found = reading(ical(series, change))
    assert (found["data"]["events"], {each["name"] for each in found["skipped"]}) == ([], {""})


def test_the_newest_version_of_an_event_counts_and_others_of_its_name_stay():
    old, new = (
        "UID:1|SEQUENCE:0|SUMMARY:A|DTSTART:20261201T180000",
        "UID:1|SEQUENCE:2|SUMMARY:A|DTSTART:20261203T180000",
    )
    assert [each[8:10] for each in times(ical(new, old))] == ["03"]
    assert [each[8:10] for each in times(ical(old, new.replace("SEQUENCE:2", "SEQUENCE:0")))] == ["01", "03"]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("CLASS:PRIVATE|DTSTART:20261201", ("private", "3", "")),
        ("CLASS:confidential|DTSTART:20261201", ("private", "3", "")),
        ("CLASS:PUBLIC|CLASS:X-OFFICE|DTSTART:20261201|RRULE:FREQ=DAILY", ("private", "3", "")),
        ("STATUS:CONFIRMED|STATUS:CANCELLED|DTSTART:20261201", ("cancelled", "3", "RDV")),
        ("LOCATION:Mairie", ("no-start", "3", "RDV")),
        ("DTSTART:demain", ("bad-start", "3", "RDV")),
        ("DTSTART:20261332", ("bad-start", "3", "RDV")),
    ],
)
def test_what_is_not_shown_is_named_and_takes_nothing_else_with_it(event, expected):
    content = ical(f"SUMMARY:RDV|{event}", "SUMMARY:Loto|DTSTART:20261202T200000")
    assert (titles(content), reasons(content)) == (["Loto"], [expected])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("DTSTART:20261201T180000|DTEND:20261201T170000", "end-before-start"),
        ("DTSTART:20261201T180000|RRULE:FREQ=SOMETIMES", "repetition"),
        ("DTSTART:20261201T180000|RRULE:FREQ=DAILY;UNTIL=never", "repetition"),
        ("DTSTART:20261201T180000|DTEND:?", "bad-end"),
        ("DTSTART:20261201T180000|what is that", "not-understood"),
    ],
)
def test_what_is_shown_in_part_is_named(event, reason):
    content = ical(f"SUMMARY:Loto|{event}")
    assert (titles(content), [each[0] for each in reasons(content)]) == (["Loto"], [reason])


def test_an_event_that_is_long_over_is_not_named():
    assert (
        reasons(ical("SUMMARY:A|CLASS:PRIVATE|DTSTART:20200101", "SUMMARY:B|STATUS:CANCELLED|DTSTART:20200101")) == []
    )


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("SUMMARY:Marché de Noël|SUMMARY;LANGUAGE=en:Christmas market", ("Marché de Noël", "")),
        ("SUMMARY;LANGUAGE=en:Christmas market|SUMMARY;LANGUAGE=fr:Marché de Noël", ("Marché de Noël", "")),
        ("SUMMARY:|SUMMARY:Loto|LOCATION:Mairie|LOCATION:Town hall", ("Loto", "Mairie")),
        (r"SUMMARY:Atelier\, puis\nloto\; 3 \\ 4", ("Atelier, puis loto; 3 \\ 4", "")),
        ("SUMMARY:Atelier des <6 ans et des >60 ans &amp; plus", ("Atelier des <6 ans et des >60 ans & plus", "")),
        ("SUMMARY:Mar| ché|\tde No|  ël", ("Marchéde No ël", "")),
        ("summary;X-A=\"a:b;c\":Loto", ("Loto", "")),
        ("SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:March=C3=A9 de=|=20No=C3=ABl", ("Marché de Noël", "")),
        ("SUMMARY:Loto|BEGIN:VALARM|SUMMARY:Alarm|DTSTART:20200101|DURATION:PT5M|END:VALARM", ("Loto", "")),
        ("SUMMARY:Loto|DTSTART:20261203|DTEND:20261204|DTEND:20261209", ("Loto", "")),
    ],
)  # fmt: skip
def test_texts_are_those_that_people_wrote(event, expected):
    (found,) = reading(ical(f"DTSTART:20261201|{event}"))["data"]["events"]
    assert (found["title"], found["place"]) == expected


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("cp1252"),
        lambda text: text.encode("mac-roman"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode().replace("fête".encode(), "fête".encode("cp1252")),
        lambda text: text.replace("\r\n", "\n").encode(),
        lambda text: text.replace("\r\n", "\r").encode(),
        lambda text: text.replace("\r\n", "\r\r\n").encode(),
        lambda text: (text + "\r\n<!-- generated in 3 ms -->\r\nEND:\r\n").encode(),
        lambda text: b"\r\n\r\n  " + text.encode(),
        # A fold within a letter.
        lambda text: text.encode().replace(b"\xc3\xa9", b"\xc3\r\n \xa9"),
        lambda text: text.replace("VERSION:2.0", "VERSION:2.0\r\nREFRESH-INTERVAL:VALUE=DURATION:PT1H").encode(),
        lambda text: text.replace("VERSION:2.0", "VERSION:2.0\r\nX-PUBLISHED-TTL").encode(),
        lambda text: text.replace("END:VCALENDAR", "").encode(),
        lambda text: text.replace("BEGIN:VCALENDAR", "").encode(),
    ],
)
def test_a_file_is_read_however_it_was_saved(encode):
    event = "SUMMARY:Marché de Noël et fête à la forêt|LOCATION:Préau de l’école|DTSTART:20261201"
    assert titles(encode(ical(event))) == ["Marché de Noël et fête à la forêt"]


def test_a_stream_of_calendars_is_read_to_its_end_and_the_same_event_stands_once():
    one = ical("UID:1|SUMMARY:A|DTSTART:20261201", "SUMMARY:C|DTSTART:20261203")
    other = ical("UID:2|SUMMARY:B|DTSTART:20261202", "SUMMARY:C|DTSTART:20261203")
    assert titles(one + "\r\n" + other) == ["A", "B", "C"]


def test_an_event_that_is_cut_off_is_named():
    content = ical("SUMMARY:A|DTSTART:20261201", "SUMMARY:B|DTSTART:20261202").partition("\r\nEND:VEVENT\r\nEND:VCAL")[
        0
    ]
    assert (titles(content), reasons(content)) == (["A"], [("cut-off", "7", "B")])


def test_an_event_whose_end_is_missing_does_not_take_the_next_with_it():
    content = ical("SUMMARY:A|DTSTART:20261201", "SUMMARY:B|DTSTART:20261202").replace("END:VEVENT\r\n", "", 1)
    assert titles(content) == ["A", "B"]


@pytest.mark.parametrize("hour", [0, 11, 13, 23])
def test_what_takes_the_whole_day_stays_until_midnight(hour):
    content = ical(
        "SUMMARY:Noël|DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20261225", "SUMMARY:A|DTSTART:20261225T100000"
    )
    now = dt.datetime(2026, 12, 25, hour, 30, tzinfo=ZoneInfo("Pacific/Noumea"))
    assert "Noël" in titles(content, zone="Pacific/Noumea", now=now)
    assert titles(content, zone="Pacific/Noumea", now=now + dt.timedelta(days=1)) == []


def test_dates_at_the_ends_of_time_take_no_event_with_them():
    found = times(
        ical(
            "SUMMARY:A|DTSTART;VALUE=DATE:20260101|DTEND;VALUE=DATE:99991231",
            "SUMMARY:B|DTSTART:00010101T000000Z|DTEND:99991231T235959Z",
            "SUMMARY:C|DTSTART:99991231T235959Z|RRULE:FREQ=DAILY",
            "SUMMARY:D|DTSTART:00010101T000000|RRULE:FREQ=SECONDLY;INTERVAL=999999999999",
            "SUMMARY:E|DTSTART:20261201T100000|DURATION:P999999DT9999999H",
            "SUMMARY:F|DTSTART:00000000",
        )
    )
    assert [each[:10] for each in found] == ["1970-01-01", "2026-01-01", "2026-12-01"]


def test_exhibitions_do_not_push_out_what_begins_soon():
    long = [f"UID:l{n}|SUMMARY:Expo {n}|DTSTART;VALUE=DATE:20260101|DTEND;VALUE=DATE:20270101" for n in range(80)]
    soon = [f"UID:s{n}|SUMMARY:Conseil {n}|DTSTART:20261126T{n % 24:02}0000" for n in range(100)]
    assert "Conseil 0" in titles(ical(*long, soon[0]))
    found = titles(ical(*long, *soon))
    assert (len(found), sum(title.startswith("Expo") for title in found)) == (60, 15)


def test_years_of_history_are_read_in_a_moment():
    past = [
        f"UID:{n}|SUMMARY:Entraînement|DTSTART:20{10 + n % 16}0110T180000Z|DURATION:PT2H|DESCRIPTION:{'x' * 540}"
        for n in range(4_200)
    ]
    content = ical(*past, "UID:z|SUMMARY:Loto|DTSTART:20261201T190000Z")
    began = time.process_time()
    assert titles(content) == ["Loto"]
    assert len(content) > 2_600_000
    assert time.process_time() - began < 5


def test_what_costs_too_much_costs_itself_only(monkeypatch):
    monkeypatch.setattr(readers.calendar_events, "PROCESSOR_BUDGET_S", 0.2)
    dear = [f"UID:{n}|SUMMARY:R{n}|DTSTART:19{n}0101|RRULE:FREQ=YEARLY;BYDAY=MO;COUNT=9999" for n in range(10, 90)]
    found = reading(ical(*dear, "SUMMARY:Loto|DTSTART:20261201T190000Z"))
    assert "Loto" in [event["title"] for event in found["data"]["events"]]
    assert {each["reason"] for each in found["skipped"]} == {"too-complex"}


@pytest.mark.parametrize("content", ["", "hello", "<html>BEGIN", "BEGIN:VTODO\r\nEND:VTODO", "\0\0\0"])
def test_what_is_no_calendar_is_refused(content):
    assert readers.read_feed("calendar", "Europe/Paris", content.encode()) == {"code": "not-a-calendar"}


_NAMES = st.sampled_from(
    "BEGIN END DTSTART DTEND DURATION RRULE RDATE EXDATE RECURRENCE-ID SUMMARY STATUS CLASS UID SEQUENCE TZID X".split()  # noqa: SIM905
)
_VALUES = st.one_of(
    st.sampled_from(
        ["VEVENT", "VCALENDAR", "VTIMEZONE",
         "20261201", "20261201T100000Z", "99991231T235959Z", "00010101", "P1D", "-P9W",
         "FREQ=DAILY", "FREQ=YEARLY;BYDAY=53MO;COUNT=9", "FREQ=SECONDLY", "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
         "FREQ=YEARLY;BYWEEKNO=53;BYSETPOS=-1", "CANCELLED", "PRIVATE",
         "20261201T100000/PT1H,20261203T100000/20270101T000000"]
    ),
    st.text(max_size=20),
)  # fmt: skip
_PARAMETERS = st.sampled_from(
    ["", ";VALUE=DATE", ";TZID=Europe/Paris", ';TZID="a', ";ENCODING=QUOTED-PRINTABLE", ";=;", ";TZID=../x"]
)
_LINES = st.lists(
    st.one_of(st.builds("{}{}:{}".format, _NAMES, _PARAMETERS, _VALUES), st.text(max_size=12)), max_size=12
)


@settings(max_examples=150, deadline=2_000, suppress_health_check=[HealthCheck.too_slow])
@given(_LINES, st.sampled_from(["\r\n", "\n", "\r"]))
def test_no_lines_stop_the_reader(lines, end):
    content = ical("SUMMARY:Loto|DTSTART:20261201T190000Z", end.join(["UID:9", *lines]))
    found = reading(content)
    assert found.get("data", {}).get("events") is not None
    days = readers.read_feed("days", "Europe/Paris", content.encode(), now=NOW)
    assert "data" in days
