"""History of outages: when a screen was silent, for how long, and how much of a period it was there."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.formats import number_format

from beffroi_server.core import formatting
from beffroi_server.fleet.models import Screen
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.occasions import Occasion

PERIODS = (7, 30)
"""Days for which the availability is told."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Part of a period in which a screen was there, in percent. Hours in which it was off as planned are no outage."""

    screen: Screen
    percents: tuple[float | None, ...]
    """One for each of ``PERIODS``; None where the screen had no player then."""
    outages: int
    """In the longest period."""

    @property
    def percent_texts(self) -> tuple[str, ...]:
        """The same for people: two decimals, so that an hour of a month is seen, and none where there was no outage."""
        return tuple("–" if each is None else _percent_text(round(each, 2)) for each in self.percents)


def availability_of(screens: Iterable[Screen], now: dt.datetime) -> list[Availability]:
    """Return the availability of some screens, with one query for all of them."""
    screens = list(screens)
    earliest = now - dt.timedelta(days=max(PERIODS))
    by_screen: defaultdict[int, list[Incident]] = defaultdict(list)
    silences = Incident.objects.filter(occasion=Occasion.SCREEN_SILENT, screen__in=screens)
    for incident in silences.exclude(ended_at__lt=earliest):
        if incident.screen_id is not None:
            by_screen[incident.screen_id].append(incident)
    return [
        Availability(
            screen,
            tuple(_percent(screen, by_screen[screen.pk], now, days) for days in PERIODS),
            len(by_screen[screen.pk]),
        )
        for screen in screens
    ]


def outages_of(screen: Screen, limit: int) -> list[Incident]:
    """Return the newest incidents of a screen."""
    found = Incident.objects.filter(screen=screen).select_related("acknowledged_by", "screen")
    return list(found.order_by("-began_at", "-pk")[:limit])


def _percent_text(percent: float) -> str:
    return f"{number_format(percent, 0 if percent == 100 else 2)}{formatting.NARROW_SPACE}%"


def _percent(screen: Screen, silences: Iterable[Incident], now: dt.datetime, days: int) -> float | None:
    start = now - dt.timedelta(days=days)
    if screen.enrolled_at is None or screen.enrolled_at >= now:
        return None
    start = max(start, screen.enrolled_at)
    missing = sum((_silent_within(each, start, now) for each in silences), dt.timedelta())
    return max(0.0, 100 * (1 - missing / (now - start)))


def _silent_within(incident: Incident, start: dt.datetime, now: dt.datetime) -> dt.timedelta:
    """Return how long a silence lasted within a period; the times in which all was right are spread over it."""
    end = min(incident.ended_at or incident.right_since or now, now)
    whole = end - incident.began_at
    within = end - max(incident.began_at, start)
    if within <= dt.timedelta(0) or whole <= dt.timedelta(0):
        return dt.timedelta(0)
    return within * (incident.lasted(now) / whole)
