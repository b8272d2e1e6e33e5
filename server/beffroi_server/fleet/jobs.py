"""Periodic jobs of the fleet: retention."""

from __future__ import annotations

import threading

from django.utils import timezone

from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery.clock_watch import is_clock_confirmed
from beffroi_server.fleet.plays import retention


def delete_expired_plays(stopping: threading.Event) -> int:
    """Delete plays that are old enough; none while the clock may be wrong by years: what is deleted is gone."""
    return retention.delete_expired_plays(timezone.now(), stopping) if is_clock_confirmed() else 0


JOBS = (PeriodicJob("play-retention", 60, delete_expired_plays),)
