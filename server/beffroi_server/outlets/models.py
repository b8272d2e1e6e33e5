"""Models of the outlets: who is told of events by webhook, and what waits to be sent."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_server.core import webhooks


class WebhookEvent(models.TextChoices):
    """Events of which other systems are told."""

    PUBLISHED = "announcement.published", _("an announcement is published")
    TAKEN_OFF = "announcement.taken_off", _("an announcement is taken off the screens")
    BROADCAST = "alert.broadcast", _("an alert is broadcast")
    CORRECTED = "alert.corrected", _("an alert is corrected")
    ENDED = "alert.ended", _("an alert is ended or withdrawn")
    CAP = "alert.cap", _("an alert, as a CAP document")
    SILENT = "screen.silent", _("a screen has fallen silent")
    BACK = "screen.back", _("a screen is back")


class WebhookSubscription(models.Model):
    """Another system that is told of some events."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    address = models.CharField(_("address"), max_length=webhooks.ADDRESS_LENGTH)
    secret = models.CharField(max_length=100)
    """Signs what is sent; shown once."""
    events = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    problem = models.CharField(max_length=300, blank=True)
    """Why the last delivery failed; empty after a success."""
    failed_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    lost_count = models.PositiveIntegerField(default=0)
    """Messages that were given up, or dropped since too many waited."""

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class WebhookMessage(models.Model):
    """A message to a receiver. It is kept for a day after its delivery, so that nothing is told twice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """The same for all attempts."""
    subscription = models.ForeignKey(WebhookSubscription, on_delete=models.CASCADE, related_name="messages")
    source = models.CharField(max_length=60)
    """What it tells of, such as ``audit-17``: nothing is told twice."""
    body = models.JSONField()
    due_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    """When it was delivered or given up; None while it waits."""
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "source"], name="one_message_of_event")
        ]

    def __str__(self) -> str:
        return f"{self.subscription} {self.source}"


class FollowedTrail(models.Model):
    """How far the audit trail and the incidents were followed: one row."""

    event = models.PositiveBigIntegerField(default=0)
    """Key of the last event of the audit trail that was looked at."""
    incidents_at = models.DateTimeField()
    """Up to when incidents were looked at."""

    def __str__(self) -> str:
        return f"event {self.event}"


class CapOutput(models.Model):
    """Whether and how alerts are given out as CAP: one row."""

    is_on = models.BooleanField(_("Publish alerts as CAP, for apps and other services"), default=False)
    contact = models.CharField(_("contact"), max_length=120, blank=True)
    """Number or address for questions."""
    radius_km = models.DecimalField(
        _("radius in kilometres"), max_digits=4, decimal_places=1, default=5, validators=[MaxValueValidator(100)]
    )
    """Around the place of the town; 0: no circle."""
    followed_event = models.PositiveBigIntegerField(default=0, editable=False)
    """Key of the last event of the audit trail that was looked at."""

    def __str__(self) -> str:
        return f"CAP: {'on' if self.is_on else 'off'}"


class CapMessage(models.Model):
    """One CAP message, as it was signed."""

    identifier = models.CharField(max_length=150, unique=True)
    alert = models.UUIDField(db_index=True)
    """The alert of which it speaks; of a corrected one, the first text."""
    source = models.CharField(max_length=40, unique=True)
    """What it tells of, such as ``audit-17``."""
    sender = models.CharField(max_length=255)
    message_type = models.CharField(max_length=10)
    headline = models.CharField(max_length=200)
    sent = models.DateTimeField()
    document = models.TextField()
    written_at = models.DateTimeField()
    is_published = models.BooleanField(default=False)
    """Whether it is at the other broker, or a newer one of the same alert is."""

    class Meta:
        ordering: ClassVar = ["-sent", "-pk"]

    def __str__(self) -> str:
        return self.identifier
