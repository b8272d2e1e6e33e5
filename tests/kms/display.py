"""What both guests see: the display, from outside of the virtual machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageChops

OUT = Path("/run/out")
"""A folder of the machine around it."""
PATIENCE_S = 60.0
SIZE = (1024, 768)
_WORD = "beffroi.patience="
_PATIENCE = next((int(word.removeprefix(_WORD)) for word in Path("/proc/cmdline").read_text(encoding="utf-8").split()
                  if word.startswith(_WORD)), 1)  # fmt: skip
"""How many times as long everything may take on this machine, as the one around it says."""


def is_displayed(path: Path) -> bool:
    """Tell whether the display shows that picture, pixel by pixel."""
    with Image.open(path) as image:
        wanted = image.convert("RGB")
    seen = screendump()
    return seen.size == wanted.size and ImageChops.difference(seen, wanted).getbbox() is None


def screendump() -> Image.Image:
    """Return what the display shows, as the machine around it sees it."""
    name = f"{time.monotonic_ns()}"
    (OUT / f"{name}.wish").write_text("")
    path = OUT / f"{name}.ppm"
    until("a picture of the display", path.exists, 20)
    with Image.open(path) as image:
        found = image.convert("RGB")
    for used in (path, path.with_suffix(".wish")):
        used.unlink()
    return found


def until(what: str, found: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Wait for something, on a machine that is emulated some times as long."""
    seconds *= _PATIENCE
    end = time.monotonic() + seconds
    while not found():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)
