"""Periodic jobs of the channels."""

from __future__ import annotations

from beffroi_server.channels.following import follow_alerts
from beffroi_server.channels.sending import send_due_messages
from beffroi_server.core.jobs import PeriodicJob

JOBS = (
    PeriodicJob("channel-follow", 2, lambda _stopping: follow_alerts()),
    PeriodicJob("channel-send", 2, send_due_messages),
)
