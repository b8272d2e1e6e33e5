"""Instants, durations and lists as text, in both languages."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone, translation

from beffroi_server.core import formatting

SPACE = "\N{NARROW NO-BREAK SPACE}"


def in_both(function, *arguments: object) -> tuple[str, str]:
    """Return what a function says in English and in French."""
    said = []
    for language in ("en", "fr"):
        with translation.override(language):
            said.append(function(*arguments))
    return said[0], said[1]


@pytest.mark.parametrize(
    ("time", "english", "french"),
    [
        (dt.time(18, 30), "18:30", f"18{SPACE}h{SPACE}30"),
        (dt.time(8), "08:00", f"8{SPACE}h"),
        (dt.time(0, 5), "00:05", f"0{SPACE}h{SPACE}05"),
        (dt.time(23, 59, 59), "23:59", f"23{SPACE}h{SPACE}59"),
    ],
)
def test_a_time_of_day(time, english, french):
    assert in_both(formatting.format_hour, time) == (english, french)


@pytest.mark.parametrize(
    ("date", "english", "french"),
    [
        (dt.date(2026, 7, 1), "1 July 2026", "1er juillet 2026"),
        (dt.date(2026, 7, 2), "2 July 2026", "2 juillet 2026"),
        (dt.date(2026, 8, 21), "21 August 2026", "21 août 2026"),
        (dt.date(2027, 1, 1), "1 January 2027", "1er janvier 2027"),
    ],
)
def test_a_date(date, english, french):
    assert in_both(formatting.format_day, date) == (english, french)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (1, "1 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (150, "2 min 30 s"), (3600, "1 h"),
        (3659, "1 h"), (3900, "1 h 5 min"), (90_000, "25 h"),
    ],
)  # fmt: skip
def test_a_duration(seconds, text):
    numbers, units = text.split()[::2], text.split()[1::2]
    expected = " ".join(f"{number}{SPACE}{unit}" for number, unit in zip(numbers, units, strict=True))
    assert formatting.format_duration(seconds) == expected


@pytest.mark.parametrize(
    ("milliseconds", "english", "french"),
    [
        (84, "84 ms", "84 ms"),
        (0.4, "0 ms", "0 ms"),
        (999.4, "999 ms", "999 ms"),
        (1000, "1.0 s", "1,0 s"),
        (2449, "2.4 s", "2,4 s"),
        (2451, "2.5 s", "2,5 s"),
    ],
)
def test_a_latency(milliseconds, english, french):
    expected = english.replace(" ", SPACE), french.replace(" ", SPACE)
    assert in_both(formatting.format_latency, milliseconds) == expected


@pytest.mark.parametrize(
    ("names", "english", "french"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a et b"),
        (["a", "b", "c"], "a, b and c", "a, b et c"),
    ],
)
def test_a_list_of_names(names, english, french):
    assert in_both(formatting.join_names, names) == (english, french)


class TestMoments:
    @pytest.fixture(autouse=True)
    def noon(self):
        """The 29th of November 2026, noon in Paris."""
        noon = dt.datetime(2026, 11, 29, 11, tzinfo=dt.UTC)
        with time_machine.travel(noon, tick=False), timezone.override("Europe/Paris"):
            yield

    @pytest.mark.parametrize(
        ("hours", "english", "french"),
        [
            (0, "12:00", "12 h"),
            (-12, "00:00", "0 h"),
            (11.5, "23:30", "23 h 30"),
            (12, "tomorrow at 00:00", "demain à 0 h"),
            (-13, "yesterday at 23:00", "hier à 23 h"),
            (48, "1 December 2026 at 12:00", "1er décembre 2026 à 12 h"),
        ],
    )
    def test_are_said_by_the_local_day(self, hours, english, french):
        instant = timezone.now() + dt.timedelta(hours=hours)
        said_in_english, said_in_french = in_both(formatting.format_moment, instant)
        assert said_in_english == english
        assert said_in_french.replace(SPACE, " ") == french

    @pytest.mark.parametrize(
        ("form", "hours", "english", "french"),
        [
            ("at", 0, "at 12:00", "à 12 h"),
            ("at", -13, "yesterday at 23:00", "hier à 23 h"),
            ("at", 24, "tomorrow at 12:00", "demain à 12 h"),
            ("at", 48, "on 1 December 2026 at 12:00", "le 1er décembre 2026 à 12 h"),
            ("of", -12, "of 00:00", "de 0 h"),
            ("of", -24, "of yesterday at 12:00", "d’hier à 12 h"),
            ("of", -48, "of 27 November 2026 at 12:00", "du 27 novembre 2026 à 12 h"),
            ("from", 0.5, "from 12:30", "à partir de 12 h 30"),
            ("from", -24, "from yesterday at 12:00", "à partir d’hier à 12 h"),
            ("from", 24, "from tomorrow at 12:00", "à partir de demain à 12 h"),
            ("from", 48, "from 1 December 2026 at 12:00", "à partir du 1er décembre 2026 à 12 h"),
            ("since", 0, "since 12:00", "depuis 12 h"),
            ("since", -24, "since yesterday at 12:00", "depuis hier à 12 h"),
            ("since", -48, "since 27 November 2026 at 12:00", "depuis le 27 novembre 2026 à 12 h"),
            ("before", 0, "before 12:00", "avant 12 h"),
            ("before", 24, "before tomorrow at 12:00", "avant demain à 12 h"),
            ("before", 48, "before 1 December 2026 at 12:00", "avant le 1er décembre 2026 à 12 h"),
            ("until", 11.5, "until 23:30", "jusqu’à 23 h 30"),
            ("until", 12, "until tomorrow at 00:00", "jusqu’à demain à 0 h"),
            ("until", -24, "until yesterday at 12:00", "jusqu’à hier à 12 h"),
            ("until", 48, "until 1 December 2026 at 12:00", "jusqu’au 1er décembre 2026 à 12 h"),
        ],
    )
    def test_have_the_preposition_that_their_day_asks_for(self, form, hours, english, french):
        instant = timezone.now() + dt.timedelta(hours=hours)
        said_in_english, said_in_french = in_both(getattr(formatting, f"moment_{form}"), instant)
        assert said_in_english == english
        assert said_in_french.replace(SPACE, " ") == french

    @pytest.mark.parametrize(
        ("start", "end", "english", "french"),
        [
            (0, 1, "from 12:00 until 13:00", "de 12 h à 13 h"),
            (-24, -23, "yesterday from 12:00 until 13:00", "hier de 12 h à 13 h"),
            (48, 49, "on 1 December 2026 from 12:00 until 13:00", "le 1er décembre 2026 de 12 h à 13 h"),
            (-14, -6, "from yesterday at 22:00 until today at 06:00", "d’hier à 22 h à aujourd’hui à 6 h"),
            (0, 24, "from 12:00 until tomorrow at 12:00", "de 12 h à demain à 12 h"),
            (
                -48, 48, "from 27 November 2026 at 12:00 until 1 December 2026 at 12:00",
                "du 27 novembre 2026 à 12 h au 1er décembre 2026 à 12 h",
            ),
        ],
    )  # fmt: skip
    def test_that_are_two_name_a_day_once(self, start, end, english, french):
        instants = [timezone.now() + dt.timedelta(hours=hours) for hours in (start, end)]
        said_in_english, said_in_french = in_both(formatting.moments_between, *instants)
        assert said_in_english == english
        assert said_in_french.replace(SPACE, " ") == french


@pytest.mark.parametrize("milliseconds", [0, 1, 1_700_000_000_123, None])
def test_milliseconds_become_an_instant_in_utc(milliseconds):
    instant = formatting.from_milliseconds(milliseconds)
    if milliseconds is None:
        assert instant is None
    else:
        assert instant.tzinfo is dt.UTC
        assert round(instant.timestamp() * 1000) == milliseconds
