"""Times of sunrise and sunset.

Source: NOAA, General Solar Position Calculations. Sunrise is when the centre of the sun stands 90.833 degrees from the
zenith: the upper edge on the horizon, through the air. Beside an ephemeris it is right to 2.6 minutes in mainland
France and 1.6 overseas, 3.6 at 60 degrees of latitude and 4.6 at 65. Beyond the polar circles, around the first and the
last day on which the sun rises and sets, it is up to 34 minutes off.
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
    year_angle = 2 * math.pi / 365 * (day.timetuple().tm_yday - 1)
    equation_of_time = 229.18 * (
        0.000075
        + 0.001868 * math.cos(year_angle)
        - 0.032077 * math.sin(year_angle)
        - 0.014615 * math.cos(2 * year_angle)
        - 0.040849 * math.sin(2 * year_angle)
    )
    # In minutes: a degree of longitude is four of them.
    noon = 720 - 4 * longitude - equation_of_time
    half_day = 4 * math.degrees(_hour_angle(year_angle, math.radians(max(-89.9, min(89.9, latitude)))))
    return noon - half_day if event is SunEvent.SUNRISE else noon + half_day


def _hour_angle(year_angle: float, latitude: float) -> float:
    declination = (
        0.006918
        - 0.399912 * math.cos(year_angle)
        + 0.070257 * math.sin(year_angle)
        - 0.006758 * math.cos(2 * year_angle)
        + 0.000907 * math.sin(2 * year_angle)
        - 0.002697 * math.cos(3 * year_angle)
        + 0.00148 * math.sin(3 * year_angle)
    )
    cosine = math.cos(_ZENITH) / (math.cos(latitude) * math.cos(declination)) - math.tan(latitude) * math.tan(
        declination
    )
    return math.acos(max(-1.0, min(1.0, cosine)))
