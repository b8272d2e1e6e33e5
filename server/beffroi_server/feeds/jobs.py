"""Periodic jobs of feeds: reading those that are due."""

from __future__ import annotations

from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.feeds import refresh

JOBS = (PeriodicJob("feed-refresh", 60, lambda stopping: refresh.refresh_due(stopping.is_set)),)
