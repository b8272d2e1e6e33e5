"""The files of the pages of alerts: written into memory before anything else, and to the disk afterwards."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from PIL import Image

from beffroi_content.rendering import AlertDrawing
from beffroi_player.agent.prepare.png_encoder import save_png
from beffroi_player.state.atomic_files import write_pieces
from beffroi_player.state.directories import RuntimeDirectory, Size, StateDirectory
from beffroi_player.state.page_images import SUFFIX, map_page, page_length, page_pieces

log = logging.getLogger(__name__)

LARGEST_SPARE = 8 * 1024 * 1024
"""Bytes of a spare file at most: a page of 1920 x 1080 takes 8.3 million of the memory of the player's machine."""


class PageFiles:
    """Writes pages and removes them. Only the admission thread may call it, except for ``save_page``.

    To write a page into memory that is there already takes less than half as long as to have the system find it: so a
    file of the size of a page is kept for the next one.

    Args:
        state: Holds the pages on the disk.
        runtime: Holds them in memory.
    """

    def __init__(self, state: StateDirectory, runtime: RuntimeDirectory) -> None:
        self._state, self._runtime = state, runtime
        self._unsaved: set[str] = set()
        self._spare = runtime.folder / ".spare-page.tmp"

    def keep_spare(self, size: Size) -> None:
        """Have memory for a page of that size, unless there is some; it takes a moment."""
        length = page_length(size)
        if length > LARGEST_SPARE:
            self._spare.unlink(missing_ok=True)
            return
        with suppress(OSError):
            # Without it a page only takes longer to write.
            descriptor = os.open(self._spare, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                if os.fstat(descriptor).st_size != length:
                    os.truncate(descriptor, 0)
                    os.posix_fallocate(descriptor, 0, length)
            except OSError:
                self._spare.unlink(missing_ok=True)
            finally:
                os.close(descriptor)

    def keep_page(self, name: str, drawing: AlertDrawing, number: int) -> None:
        """Paint a page of an alert into its file in memory, or on the disk where there is no room.

        Raises:
            Exception: it cannot be painted.
        """
        path = self._memory_file(name)
        try:
            pieces = page_pieces(drawing.canvas.size, drawing.rgbx_bands(number))
            write_pieces(path, pieces, durable=False, over=self._spare)
            self._unsaved.add(name)
        except OSError as error:
            # The runtime directory is full: the disk is slower, but the alert is presented.
            log.warning("%s goes to the disk at once: %s", path.name, error)
            save_png(drawing.frame(number), self._state.frames / name)

    def save_page(self, name: str) -> None:
        """Write a page to the disk if it is not there yet. From any thread.

        Raises:
            OSError: the disk is full or broken.
        """
        if name not in self._unsaved:
            return
        with suppress(FileNotFoundError):  # Its alert is no longer held.
            try:
                size, pixels = map_page(self._memory_file(name))
            except ValueError as error:
                raise OSError(f"{name}: {error}") from error
            # A view of memory does for Pillow, whatever its types say.
            image = Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1)  # type: ignore[arg-type]
            save_png(image.convert("RGB"), self._state.frames / name)
        self._unsaved.discard(name)

    def discard_page(self, name: str) -> None:
        """Remove a page from memory."""
        self._unsaved.discard(name)
        self._memory_file(name).unlink(missing_ok=True)

    def _memory_file(self, name: str) -> Path:
        return (self._runtime.folder / name).with_suffix(SUFFIX)
