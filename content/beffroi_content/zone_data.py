"""Data of time zones: which version is used, and when a zone changes its clocks next.

Python takes the system's data first, however old they are, and the package ``tzdata`` only where there are none. Server
and player then may disagree by an hour about zones whose rules were changed. So both take the newer of the two
(:func:`use_newest_zone_data`, called when this package is imported), and a player reports what it has.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import tzdata

_DAYS_AHEAD = 400
_DAY_S = 86_400
_NO_VERSION = ""


class ClockChange(NamedTuple):
    """A change of the clocks of a zone."""

    unix_s: int
    offset_s: int
    """Seconds ahead of UTC from then on."""


def use_newest_zone_data() -> None:
    """Let this process take the data of the package where the system's are older, or do not say how old they are."""
    if _system_version() < tzdata.IANA_VERSION and zoneinfo.TZPATH:
        zoneinfo.reset_tzpath(())
        ZoneInfo.clear_cache()


def zone_data_version() -> str:
    """Return the version of the data in use, such as ``2026f``."""
    return (_system_version() if zoneinfo.TZPATH else _NO_VERSION) or tzdata.IANA_VERSION


def next_clock_changes(name: str, unix_s: int, count: int = 2) -> tuple[ClockChange, ...]:
    """Return the next changes of the clocks of a zone within 400 days of an instant; fewer where there are no more.

    Raises:
        ZoneInfoNotFoundError: there is no such zone.
    """
    return _changes_from(name, unix_s // _DAY_S, count)


@lru_cache(maxsize=64)
def _changes_from(name: str, day: int, count: int) -> tuple[ClockChange, ...]:
    zone, found = ZoneInfo(name), []
    # The calendar of Python ends with the year 9999.
    first = min(max(0, day * _DAY_S), 253_370_764_800)
    for start in range(first, first + _DAYS_AHEAD * _DAY_S, _DAY_S):
        low, high = start, start + _DAY_S
        if _offset_at(zone, low) == _offset_at(zone, high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset_at(zone, middle) == _offset_at(zone, low) else (low, middle)
        found.append(ClockChange(high, _offset_at(zone, high)))
        if len(found) == count:
            break
    return tuple(found)


def _offset_at(zone: ZoneInfo, unix_s: int) -> int:
    offset = dt.datetime.fromtimestamp(min(unix_s, 253_402_214_400), zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


@lru_cache(maxsize=1)
def _system_version() -> str:
    """Return the version of the system's data, as the first line of ``tzdata.zi`` says it; empty where it does not."""
    for folder in zoneinfo.TZPATH:
        try:
            with (Path(folder) / "tzdata.zi").open(encoding="ascii") as lines:
                words = lines.readline(100).split()
        except (OSError, ValueError):
            continue
        if len(words) == 3 and words[:2] == ["#", "version"]:
            return words[2]
    return _NO_VERSION
