"""Thumbnails of announcements: their first page as a screen draws it, made small.

They lie in a folder of the media store under the key of the drawing, which covers all that decides its pixels: a
thumbnail is never wrong, only missing. What is missing is drawn in a thread of its own, one after another and after
everything else, so that no page waits for it.
"""

from __future__ import annotations

import io
import logging
import os
import queue
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from PIL import Image

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_server.accounts.models import Town
from beffroi_server.core import disk_space
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import ScreenClass
from beffroi_server.library import preview
from beffroi_server.library.models import Announcement
from beffroi_server.library.slide_content import drawn_content, slide_content

logger = logging.getLogger(__name__)
SIZE = (352, 256)
"""Pixels of a thumbnail at most: twice those of a list, for dense displays."""
LIVE_STEP_MS = 3_600_000
"""Milliseconds for which the thumbnail of what changes by itself, such as a clock, stays the same."""
WAITING_AT_MOST = 200
FAULTS_KEPT = 1_000
IDLE_S = 30
"""Seconds without work after which the thread ends."""
CACHE_BYTES = 128 * 1024 * 1024
"""Bytes of all thumbnails; beyond that, :func:`remove_surplus` removes the oldest."""
_NICENESS = 15


@dataclass(frozen=True)
class ThumbnailDrawing:
    """What a thumbnail shows: a slide on a canvas at an instant, and the key of its drawing."""

    key: str
    slide: content.Slide
    canvas: rendering.Canvas
    at_ms: int

    @property
    def path(self) -> Path:
        """The file of the thumbnail, be it there or not."""
        return _folder() / self.key[:2] / f"{self.key}.webp"


def thumbnail_drawing(announcement: Announcement, screen_class: ScreenClass, town: Town) -> ThumbnailDrawing:
    """Return the drawing of an announcement for a class of screens.

    Raises:
        ValueError: its fields do not make one.
    """
    at_ms = unix_ms(timezone.now()) // LIVE_STEP_MS * LIVE_STEP_MS
    shown = drawn_content(announcement, town)
    slide = content.Slide(id="thumbnail", name="", content=slide_content(shown))
    canvas = rendering.Canvas.for_screen(preview.class_settings(screen_class, town))
    return ThumbnailDrawing(rendering.slide_key(slide, canvas, at_ms), slide, canvas, at_ms)


def draw_thumbnail(drawing: ThumbnailDrawing) -> bytes:
    """Return a thumbnail as WebP.

    Raises:
        RasterError: it cannot be drawn.
        OSError: an image of it is not there.
    """
    image = rendering.draw_slide(drawing.slide, drawing.canvas, preview.read_asset, drawing.at_ms)[0].convert("RGB")
    scale = Image.Resampling.NEAREST if image.width < SIZE[0] else Image.Resampling.LANCZOS
    image.thumbnail(SIZE, scale)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=82)
    return buffer.getvalue()


class ThumbnailDrawer:
    """Draws thumbnails in a thread that lives as long as there are some to draw."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[ThumbnailDrawing] = queue.Queue(WAITING_AT_MOST)
        self._known: set[str] = set()
        self._faults: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def cannot_draw(self, drawing: ThumbnailDrawing) -> bool:
        """Tell whether drawing it failed before."""
        with self._lock:
            return drawing.key in self._faults

    def request(self, drawing: ThumbnailDrawing) -> None:
        """Have a thumbnail drawn; one that waits already, or for which there is no room, is left out."""
        with self._lock:
            if drawing.key in self._known or drawing.key in self._faults:
                return
            try:
                self._waiting.put_nowait(drawing)
            except queue.Full:
                return
            self._known.add(drawing.key)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="thumbnails", daemon=True)
                self._thread.start()

    def draw_next(self, timeout_s: float = 0) -> bool:
        """Draw the next thumbnail; return False if none waits for so many seconds."""
        try:
            drawing = self._waiting.get(timeout=timeout_s) if timeout_s else self._waiting.get_nowait()
        except queue.Empty:
            return False
        try:
            _store(drawing.path, draw_thumbnail(drawing))
        except (rendering.RasterError, OSError) as error:
            # The form of its announcement says what is wrong with a slide.
            logger.info("a thumbnail could not be drawn: %s", error)
            self._note_fault(drawing)
        except Exception:
            logger.exception("a thumbnail could not be drawn")
            self._note_fault(drawing)
        finally:
            with self._lock:
                self._known.discard(drawing.key)
        return True

    def _note_fault(self, drawing: ThumbnailDrawing) -> None:
        with self._lock:
            self._faults[drawing.key] = None
            if len(self._faults) > FAULTS_KEPT:
                self._faults.popitem(last=False)

    def _run(self) -> None:
        # Of this thread alone: on Linux each thread has a priority of its own.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        while True:
            while self.draw_next(IDLE_S):
                pass
            with self._lock:
                if self._waiting.empty():
                    self._thread = None
                    return


drawer = ThumbnailDrawer()


def remove_surplus() -> int:
    """Remove the oldest thumbnails beyond the limit of their bytes, and return how many."""
    files = sorted(
        ((path.stat().st_mtime, path.stat().st_size, path) for path in _folder().glob("*/*.webp")), reverse=True
    )
    total, removed = 0, 0
    for _changed, size, path in files:
        total += size
        if total > CACHE_BYTES:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _folder() -> Path:
    return Path(settings.MEDIA_STORE) / ".thumbnails"


def _store(path: Path, data: bytes) -> None:
    if not disk_space.has_room_for(len(data)):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(data)
    # Whole or not at all; after a power cut it is drawn again.
    os.replace(file.name, path)
