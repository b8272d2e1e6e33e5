"""PNG files: written in one step, or compressed in a process of their own.

Run as a program, it reads a PPM image from standard input and writes a PNG to standard output. It does so with a low
priority, because compressing the image of a whole screen takes longer than an alert may wait.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from beffroi_player.state.atomic_files import write_file

if TYPE_CHECKING:
    from PIL import Image

NICENESS = 10
TIMEOUT_SECONDS = 120.0
"""For 3840 x 2160 pixels of noise on a slow machine."""


def encode_png(ppm: bytes) -> bytes:
    """Compress a PPM image to PNG, in another process.

    Raises:
        OSError: it could not be compressed.
    """
    command = [sys.executable, "-m", "beffroi_player.agent.prepare.png_encoder"]
    try:
        return subprocess.run(  # noqa: S603 -- our own module
            command, input=ppm, stdout=subprocess.PIPE, timeout=TIMEOUT_SECONDS, check=True
        ).stdout
    except subprocess.SubprocessError as error:
        raise OSError(f"the image is not compressed: {error}") from error


def save_png(image: Image.Image, path: Path) -> None:
    """Write an image to the disk in one step, lightly compressed: it is read far more often than written.

    Raises:
        OSError: the disk is full or broken.
    """
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    write_file(path, buffer.getvalue())


def main() -> None:
    """Read a PPM image, compress it, and write it as PNG."""
    os.nice(NICENESS)
    from PIL import Image  # noqa: PLC0415 -- at the low priority, too

    from beffroi_player.state.ppm_images import from_ppm  # noqa: PLC0415

    size, pixels = from_ppm(sys.stdin.buffer.read())
    Image.frombytes("RGB", size, bytes(pixels)).save(sys.stdout.buffer, "PNG")


if __name__ == "__main__":
    main()
