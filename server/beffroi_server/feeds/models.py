"""Feeds: where data comes from, and what was read there last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


class FeedKind(models.TextChoices):
    """What a feed holds."""

    CALENDAR = "calendar", _("Calendar (iCal)")
    NEWS = "news", _("News (RSS or Atom)")
    TABLE = "table", _("Table (CSV)")
    WEATHER = "weather", _("Local weather")
    VIGILANCE = "vigilance", _("Météo-France weather warnings")


@dataclass(frozen=True, slots=True)
class RefreshInterval:
    """How often a kind of feed is read, and how its age is told."""

    every: dt.timedelta
    stale: dt.timedelta
    """The age from which its time is shown with it."""
    useless: dt.timedelta | None
    """The age from which it is not shown; None: never."""


REFRESH_INTERVALS = {
    FeedKind.CALENDAR: RefreshInterval(30 * MINUTE, 2 * DAY, None),
    FeedKind.NEWS: RefreshInterval(15 * MINUTE, 6 * HOUR, 3 * DAY),
    FeedKind.TABLE: RefreshInterval(30 * MINUTE, 2 * DAY, None),
    FeedKind.WEATHER: RefreshInterval(60 * MINUTE, 6 * HOUR, DAY),
    FeedKind.VIGILANCE: RefreshInterval(10 * MINUTE, 2 * HOUR, 12 * HOUR),
}


class Feed(models.Model):
    """Data that others publish. What was read last stays while it cannot be read again."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    """Screens show it as the source."""
    kind = models.CharField(_("kind"), max_length=12, choices=FeedKind, default=FeedKind.CALENDAR)
    address = models.CharField(_("address"), max_length=500, blank=True)
    """Of the kinds that have one; of a vigilance, the number of the department."""
    data = models.JSONField(default=dict, blank=True)
    """Fields of the widget that shows it; empty until it was read."""
    read_at = models.DateTimeField(null=True, blank=True)
    """When the data was right."""
    told_at = models.DateTimeField(null=True, blank=True)
    """The ``read_at`` that screens were last told."""
    due_at = models.DateTimeField(null=True, blank=True)
    """When to read it again; None: at once."""
    failures = models.PositiveSmallIntegerField(default=0)
    """How often in a row it could not be read."""
    problem = models.CharField(max_length=300, blank=True)
    """Why it could not be read, for people."""

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def rhythm(self) -> RefreshInterval:
        """How often it is read."""
        return REFRESH_INTERVALS[FeedKind(self.kind)]

    def widget_values(self) -> dict[str, Any]:
        """Return the fields of a widget that shows it: the data, and what its age means."""
        told, rhythm = self.told_at, self.rhythm
        return {
            **self.data,
            "source": self.name,
            "fetched_at_ms": int(told.timestamp() * 1000) if told else None,
            "stale_after_ms": rhythm.stale // dt.timedelta(milliseconds=1),
            "useless_after_ms": rhythm.useless // dt.timedelta(milliseconds=1) if rhythm.useless else None,
        }
