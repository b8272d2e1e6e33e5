"""The day of a screen: what was on at a moment, what each hour showed, and when nothing is known, with the reason."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from beffroi_content.wire.plays import EndReason
from beffroi_server.fleet import presence
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.fleet.plays.played_content import content_key
from beffroi_server.monitoring.proof.play_queries import day_bounds
from beffroi_server.schedule.layouts import BAND_PREFIX

MAX_PLAYS = 40_000
"""Plays of a day that are read: four zones of slides of ten seconds. The rest is said to be left out."""
SHORTEST_GAP = dt.timedelta(seconds=5)
"""Between two showings, from which it is named; shorter ones are the time of a change."""
NEIGHBOURS = dt.timedelta(minutes=2)
_FIELDS = ("number", "slide", "alert", "page", "zone", "started_at", "lasted_ms", "frame", "ended", "clock")


class SpanKind(StrEnum):
    """What a span of a day is."""

    CONTENT = "content"
    ALERT = "alert"
    OFF = "off"
    """The display was off by its hours."""
    STOPPED = "stopped"
    """The player was stopped, or had no power."""
    MISSING = "missing"
    """Plays of that time exist, and were not received yet."""
    SILENT = "silent"
    """Nothing was received from the player since."""
    COMING = "coming"
    """The showing that is on is reported when it ends."""
    UNKNOWN = "unknown"
    """Nothing is recorded."""


@dataclass(frozen=True, slots=True)
class ShownPlay:
    """One play as the day has it."""

    number: int
    slide: str
    alert: str
    page: int
    zone: str
    started_at: dt.datetime
    lasted_ms: int
    frame: str
    ended: str
    clock: str

    @property
    def ended_at(self) -> dt.datetime:
        """When it ended."""
        return self.started_at + dt.timedelta(milliseconds=min(self.lasted_ms, 86_400_000 * 366))

    @property
    def content(self) -> str:
        """The key of what it showed."""
        return content_key(self.slide, self.alert)


@dataclass(frozen=True, slots=True)
class DaySpan:
    """A part of the day in one state."""

    kind: SpanKind
    start: dt.datetime
    end: dt.datetime
    left: float
    """Percent of the day before it."""
    width: float
    """Percent of the day that it takes."""


@dataclass(frozen=True, slots=True)
class HourContent:
    """A content within an hour."""

    content: str
    times: int
    seconds: int
    percent: int
    """Of the hour."""


@dataclass(frozen=True, slots=True)
class DayHour:
    """An hour of the day with its contents, the longest first."""

    start: dt.datetime
    contents: tuple[HourContent, ...]


@dataclass(frozen=True)
class ScreenDay:
    """The day of one screen."""

    screen: Screen
    day: dt.date
    start: dt.datetime
    end: dt.datetime
    plays: Sequence[ShownPlay]
    spans: Sequence[DaySpan] = ()
    hours: Sequence[DayHour] = ()
    is_cut: bool = False
    """Whether there were more plays than are read."""
    contents: frozenset[str] = field(default_factory=frozenset)

    def plays_at(self, moment: dt.datetime) -> list[ShownPlay]:
        """Return what was on at a moment: one play for each zone, or alert."""
        return [each for each in self.plays if each.started_at <= moment < each.ended_at]

    def plays_around(self, moment: dt.datetime) -> list[ShownPlay]:
        """Return what was on within two minutes before and after a moment."""
        first, last = moment - NEIGHBOURS, moment + NEIGHBOURS
        return [each for each in self.plays if each.started_at <= last and each.ended_at >= first]

    def span_at(self, moment: dt.datetime) -> DaySpan | None:
        """Return the span in which a moment lies; None for one that is not on that day, or ahead."""
        return next((each for each in self.spans if each.start <= moment < each.end), None)


def read_day(screen: Screen, day: dt.date, zone: dt.tzinfo, now: dt.datetime) -> ScreenDay:
    """Return the day of a screen, up to now: four queries, whatever was shown.

    Args:
        screen: The screen.
        day: A day in the town's time.
        zone: The town's time zone.
        now: The present instant.
    """
    start, end = day_bounds(day, zone)
    state = ScreenState.objects.filter(screen=screen).first() or ScreenState(screen=screen)
    # What bands show beside the loop is in the log only: it tells nothing of what was announced.
    of_loop = PlayRecord.objects.filter(screen=screen).exclude(slide__startswith=BAND_PREFIX, alert="")
    recorded = of_loop.values_list(*_FIELDS)
    during = recorded.filter(started_at__gte=start, started_at__lt=end).order_by("started_at", "number")
    rows = [ShownPlay(*row) for row in during[: MAX_PLAYS + 1]]
    before = [ShownPlay(*row) for row in recorded.filter(started_at__lt=start).order_by("-started_at")[:8]]
    plays = [*reversed(before), *rows[:MAX_PLAYS]]
    after = [ShownPlay(*row) for row in recorded.filter(started_at__gte=end).order_by("started_at")[:1]]
    timeline = _DayTimeline(state, start, min(end, now), now)
    spans = timeline.spans(plays, after[0] if after else None) if start < now else []
    shown = [each for each in plays if each.ended_at > start]
    return ScreenDay(
        screen, day, start, end, shown,
        [_placed(span, start, end) for span in spans],
        list(_hours(shown, start, end)),
        len(rows) > MAX_PLAYS,
        frozenset(each.content for each in shown),
    )  # fmt: skip


Span = tuple[SpanKind, dt.datetime, dt.datetime]


class _DayTimeline:
    """Makes the spans of a day of its plays, and names what lies between them."""

    def __init__(self, state: ScreenState, start: dt.datetime, end: dt.datetime, now: dt.datetime) -> None:
        self._state, self._start, self._end, self._now = state, start, end, now

    def spans(self, plays: Sequence[ShownPlay], after: ShownPlay | None) -> list[Span]:
        found: list[Span] = []
        before: ShownPlay | None = None
        at = self._start
        for play in plays:
            if play.ended_at <= self._start:
                before = play
                continue
            if play.started_at - at > SHORTEST_GAP:
                found.append((self._gap_kind(before, play), at, play.started_at))
            # Of zones that are on together, an alert is what the day is told of.
            kind = SpanKind.ALERT if play.alert else SpanKind.CONTENT
            found.append((kind, max(play.started_at, self._start), min(play.ended_at, self._end)))
            before = play if before is None or play.ended_at >= before.ended_at else before
            at = max(at, play.ended_at)
        if self._end - at > SHORTEST_GAP:
            found += [(self._gap_kind(before, after), at, self._end)] if after else self._last_spans(before, at)
        return _without_overlap(found)

    def _gap_kind(self, before: ShownPlay | None, after: ShownPlay) -> SpanKind:
        missing = self._state.play_gaps.missing
        first = before.number + 1 if before is not None else 1
        if any(row[0] <= after.number - 1 and row[1] >= first for row in missing):
            return SpanKind.MISSING
        return _kind_after(before)

    def _last_spans(self, before: ShownPlay | None, at: dt.datetime) -> list[Span]:
        """Return what is known of the time after the last play that was received."""
        kind = _kind_after(before)
        seen_at = max(filter(None, (self._state.seen_at, self._state.polled_at)), default=None)
        if before is None or kind is not SpanKind.UNKNOWN:
            return [(kind, at, self._end)]
        if seen_at is not None and seen_at >= self._now - presence.REACHABLE_WITHIN:
            return [(SpanKind.COMING, at, self._end)]
        seen_at = min(max(seen_at or at, at), self._end)
        return [(SpanKind.MISSING, at, seen_at), (SpanKind.SILENT, seen_at, self._end)]


def _kind_after(before: ShownPlay | None) -> SpanKind:
    """Return what follows on a play, by the reason of its end."""
    if before is None:
        return SpanKind.UNKNOWN
    if before.ended == EndReason.STANDBY:
        return SpanKind.OFF
    return SpanKind.STOPPED if before.ended in {EndReason.STOPPED, EndReason.DIED} else SpanKind.UNKNOWN


def _without_overlap(spans: Iterable[Span]) -> list[Span]:
    """Return spans in their order, neighbours of one kind as one, and contents only where no alert was on as well."""
    found: defaultdict[SpanKind, list[Span]] = defaultdict(list)
    for kind, start, end in spans:
        rows = found[kind]
        if rows and start - rows[-1][2] <= SHORTEST_GAP:
            rows[-1] = (kind, rows[-1][1], max(end, rows[-1][2]))
        elif end > start:
            rows.append((kind, start, end))
    for _kind, since, until in found[SpanKind.ALERT]:
        found[SpanKind.CONTENT] = [
            (kind, first, last)
            for kind, start, end in found[SpanKind.CONTENT]
            for first, last in ((start, min(end, since)), (max(start, until), end))
            if last > first
        ]
    return sorted((row for rows in found.values() for row in rows), key=lambda span: span[1])


def _placed(span: Span, start: dt.datetime, end: dt.datetime) -> DaySpan:
    length = end - start
    kind, since, until = span
    return DaySpan(
        kind, since, until, round(100 * ((since - start) / length), 3), round(100 * ((until - since) / length), 3)
    )


def _hours(plays: Sequence[ShownPlay], start: dt.datetime, end: dt.datetime) -> Iterable[DayHour]:
    """Yield the hours of the day in which something was shown."""
    # In UTC: on the nights on which clocks change, an hour is there twice, or not at all.
    first, last = start.astimezone(dt.UTC), end.astimezone(dt.UTC)
    found: defaultdict[int, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0, 0.0]))
    for play in plays:
        since, until = max(play.started_at, first), min(play.ended_at, last)
        number = int((since - first) / dt.timedelta(hours=1))
        if play.started_at >= first:
            found[number][play.content][0] += play.page == 0
        while since < until:
            turn = min(until, first + dt.timedelta(hours=number + 1))
            found[number][play.content][1] += (turn - since).total_seconds()
            since, number = turn, number + 1
    for number in sorted(found):
        contents = sorted(found[number].items(), key=lambda item: -item[1][1])
        yield DayHour(
            (first + dt.timedelta(hours=number)).astimezone(start.tzinfo),
            tuple(
                HourContent(key, int(times), round(seconds), round(seconds / 36))
                for key, (times, seconds) in contents
            ),
        )  # fmt: skip
