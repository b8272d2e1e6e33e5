"""Reader of forecasts: today holds until midnight, whatever the forecast leaves out."""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest

from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext
from beffroi_server.feeds.readers.weather import read_weather

PARIS = ZoneInfo("Europe/Paris")
DAY = dt.date(2026, 10, 3)


def at(hour: int, days: int = 0) -> dt.datetime:
    return dt.datetime.combine(DAY, dt.time(), PARIS) + dt.timedelta(days, hours=hour)


def heat_of(hour: int) -> float:
    """Return the temperature of an hour: 10 at 6 h, 22 at 15 h, and 16 at midnight."""
    return {6: 10.0, 15: 22.0}.get(hour, 16.0)


def step(moment: dt.datetime, heat: float, symbol: str = "clearsky_day", **six: float) -> dict[str, object]:
    data: dict[str, object] = {"instant": {"details": {"air_temperature": heat, "wind_speed": 5.0}}}
    span = "next_6_hours" if six else "next_1_hours"
    data[span] = {"summary": {"symbol_code": symbol}, "details": six}
    return {"time": moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "data": data}


def hourly(first: dt.datetime, symbol: str = "clearsky_day") -> list[dict[str, object]]:
    hours = [first + dt.timedelta(hours=number) for number in range(60)]
    return [step(hour, heat_of(hour.hour), symbol) for hour in hours]


def read(steps: list[object], now: dt.datetime, kept: dict[str, object] | None = None, place: str = "1") -> Reading:
    content = {"geometry": {"coordinates": [place]}, "properties": {"timeseries": steps}}
    return read_weather(json.dumps(content).encode(), ReadingContext(PARIS, now, kept=kept or {}))


@pytest.mark.parametrize(("hours", "low"), [(range(1, 24), 10), ((1, 23), 10), ((8, 12, 18, 21, 23), None)])
def test_today_holds_until_midnight(hours, low):
    kept: dict[str, object] = {}
    for hour in hours:
        reading = read(hourly(at(hour)), at(hour), kept)
        kept = json.loads(json.dumps(reading.kept))
        assert reading.data["days"][0]["day"] == "2026-10-03"
        assert {key: reading.data["days"][0][key] for key in ("sky", "high")} == {"sky": "sun", "high": 22}
        assert low is None or reading.data["days"][0]["low"] == low
    tomorrow = read(hourly(at(0, 1)), at(0, 1), kept).data["days"][0]
    assert (tomorrow["day"], tomorrow["low"], tomorrow["high"]) == ("2026-10-04", 10, 22)


def test_a_newer_forecast_of_an_hour_replaces_the_older_one():
    kept = read([*hourly(at(8))[:7], step(at(15), 30.0), *hourly(at(16))], at(8)).kept
    assert read(hourly(at(12)), at(12), kept).data["days"][0]["high"] == 22


def test_what_was_kept_of_another_place_or_day_does_not_count():
    kept = read(hourly(at(8)), at(8), place="1").kept
    assert read(hourly(at(20)), at(20), kept, place="2").data["days"][0]["day"] == "2026-10-04"
    assert read(hourly(at(20, 5)), at(20, 5), kept).data["days"][0]["day"] == "2026-10-09"


@pytest.mark.parametrize("hour", [18, 21, 23])
def test_read_for_the_first_time_in_the_evening_it_begins_with_tomorrow(hour):
    first = read(hourly(at(hour)), at(hour)).data["days"][0]
    assert (first["day"], first["sky"], first["low"], first["high"]) == ("2026-10-04", "sun", 10, 22)


def test_the_low_of_a_day_whose_morning_is_not_known_is_not_told():
    first = read(hourly(at(11)), at(11)).data["days"][0]
    assert (first["day"], first["low"], first["high"]) == ("2026-10-03", None, 22)


def test_extremes_within_six_hours_count_for_their_day():
    steps = [
        step(at(2), 12.0, air_temperature_min=8.6, air_temperature_max=12.0),
        step(at(8), 11.0, air_temperature_min=11.0, air_temperature_max=19.0),
        step(at(14), 20.0, air_temperature_min=15.0, air_temperature_max=23.4),
        # The night that it begins is half of another day.
        step(at(20), 15.0, air_temperature_min=2.0, air_temperature_max=15.0),
    ]
    (day,) = read(steps, at(0)).data["days"]
    assert (day["low"], day["high"]) == (9, 23)


def test_a_symbol_counts_for_the_hours_that_it_is_for():
    steps = [step(at(6), 9.0, "rain", air_temperature_min=8), step(at(12), 9.0, "cloudy", air_temperature_min=8)]
    assert read(steps, at(0)).data["days"][0]["sky"] == "rain"
    steps = [
        *(step(at(hour), 9.0, "rain") for hour in (6, 7)),
        *(step(at(hour), 9.0, "fair_day") for hour in range(8, 21)),
    ]
    assert read(steps, at(0)).data["days"][0]["sky"] == "sun"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        7,
        None,
        {"time": "x", "data": {}},
        {"time": "2026-10-03T10:00:00Z"},
        {"time": "0001-01-01T00:00:00+05:00", "data": {}},
    ],
)
def test_one_odd_hour_is_named_and_costs_no_other(odd):
    reading = read([odd, *hourly(at(1))], at(1))
    assert reading.data["days"][0]["high"] == 22
    assert [(part.what, part.reason, part.where) for part in reading.skipped.named] == [("hour", "unreadable", "1")]


@pytest.mark.parametrize("heat", [None, "12", float("nan"), float("inf"), 4000, True])
def test_a_temperature_that_is_none_counts_for_nothing(heat):
    steps = [*hourly(at(1)), step(at(15), heat)]
    assert read([each for each in steps if each is not None], at(1)).data["days"][1]["high"] == 22


@pytest.mark.parametrize("steps", [[], [7], [step(at(1), 3.0)]])
def test_without_a_day_it_is_refused(steps):
    with pytest.raises(FeedContentError):
        read(steps, at(0))


def test_names_who_made_it():
    assert read(hourly(at(1)), at(1)).data["credit"] == "MET Norway, CC BY 4.0"
