"""Playlists, schedule rules, day calendars and screen hours."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from beffroi_content.model.base_models import Identifier, Line, WireModel
from beffroi_content.model.layout import FULL_SCREEN
from beffroi_content.model.recurrence import Recurrence


class PlaylistOrder(StrEnum):
    """Orders in which a playlist shows its slides."""

    LISTED = "listed"
    NEWEST = "newest"
    """The latest published first."""
    SOONEST = "soonest"
    """The next event first; slides without a date last."""
    SHUFFLED = "shuffled"
    """A random order, the same on all screens at all times."""


class Playlist(WireModel):
    """Slides in the order in which they are shown."""

    id: Identifier
    name: Line
    slides: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()
    """Slides, or playlists that stand in their place."""
    tag: Annotated[str, StringConstraints(max_length=60)] = ""
    """All slides of the programme that carry this tag follow those that are listed."""
    order: PlaylistOrder = PlaylistOrder.LISTED
    take: Annotated[int, Field(ge=0, le=500)] = 0
    """Slides that it gives per round of a playlist that contains it, going on in the next round; 0: all."""


class SunEvent(StrEnum):
    """Events of the sun: its upper edge crosses the horizon."""

    SUNRISE = "sunrise"
    SUNSET = "sunset"


class SunTime(WireModel):
    """A time of day that moves with the sun."""

    event: SunEvent
    offset_minutes: Annotated[int, Field(ge=-720, le=720)] = 0
    """Positive: later."""


def is_within_hours(time: dt.time, start: dt.time, end: dt.time) -> bool:
    """Tell whether a time of the day is within hours, which may pass midnight; all day if they end as they begin."""
    return start <= time < end if start < end else time >= start or time < end


class TimeWindow(WireModel):
    """A part of each day in local time: from ``start`` up to, not including, ``end``.

    An ``end`` at or before ``start`` lies on the next day; the window then belongs to the day it starts on.
    """

    start: dt.time | SunTime
    end: dt.time | SunTime

    @model_validator(mode="after")
    def _check_local_times(self) -> TimeWindow:
        if any(isinstance(time, dt.time) and time.tzinfo is not None for time in (self.start, self.end)):
            raise ValueError("a time window is in the local time of the screen: give it without an offset")
        return self


class DayRange(WireModel):
    """Days from ``first`` to ``last``, both included."""

    first: dt.date
    last: dt.date

    @model_validator(mode="after")
    def _check_order(self) -> DayRange:
        if not self.first <= self.last <= self.first + dt.timedelta(days=400):
            raise ValueError("a range of days ends after it starts, and within 400 days")
        return self


class DayCalendar(WireModel):
    """Days with a meaning, such as public holidays or the school holidays of zone B."""

    id: Identifier
    name: Line
    days: Annotated[tuple[DayRange, ...], Field(max_length=400)] = ()


class RuleMode(StrEnum):
    """Modes in which a rule shares its zone with other rules of the same priority."""

    ROTATE = "rotate"
    """All rotating rules make one loop, in which each has a share of the time by its slides, or by its weight."""
    REPLACE = "replace"
    """This rule alone; of several, the one whose identifier sorts first."""
    INTERJECT = "interject"
    """One slide at a time between those of the other rules, as often as ``interjection`` says."""


class InterjectionCadence(StrEnum):
    """Units in which the frequency of an interjection is given."""

    EVERY_MINUTES = "every-minutes"
    """At least once in so many minutes."""
    TIMES_AN_HOUR = "times-an-hour"
    """At most so many times in an hour."""
    SECONDS_AN_HOUR = "seconds-an-hour"
    """About so many seconds of an hour."""


class Interjection(WireModel):
    """The frequency with which slides of an interjecting rule come between others."""

    cadence: InterjectionCadence
    amount: Annotated[int, Field(ge=1, le=3_600)]


Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO 8601: 1 is Monday, 7 is Sunday."""


class ScheduleRule(WireModel):
    """A playlist for a zone on certain days and at certain times of day, all in the screen's time zone.

    A rule is on the days that fit its dates, weekdays, recurrence and calendars, and on ``extra_dates`` in any case,
    but never on ``except_dates``. Of the rules that apply at an instant and have something to show, only those of the
    highest priority are on; rules that interject come in between what is as important as they are, or less.
    """

    id: Identifier
    name: Line
    playlist: Identifier
    zone: Identifier = FULL_SCREEN
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    mode: RuleMode = RuleMode.ROTATE
    weight: Annotated[int, Field(ge=0, le=100)] = 1
    """The share of a rotating rule, beside that of the others; 0: each of its slides once in a round.

    Beside rules with 0, a share counts as so many slides of ten seconds."""
    interjection: Interjection | None = None
    """Given with the mode that needs it."""
    first_date: dt.date | None = None
    last_date: dt.date | None = None
    """Included."""
    weekdays: frozenset[Weekday] = frozenset(range(1, 8))
    recurrence: Annotated[str, StringConstraints(max_length=200)] = ""
    """Days by a rule of RFC 5545 that starts on ``first_date``, such as ``FREQ=MONTHLY;BYDAY=1TU``; empty: all."""
    extra_dates: Annotated[frozenset[dt.date], Field(max_length=400)] = frozenset()
    except_dates: Annotated[frozenset[dt.date], Field(max_length=400)] = frozenset()
    only_on: Annotated[frozenset[Identifier], Field(max_length=8)] = frozenset()
    """Only on days of one of these calendars; empty: on all days."""
    never_on: Annotated[frozenset[Identifier], Field(max_length=8)] = frozenset()
    """Not on the days of these calendars."""
    times: Annotated[tuple[TimeWindow, ...], Field(max_length=24)] = ()
    """Empty means the whole day."""

    @property
    def is_dated(self) -> bool:
        """Whether the rule needs to know the time at all."""
        days = self.recurrence or self.extra_dates or self.except_dates or self.only_on or self.never_on
        return bool(self.first_date or self.last_date or self.times or days or len(self.weekdays) < 7)

    @property
    def parsed_recurrence(self) -> Recurrence | None:
        """The recurrence, read."""
        return Recurrence.parse(self.recurrence) if self.recurrence else None

    @model_validator(mode="after")
    def _check_rule(self) -> ScheduleRule:
        if self.first_date and self.last_date and self.last_date < self.first_date:
            raise ValueError("the last date of a rule is not before its first")
        if not self.weekdays:
            raise ValueError("a rule needs at least one weekday")
        if self.parsed_recurrence and self.first_date is None:
            raise ValueError("a rule that recurs needs a first date")
        if (self.mode is RuleMode.INTERJECT) != (self.interjection is not None):
            raise ValueError("a rule that interjects says how often, and no other does")
        return self


class PowerState(StrEnum):
    """What a display does with its light."""

    ON = "on"
    DIM = "dim"
    OFF = "off"


class ScreenHours(WireModel):
    """A part of the week in which a display is dimmed, off, or on all the same."""

    state: PowerState
    window: TimeWindow
    weekdays: frozenset[Weekday] = frozenset(range(1, 8))
    brightness: Annotated[int, Field(ge=1, le=100)] = 30
    """Percent, while it is dimmed."""


class SpecialHours(WireModel):
    """Hours of a display on certain days, in place of the usual ones: those that begin on these days do not apply."""

    days: DayRange
    hours: Annotated[tuple[ScreenHours, ...], Field(max_length=8)] = ()
    """Whatever their weekdays; none: the display is on."""
