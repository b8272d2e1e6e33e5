"""What a player runs on, as the kernel and the installed packages say. None of it changes while the agent runs."""

from __future__ import annotations

import platform
import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from beffroi_content.wire.reports import Machine

_SDL = re.compile(r"libSDL2-2\S*\.so\.0\.(\d{2})(\d{2})\.(\d+)$")
"""SDL 2.32.10 calls its library ``libSDL2-2.0.so.0.3200.10``."""


def machine_of(root: Path) -> Machine:
    """Return what there is to know.

    Args:
        root: Where ``/proc``, ``/sys`` and ``/etc`` are.
    """
    return Machine(
        model=_model(root),
        system=_system(root),
        kernel=_text(root / "proc/sys/kernel/osrelease"),
        python=platform.python_version(),
        graphics=_graphics(),
    )


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_bytes()[:200].decode("utf-8", "replace").strip(" \t\n\0")
    return ""


def _model(root: Path) -> str:
    """Return the name of the machine: of its device tree, or of its firmware where there is none."""
    tree = _text(root / "proc/device-tree/model")
    return tree or " ".join(
        filter(None, (_text(root / f"sys/class/dmi/id/{name}") for name in ("sys_vendor", "product_name")))
    )


def _system(root: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        for line in (root / "etc/os-release").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name == "PRETTY_NAME":
                return value.strip().strip("\"'")[:200]
    return ""


def _graphics() -> str:
    """Return the versions of pygame and of the SDL that came with it, without loading either."""
    try:
        pygame = distribution("pygame-ce")
    except PackageNotFoundError:
        return ""
    found = (_SDL.search(path.name) for path in pygame.files or ())
    sdl = next((f", SDL 2.{match[1]}.{match[3]}" for match in found if match), "")
    return f"pygame-ce {pygame.version}{sdl}"
