"""Database models of day calendars: named days for rules, and the files that they are imported from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from beffroi_content import model as content
from beffroi_server.accounts.holiday_regions import HolidayRegion, region_of_town
from beffroi_server.accounts.models import Town, User
from beffroi_server.schedule.public_holidays import public_holidays

MAX_DAY_RANGES = 400
"""Ranges of a day calendar that a manifest can hold."""


class DayCalendar(models.Model):
    """Named days that rules are restricted to or excluded from: public holidays, or days that somebody imported."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    country = models.CharField(max_length=2, blank=True)
    """Country of the public holidays, ISO 3166-1; empty where the days were imported."""
    days = models.JSONField(default=list)
    """Pairs of the first and the last day, such as ``["2026-12-19", "2027-01-03"]``."""

    class Meta:
        ordering: ClassVar = ["-country", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def identifier(self) -> str:
        """Identifier of the calendar in a manifest."""
        return f"calendar-{self.pk}"

    def to_content(self, town: Town | None = None) -> content.DayCalendar:
        """Return the calendar for the timeline, with its days around the present year.

        A manifest limits their number: those that lie ahead come first.

        Args:
            town: The town whose public holidays they are; by default the one that there is.
        """
        today = timezone.localdate()
        ranges = self._ranges_in(range(today.year - 1, today.year + 4), town)
        kept = [content.DayRange(first=first, last=last) for first, last in ranges]
        if len(kept) > MAX_DAY_RANGES:
            kept = [each for each in kept if each.last >= today - dt.timedelta(days=1)]
        return content.DayCalendar(id=self.identifier, name=self.name, days=tuple(kept[:MAX_DAY_RANGES]))

    def _ranges_in(self, years: range, town: Town | None) -> Sequence[tuple[Any, Any]]:
        if not self.country:
            return list(self.days)
        town = town or Town.objects.first()
        region = region_of_town(town.holiday_region, town.time_zone) if town else HolidayRegion.METROPOLE
        return public_holidays(self.country, years, region)


def ensure_holiday_calendar() -> None:
    """Make sure that there is the calendar of the public holidays of France, which need no import."""
    DayCalendar.objects.get_or_create(country="FR", defaults={"name": "Jours fériés"})


class DayImport(models.Model):
    """A file of special days that somebody uploaded: read in the background, and shown before it is saved."""

    name = models.CharField(max_length=80)
    """Name of the calendar that its days will make, or take the place of."""
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="day_imports")
    created_at = models.DateTimeField(default=timezone.now)
    content = models.BinaryField()
    """The file; empty once it was read."""
    result = models.JSONField(null=True)
    """What ``calendar_reading.read_days`` found in it; None until it was read, or where it was refused."""
    problem = models.CharField(max_length=300, blank=True)
    """The reason for which it was refused, for people."""

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def waits(self) -> bool:
        """Tell whether it is still to be read."""
        return self.result is None and not self.problem
