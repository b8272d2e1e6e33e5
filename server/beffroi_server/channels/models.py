"""Models of the channels: by which ways people hear of alerts beside the screens, and what became of each message."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_content.model import AlertLevel
from beffroi_server.alerts.models import LEVEL_CHOICES, Alert
from beffroi_server.fleet.models import ScreenGroup


class ChannelKind(models.TextChoices):
    """What is at the other end of a channel."""

    SERVICE = "service", _("a service: SMS, social network, team chat")
    MAIL = "mail", _("a list of mail addresses")
    SUBSCRIBERS = "subscribers", _("residents who have subscribed by mail")
    BROWSERS = "browsers", _("residents’ browsers that show alerts")


class ChannelAct(models.TextChoices):
    """What was done to the alert of which a message tells."""

    BROADCAST = "broadcast", _("broadcast")
    CORRECTED = "corrected", _("corrected")
    EXTENDED = "extended", _("extended")
    ENDED = "ended", _("ended")
    WITHDRAWN = "withdrawn", _("withdrawn")
    TRIAL = "trial", _("trial")


class Channel(models.Model):
    """One way by which people hear of alerts beside the screens."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(max_length=12, choices=ChannelKind, default=ChannelKind.SERVICE)
    secret = models.CharField(max_length=1_000, blank=True)
    """Address of the service, with the password that opens it: never shown again, nor logged."""
    recipients = models.TextField(blank=True)
    """Mail addresses, one a line."""
    from_level = models.CharField(
        _("from this level on"), max_length=20, choices=LEVEL_CHOICES, default=AlertLevel.ALERT.value
    )
    with_exercises = models.BooleanField(_("exercises and tests too"), default=False)
    max_length = models.PositiveSmallIntegerField(
        _("characters of a message at most"), default=480, validators=[MinValueValidator(100), MaxValueValidator(5_000)]
    )
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="fr")
    is_on = models.BooleanField(_("on"), default=True)
    problem = models.CharField(max_length=300, blank=True)
    """Why the last message failed; empty after a success."""
    failed_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class ChannelMessage(models.Model):
    """What a channel tells of one act, and what became of it. It stays with its alert, as receipts do."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """The same for all attempts."""
    channel = models.ForeignKey(Channel, null=True, on_delete=models.SET_NULL, related_name="messages")
    """None once it is deleted."""
    channel_name = models.CharField(max_length=80)
    alert = models.ForeignKey(Alert, null=True, on_delete=models.CASCADE, related_name="channel_messages")
    """None for a trial."""
    source = models.CharField(max_length=60)
    """What it tells of, such as ``audit-17``: nothing is told twice."""
    act = models.CharField(max_length=10, choices=ChannelAct)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    addressed = models.PositiveIntegerField(default=1)
    """To how many it goes: mail addresses, or one service."""
    reached = models.PositiveIntegerField(default=0)
    """How many of them have taken it."""
    done_at = models.DateTimeField(null=True, blank=True, db_index=True)
    """When it was delivered, given up or overtaken; None while it waits."""
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "source"], name="one_channel_message_of_event")
        ]

    def __str__(self) -> str:
        return f"{self.channel_name} {self.source}"


class SubscriptionSettings(models.Model):
    """Whether residents may subscribe on the public page, and to which places: one row."""

    is_on = models.BooleanField(_("Let residents subscribe to alerts by mail, on the public page"), default=False)
    browsers_are_on = models.BooleanField(_("Let residents have alerts shown by their browser"), default=False)
    groups = models.ManyToManyField(
        ScreenGroup, blank=True, related_name="+", verbose_name=_("places that they can choose")
    )
    """None: everybody is told of all places."""

    def __str__(self) -> str:
        return f"subscriptions: {'on' if self.is_on else 'off'}"


class Subscriber(models.Model):
    """A resident who wants alerts by mail. Unsubscribing deletes the row; no other table holds the address for long."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """In the links of each mail: whoever has it may read, and delete, this row."""
    address = models.EmailField(unique=True)
    from_level = models.CharField(max_length=20, choices=LEVEL_CHOICES, default=AlertLevel.ALERT.value)
    groups = models.ManyToManyField(ScreenGroup, blank=True, related_name="+")
    """Places; none means all of them."""
    language = models.CharField(max_length=5, choices=settings.LANGUAGES, default="fr")
    purpose_version = models.PositiveSmallIntegerField()
    """What they agreed to: a key of ``subscribers.PURPOSES``. They are told of nothing else."""
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True, db_index=True)
    """When they confirmed by the link in the mail; None until then."""
    mail_due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    """When the mail with the link is to be sent; None where none is."""
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["asked_at", "pk"]

    def __str__(self) -> str:
        # Without the address: it is in no log.
        return f"subscriber {self.pk}"


class BrowserSubscriber(models.Model):
    """A browser of a resident that shows alerts (RFC 8030, 8291). Unsubscribing deletes the row."""

    endpoint = models.CharField(max_length=1_000, unique=True)
    public_key = models.CharField(max_length=200)
    auth_secret = models.CharField(max_length=100)
    """Encrypts for the browser, and is what it is known by: nobody else has it."""
    from_level = models.CharField(max_length=20, choices=LEVEL_CHOICES, default=AlertLevel.ALERT.value)
    groups = models.ManyToManyField(ScreenGroup, blank=True, related_name="+")
    """Places; none means all of them."""
    purpose_version = models.PositiveSmallIntegerField()
    """What they agreed to: a key of ``browser_subscribers.PURPOSES``."""
    asked_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar = ["asked_at", "pk"]

    def __str__(self) -> str:
        return f"browser {self.pk}"


class ChannelMail(models.Model):
    """A mail, or a message to a browser, that is not sent yet; the row goes with the sending."""

    message = models.ForeignKey(ChannelMessage, on_delete=models.CASCADE, related_name="mails")
    address = models.EmailField(blank=True)
    """Empty for a browser."""
    browser = models.ForeignKey(BrowserSubscriber, null=True, on_delete=models.CASCADE, related_name="+")
    subscriber = models.ForeignKey(Subscriber, null=True, on_delete=models.CASCADE, related_name="+")
    """Whoever unsubscribes is sent nothing that still waits."""
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["attempts", "pk"]

    def __str__(self) -> str:
        return f"mail {self.pk} of {self.message_id}"


class LeftOutChannels(models.Model):
    """The channels that an officer has left out when broadcasting an alert."""

    token = models.UUIDField(primary_key=True)
    """Token of the form, of the proposal that it may become, and of the alert."""
    channels = models.JSONField(default=list)
    """Keys of channels."""

    def __str__(self) -> str:
        return str(self.token)


class ChannelTrail(models.Model):
    """How far the audit trail was followed: one row."""

    event = models.PositiveBigIntegerField(default=0)
    """Key of the last event that was looked at."""

    def __str__(self) -> str:
        return f"event {self.event}"
