"""Days as people write them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as some

from beffroi_content.written_dates import month_number, parse_days, weekday_number

TODAY = dt.date(2026, 11, 29)


def day(month: int, number: int, year: int = 2026) -> dt.date:
    return dt.date(year, month, number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23", day(11, 23)), ("2026/11/23", day(11, 23)), ("2026-11-23 00:00:00", day(11, 23)),
        ("23/11/2026", day(11, 23)), ("23/11/26", day(11, 23)), ("23-11-2026", day(11, 23)), ("23.11.26", day(11, 23)),
        ("23 / 11 / 2026", day(11, 23)), ("23/11", day(11, 23)), ("Lundi 23/11", day(11, 23)),
        ("lundi 23 novembre", day(11, 23)), ("LUNDI 23 NOVEMBRE", day(11, 23)), ("Lun. 23 nov. 2026", day(11, 23)),
        ("lundi, 23 novembre 2026", day(11, 23)), ("23-nov-26", day(11, 23)), ("23-nov.-26", day(11, 23)),
        ("23 nov", day(11, 23)), ("lundi 23", day(11, 23)), ("le 24 décembre", day(12, 24)),
        ("1er décembre", day(12, 1)),
        ("1ᵉʳ décembre", day(12, 1)), ("mar. 1er", day(12, 1)), ("mardi 1er déc.", day(12, 1)),
        ("24 aout", day(8, 24)),
        ("lundi\u00a023\u202fnovembre", day(11, 23)), ("Monday, November 23, 2026", day(11, 23)),
        ("23.11.", day(11, 23)),
        ("2026-11-23T00:00:00.000Z", day(11, 23)), ("Lundi (23/11)", day(11, 23)), ("Lundi 23 novembre :", day(11, 23)),
        ("23/11/2026 19:30", day(11, 23)), ("lundi 23 novembre à 19 h 30", day(11, 23)),
        ("lundi 23 novembre, 14h30 - 16h", day(11, 23)), ("5 janvier", day(1, 5, 2027)), ("29/02/28", day(2, 29, 2028)),
        ("lunes 23 de noviembre de 2026", day(11, 23)), ("Montag, 23. November 2026", day(11, 23)),
        # A weekday chooses the year: 23 November is a Tuesday in 2027.
        ("mardi 23 novembre", day(11, 23, 2027)), ("lundi 24 novembre 2026", day(11, 24)),
    ],
)  # fmt: skip
def test_a_day_is_understood_however_it_is_written(text, expected):
    assert parse_days(text, TODAY) == (expected, expected)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("du 23 au 27 novembre", day(11, 23), day(11, 27)),
        ("23-27 novembre", day(11, 23), day(11, 27)),
        ("Semaine du 23 au 27 novembre 2026", day(11, 23), day(11, 27)),
        ("du lundi 23 au vendredi 27 novembre", day(11, 23), day(11, 27)),
        ("23 et 24 novembre", day(11, 23), day(11, 24)),
        ("du 30 novembre au 4 décembre", day(11, 30), day(12, 4)),
        ("du 30/11 au 04/12", day(11, 30), day(12, 4)),
        ("du 28 décembre au 3 janvier", day(12, 28), day(1, 3, 2027)),
    ],
)
def test_several_days_have_a_first_and_a_last(text, first, last):
    assert parse_days(text, TODAY) == (first, last)


@pytest.mark.parametrize(
    "text",
    ["", "lundi", "10-12", "9.30", "1/2", "8-10", "14 h 30", "08:00", "32/11/26", "30 février", "12 menus", "salle 12",
     "Bus 12/12", "6/12 ans", "20261123", "46349", "Lycée 2026", "x" * 500],
)  # fmt: skip
def test_what_is_no_date_is_none(text):
    assert parse_days(text, TODAY) is None


@given(some.text(max_size=100) | some.from_regex(r"[0-9 /.:h-]{1,40}"), some.dates())
def test_any_text_is_a_date_or_none(text, today):
    found = parse_days(text, today)
    assert found is None or found[0] <= found[1]


@pytest.mark.parametrize(
    ("name", "month"), [("Févr.", 2), ("AOÛT", 8), ("März", 3), ("dicembre", 12), ("październik", 10), ("mardi", None)]
)
def test_months_are_known_by_their_names(name, month):
    assert month_number(name) == month


@pytest.mark.parametrize(("name", "weekday"), [("Lundi", 0), ("dim.", 6), ("Wednesday ", 2), ("SAM", 5), ("mai", None)])
def test_weekdays_are_known_by_their_names(name, weekday):
    assert weekday_number(name) == weekday
