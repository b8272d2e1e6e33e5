"""Database model of the editorial plan: who writes what for when."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_server.core.visible_text import validate_visible
from beffroi_server.library.models import Announcement


class PlannedAnnouncement(models.Model):
    """An announcement that somebody is to write by a day."""

    title = models.CharField(_("subject"), max_length=120, validators=[validate_visible])
    due_on = models.DateField(_("wanted on the screens from"))
    writer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        verbose_name=_("who writes it"),
    )  # fmt: skip
    label = models.CharField(_("category"), max_length=60, blank=True)
    note = models.TextField(_("note"), max_length=500, blank=True)
    announcement = models.ForeignKey(
        Announcement, null=True, blank=True, on_delete=models.SET_NULL, related_name="plans"
    )
    """What was written for it; None as long as nothing was."""

    class Meta:
        ordering: ClassVar = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.title

    def is_late(self, today: dt.date) -> bool:
        """Tell whether nothing was written by its day."""
        return self.announcement_id is None and self.due_on < today
