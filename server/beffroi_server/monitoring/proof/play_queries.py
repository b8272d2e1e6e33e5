"""Queries of proof of play: how often and how long, by content, by screen or by day, from the daily totals."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.functional import cached_property

from beffroi_server.accounts.models import User
from beffroi_server.core.read_once import read_once
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.play_models import ContentDay, DailyPlays, ScreenDay
from beffroi_server.fleet.plays import screen_sets
from beffroi_server.fleet.plays.played_content import announcement_key
from beffroi_server.monitoring.proof.kept_days import MOST_DAYS, ContentTotals, KeptDays

MOST_LOOKUPS = 10_000
"""Sums that are looked up one by one at most; more are read in one go."""
GROUPINGS = ("content", "screen", "day")
"""What totals are made by."""


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
    def is_kept(self) -> bool:
        """Whether the totals of its days are kept by content: those of a month of several screens, but not of all."""
        is_long = (self.last - self.first).days >= MOST_DAYS
        return self.contents is None and self.screen is None and not self.is_of_town and not is_long

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

    def sums_of(self, key: str, values: Sequence[Any]) -> Q:
        """Return the condition on sums of days that they are of some values of a key, in this period."""
        count = (self.last - self.first).days + 1
        days = self.days()
        if count * len(values) <= MOST_LOOKUPS:
            # Day by day: each sum is then looked up in an index, instead of all of the period being read.
            days = Q(day__in=[self.first + dt.timedelta(days=number) for number in range(count)])
        return days & Q(**{f"{key}__in": values})

    def screen_sets(self, key: str, contents: Iterable[str]) -> dict[Any, int]:
        """Return on which of its screens contents were, by ``content`` or ``day``; see ``plays.screen_sets``."""
        found: defaultdict[Any, int] = defaultdict(int)
        for value, stored in self._stored_sets(contents).values_list(key, "screens"):
            found[value] |= screen_sets.from_bytes(stored)
        return {value: self._of_its_screens(bits) for value, bits in found.items()}

    def screen_set(self, contents: Iterable[str]) -> int:
        """Return on which of its screens any of some contents was."""
        stored = self._stored_sets(contents).values_list("screens", flat=True)
        return self._of_its_screens(reduce(or_, map(screen_sets.from_bytes, stored), 0))

    def _stored_sets(self, contents: Iterable[str]) -> QuerySet[Any, Any]:
        # Day after day, a content is mostly on the same screens.
        return ContentDay.objects.filter(self.sums_of("content", list(contents))).order_by().distinct()

    def _of_its_screens(self, bits: int) -> int:
        return bits if self.is_of_town else bits & _screens_of(self)

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

    Where there are sums to read, only the order is found out at first, and all else of those that are asked for. The
    totals of each screen are read once, with everything: to read them takes longer than to sum them up.
    """

    def __init__(self, period: PlayPeriod, grouping: str) -> None:
        self._period, self._grouping = period, grouping
        is_summed = grouping == "content" or (grouping == "day" and period.contents is not None and period.is_of_town)
        self._rows = (period.content_days() if is_summed else period.screen_days()).order_by()
        self._key = "screen_id" if grouping == "screen" else grouping

    def count(self) -> int:
        """Return how many there are."""
        return len(self._order)

    def __len__(self) -> int:
        return self.count()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self[:])

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        keys = self._order[part]
        found = self._whole or self._read_some(keys)
        on_screens = self._on_screens(keys)
        return [found[key] | {"on_screens": on_screens.get(key, 1)} | self._named(key) for key in keys if key in found]

    @cached_property
    def _order(self) -> list[Any]:
        """The keys of all of them, in their order."""
        if self._grouping == "day":
            return sorted(self._whole)
        times = {key: row["shown"] for key, row in self._whole.items()}
        times = times or dict(self._rows.values_list(self._key).annotate(Sum("times")))
        return sorted(times, key=lambda key: (-times[key], self._named(key).get("screen__name", key)))

    @cached_property
    def _whole(self) -> dict[Any, dict[str, Any]]:
        """All of them by their keys, where they are read at once: those of the totals of each screen, and days."""
        if self._grouping == "content" and self._period.is_kept:
            return {key: {"content": key, **each._asdict()} for key, each in _kept_totals(self._period).items()}
        if self._grouping == "day" and self._period.contents is None:
            return _sums_of_days(self._period)
        return self._read(self._rows) if self._rows.model is DailyPlays or self._grouping == "day" else {}

    def _read_some(self, keys: Sequence[Any]) -> dict[Any, dict[str, Any]]:
        is_part = len(keys) < len(self._order)
        return self._read(self._rows.filter(self._period.sums_of(self._key, keys)) if is_part else self._rows)

    def _read(self, rows: QuerySet[Any, Any]) -> dict[Any, dict[str, Any]]:
        return {row[self._key]: row for row in rows.values(self._key).annotate(**_SUMS)}

    def _on_screens(self, keys: Sequence[Any]) -> Mapping[Any, int]:
        """Return on how many screens that was, by keys; left out where it is one."""
        if self._grouping == "screen" or self._period.screen is not None:
            return {}
        if self._grouping == "content":
            return {key: bits.bit_count() for key, bits in self._period.screen_sets("content", keys).items()}
        if self._period.contents is not None:
            sets = self._period.screen_sets("day", self._period.contents)
            return {key: bits.bit_count() for key, bits in sets.items()}
        return {day: row["on_screens"] for day, row in _sums_of_days(self._period).items()}

    def _named(self, key: Any) -> dict[str, Any]:
        if self._grouping != "screen":
            return {}
        slug, name = self._screens.get(key, ("", ""))
        return {"screen__slug": slug, "screen__name": name}

    @cached_property
    def _screens(self) -> dict[int, tuple[str, str]]:
        """The slug and the name of each screen."""
        rows = self._period.screens().order_by().values_list("pk", "slug", "name")
        return {key: (slug, name) for key, slug, name in rows}


