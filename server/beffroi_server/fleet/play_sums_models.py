"""Database models of sums over the daily totals: what pages about a whole town read instead of every screen's rows.

A thousand screens make half a million daily totals a month. They are added to in the transaction that adds to the
totals themselves (``monitoring.proof.daily_totals``) and deleted with them (``plays.retention``).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

SUMMED = ("times", "confirmed", "lasted_ms", "first_at", "last_at")


class PlaySum(models.Model):
    """How often and how long something was shown on one day of the town; the fields are those of ``DailyPlays``."""

    day = models.DateField()
    times = models.PositiveBigIntegerField(default=0)
    confirmed = models.PositiveBigIntegerField(default=0)
    lasted_ms = models.PositiveBigIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        abstract = True


class ContentDay(PlaySum):
    """One content on all screens."""

    content = models.CharField(max_length=63)
    screens = models.BinaryField(default=bytes)
    """On which ones it was; see :mod:`beffroi_server.fleet.plays.screen_sets`."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "content"], name="one_content_day")]
        # Sums over a month are read from it alone: to look up each row takes five times as long.
        indexes: ClassVar = [models.Index(fields=["day", "content", *SUMMED], name="content_day_sums")]

    def __str__(self) -> str:
        return f"{self.day} {self.content}: {self.times}"


class ScreenDay(PlaySum):
    """Everything on one screen."""

    screen = models.ForeignKey("fleet.Screen", on_delete=models.CASCADE, related_name="play_days")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "screen"], name="one_screen_day")]
        indexes: ClassVar = [models.Index(fields=["day", "screen", *SUMMED], name="screen_day_sums")]

    def __str__(self) -> str:
        return f"{self.day} {self.screen}: {self.times}"
