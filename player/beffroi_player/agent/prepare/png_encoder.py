"""Makes a PNG of a raw picture: PPM on standard input, PNG on standard output.

In a process of its own with a low priority: compressing takes longer than an alert may wait.
"""

from __future__ import annotations

import os
import subprocess
import sys

NICENESS = 10
TIMEOUT_SECONDS = 120.0
"""For 3840 x 2160 pixels of noise on a slow machine."""


def encode_png(ppm: bytes) -> bytes:
    """Return a picture as PNG.

    Raises:
        OSError: it could not be made.
    """
    command = [sys.executable, "-m", "beffroi_player.agent.prepare.png_encoder"]
    try:
        return subprocess.run(  # noqa: S603 -- our own module
            command, input=ppm, stdout=subprocess.PIPE, timeout=TIMEOUT_SECONDS, check=True
        ).stdout
    except subprocess.SubprocessError as error:
        raise OSError(f"the picture is not compressed: {error}") from error


def main() -> None:
    """Read, compress, write."""
    os.nice(NICENESS)
    from PIL import Image  # noqa: PLC0415 -- at the low priority, too

    from beffroi_player.state.ppm_images import from_ppm  # noqa: PLC0415

    size, pixels = from_ppm(sys.stdin.buffer.read())
    Image.frombytes("RGB", size, bytes(pixels)).save(sys.stdout.buffer, "PNG")


if __name__ == "__main__":
    main()