def totals_by(period: PlayPeriod, grouping: str) -> PlayTotals:
    """Return totals, most shown first, days in their order.

    Args:
        period: What is asked for.
        grouping: One of ``GROUPINGS``.
    """
    return PlayTotals(period, grouping)


def total_of(period: PlayPeriod) -> dict[str, Any]:
    """Return the total of a period; the numbers are None where nothing was shown."""
    if period.contents is None:
        sums = _sum_over(_sums_of_days(period)) if period.is_kept else period.screen_days().aggregate(**_SUMS)
        # Which screens there were is asked of each screen: to count them in the sums takes as long as to add those up.
        on_days = Exists(ScreenDay.objects.filter(period.days(), screen=OuterRef("pk")))
        return sums | {"on_screens": period.screens().filter(on_days).order_by().count()}
    return period.content_days().aggregate(**_SUMS) | {"on_screens": period.screen_set(period.contents).bit_count()}


def announcement_times(identifier: Any, day: dt.date) -> Subquery:
    """Return how often an announcement was shown on a day, on all screens, to be read with it; None for never."""
    return Subquery(ContentDay.objects.filter(content=announcement_key(identifier), day=day).values("times"))


@read_once
def _screens_of(period: PlayPeriod) -> int:
    """Return the set of its screens."""
    return screen_sets.bits_of(period.screens().order_by().values_list("pk", flat=True))


@read_once
def _sums_of_days(period: PlayPeriod) -> dict[dt.date, dict[str, Any]]:
    """Return the totals of each day on which something was shown, of all contents."""
    rows = period.screen_days().order_by().values("day").annotate(**_SUMS, on_screens=Count("screen"))
    return {row["day"]: row for row in rows}


def _sum_over(days: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    """Return the totals of days together; the numbers are None where there is no day."""
    if not days:
        return dict.fromkeys(_SUMS)
    return {
        name: {Min: min, Max: max}.get(type(_SUMS[name]), sum)(row[name] for row in days.values()) for name in _SUMS
    }


def _kept_totals(period: PlayPeriod) -> dict[str, ContentTotals]:
    """Return the totals of the contents of a period that is kept.

    What is added to the totals of contents is added to those of screens in the same transaction: where those of a day
    have stayed as they were, these have, too.
    """
    marks = {day: tuple(row[name] for name in (*_SUMS, "on_screens")) for day, row in _sums_of_days(period).items()}

    def read(days: Sequence[dt.date]) -> Iterator[tuple[dt.date, str, ContentTotals]]:
        rows = period.daily_rows().filter(day__in=days).order_by()
        for day, content, *sums in rows.values_list("day", "content").annotate(**_SUMS):
            yield day, content, ContentTotals(*sums)

    return kept_days.sum_up(_screens_of(period), marks, read)


kept_days = KeptDays()


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
