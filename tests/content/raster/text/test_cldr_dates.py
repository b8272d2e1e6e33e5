"""The names of days and months, and the forms of dates, beside those of the Unicode CLDR."""

from __future__ import annotations

import re
import string

import pytest

from beffroi_content.raster.text.date_names import DATE_NAMES

babel = pytest.importorskip("babel", reason="the data of the CLDR comes with Babel")

OTHER_LANGUAGE = {"gsw"}
"""The CLDR has the German of Zürich under this code; ours is the one of Alsace."""
BASQUE_MONTHS = "a Basque date says either “abenduaren 24(a)”, as the CLDR, or “abenduak 24”, which needs no brackets"
SHORT_ON_PURPOSE = {"vi": "“Thứ 2” without its accents", "oc": "the CLDR has no short names"}
COMPARED = sorted(DATE_NAMES.keys() - OTHER_LANGUAGE)


def _locale(code: str):
    return babel.Locale.parse("en_GB" if code == "en" else code)


def _plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MODIFIER LETTER APOSTROPHE}", "’")


def _order(pattern: str) -> str:
    """Return in which order a pattern of the CLDR has weekday, day and month: ``EdM``."""
    return "".join(dict.fromkeys(re.sub(r"'[^']*'|[^EdM]", "", pattern.replace("L", "M").replace("c", "E"))))


@pytest.mark.parametrize("code", COMPARED)
def test_names_are_those_of_the_cldr(code):
    names, locale = DATE_NAMES[code], _locale(code)
    days, months = locale.days["format"], locale.months["format"]["wide"]
    assert list(names.weekdays) == [_plain(days["wide"][day]) for day in range(7)]
    if code not in SHORT_ON_PURPOSE:
        assert list(names.short_weekdays) == [_plain(days["abbreviated"][day]) for day in range(7)]
    written = [_plain(names.month_phrase(month)) for month in range(1, 13)]
    if code == "eu":
        written = [month.removesuffix("k") for month in written]
    assert written == [_plain(months[month]) for month in range(1, 13)]


@pytest.mark.parametrize("code", COMPARED)
def test_dates_have_the_form_of_the_cldr(code):
    names, locale = DATE_NAMES[code], _locale(code)
    letters = {"weekday": "E", "number": "d", "day": "d", "month": "M"}
    ours = "".join(letters[name] for _text, name, _spec, _kind in string.Formatter().parse(names.form) if name)
    assert ours == _order(locale.date_formats["full"].pattern)
    numeric = "".join(letters[name] for _text, name, _spec, _kind in string.Formatter().parse(names.numeric) if name)
    mark = re.sub(r"\{[^}]*\}", "", names.numeric)[0]
    known = (locale.date_formats["short"].pattern, locale.datetime_skeletons["Md"].pattern)
    assert any(_order(pattern) == numeric and mark in pattern for pattern in known)
