"""Playlists and schedule rules."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_content import model as content
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.screens.models import Group, Screen

EVERY_DAY = "1234567"


class Playlist(models.Model):
    """Slides in the order in which they are shown."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """A slide: an announcement or a picture in a playlist."""

    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    announcement = models.ForeignKey(Announcement, null=True, blank=True, on_delete=models.CASCADE)
    media = models.ForeignKey(MediaItem, null=True, blank=True, on_delete=models.CASCADE)
    duration_s = models.PositiveIntegerField(
        _("seconds"), default=10, validators=[MinValueValidator(1), MaxValueValidator(3600)]
    )
    valid_from = models.DateTimeField(_("shown from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("shown until"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(announcement__isnull=False, media__isnull=True)
                | models.Q(announcement__isnull=True, media__isnull=False),
                name="announcement_or_media",
            )
        ]

    def __str__(self) -> str:
        return str(self.announcement or self.media)

    def clean(self) -> None:
        """Refuse a validity that ends before it begins."""
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValidationError({"valid_until": _("This is before the beginning.")})


class RuleMode(models.TextChoices):
    """How a rule shares a zone with others of the same priority."""

    ROTATE = content.RuleMode.ROTATE.value, _("in turn with the others")
    REPLACE = content.RuleMode.REPLACE.value, _("alone")


class ScheduleRule(models.Model):
    """Which playlist, on which screens, when, with which priority."""

    name = models.CharField(_("name"), max_length=80)
    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, related_name="rules", verbose_name=_("playlist"))
    everywhere = models.BooleanField(_("on all screens"), default=False)
    screens = models.ManyToManyField(Screen, blank=True, related_name="rules", verbose_name=_("screens"))
    groups = models.ManyToManyField(Group, blank=True, related_name="rules", verbose_name=_("groups"))
    priority = models.PositiveSmallIntegerField(_("priority"), default=50, validators=[MaxValueValidator(100)])
    mode = models.CharField(_("mode"), max_length=10, choices=RuleMode, default=RuleMode.ROTATE)
    first_date = models.DateField(_("first day"), null=True, blank=True)
    last_date = models.DateField(_("last day"), null=True, blank=True)
    weekdays = models.CharField(_("days of the week"), max_length=7, default=EVERY_DAY)
    """The ISO numbers of the days, such as ``12345``."""
    start_time = models.TimeField(_("from"), null=True, blank=True)
    end_time = models.TimeField(_("to"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-priority", "name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse dates and times that make no window."""
        if self.first_date and self.last_date and self.last_date < self.first_date:
            raise ValidationError({"last_date": _("This is before the first day.")})
        if (self.start_time is None) != (self.end_time is None):
            raise ValidationError({"end_time": _("Give both times, or none for the whole day.")})

    def to_content(self) -> content.ScheduleRule:
        """Return the rule as the timeline knows it; one that is not saved yet has the number 0."""
        window: list[dict[str, Any]] = []
        if self.start_time is not None and self.end_time is not None:
            window = [{"start": self.start_time, "end": self.end_time}]
        return content.ScheduleRule.model_validate(
            {
                "id": f"rule-{self.pk or 0}",
                "name": self.name,
                "playlist": f"playlist-{self.playlist_id or 0}",
                "priority": self.priority,
                "mode": self.mode,
                "first_date": self.first_date,
                "last_date": self.last_date,
                "weekdays": [int(day) for day in self.weekdays],
                "times": window,
            }
        )
