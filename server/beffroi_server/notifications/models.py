"""Models of incidents, of what each user wants to be told and how, and the queue of notices to be sent."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_server.core import webhooks
from beffroi_server.fleet.models import Screen
from beffroi_server.notifications.occasions import USUAL_URGENT, Occasion, usual_occasions


class Incident(models.Model):
    """Something that needs attention, from when it began until it was over.

    What comes and goes is one incident: it is over once it has stayed away for a while.
    """

    occasion = models.CharField(max_length=20, choices=Occasion)
    subject = models.CharField(max_length=100)
    """What it is about, such as ``screen-12``; of the open incidents of an occasion, each is about another."""
    screen = models.ForeignKey(Screen, null=True, blank=True, on_delete=models.CASCADE, related_name="incidents")
    name = models.CharField(max_length=200, blank=True)
    """Of the screen, feed or alert, as it was called then."""
    reason = models.CharField(max_length=40, blank=True)
    """A code: see ``incident_texts``."""
    detail = models.JSONField(default=dict, blank=True)
    """Values for its texts."""
    began_at = models.DateTimeField()
    noticed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    """When people are told, if it lasts until then."""
    announced_at = models.DateTimeField(null=True, blank=True)
    right_since = models.DateTimeField(null=True, blank=True)
    """Since when it has stayed away; empty while it lasts."""
    right_s = models.PositiveIntegerField(default=0)
    """Seconds between its beginning and its end in which all was right."""
    interruptions = models.PositiveIntegerField(default=0)
    """How often it went away and came back."""
    ended_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-began_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["occasion", "subject"], condition=models.Q(ended_at__isnull=True), name="one_open_incident"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["screen", "-began_at"], name="incident_of_screen"),
            models.Index(fields=["ended_at"], name="incident_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.name or self.subject}"

    @property
    def is_present(self) -> bool:
        """True while it lasts, as far as is known."""
        return self.ended_at is None and self.right_since is None

    def lasted(self, now: dt.datetime) -> dt.timedelta:
        """Return for how long it has lasted, without the times in which all was right."""
        until = self.ended_at or self.right_since or now
        return max(dt.timedelta(0), until - self.began_at - dt.timedelta(seconds=self.right_s))


class Way(models.TextChoices):
    """Ways of telling somebody."""

    MAIL = "mail", _("Mail")
    WEBHOOK = "webhook", _("Webhook")
    PUSH = "push", _("This browser and others of mine")


class Delivery(models.TextChoices):
    """When somebody is told of what is not urgent."""

    IMMEDIATE = "immediate", _("At once")
    DAILY = "daily", _("Once a day, all together")


class NotificationChoice(models.Model):
    """What a user wants to be told, by which ways and when. Who has none is told what is usual: see ``choice_of``."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="notification_choice"
    )
    ways = models.JSONField(default=dict, blank=True)
    """By occasion, the ways by which it is told. One that is missing is newer than the choice, and told as usual."""
    urgent = models.JSONField(default=list, blank=True)
    """Occasions that are told at once, in quiet hours too."""
    delivery = models.CharField(_("when"), max_length=10, choices=Delivery, default=Delivery.IMMEDIATE)
    digest_at = models.TimeField(_("daily at"), default=dt.time(7, 30))
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, blank=True)
    """Empty: that of the town."""
    tells_acknowledged = models.BooleanField(_("Tell me when a colleague takes care of it"), default=True)
    tells_recovered = models.BooleanField(_("Tell me when it is over"), default=True)
    webhook_address = models.CharField(_("address"), max_length=webhooks.ADDRESS_LENGTH, blank=True)
    webhook_secret = models.CharField(max_length=100, blank=True)

    def __str__(self) -> str:
        return f"notifications of {self.user}"

    def ways_for(self, occasion: str) -> list[str]:
        """Return the ways by which an occasion is told."""
        return [way for way in self.ways.get(occasion, []) if way in Way.values]


def complete_choice(user: Any, saved: NotificationChoice | None) -> NotificationChoice:
    """Return what a user is told: as chosen, and as usual where nothing was chosen, not saved.

    Usual is by mail, what that role can do something about.
    """
    choice = saved or NotificationChoice(user=user)
    new = [each for each in Occasion if each.value not in choice.ways]
    usual = set(usual_occasions(user.role))
    choice.ways = {**choice.ways, **{each.value: [Way.MAIL.value] if each in usual else [] for each in new}}
    choice.urgent = [*choice.urgent, *(each.value for each in USUAL_URGENT if each in new and each in usual)]
    return choice


def choice_of(user: Any) -> NotificationChoice:
    """Return what a user has chosen, or what is usual, not saved."""
    return complete_choice(user, NotificationChoice.objects.filter(user=user).first())


class PushSubscription(models.Model):
    """A browser that takes Web Push messages for a user (RFC 8030, 8291)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.CharField(max_length=1000, unique=True)
    public_key = models.CharField(max_length=200)
    auth_secret = models.CharField(max_length=100)
    browser = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} {self.browser}"


class NoticeKind(models.TextChoices):
    """What a notice tells."""

    OPENED = "opened", _("new")
    ACKNOWLEDGED = "acknowledged", _("taken care of")
    RECOVERED = "recovered", _("over")
    TEST = "test", _("test")


class Notice(models.Model):
    """One thing to tell a user by one way, in the queue until it is sent or given up; kept for the page for a while."""

    identifier = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    way = models.CharField(max_length=10, choices=Way)
    kind = models.CharField(max_length=15, choices=NoticeKind)
    incidents = models.JSONField(default=list)
    """Their primary keys."""
    is_urgent = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    """When to send it, or to try again; empty once it was sent or given up."""
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    """Why the last attempt failed; empty after a success."""

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["way", "due_at"], name="notice_due", condition=models.Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user} by {self.way}"


class RecordedCondition(models.Model):
    """The last outcome of something that is looked at seldom, or told by another program: certificate, backup."""

    kind = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
    """Of the last outcome."""
    failed_since = models.DateTimeField(null=True, blank=True)
    """Empty where it was good."""
    reason = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"{self.kind}: {'failed' if self.failed_since else 'good'}"
