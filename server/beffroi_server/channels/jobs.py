"""Periodic jobs of the channels."""

from __future__ import annotations

from django.utils import timezone

from beffroi_server.channels import browser_subscribers, subscribers
from beffroi_server.channels.following import follow_alerts
from beffroi_server.channels.sending import send_due_messages
from beffroi_server.core.jobs import PeriodicJob

JOBS = (
    PeriodicJob("channel-follow", 2, lambda _stopping: follow_alerts()),
    PeriodicJob("channel-send", 2, send_due_messages),
    PeriodicJob("subscriber-mails", 5, subscribers.send_due_links),
    PeriodicJob("subscriber-purge", 600, lambda _stopping: subscribers.delete_unconfirmed(timezone.now())),
    PeriodicJob("browser-purge", 3_600, lambda _stopping: browser_subscribers.delete_old(timezone.now())),
)
