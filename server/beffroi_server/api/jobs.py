"""Periodic job of the API: removing answers that nobody asks for again."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from beffroi_server.api.models import RepeatableRequest
from beffroi_server.core.jobs import PeriodicJob

KEPT = dt.timedelta(days=1)
"""For so long an ``Idempotency-Key`` stands for its first request."""


def remove_old_answers() -> None:
    """Remove the answers of requests that are older than ``KEPT``."""
    RepeatableRequest.objects.filter(created_at__lt=timezone.now() - KEPT).delete()


JOBS = (PeriodicJob("api-answers-remove", 3600, lambda _stopping: remove_old_answers()),)
