"""Database model of feeds: an address, the data that was last read there, and when to read it again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_server.fleet.municipality_models import Municipality

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


class FeedKind(models.TextChoices):
    """Kind of data in a feed; each has a reader in ``readers`` and a widget that shows it."""

    CALENDAR = "calendar", _("Calendar (iCal)")
    NEWS = "news", _("News (RSS or Atom)")
    TABLE = "table", _("Table (CSV)")
    WEATHER = "weather", _("Local weather")
    VIGILANCE = "vigilance", _("Météo-France weather warnings")


@dataclass(frozen=True, slots=True)
class RefreshInterval:
    """Interval at which a kind of feed is read, and the ages that matter to those who see it."""

    every: dt.timedelta
    stale: dt.timedelta
    """Age from which screens show the time of the data with it."""
    useless: dt.timedelta | None
    """Age from which screens do not show the data any more; None: they always show it."""


REFRESH_INTERVALS = {
    FeedKind.CALENDAR: RefreshInterval(30 * MINUTE, 2 * DAY, None),
    FeedKind.NEWS: RefreshInterval(15 * MINUTE, 6 * HOUR, 3 * DAY),
    FeedKind.TABLE: RefreshInterval(30 * MINUTE, 2 * DAY, None),
    FeedKind.WEATHER: RefreshInterval(60 * MINUTE, 6 * HOUR, DAY),
    FeedKind.VIGILANCE: RefreshInterval(10 * MINUTE, 2 * HOUR, 12 * HOUR),
}


class Feed(models.Model):
    """Data that others publish. While it cannot be read, the data of the last time stays."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    """Screens show it as the source of the data."""
    kind = models.CharField(_("kind"), max_length=12, choices=FeedKind, default=FeedKind.CALENDAR)
    address = models.CharField(_("address"), max_length=500, blank=True)
    """URL of the kinds that have one; the number of the department for vigilance; empty for weather."""
    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("municipality")
    )
    """Whose it is, see ``fleet.content_owners``, and of the weather, where; None: shared by all."""
    data = models.JSONField(default=dict, blank=True)
    """Fields of the widget that shows the feed; empty until it was read for the first time."""
    kept = models.JSONField(default=dict, blank=True)
    """What the reader asked to be kept for its next reading, such as the hours of today that have passed."""
    skipped = models.JSONField(default=list, blank=True)
    """Parts that the last reading left out, as ``readers.reading.SkippedPart`` has them."""
    skipped_count = models.PositiveIntegerField(default=0)
    """Number of parts that the last reading left out: not all of them are named."""
    read_at = models.DateTimeField(null=True, blank=True)
    """When the data was last confirmed."""
    told_at = models.DateTimeField(null=True, blank=True)
    """The ``read_at`` that was last published to screens."""
    due_at = models.DateTimeField(null=True, blank=True)
    """When to read it again; None means at once."""
    failures = models.PositiveSmallIntegerField(default=0)
    """Failed readings in a row."""
    problem = models.CharField(max_length=300, blank=True)
    """Reason of the last failure, for people; empty after a success."""

    audit_ignored: ClassVar = frozenset(
        {"data", "kept", "skipped", "skipped_count", "read_at", "told_at", "due_at", "failures", "problem"}
    )

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_waiting(self) -> bool:
        """True from when somebody asked for it until it was read, or could not be."""
        return self.due_at is None

    @property
    def refresh_interval(self) -> RefreshInterval:
        """The interval and ages of its kind."""
        return REFRESH_INTERVALS[FeedKind(self.kind)]

    @property
    def skipped_left_off(self) -> int:
        """Number of skipped parts that are not named."""
        return self.skipped_count - len(self.skipped)

    def widget_values(self) -> dict[str, Any]:
        """Return the fields of a widget that shows the feed: its data, source and ages in milliseconds."""
        published_at, interval = self.told_at, self.refresh_interval
        fetched_at_ms = int(published_at.timestamp() * 1000) if published_at else None
        # Data that nobody renews any more is as old as it says, however often it is read.
        made_at_ms = self.data.get("fetched_at_ms", fetched_at_ms)
        return {
            **self.data,
            "source": self.name,
            "fetched_at_ms": min(fetched_at_ms, made_at_ms) if fetched_at_ms is not None else None,
            "stale_after_ms": interval.stale // dt.timedelta(milliseconds=1),
            "useless_after_ms": interval.useless // dt.timedelta(milliseconds=1) if interval.useless else None,
        }
