"""Queue of video conversions: uploaded videos are converted in the background, one after another.

The queue is in the database, so it goes on after a restart. The conversion itself is a confined process of its own,
see ``video_process``; it reports its progress as lines of JSON.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db.models import F

from beffroi_server.core import database, sandbox
from beffroi_server.core.incoming_files import open_incoming_folder
from beffroi_server.core.transactions import serialised
from beffroi_server.library.events import media_changed
from beffroi_server.library.media import uploads
from beffroi_server.library.models import Video

logger = logging.getLogger(__name__)
conversion_due = threading.Event()
"""Set when a video was uploaded; the thread of the leading server process waits for it."""
POLL_INTERVAL_S = 30
"""Seconds between two looks into the database: another server process may have received an upload."""
MAX_ATTEMPTS = 3
PROGRESS_TIMEOUT_S = 300.0
"""Seconds without any progress after which a conversion is ended."""
SELECT_TIMEOUT_S = 0.5
"""Seconds after which a waiting conversion looks whether the server stops."""


class ConversionInterrupted(Exception):
    """The server is stopping; the video is converted after the next start."""


@database.close_connection_after()
def run_conversions(stopping: threading.Event) -> None:
    """Convert videos until ``stopping`` is set."""
    while not stopping.is_set():
        try:
            while database.with_fresh_connection(lambda: convert_next(stopping.is_set)):
                pass
        except ConversionInterrupted:
            return
        except Exception:
            logger.exception("a video could not be converted")
        conversion_due.wait(timeout=POLL_INTERVAL_S)
        conversion_due.clear()


def convert_next(stopping: Callable[[], bool] = lambda: False) -> bool:
    """Convert the video that has waited longest; return whether there was one.

    Args:
        stopping: Asked during the conversion; true interrupts it.

    Raises:
        ConversionInterrupted: ``stopping`` became true.
        OSError: the disk is full or broken; the video stays in the queue.
    """
    video = Video.objects.filter(converted=None, problem="").select_related("item").order_by("attempts", "pk").first()
    if video is None:
        return False
    if video.attempts >= MAX_ATTEMPTS:
        _record_problem(video, "too-complex")
        return True
    # Counted before the conversion begins, so that a video that brings the whole machine down is not tried for ever.
    Video.objects.filter(pk=video.pk).update(attempts=F("attempts") + 1, progress=0)
    try:
        _convert_video(video, stopping)
    except (ConversionInterrupted, OSError):
        # Neither a stop nor a full disk is a fault of the video.
        Video.objects.filter(pk=video.pk).update(attempts=F("attempts") - 1)
        raise
    return True


def _convert_video(video: Video, stopping: Callable[[], bool]) -> None:
    with open_incoming_folder() as folder:
        os.link(uploads.media_path(str(video.original_id)), folder / "original")
        result: dict[str, Any] = {}
        for message in _read_progress(folder, stopping):
            result = message
            if "progress" in message:
                Video.objects.filter(pk=video.pk).update(progress=message["progress"])
        if result.get("code") == sandbox.DISK_FULL:
            raise OSError(errno.ENOSPC, f"no space to convert {video.item.name}")
        if "duration_ms" not in result:
            _record_problem(video, str(result.get("code", "too-complex")))
            return
        _store_result(video, uploads.store_file(folder / "video", "video/mp4"), result)


def _read_progress(folder: Path, stopping: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Run the conversion process and yield the messages that it prints, until it ends or is silent for too long."""
    command = ["beffroi_server.library.media.video_process", str(folder)]
    with sandbox.start_confined(command) as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        received_at = time.monotonic()
        text = b""
        try:
            while time.monotonic() - received_at < PROGRESS_TIMEOUT_S:
                if stopping():
                    raise ConversionInterrupted
                if not select.select([process.stdout], [], [], SELECT_TIMEOUT_S)[0]:
                    continue
                chunk = process.stdout.read()
                if not chunk:
                    return
                received_at = time.monotonic()
                *lines, text = (text + chunk).split(b"\n")
                yield from (json.loads(line) for line in lines)
        finally:
            process.kill()


def _store_result(video: Video, stored: uploads.StoredFile, result: dict[str, Any]) -> None:
    with serialised():
        # The item may have been deleted during the conversion.
        values = {"converted": uploads.asset_row(stored), "duration_ms": int(result["duration_ms"]), "progress": 100}
        if Video.objects.filter(pk=video.pk).update(**values, original=None):
            video.item.warnings = [*video.item.warnings, *result.get("warnings", ())]
            video.item.save(update_fields=["warnings"])
            media_changed.send(video.item)
        uploads.remove_original(video.original_id)


def _record_problem(video: Video, code: str) -> None:
    logger.warning("the video %s cannot be converted: %s", video.item.name, code)
    with serialised():
        Video.objects.filter(pk=video.pk).update(problem=code, original=None)
        uploads.remove_original(video.original_id)
