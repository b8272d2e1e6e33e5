"""Reader of forecasts of MET Norway."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext

_SKY_OF_SYMBOL = (
    ("thunder", "storm"), ("snow", "snow"), ("sleet", "snow"), ("showers", "showers"), ("rain", "rain"), ("fog", "fog"),
    ("clearsky", "sun"), ("fair", "sun"), ("partlycloudy", "veiled"), ("cloudy", "cloud"),
)  # fmt: skip
"""Parts of the symbol codes of MET Norway, the gravest first, and the sky that the weather widget draws for each."""


def read_weather(content: bytes, context: ReadingContext) -> Reading:
    """Return the days of a forecast of MET Norway (API locationforecast 2.0, ``complete``).

    Raises:
        FeedContentError: it is not such a forecast, or has no complete day.
    """
    try:
        steps = json.loads(content)["properties"]["timeseries"]
        moments = [(dt.datetime.fromisoformat(step["time"]).astimezone(context.zone), step["data"]) for step in steps]
        days = [_daily_forecast(day, moments) for day in sorted({moment.date() for moment, _ in moments})]
    except (ValueError, KeyError, TypeError) as error:
        raise FeedContentError("not-a-forecast") from error
    known = [day for day in days if day is not None]
    if not known:
        raise FeedContentError("empty")
    return Reading({"days": known[:6]})


def _daily_forecast(day: dt.date, moments: Iterable[tuple[dt.datetime, Any]]) -> dict[str, Any] | None:
    of_day = [(moment, data) for moment, data in moments if moment.date() == day]
    details = [data["instant"]["details"] for _, data in of_day]
    heats = [each["air_temperature"] for each in details if "air_temperature" in each]
    # The last day of a forecast may end before its warmest hours.
    if not heats or of_day[-1][0].hour < 12:
        return None
    winds = [each["wind_speed"] for each in details if "wind_speed" in each]
    symbols = [
        data[span]["summary"]["symbol_code"]
        for moment, data in of_day
        if 6 <= moment.hour <= 20
        for span in ("next_6_hours", "next_1_hours")
        if span in data
    ]
    return {
        "day": day.isoformat(),
        "sky": _dominant_sky(symbols),
        "low": round(min(heats)) if len(heats) > 2 else None,
        "high": round(max(heats)),
        "wind_kmh": round(max(winds) * 3.6) if winds else None,
    }


def _dominant_sky(symbols: list[str]) -> str:
    """Return the gravest sky among those that last for at least a quarter of the day."""
    for word, sky in _SKY_OF_SYMBOL:
        if symbols and sum(word in symbol for symbol in symbols) * 4 >= len(symbols):
            return sky
    return "unknown"
