"""The description of the machine, read from the kernel and the installed packages once per start."""

from __future__ import annotations

import logging
import platform
import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from beffroi_content.raster.text.fonts import has_raqm
from beffroi_content.rendering import letter_check
from beffroi_content.wire.reports import MachineDescription

log = logging.getLogger(__name__)

_SDL = re.compile(r"libSDL2-2\S*\.so\.0\.(\d{2})(\d{2})\.(\d+)$")
"""SDL 2.32.10 calls its library ``libSDL2-2.0.so.0.3200.10``."""


def read_machine(root: Path) -> MachineDescription:
    """Read the description of the machine; what it does not say is empty.

    Args:
        root: Where ``/proc``, ``/sys`` and ``/etc`` are.
    """
    if not has_raqm():
        log.warning(
            "libfribidi is missing: Arabic is drawn with unjoined letters, and otherwise than on other screens. "
            "Install it (on Debian: apt install libfribidi0) and restart the player"
        )
    return MachineDescription(
        model=machine_model(root),
        system=_operating_system(root),
        kernel=_read_text(root / "proc/sys/kernel/osrelease"),
        python=platform.python_version(),
        graphics=_graphics_versions(),
        drawing=letter_check.drawing_libraries(),
        right_to_left=letter_check.right_to_left_digest(),
    )


def _read_text(path: Path) -> str:
    with suppress(OSError):
        return path.read_bytes()[:200].decode("utf-8", "replace").strip(" \t\n\0")
    return ""


def machine_model(root: Path = Path("/")) -> str:
    """Return the name of the machine: of its device tree, or of its firmware where there is none."""
    tree = _read_text(root / "proc/device-tree/model")
    return tree or " ".join(
        filter(None, (_read_text(root / f"sys/class/dmi/id/{name}") for name in ("sys_vendor", "product_name")))
    )


def _operating_system(root: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        for line in (root / "etc/os-release").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name == "PRETTY_NAME":
                return value.strip().strip("\"'")[:200]
    return ""


def _graphics_versions() -> str:
    """Return the versions of pygame and of the SDL that came with it, without loading either."""
    try:
        pygame = distribution("pygame-ce")
    except PackageNotFoundError:
        return ""
    found = (_SDL.search(path.name) for path in pygame.files or ())
    sdl = next((f", SDL 2.{match[1]}.{match[3]}" for match in found if match), "")
    return f"pygame-ce {pygame.version}{sdl}"
