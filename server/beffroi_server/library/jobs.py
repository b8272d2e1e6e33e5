"""Periodic jobs of the library: removing what uploads left behind."""

from __future__ import annotations

import datetime as dt
import time

from django.utils import timezone

from beffroi_server.core import incoming_files
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery.clock_watch import is_clock_confirmed
from beffroi_server.library import thumbnails, upload_queue
from beffroi_server.library.media import unused_files
from beffroi_server.library.models import Upload

REFUSALS_KEPT = dt.timedelta(days=7)
LEFTOVER_AGE_S = 3600
"""Seconds for which a file without an upload is left alone: it may just be arriving."""


def clean_uploads() -> int:
    """Remove folders of killed processes, files without an upload and old refusals; return how many."""
    limit = time.time() - LEFTOVER_AGE_S
    removed = incoming_files.remove_abandoned_folders() + upload_queue.remove_leftovers(lambda changed: changed < limit)
    old = Upload.objects.exclude(problem="").filter(created_at__lt=timezone.now() - REFUSALS_KEPT)
    return removed + old.delete()[0]


def clean_media() -> int:
    """Remove files that nothing refers to; none while the clock may be wrong: what is removed is gone."""
    return unused_files.remove_unused_files(timezone.now()) if is_clock_confirmed() else 0


JOBS = (
    PeriodicJob("upload-cleanup", 3600, lambda _stopping: clean_uploads()),
    PeriodicJob("thumbnail-cleanup", 3600, lambda _stopping: thumbnails.remove_surplus()),
    PeriodicJob("media-cleanup", 6 * 3600, lambda _stopping: clean_media()),
)
