"""Dates as text: the same on every machine, in French and in English, and short where there is little space."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.languages import LANGUAGES
from beffroi_content.raster.text.date_names import DATE_NAMES
from beffroi_content.raster.text.dates import (
    day_number,
    day_text,
    describe_event_dates,
    instant_text,
    month_name,
    short_day_text,
    time_text,
    until_text,
    weekday_name,
)

N, B = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
SATURDAY = dt.date(2026, 12, 12)
MOMENT = dt.datetime.fromisoformat
NOON_MS = 1_765_540_800_000
"""12 December 2025, 12:00 UTC."""


@pytest.mark.parametrize(
    ("locale", "weekday", "month", "long", "short"),
    [
        ("fr", "samedi", "décembre", f"samedi 12{B}décembre", f"sam.{B}12{B}déc."),
        ("en", "Saturday", "December", f"Saturday 12{B}December", f"Sat{B}12{B}Dec"),
        ("de", "Samstag", "Dezember", f"Samstag, 12.{B}Dezember", f"Sa.{B}12.12."),
        ("tr", "Cumartesi", "Aralık", f"12{B}Aralık Cumartesi", f"Cmt{B}12.12"),
        ("ca", "dissabte", "desembre", f"dissabte, 12 de{B}desembre", f"ds.{B}12/12"),
        ("ar", "السبت", "ديسمبر", f"السبت، 12{B}ديسمبر", f"السبت{B}12/12"),
        ("xx", "Saturday", "December", f"Saturday 12{B}December", f"Sat{B}12/12"),
    ],
)
def test_days(locale, weekday, month, long, short):
    assert weekday_name(SATURDAY, locale) == weekday
    assert month_name(SATURDAY, locale) == month
    assert day_text(SATURDAY, locale) == long
    assert short_day_text(SATURDAY, locale) == short


def test_every_language_of_announcements_names_all_days_and_months():
    assert DATE_NAMES.keys() == LANGUAGES.keys()
    for names in DATE_NAMES.values():
        assert (len(set(names.weekdays)), len(set(names.short_weekdays)), len(set(names.months))) == (7, 7, 12)


def test_a_month_that_begins_with_a_vowel_is_elided_in_catalan_and_occitan():
    assert day_text(dt.date(2026, 4, 2), "ca") == "dijous, 2 d’abril"
    assert day_text(dt.date(2026, 4, 2), "oc") == f"dijòus 2{B}d’abril"


def test_a_range_in_another_language_names_both_days():
    when = describe_event_dates(MOMENT("2026-12-12T18:00"), MOMENT("2026-12-14T22:00"), "de")
    assert when.full_text == f"Samstag, 12.{B}Dezember – Montag, 14.{B}Dezember · 18:00"
    assert when.short_text == "12.12. – 14.12. · 18:00"


def test_the_first_of_a_month_is_1er_in_french_only():
    first = dt.date(2026, 5, 1)
    assert day_number(first, "fr") == "1er"
    assert day_number(first, "en") == "1"
    assert day_text(first, "fr") == f"vendredi 1er{B}mai"


@pytest.mark.parametrize(
    ("time", "french", "english"),
    [
        (dt.time(0, 0), f"0{N}h", "0:00"),
        (dt.time(9, 5), f"9{N}h{N}05", "9:05"),
        (dt.time(18, 30), f"18{N}h{N}30", "18:30"),
        (dt.time(23, 59), f"23{N}h{N}59", "23:59"),
    ],
)
def test_times(time, french, english):
    assert time_text(time, "fr") == french
    assert time_text(time, "en") == english


@pytest.mark.parametrize(
    ("starts", "ends", "full", "short"),
    [
        ("2026-12-12T18:30", None, f"samedi 12{B}décembre · 18{N}h{N}30", f"sam.{B}12{B}déc. · 18{N}h{N}30"),
        ("2026-12-12", None, f"samedi 12{B}décembre", f"sam.{B}12{B}déc."),
        ("2026-12-12", "2026-12-13", f"samedi 12{B}décembre", f"sam.{B}12{B}déc."),
        (
            "2026-12-12",
            "2026-12-14",
            f"du samedi 12 au dimanche 13{B}décembre",
            f"du 12 au 13{B}déc.",
        ),
        (
            "2026-12-31T20:00",
            "2027-01-02T22:00",
            f"du jeudi 31{B}décembre au samedi 2{B}janvier · 20{N}h",
            f"du 31{B}déc. au 2{B}janv. · 20{N}h",
        ),
    ],
)
def test_the_dates_of_an_event_in_french(starts, ends, full, short):
    when = describe_event_dates(MOMENT(starts), MOMENT(ends) if ends else None, "fr")
    assert when.full_text == full
    assert when.short_text == short


@pytest.mark.parametrize(
    ("starts", "ends", "full", "short"),
    [
        ("2026-12-12T18:30", None, f"Saturday 12{B}December · 18:30", f"Sat{B}12{B}Dec · 18:30"),
        ("2026-12-12T18:30", "2026-12-12T20:00", f"Saturday 12{B}December · 18:30 – 20:00", None),
        ("2026-12-12", "2026-12-14", f"Saturday 12 to Sunday 13{B}December", f"12 to 13{B}Dec"),
    ],
)
def test_the_dates_of_an_event_in_english(starts, ends, full, short):
    when = describe_event_dates(MOMENT(starts), MOMENT(ends) if ends else None, "en")
    assert when.full_text == full
    assert short is None or when.short_text == short


def test_an_evening_that_goes_on_after_midnight_has_both_its_hours():
    when = describe_event_dates(MOMENT("2026-12-12T22:00"), MOMENT("2026-12-13T03:00"), "fr")
    assert when.hours == f"de 22{N}h à 3{N}h"
    assert (when.first, when.last) == (SATURDAY, dt.date(2026, 12, 13))


def test_the_end_of_something_that_lasts_for_days_is_no_hour_of_the_first_one():
    when = describe_event_dates(MOMENT("2026-12-12T10:00"), MOMENT("2026-12-14T18:00"), "fr")
    assert when.hours == f"10{N}h"


@given(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1)), st.timedeltas(dt.timedelta(), dt.timedelta(400)))  # noqa: DTZ001
def test_any_event_has_a_first_and_a_last_day_in_order(starts, lasts):
    when = describe_event_dates(starts, starts + lasts, "fr")
    assert starts.date() == when.first <= when.last <= (starts + lasts).date()
    assert when.full_text


def test_until_names_the_day_only_if_it_is_another():
    assert until_text(NOON_MS, NOON_MS, "Europe/Paris", "fr") == f"jusqu’à 13{N}h"
    assert until_text(NOON_MS, NOON_MS, "Europe/Paris", "en") == "until 13:00"
    tomorrow = NOON_MS + 86_400_000
    assert until_text(tomorrow, NOON_MS, "Europe/Paris", "fr") == f"jusqu’au samedi 13{B}décembre à 13{N}h"
    assert until_text(tomorrow, NOON_MS, "Europe/Paris", "en") == f"until Saturday 13{B}December, 13:00"


def test_an_instant_is_told_in_local_time():
    assert instant_text(NOON_MS, "Europe/Paris", "fr") == f"13{N}h"
    assert instant_text(NOON_MS, "Indian/Reunion", "en") == "16:00"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York", "UTC"])
def test_the_end_of_time_can_be_told_in_every_zone(zone):
    assert instant_text(253_402_300_799_999, zone, "en")


@pytest.mark.parametrize(
    ("starts", "ends", "line"),
    [
        ("2026-12-12T18:30", None, f"samedi 12{B}décembre · 18{N}h{N}30"),
        ("2027-01-01T18:00", None, f"vendredi 1er{B}janvier · 18{N}h"),
        ("2026-12-12", None, f"samedi 12{B}décembre"),
        ("2026-12-12T18:30", "2026-12-12T22:00", f"samedi 12{B}décembre · de 18{N}h{N}30 à 22{N}h"),
        ("2026-12-12T22:00", "2026-12-13T02:00", f"du samedi 12 au dimanche 13{B}décembre · de 22{N}h à 2{N}h"),
        ("2026-07-03", "2026-07-06", f"du vendredi 3 au dimanche 5{B}juillet"),
        ("2026-11-30", "2026-12-03", f"du lundi 30{B}novembre au mercredi 2{B}décembre"),
    ],
)
def test_dates_as_text(starts, ends, line):
    assert describe_event_dates(MOMENT(starts), MOMENT(ends) if ends else None, "fr").full_text == line


def test_dates_in_english():
    when = describe_event_dates(MOMENT("2026-12-12T18:30"), MOMENT("2026-12-12T22:00"), "en")
    assert when.full_text == f"Saturday 12{B}December · 18:30 – 22:00"


def test_until_is_local_time():
    noon_utc = 1_765_540_800_000
    assert until_text(noon_utc, noon_utc, "Europe/Paris", "fr") == f"jusqu’à 13{N}h"
    assert until_text(noon_utc, noon_utc, "America/Cayenne", "en") == "until 9:00"


@pytest.mark.parametrize(
    ("locale", "at_one", "at_eleven"),
    [
        ("es", "hasta la 1:00", "hasta las 11:00"), ("it", "fino all’1:00", "fino alle 11:00"),
        ("pt", "até à 1:00", "até às 11:00"), ("ca", "fins a la 1:00", "fins a les 11:00"),
        ("de", "bis 1:00", "bis 11:00"),
    ],
)  # fmt: skip
def test_one_o_clock_has_its_own_article(locale, at_one, at_eleven):
    ten_hours = 10 * 3_600_000
    midnight_utc = 1_765_497_600_000
    assert until_text(midnight_utc, midnight_utc, "Europe/Paris", locale) == at_one
    assert until_text(midnight_utc + ten_hours, midnight_utc, "Europe/Paris", locale) == at_eleven
