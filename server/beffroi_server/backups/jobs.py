"""The backup of every night, made by a process of its own so that nothing else of the server waits for it."""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from beffroi_server.accounts.models import Town
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.notifications import conditions
from beffroi_server.notifications.models import RecordedCondition

logger = logging.getLogger(__name__)
TIME_OF_DAY = dt.time(2, 40)
"""By the clock of the town: after midnight's changes, before the silent drill."""
RETRY_AFTER = dt.timedelta(hours=1)
"""Until a backup that failed is tried again."""
LIMIT_S = 12 * 3600
_LOOK_S = 1.0


def back_up_if_due(stopping: threading.Event) -> None:
    """Make tonight's backup unless it has been made, and tell people if it fails."""
    now = timezone.now()
    if not settings.BACKUP_FOLDER or not is_due(now, RecordedCondition.objects.filter(pk="backup").first()):
        return
    problem = _run_backup(Path(settings.BACKUP_FOLDER), stopping)
    if stopping.is_set():
        return
    conditions.record_backup(timezone.now(), problem=problem)
    if problem:
        logger.error("the backup failed: %s", problem)


def is_due(now: dt.datetime, last: RecordedCondition | None) -> bool:
    """Tell whether a backup is to be made now.

    Args:
        now: The present instant.
        last: The newest outcome of a backup, if there was one.
    """
    if last is None:
        return True
    if last.failed_since is not None:
        return now - last.at >= RETRY_AFTER
    return last.at < _latest_time(now)


def _latest_time(now: dt.datetime) -> dt.datetime:
    """Return the last time before an instant at which a backup was to begin."""
    zone = ZoneInfo(Town.objects.get().time_zone)
    today = dt.datetime.combine(now.astimezone(zone).date(), TIME_OF_DAY, zone)
    return today if today <= now else today - dt.timedelta(days=1)


def _run_backup(folder: Path, stopping: threading.Event) -> str:
    """Run the command; return what went wrong, for people, or an empty text."""
    command = ["nice", "-n", "19", sys.executable, "-m", "beffroi_server", "backup", "--of-the-night", str(folder)]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)  # noqa: S603 - our own command
        ends_at = time.monotonic() + LIMIT_S
        while process.poll() is None:
            if stopping.wait(_LOOK_S) or time.monotonic() > ends_at:
                process.terminate()
                process.wait(timeout=30)
                return f"it was ended after {LIMIT_S // 3600} hours" if not stopping.is_set() else ""
        if process.returncode == 0:
            return ""
        errors.seek(0)
        lines = [line for line in errors.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].removeprefix("beffroi-server: ") if lines else f"exit code {process.returncode}"


JOBS = (PeriodicJob("night-backup", 300, back_up_if_due),)
