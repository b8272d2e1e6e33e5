"""Periodic jobs of the outlets."""

from __future__ import annotations

from django.utils import timezone

from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.outlets.cap_messages import delete_old, follow_alerts, publish_messages
from beffroi_server.outlets.followed_events import follow_events
from beffroi_server.outlets.home_assistant import tell_home_assistant
from beffroi_server.outlets.sending import remove_done_messages, send_due_messages

JOBS = (
    PeriodicJob("outlet-follow", 5, lambda _stopping: follow_events()),
    PeriodicJob("outlet-send", 5, send_due_messages),
    PeriodicJob("outlet-home-assistant", 30, tell_home_assistant),
    PeriodicJob("cap-output", 5, lambda _stopping: follow_alerts() + publish_messages()),
    PeriodicJob("cap-retention", 3600, lambda _stopping: delete_old(timezone.now())),
    PeriodicJob("outlet-clean", 3600, lambda _stopping: remove_done_messages()),
)
