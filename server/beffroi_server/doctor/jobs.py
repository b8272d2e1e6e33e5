"""Examinations that the server makes of itself, in a process of their own: nothing else waits for them."""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.doctor import finding_incidents
from beffroi_server.doctor.examination import Examination, read_examination
from beffroi_server.doctor.process_notes import NOTE_EVERY_S, write_note

logger = logging.getLogger(__name__)
EXAMINE_EVERY = dt.timedelta(minutes=30)
"""It takes some seconds of a processor: starting a process is most of that."""
QUIET_START_S = 300
"""Seconds after the start of the server in which it has other things to do."""
THOROUGH_EVERY = dt.timedelta(hours=20)
LIMIT_S, THOROUGH_LIMIT_S = 120, 3600
_LOOK_S = 0.5
_ASKED_NAME = "examination-asked"
_started_at = time.monotonic()


def ask_for_examination() -> None:
    """Have the server examined within half a minute. From any process; waits for nothing.

    Raises:
        OSError: the disk does not let us.
    """
    (Path(settings.DATA) / _ASKED_NAME).touch()


def examine_if_due(stopping: threading.Event) -> None:
    """Have the server examined where somebody asks for it, or it was not done lately; thoroughly once a day."""
    now, last = timezone.now(), read_examination()
    asked = Path(settings.DATA) / _ASKED_NAME
    if asked.exists():
        asked.unlink(missing_ok=True)
    elif time.monotonic() - _started_at < QUIET_START_S or (
        last is not None and dt.timedelta(0) <= now - last.at < EXAMINE_EVERY
    ):
        return
    run_examination(stopping, is_thorough=last is not None and _is_thorough_due(last, now))


def run_examination(stopping: threading.Event, *, is_thorough: bool) -> bool:
    """Run the command, which leaves what it finds in the data folder; return whether it did."""
    command = ["nice", "-n", "19", sys.executable, "-m", "beffroi_server", "doctor", "--record"]
    command += [] if is_thorough else ["--quick"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
    ends_at = time.monotonic() + (THOROUGH_LIMIT_S if is_thorough else LIMIT_S)
    try:
        while process.poll() is None:
            if stopping.wait(_LOOK_S) or time.monotonic() > ends_at:
                process.terminate()
                return False
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=30)
    if process.returncode not in (0, 1, 3):
        logger.warning("the server could not be examined: exit code %d", process.returncode)
    return process.returncode in (0, 1, 3)


def _is_thorough_due(last: Examination, now: dt.datetime) -> bool:
    return last.thorough_at is None or not dt.timedelta(0) <= now - last.thorough_at < THOROUGH_EVERY


def watch_findings() -> None:
    """Tell people of what was found; examine again soon where that is not certain yet."""
    if finding_incidents.follow_findings(timezone.now()):
        ask_for_examination()


JOBS = (
    PeriodicJob("process-note", NOTE_EVERY_S, write_note),
    PeriodicJob("examination", 30, examine_if_due),
    PeriodicJob("finding-watch", 60, lambda _stopping: watch_findings()),
)
