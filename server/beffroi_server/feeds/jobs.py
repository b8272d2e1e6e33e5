"""Periodic jobs of feeds: waking the threads that read those that are due."""

from __future__ import annotations

from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.feeds.feed_readings import reading_due

JOBS = (PeriodicJob("feed-refresh", 60, lambda _stopping: reading_due.set()),)
