"""The model of enrolment cards."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class CardState(models.TextChoices):
    """What has become of an enrolment card."""

    OPEN = "open", _("not used yet")
    USED = "used", _("used")
    EXPIRED = "expired", _("expired")
    WITHDRAWN = "withdrawn", _("withdrawn")


class EnrolmentCard(models.Model):
    """A file that enrols the player of a screen, once; see ``beffroi_content.wire.enrolment_card``."""

    screen = models.ForeignKey("fleet.Screen", on_delete=models.CASCADE, related_name="enrolment_cards")
    code_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.CharField(max_length=200, blank=True)
    """The machine that used it, as it called itself, and its address."""
    used_key = models.CharField(max_length=64, blank=True)
    """The trigger key of that player: it alone may ask again, if the answer was lost on its way."""
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    """When another machine last tried it, after it was worth nothing any more."""
    refused_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.screen} {self.made_at:%Y-%m-%d}"

    def state_at(self, now: dt.datetime) -> CardState:
        """Return what has become of it."""
        if self.used_at is not None:
            return CardState.USED
        if self.withdrawn_at is not None:
            return CardState.WITHDRAWN
        return CardState.OPEN if now < self.expires_at else CardState.EXPIRED
