"""The models of walk tests: somebody goes from screen to screen with a phone and notes what is there."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class WalkResult(models.TextChoices):
    """What somebody found at a screen."""

    OPEN = "", _("not visited yet")
    SEEN = "seen", _("in order")
    WRONG = "wrong", _("wrong")
    UNSEEN = "unseen", _("not seen")


class WalkTest(models.Model):
    """One round of some screens, each of which shows a number of its own."""

    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    shown_until = models.DateTimeField()
    """Until when the screens show their numbers, unless they are shown again."""
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


class WalkStop(models.Model):
    """What was found at one screen."""

    test = models.ForeignKey(WalkTest, on_delete=models.CASCADE, related_name="stops")
    screen = models.ForeignKey("fleet.Screen", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    result = models.CharField(max_length=6, choices=WalkResult.choices, blank=True, default="")
    note = models.CharField(max_length=200, blank=True)
    noted_at = models.DateTimeField(null=True, blank=True)
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["test", "screen"], name="one_stop_of_screen")]

    def __str__(self) -> str:
        return f"{self.number} {self.screen}: {self.result or '–'}"
