"""When the sun rises and sets.

Source: NOAA, General Solar Position Calculations; right to about two minutes between the polar circles. Sunrise is when
the centre of the sun stands 90.833 degrees from the zenith: the upper edge on the horizon, through the air.
"""

from __future__ import annotations

import datetime as dt
import math
from functools import lru_cache

from beffroi_content.model import SunEvent

_ZENITH = math.radians(90.833)


@lru_cache(maxsize=1_024)
def sun_minutes(day: dt.date, event: SunEvent, latitude: float, longitude: float) -> float:
    """Return the minutes from midnight UTC of a day to its sunrise or sunset, in degrees north and east.

    Where the sun does not set that day, it rises and sets at solar midnight; where it does not rise, at solar noon.
    """
    turn = 2 * math.pi / 365 * (day.timetuple().tm_yday - 1)
    equation = 229.18 * (
        0.000075
        + 0.001868 * math.cos(turn)
        - 0.032077 * math.sin(turn)
        - 0.014615 * math.cos(2 * turn)
        - 0.040849 * math.sin(2 * turn)
    )
    noon = 720 - 4 * longitude - equation
    half_day = 4 * math.degrees(_hour_angle(turn, math.radians(max(-89.9, min(89.9, latitude)))))
    return noon - half_day if event is SunEvent.SUNRISE else noon + half_day


def _hour_angle(turn: float, latitude: float) -> float:
    declination = (
        0.006918
        - 0.399912 * math.cos(turn)
        + 0.070257 * math.sin(turn)
        - 0.006758 * math.cos(2 * turn)
        + 0.000907 * math.sin(2 * turn)
        - 0.002697 * math.cos(3 * turn)
        + 0.00148 * math.sin(3 * turn)
    )
    cosine = math.cos(_ZENITH) / (math.cos(latitude) * math.cos(declination)) - math.tan(latitude) * math.tan(
        declination
    )
    return math.acos(max(-1.0, min(1.0, cosine)))
