"""Models of drills: when they are held, each that was held, and how it went on each screen."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_server.fleet.models import Screen


class DrillSettings(models.Model):
    """When the silent drill is held, and who reads its report: one row."""

    nightly_at = models.TimeField(_("every night at"), null=True, blank=True, default=dt.time(3, 30))
    """By the clocks of the town; empty: never by itself."""
    mails_each = models.BooleanField(_("mail the report of each drill, not only of those that failed"), default=False)

    def __str__(self) -> str:
        return f"every night at {self.nightly_at}" if self.nightly_at else "never by itself"


class Drill(models.Model):
    """A silent drill: one alert that every player was asked to draw, and none to show."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=200)
    """Of the alert that was drawn."""
    alert = models.JSONField()
    """The alert as it was sent."""
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """None: it was the night’s."""
    repeated_at = models.DateTimeField(null=True, blank=True)
    """When those that had not answered were asked again."""
    closed_at = models.DateTimeField(null=True, blank=True)
    """When all had answered, or the time was over."""
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-started_at"]
        indexes: ClassVar = [
            models.Index(fields=["started_at"], name="drill_open", condition=models.Q(closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.title}"


class DrillOutcome(models.TextChoices):
    """Outcomes of a drill on one screen."""

    WAITING = "waiting", _("no answer yet")
    RIGHT = "right", _("drawn, identical to the pixel")
    DIFFERS = "differs", _("drawn, but with other pixels than the server")
    NOT_DRAWN = "not-drawn", _("could not draw it")
    NO_ANSWER = "no-answer", _("connected, but did not answer")
    TOO_OLD = "too-old", _("its player is too old for drills")
    OFFLINE = "offline", _("not connected")


FAILURES = (DrillOutcome.DIFFERS, DrillOutcome.NOT_DRAWN, DrillOutcome.NO_ANSWER)
"""What an alert would fail on, although the screen is there. That one is not there is told as silence."""


class DrillResult(models.Model):
    """How a drill went on one screen."""

    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="results")
    screen = models.ForeignKey(Screen, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=10, choices=DrillOutcome, default=DrillOutcome.WAITING)
    asked_at = models.DateTimeField()
    travel_ms = models.PositiveIntegerField(null=True, blank=True)
    """From signing to reception, by the clocks of both; None where the player’s cannot be believed."""
    drawing_ms = models.FloatField(null=True, blank=True)
    """From reception until the first page was ready for the display."""
    detail = models.CharField(max_length=300, blank=True)
    """What the player says of a failure."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["drill", "screen"], name="one_result_of_screen")]

    def __str__(self) -> str:
        return f"{self.drill_id} {self.screen_id} {self.outcome}"
