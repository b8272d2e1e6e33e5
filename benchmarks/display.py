"""A display without a monitor, of which every pixel can be read without asking anybody."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

SIZE = (1920, 1080)
_ENTRY_BYTES = 12
"""Of each entry of the table of colours between the header of an XWD file and its pixels."""


@dataclass(frozen=True)
class Display:
    """What Xvfb shows. The pixels are in a file that both have in memory: to look costs the display nothing."""

    name: str
    """For ``DISPLAY``, such as ``:1``."""
    pixels: mmap.mmap

    def picture(self) -> Image.Image:
        """Return all that is on it."""
        return Image.frombuffer("RGB", SIZE, self.pixels[self._begin :], "raw", "BGRX", self._row, 1)

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        """Return red, green and blue of one pixel."""
        at = self._begin + y * self._row + 4 * x
        blue, green, red = self.pixels[at : at + 3]
        return red, green, blue

    @property
    def _begin(self) -> int:
        return self._field(0) + _ENTRY_BYTES * self._field(19)

    @property
    def _row(self) -> int:
        return self._field(12)

    def _field(self, number: int) -> int:
        """Return a field of the header, by its place in XWDfile.h."""
        return int(struct.unpack_from(">I", self.pixels, 4 * number)[0])


@contextlib.contextmanager
def open_display() -> Iterator[Display]:
    """Start a display of 1920 x 1080 pixels.

    Raises:
        OSError: Xvfb is not installed, or does not start.
    """
    program = shutil.which("Xvfb")
    if program is None:
        raise FileNotFoundError("Xvfb is not installed: run scripts/prepare test")
    with TemporaryDirectory(prefix="beffroi-display-") as folder:
        server, name = _started(program, folder)
        try:
            with (Path(folder) / "Xvfb_screen0").open("rb") as file:
                yield Display(name, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
        finally:
            server.terminate()
            server.wait(10)


def _started(program: str, folder: str) -> tuple[subprocess.Popen[bytes], str]:
    reading, writing = os.pipe()
    screen = f"{SIZE[0]}x{SIZE[1]}x24"
    command = [program, "-displayfd", str(writing), "-screen", "0", screen, "-fbdir", folder, "-noreset"]
    server = subprocess.Popen(
        [*command, "-nolisten", "tcp"], pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    with os.fdopen(reading) as said:
        number = said.readline()
    if not number:
        raise OSError("Xvfb does not start")
    return server, f":{json.loads(number)}"
