"""Which playlist is on, where and when."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from beffroi_content.model.base import Identifier, Line, WireModel
from beffroi_content.model.layout import FULL_SCREEN


class Playlist(WireModel):
    """Slides in the order in which they are shown."""

    id: Identifier
    name: Line
    slides: Annotated[tuple[Identifier, ...], Field(max_length=500)]


class TimeWindow(WireModel):
    """A part of each day in local time: from ``start`` up to, not including, ``end``.

    An ``end`` at or before ``start`` lies on the next day; the window then belongs to the day it starts on.
    """

    start: dt.time
    end: dt.time

    @model_validator(mode="after")
    def _check(self) -> TimeWindow:
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("a time window is in the local time of the screen: give it without an offset")
        return self


class RuleMode(StrEnum):
    """How a rule shares its zone with the other rules of the same priority."""

    ROTATE = "rotate"
    """All rotating rules make one loop."""
    REPLACE = "replace"
    """This rule alone; of several, the one whose identifier sorts first."""


Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO 8601: 1 is Monday, 7 is Sunday."""


class ScheduleRule(WireModel):
    """A playlist for a zone within dates, weekdays and times of day, all in the screen's time zone.

    Of the rules that apply at an instant and have something to show, only those of the highest priority are on.
    """

    id: Identifier
    name: Line
    playlist: Identifier
    zone: Identifier = FULL_SCREEN
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    mode: RuleMode = RuleMode.ROTATE
    first_date: dt.date | None = None
    last_date: dt.date | None = None
    """Included."""
    weekdays: frozenset[Weekday] = frozenset(range(1, 8))
    times: Annotated[tuple[TimeWindow, ...], Field(max_length=24)] = ()
    """Empty means the whole day."""

    @property
    def is_dated(self) -> bool:
        """Whether the rule needs to know the time at all."""
        return bool(self.first_date or self.last_date or self.times or len(self.weekdays) < 7)

    @model_validator(mode="after")
    def _check(self) -> ScheduleRule:
        if self.first_date and self.last_date and self.last_date < self.first_date:
            raise ValueError("the last date of a rule is not before its first")
        if not self.weekdays:
            raise ValueError("a rule needs at least one weekday")
        return self
