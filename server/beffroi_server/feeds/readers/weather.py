"""Reader of forecasts of MET Norway (API locationforecast 2.0, ``complete``; the data is under CC BY 4.0).

A forecast begins at the present hour: of today it says less and less. What earlier readings said of the hours of today
that have passed is kept, so that the day's high, low and sky hold until midnight.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext, SkippedParts

CREDIT = "MET Norway, CC BY 4.0"
MAX_DAYS, MAX_STEPS = 6, 1_000
MAX_KEPT_STEPS = 60
"""Steps of today and tomorrow: one an hour."""
_HOUR = dt.timedelta(hours=1)
_SYMBOL = re.compile(r"[a-z_]{1,60}")
_SKY_OF_SYMBOL = (
    ("thunder", "storm"), ("snow", "snow"), ("sleet", "snow"), ("showers", "showers"), ("rain", "rain"), ("fog", "fog"),
    ("clearsky", "sun"), ("fair", "sun"), ("partlycloudy", "veiled"), ("cloudy", "cloud"),
)  # fmt: skip
"""Parts of the symbol codes of MET Norway, the gravest first, and the sky that the weather widget draws for each."""


@dataclass(frozen=True, slots=True)
class ForecastStep:
    """The forecast for an instant, and for the hours after it: degrees Celsius, metres a second."""

    heat: float | None
    wind: float | None
    symbol: str
    """Of the next hour, or of the next six where there is none."""
    low: float | None
    high: float | None
    """Extremes of the next six hours."""


_Steps = Mapping[dt.datetime, ForecastStep]


def read_weather(content: bytes, context: ReadingContext) -> Reading:
    """Return today and the next days.

    A day is left out where its warmest hours are not known: today when the feed is read for the first time in the
    evening, and the end of the forecast.

    Raises:
        FeedContentError: it is not such a forecast, or has no complete day.
    """
    skipped = SkippedParts()
    try:
        forecast = json.loads(content)
        series = forecast["properties"]["timeseries"]
        place = ascii((forecast.get("geometry") or {}).get("coordinates"))[:80]
        given = _read_steps(list(series)[:MAX_STEPS], skipped)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FeedContentError("not-a-forecast") from error
    if not given:
        raise FeedContentError("not-a-forecast" if series else "empty")
    steps = _with_kept(given, context.kept, place)
    today = context.now.astimezone(context.zone).date()
    dates = sorted({local for moment in steps if (local := _date(moment, context.zone)) >= today})
    days = [day for each in dates if (day := _daily_forecast(each, steps, context.zone)) is not None]
    if not days:
        raise FeedContentError("empty")
    kept = {"place": place, "steps": _kept_steps(steps, today, context.zone)}
    return Reading({"days": days[:MAX_DAYS], "credit": CREDIT}, skipped, kept)


def _read_steps(series: Sequence[Any], skipped: SkippedParts) -> dict[dt.datetime, ForecastStep]:
    found = {}
    for number, step in enumerate(series, 1):
        try:
            moment, read = _read_moment(step["time"]), _read_step(step["data"])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            skipped.add("hour", "unreadable", number, str(step.get("time", "")) if isinstance(step, dict) else "")
            continue
        found[moment] = read
    return dict(sorted(found.items()))


def _read_moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    if not 2000 <= moment.year <= 2199:
        raise ValueError("no year of a forecast")
    return moment


def _read_step(data: Any) -> ForecastStep:
    instant = data["instant"]["details"]
    six = (data.get("next_6_hours") or {}).get("details") or {}
    symbols = [
        code if isinstance(code, str) and _SYMBOL.fullmatch(code) else ""
        for span in ("next_1_hours", "next_6_hours")
        for code in [((data.get(span) or {}).get("summary") or {}).get("symbol_code")]
    ]
    return ForecastStep(
        heat=_number(instant.get("air_temperature"), -90, 70),
        wind=_number(instant.get("wind_speed"), 0, 135),
        symbol=next(filter(None, symbols), ""),
        low=_number(six.get("air_temperature_min"), -90, 70),
        high=_number(six.get("air_temperature_max"), -90, 70),
    )


def _number(value: object, least: float, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if least <= value <= most else None


def _with_kept(given: _Steps, kept: Mapping[str, Any], place: str) -> dict[dt.datetime, ForecastStep]:
    """Return the steps with those of earlier readings of the same place that lie before them."""
    first = min(given)
    earlier = {}
    if kept.get("place") == place:
        for time, values in kept.get("steps", {}).items():
            moment = dt.datetime.fromisoformat(time)
            if moment < first:
                earlier[moment] = ForecastStep(*values)
    return {**earlier, **given}


def _kept_steps(steps: _Steps, today: dt.date, zone: ZoneInfo) -> dict[str, Any]:
    near = [(moment, step) for moment, step in steps.items() if (_date(moment, zone) - today).days in (0, 1)]
    return {moment.isoformat(): list(astuple(step)) for moment, step in near[:MAX_KEPT_STEPS]}


def _date(moment: dt.datetime, zone: ZoneInfo) -> dt.date:
    return moment.astimezone(zone).date()


def _daily_forecast(day: dt.date, steps: _Steps, zone: ZoneInfo) -> dict[str, Any] | None:
    """Return the forecast of a day, or None where its warmest hours are not known."""
    of_day = [(moment.astimezone(zone), step) for moment, step in steps.items() if _date(moment, zone) == day]
    # Extremes of six hours count where these lie within the day.
    blocks = [(moment, step) for moment, step in of_day if _date(moment + 6 * _HOUR - _HOUR / 60, zone) == day]
    heats = [step.heat for _, step in of_day if step.heat is not None]
    warm = [moment for moment, step in of_day if step.heat is not None and 12 <= moment.hour <= 16]
    if not heats or not (warm or any(step.high is not None and 6 <= moment.hour <= 15 for moment, step in blocks)):
        return None
    has_morning = any(moment.hour <= 6 for moment, step in of_day if step.heat is not None)
    winds = [step.wind for _, step in of_day if step.wind is not None]
    return {
        "day": day.isoformat(),
        "sky": _dominant_sky(_daylight_symbols(of_day)),
        "low": round(min(heats + [step.low for _, step in blocks if step.low is not None])) if has_morning else None,
        "high": round(max(heats + [step.high for _, step in blocks if step.high is not None])),
        "wind_kmh": round(max(winds) * 3.6) if winds else None,
    }


def _daylight_symbols(of_day: Sequence[tuple[dt.datetime, ForecastStep]]) -> Counter[str]:
    """Return the symbols of the hours from 6 to 20, with the hours that each stands for."""
    hours: Counter[str] = Counter()
    step_hours = 1
    for at, (moment, step) in enumerate(of_day):
        if at + 1 < len(of_day):
            step_hours = max(1, min(6, round((of_day[at + 1][0] - moment) / _HOUR)))
        daylight = sum(6 <= moment.hour + offset <= 20 for offset in range(step_hours))
        if step.symbol and daylight:
            hours[step.symbol] += daylight
    return hours


def _dominant_sky(symbols: Counter[str]) -> str:
    """Return the gravest sky among those that last for at least a quarter of the day."""
    for word, sky in _SKY_OF_SYMBOL:
        lasts = sum(hours for symbol, hours in symbols.items() if word in symbol)
        if lasts and lasts * 4 >= symbols.total():
            return sky
    return "unknown"
