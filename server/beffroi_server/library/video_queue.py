"""Films are prepared in the background, one after another, by a process of its own; see ``video``.

What is to be done is in the database: after a restart it goes on.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import F

from beffroi_server.core import database, sandbox
from beffroi_server.core.transactions import serialised
from beffroi_server.library import uploads
from beffroi_server.library.models import Video

logger = logging.getLogger(__name__)
conversion_due = threading.Event()
"""Set when a film was uploaded; the worker of the leading process waits for it."""
POLL_INTERVAL_S = 30
MAX_ATTEMPTS = 3
PROGRESS_TIMEOUT_S = 300.0
"""Seconds without any progress after which the process is ended."""
SELECT_TIMEOUT_S = 0.5


class ConversionInterrupted(Exception):
    """The server is stopping: the film is prepared after the next start."""


@database.close_connection_after()
def run_conversions(stopping: threading.Event) -> None:
    """Prepare films until ``stopping`` is set."""
    while not stopping.is_set():
        try:
            while database.with_fresh_connection(lambda: convert_next(stopping.is_set)):
                pass
        except ConversionInterrupted:
            return
        except Exception:
            logger.exception("a film could not be prepared")
        conversion_due.wait(timeout=POLL_INTERVAL_S)
        conversion_due.clear()


def convert_next(stopping: Callable[[], bool] = lambda: False) -> bool:
    """Prepare the film that has waited longest; tell whether there was one.

    Raises:
        Interrupted: ``stopping`` became true.
        OSError: the disk is full or broken; the film waits.
    """
    video = Video.objects.filter(film=None, problem="").select_related("item").order_by("attempts", "pk").first()
    if video is None:
        return False
    if video.attempts >= MAX_ATTEMPTS:
        _record_problem(video, "too-complex")
        return True
    # Counted before it begins: a film that takes the whole machine down is not tried for ever.
    Video.objects.filter(pk=video.pk).update(attempts=F("attempts") + 1, progress=0)
    try:
        _convert_video(video, stopping)
    except (ConversionInterrupted, OSError):
        # Neither a stop nor a full disk says anything of the film.
        Video.objects.filter(pk=video.pk).update(attempts=F("attempts") - 1)
        raise
    return True


def _convert_video(video: Video, stopping: Callable[[], bool]) -> None:
    store = Path(settings.MEDIA_STORE)
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=store) as name:
        folder = Path(name)
        os.link(uploads.media_path(video.item.original_id), folder / "original")
        result: dict[str, Any] = {}
        for said in _read_progress(folder, stopping):
            result = said
            if "progress" in said:
                Video.objects.filter(pk=video.pk).update(progress=said["progress"])
        if result.get("code") == sandbox.DISK_FULL:
            raise OSError(errno.ENOSPC, f"no room to prepare {video.item.name}")
        if "duration_ms" not in result:
            _record_problem(video, str(result.get("code", "too-complex")))
            return
        _store_result(video, uploads.store_file(folder / "video", "video/mp4"), int(result["duration_ms"]))


def _read_progress(folder: Path, stopping: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Yield what the process says, until it ends or is silent for too long."""
    command = [sys.executable, "-I", "-m", "beffroi_server.library.video_process", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - our own module
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        heard = time.monotonic()
        text = b""
        try:
            while time.monotonic() - heard < PROGRESS_TIMEOUT_S:
                if stopping():
                    raise ConversionInterrupted
                if not select.select([process.stdout], [], [], SELECT_TIMEOUT_S)[0]:
                    continue
                chunk = process.stdout.read()
                if not chunk:
                    return
                heard = time.monotonic()
                *lines, text = (text + chunk).split(b"\n")
                yield from (json.loads(line) for line in lines)
        finally:
            process.kill()


def _store_result(video: Video, stored: uploads.StoredFile, duration_ms: int) -> None:
    from beffroi_server.schedule import publication  # noqa: PLC0415 - the programme builds on the library

    with serialised():
        values = {"film": uploads.asset_row(stored), "duration_ms": duration_ms, "progress": 100}
        if Video.objects.filter(pk=video.pk).update(**values):
            publication.media_changed(video.item)


def _record_problem(video: Video, code: str) -> None:
    logger.warning("the film %s cannot be prepared: %s", video.item.name, code)
    Video.objects.filter(pk=video.pk).update(problem=code)
