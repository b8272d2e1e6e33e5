"""Queries of proof of play: how often and how long, by content, by screen or by day, from the daily totals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Subquery, Sum

from beffroi_server.accounts.models import User
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import DailyPlays, Screen, ScreenGroup
from beffroi_server.fleet.plays.played_content import announcement_key

GROUPINGS = {"content": "content", "screen": "screen__name", "day": "day"}
"""What totals are made by, and the field that a tie is ordered by."""


@dataclass(frozen=True, slots=True)
class PlayPeriod:
    """What proof is asked for: days of the town, both included, and what it is restricted to."""

    first: dt.date
    last: dt.date
    contents: tuple[str, ...] | None = None
    """Keys of contents; None for all."""
    screen: Screen | None = None
    group: ScreenGroup | None = None
    user: User | None = None
    """Who asks: of whoever is limited to groups, only their screens count. None: nobody is limited."""

    def daily_rows(self) -> QuerySet[DailyPlays]:
        """Return the daily totals that it concerns."""
        where = Q(day__gte=self.first, day__lte=self.last)
        if self.contents is not None:
            where &= Q(content__in=self.contents)
        if self.screen is not None:
            where &= Q(screen=self.screen)
        if self.group is not None:
            where &= Q(screen__in=self.group.screens.values("pk"))
        if screen_scopes.scope_group_keys(self.user) is not None:
            where &= Q(screen__in=screen_scopes.screens_in_scope(self.user).values("pk"))
        return DailyPlays.objects.filter(where)

    def screens(self) -> QuerySet[Screen]:
        """Return the screens that it concerns, by name."""
        found = self.group.screens.all() if self.group is not None else Screen.objects.all()
        if self.screen is not None:
            found = Screen.objects.filter(pk=self.screen.pk)
        return screen_scopes.limit_screens(found, self.user)


def totals_by(period: PlayPeriod, grouping: str) -> QuerySet[Any, Any]:
    """Return totals, most shown first, days in their order.

    Each is a dictionary with ``shown`` (times), ``proven`` (of them confirmed), ``length_ms``, ``begins_at``,
    ``ends_at``, ``on_screens`` (how many), and with ``content``, ``day``, or ``screen_id``, ``screen__slug`` and
    ``screen__name``.

    Args:
        period: What is asked for.
        grouping: One of ``GROUPINGS``.
    """
    fields = ["screen_id", "screen__slug", "screen__name"] if grouping == "screen" else [grouping]
    order = ["day"] if grouping == "day" else ["-shown", GROUPINGS[grouping]]
    found: QuerySet[Any, Any] = period.daily_rows().values(*fields).annotate(**_SUMS).order_by(*order)
    return found


def total_of(period: PlayPeriod) -> dict[str, Any]:
    """Return the total of a period; the numbers are None where nothing was shown."""
    return period.daily_rows().aggregate(**_SUMS)


def announcement_times(identifier: Any, day: dt.date) -> Subquery:
    """Return how often an announcement was shown on a day, on all screens, to be read with it; None for never."""
    rows = DailyPlays.objects.filter(content=announcement_key(identifier), day=day).order_by()
    return Subquery(rows.values("content").annotate(shown=Sum("times")).values("shown"))


def day_counts(screen: Screen, day: dt.date, contents: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return how often contents were shown on a screen on a day (``times``), and how many of that are ``confirmed``."""
    rows = DailyPlays.objects.filter(screen=screen, day=day, content__in=list(contents))
    return {row["content"]: dict(row) for row in rows.values("content", "times", "confirmed")}


def day_bounds(day: dt.date, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """Return the instants at which a day of the town begins and ends: 23, 24 or 25 hours apart."""
    begins = dt.datetime.combine(day, dt.time(), zone)
    return begins, dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone)


_SUMS = {
    "shown": Sum("times"),
    "length_ms": Sum("lasted_ms"),
    "proven": Sum("confirmed"),
    "begins_at": Min("first_at"),
    "ends_at": Max("last_at"),
    "on_screens": Count("screen", distinct=True),
}
