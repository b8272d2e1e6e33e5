"""Queries of proof of play: how often and how long, by content, by screen or by day, from the daily totals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Subquery, Sum

from beffroi_server.accounts.models import User
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import DailyPlays, Screen, ScreenGroup
from beffroi_server.fleet.play_sums_models import ContentDay, ScreenDay
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

    @property
    def is_of_town(self) -> bool:
        """Whether it is about every screen."""
        return self.screen is None and self.group is None and screen_scopes.scope_group_keys(self.user) is None

    def daily_rows(self) -> QuerySet[DailyPlays]:
        """Return the daily totals that it concerns."""
        where = self.days() & self._places()
        if self.contents is not None:
            where &= Q(content__in=self.contents)
        return DailyPlays.objects.filter(where)

    def screen_days(self) -> QuerySet[Any, Any]:
        """Return the totals by screen and day that it concerns: those of all contents, or the sums over them."""
        if self.contents is not None:
            return self.daily_rows()
        return ScreenDay.objects.filter(self.days() & self._places())

    def content_days(self) -> QuerySet[Any, Any]:
        """Return the totals by content and day that it concerns: those of each screen, or the sums over all screens."""
        if not self.is_of_town:
            return self.daily_rows()
        where = self.days() if self.contents is None else self.days() & Q(content__in=self.contents)
        return ContentDay.objects.filter(where)

    def days(self) -> Q:
        """Return the condition that a day is one of its days."""
        return Q(day__gte=self.first, day__lte=self.last)

    def _places(self) -> Q:
        where = Q()
        if self.screen is not None:
            where &= Q(screen=self.screen)
        if self.group is not None:
            where &= Q(screen__in=self.group.screens.values("pk"))
        if screen_scopes.scope_group_keys(self.user) is not None:
            where &= Q(screen__in=screen_scopes.screens_in_scope(self.user).values("pk"))
        return where

    def screens(self) -> QuerySet[Screen]:
        """Return the screens that it concerns, by name."""
        found = self.group.screens.all() if self.group is not None else Screen.objects.all()
        if self.screen is not None:
            found = Screen.objects.filter(pk=self.screen.pk)
        return screen_scopes.limit_screens(found, self.user)


class PlayTotals:
    """Totals of a period, of which a page reads some: a list for pages, which is read a part at a time.

    Each is a dictionary with ``shown`` (times), ``proven`` (of them confirmed), ``length_ms``, ``begins_at``,
    ``ends_at``, ``on_screens`` (how many), and with ``content``, ``day``, or ``screen_id``, ``screen__slug`` and
    ``screen__name``.
    """

    def __init__(self, period: PlayPeriod, grouping: str) -> None:
        self._period, self._grouping = period, grouping
        rows = period.content_days() if grouping == "content" else period.screen_days()
        self._counts_screens = rows.model is not ContentDay
        sums = _SUMS | _ON_SCREENS if self._counts_screens else _SUMS
        fields = ["screen_id", "screen__slug", "screen__name"] if grouping == "screen" else [grouping]
        order = ["day"] if grouping == "day" else ["-shown", GROUPINGS[grouping]]
        self._rows = rows.values(*fields).annotate(**sums).order_by(*order)

    def count(self) -> int:
        """Return how many there are."""
        key = "screen_id" if self._grouping == "screen" else self._grouping
        rows = self._period.content_days() if self._grouping == "content" else self._period.screen_days()
        return rows.order_by().values(key).distinct().count()

    def __len__(self) -> int:
        return self.count()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self[:])

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = list(self._rows[part])
        if self._counts_screens:
            return rows
        # The sums do not say on which screens. Only what is shown is counted, from an index.
        known = DailyPlays.objects.filter(self._period.days(), content__in=[row["content"] for row in rows]).order_by()
        counts = dict(known.values_list("content").annotate(**_ON_SCREENS))
        return [row | {"on_screens": counts.get(row["content"], 0)} for row in rows]


def totals_by(period: PlayPeriod, grouping: str) -> PlayTotals:
    """Return totals, most shown first, days in their order.

    Args:
        period: What is asked for.
        grouping: One of ``GROUPINGS``.
    """
    return PlayTotals(period, grouping)


def total_of(period: PlayPeriod) -> dict[str, Any]:
    """Return the total of a period; the numbers are None where nothing was shown."""
    if period.contents is not None and period.is_of_town:
        # Only the number of screens takes the totals of each screen.
        return period.content_days().aggregate(**_SUMS) | period.daily_rows().aggregate(**_ON_SCREENS)
    return period.screen_days().aggregate(**_SUMS, **_ON_SCREENS)


def announcement_times(identifier: Any, day: dt.date) -> Subquery:
    """Return how often an announcement was shown on a day, on all screens, to be read with it; None for never."""
    return Subquery(ContentDay.objects.filter(content=announcement_key(identifier), day=day).values("times"))


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
}
_ON_SCREENS = {"on_screens": Count("screen", distinct=True)}
