"""Model of the rollout of a version of the player."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_server.fleet.models import ScreenGroup

DEFAULT_HOLD_HOURS = 24


class RolloutState(models.TextChoices):
    """States of a rollout."""

    RUNNING = "running", _("under way")
    PAUSED = "paused", _("paused")
    DONE = "done", _("finished")
    ENDED = "ended", _("ended before all screens had it")


OPEN_STATES = (RolloutState.RUNNING, RolloutState.PAUSED)


class RolloutStep(models.IntegerChoices):
    """Steps of a rollout, each with more screens than the one before."""

    FIRST = 0, _("first screens")
    TENTH = 1, _("one screen in ten")
    ALL = 2, _("all screens")


class Rollout(models.Model):
    """One version of the player on its way to all screens. One at a time is open."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.CharField(_("version"), max_length=40)
    first_group = models.ForeignKey(
        ScreenGroup, verbose_name=_("first screens"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """Whose screens come first; None: one screen of the town."""
    at_once = models.BooleanField(_("also by day"), default=False)
    """Whether players fetch and change it at any time, not only in their hours of downloads or at night."""
    hold_hours = models.PositiveSmallIntegerField(
        _("hours between two steps"), default=DEFAULT_HOLD_HOURS, validators=[MaxValueValidator(24 * 14)]
    )
    state = models.CharField(max_length=8, choices=RolloutState, default=RolloutState.RUNNING)
    step = models.PositiveSmallIntegerField(choices=RolloutStep, default=RolloutStep.FIRST)
    held_since = models.DateTimeField(null=True, blank=True)
    """Since when every screen of the step that is there has the version; None: not yet."""
    has_failed = models.BooleanField(default=False)
    """Whether it was paused because a screen has taken the version back."""
    passed_over = models.JSONField(default=list, blank=True)
    """Screens on which it failed before somebody let it go on, by primary key."""
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.version} ({self.state})"

    @property
    def is_open(self) -> bool:
        """Whether it can go on."""
        return self.state in OPEN_STATES
