"""Database models of plays: the play log of every screen, its totals by day, and sums over those of a whole town."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

SUMMED = ("times", "confirmed", "lasted_ms", "first_at", "last_at")


class PlayRecord(models.Model):
    """One showing of one slide or alert, from the player's play log."""

    screen = models.ForeignKey("fleet.Screen", on_delete=models.CASCADE, related_name="plays")
    number = models.PositiveBigIntegerField()
    slide = models.CharField(max_length=63, blank=True)
    alert = models.CharField(max_length=63, blank=True)
    started_at = models.DateTimeField()
    lasted_ms = models.PositiveBigIntegerField()
    frame = models.CharField(max_length=64, blank=True)
    page = models.PositiveIntegerField(default=0)
    zone = models.CharField(max_length=63, blank=True)
    clock = models.CharField(max_length=20, blank=True)
    ended = models.CharField(max_length=63, blank=True)
    """Why: a word of ``beffroi_content.wire.plays.EndReason``."""
    chain = models.CharField(max_length=64, blank=True)
    """As reported by the player; see ``play_audit``."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["screen", "number"], name="one_play")]
        indexes: ClassVar = [
            # The day of a screen.
            models.Index(fields=["screen", "started_at"], name="play_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.screen} {self.number}"


class DailyPlays(models.Model):
    """How often and how long one content was shown on one screen on one day of the town; see ``monitoring.proof``."""

    screen = models.ForeignKey("fleet.Screen", on_delete=models.CASCADE, related_name="daily_plays")
    day = models.DateField()
    content = models.CharField(max_length=63)
    """As ``plays.played_content.content_key`` has it."""
    times = models.PositiveIntegerField(default=0)
    """Showings: of a content of several pages, its first page counts."""
    confirmed = models.PositiveIntegerField(default=0)
    """Those whose frame digest is that of the frame which the programme draws."""
    lasted_ms = models.PositiveBigIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    """When the last of them ended."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["screen", "day", "content"], name="one_daily_plays")]
        indexes: ClassVar = [
            # With the screen: on how many a content was shown is read from the index alone.
            models.Index(fields=["content", "day", "screen"], name="plays_of_content"),
            models.Index(fields=["day"], name="plays_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.screen} {self.day} {self.content}: {self.times}"


class PlayedContent(models.Model):
    """The last known name of a content that was shown: proof of play outlives what it is about."""

    key = models.CharField(max_length=63, primary_key=True)
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class DailyPlaysMark(models.Model):
    """How far plays are counted in ``DailyPlays``: one row."""

    last_play = models.PositiveBigIntegerField(default=0)
    """The highest primary key that is."""

    def __str__(self) -> str:
        return str(self.last_play)


class PlaySum(models.Model):
    """How often and how long something was shown on one day of the town; the fields are those of ``DailyPlays``.

    A thousand screens make half a million daily totals a month: pages about a whole town read these sums instead. They
    are added to in the transaction that adds to the totals themselves (``monitoring.proof.daily_totals``) and deleted
    with them (``plays.retention``).
    """

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
