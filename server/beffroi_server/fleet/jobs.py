"""Periodic jobs of the fleet: retention."""

from __future__ import annotations

from django.utils import timezone

from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.fleet.plays import retention

JOBS = (PeriodicJob("play-retention", 60, lambda stopping: retention.delete_expired_plays(timezone.now(), stopping)),)
