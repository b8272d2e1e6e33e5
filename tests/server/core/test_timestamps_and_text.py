"""Tests of the conversion of instants, and of shortening texts."""

from __future__ import annotations

import datetime as dt

import pytest

from beffroi_server.core.text import shorten_text
from beffroi_server.core.timestamps import MAX_AHEAD, bounded_instant, unix_ms

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), 0),
        (dt.datetime(1970, 1, 1, 0, 0, 1, 500, tzinfo=dt.UTC), 1000),
        (dt.datetime(1970, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))), 0),
        (dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=dt.UTC), -1000),
    ],
)
def test_milliseconds_since_the_epoch(moment, expected):
    assert unix_ms(moment) == expected


@pytest.mark.parametrize("moment", [NOW, NOW + dt.timedelta(milliseconds=1), NOW - dt.timedelta(days=20_000)])
def test_an_instant_of_a_player_survives_the_way_there_and_back(moment):
    assert bounded_instant(unix_ms(moment), NOW) == moment


@pytest.mark.parametrize("ahead", [dt.timedelta(days=1, milliseconds=1), dt.timedelta(days=365 * 7000)])
def test_an_instant_far_ahead_is_drawn_near(ahead):
    assert bounded_instant(unix_ms(NOW + ahead), NOW) == NOW + MAX_AHEAD


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Piscine", 7, "Piscine"),
        ("Piscine", 6, "Pisci…"),
        ("La piscine rouvre", 11, "La piscine…"),
        ("La piscine", 4, "La…"),
        ("", 1, ""),
    ],
)
def test_long_texts_end_with_an_ellipsis(text, limit, expected):
    assert shorten_text(text, limit) == expected
    assert len(shorten_text(text, limit)) <= limit
