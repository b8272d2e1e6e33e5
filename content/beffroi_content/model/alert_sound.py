"""What may be heard of alerts at a screen: signed by the town with the other settings of the screen."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field, model_validator

from beffroi_content.model.alert import AlertLevel
from beffroi_content.model.base_models import WireModel, newer_word_as
from beffroi_content.model.schedule import TimeWindow, is_within_hours

AUDIBLE_LEVELS = (AlertLevel.VIGILANCE, AlertLevel.ALERT, AlertLevel.EMERGENCY)
"""Information is one slide among others, and never heard."""


class AlertSound(WireModel):
    """What may be heard of alerts, how loud, and when."""

    from_level: Annotated[AlertLevel, newer_word_as(AlertLevel.EMERGENCY)] = AlertLevel.EMERGENCY
    """The mildest level that is heard."""
    volume: Annotated[int, Field(ge=1, le=100)] = 50
    """The loudest that anything is, in percent of what the player can put out."""
    speech: bool = True
    """Whether the alert is spoken after the chime, where the player can speak."""
    hours: TimeWindow | None = None
    """The part of each day in which anything is heard, in local time; None: all of it."""
    emergency_at_any_hour: bool = False
    """Whether an emergency that is no exercise is heard outside these hours, too."""

    @model_validator(mode="after")
    def _check_hours(self) -> AlertSound:
        if self.from_level not in AUDIBLE_LEVELS:
            raise ValueError("information is never heard")
        if self.hours is not None and not all(isinstance(each, dt.time) for each in (self.hours.start, self.hours.end)):
            raise ValueError("the hours of sound are times of the day")
        return self

    def is_audible(self, level: AlertLevel) -> bool:
        """Tell whether alerts of a level are heard at all."""
        return level in AUDIBLE_LEVELS and level.rank >= self.from_level.rank

    def permits(self, level: AlertLevel, local: dt.time | None, *, is_genuine: bool) -> bool:
        """Tell whether an alert may be heard now.

        Args:
            level: Of the alert.
            local: The time of the day at the screen; None: nobody knows it, and it might be night.
            is_genuine: False for an exercise or a test, which never wakes anybody.
        """
        if not self.is_audible(level):
            return False
        if self.hours is None or (self.emergency_at_any_hour and level is AlertLevel.EMERGENCY and is_genuine):
            return True
        start, end = self.hours.start, self.hours.end
        assert isinstance(start, dt.time)
        assert isinstance(end, dt.time)
        return local is not None and is_within_hours(local, start, end)
