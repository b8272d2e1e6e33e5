"""History of outages: when a screen was silent, for how long, and how much of a period it was there."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.formats import number_format

from beffroi_server.core import formatting
from beffroi_server.fleet.box_models import RevokedToken
from beffroi_server.fleet.models import Screen
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.occasions import Occasion

Span = tuple[dt.datetime, dt.datetime]
PERIODS = (7, 30)
"""Days for which the availability is told."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Part of a period in which a screen was there, in percent, whichever players it had.

    Hours in which it was off as planned are no outage; a time without any player, between two, is one.
    """

    screen: Screen
    percents: tuple[float | None, ...]
    """One for each of ``PERIODS``; None where the screen has no player."""
    outages: int
    """In the longest period."""

    @property
    def percent_texts(self) -> tuple[str, ...]:
        """The same for people: two decimals, so that an hour of a month is seen, and none where there was no outage."""
        return tuple("–" if each is None else _percent_text(round(each, 2)) for each in self.percents)


def availability_of(screens: Iterable[Screen], now: dt.datetime) -> list[Availability]:
    """Return the availability of some screens, with two queries for all of them."""
    screens = list(screens)
    earliest = now - dt.timedelta(days=max(PERIODS))
    by_screen: defaultdict[int, list[Incident]] = defaultdict(list)
    silences = Incident.objects.filter(occasion=Occasion.SCREEN_SILENT, screen__in=screens)
    for incident in silences.exclude(ended_at__lt=earliest):
        if incident.screen_id is not None:
            by_screen[incident.screen_id].append(incident)
    former: defaultdict[int, list[Span]] = defaultdict(list)
    for row in RevokedToken.objects.filter(screen__in=screens, enrolled_at__isnull=False).order_by("revoked_at"):
        former[row.screen_id].append((row.enrolled_at or now, row.revoked_at))
    return [
        Availability(
            screen,
            tuple(_percent(screen, former[screen.pk], by_screen[screen.pk], now, days) for days in PERIODS),
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


def _percent(
    screen: Screen, former: Sequence[Span], silences: Iterable[Incident], now: dt.datetime, days: int
) -> float | None:
    if screen.enrolled_at is None or screen.enrolled_at >= now:
        return None
    players = [*former, (screen.enrolled_at, now)]
    start = max(now - dt.timedelta(days=days), min(began for began, _ended in players))
    if start >= now:
        return None
    there = dt.timedelta()
    spans = list(silences)
    for began, ended in players:
        first, last = max(began, start), min(ended, now)
        if first < last:
            missing = sum((_silent_within(each, first, last, now) for each in spans), dt.timedelta())
            there += max(dt.timedelta(), last - first - missing)
    return min(100.0, 100 * (there / (now - start)))


def _silent_within(incident: Incident, start: dt.datetime, until: dt.datetime, now: dt.datetime) -> dt.timedelta:
    """Return how long a silence lasted within a period; the times in which all was right are spread over it."""
    end = min(incident.ended_at or incident.right_since or now, now)
    whole = end - incident.began_at
    within = min(end, until) - max(incident.began_at, start)
    if within <= dt.timedelta(0) or whole <= dt.timedelta(0):
        return dt.timedelta(0)
    return within * (incident.lasted(now) / whole)
