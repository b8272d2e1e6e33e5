"""Default paths of the state and runtime directories."""

from __future__ import annotations

import os
from pathlib import Path

COPIES_FOLDER = "copies"
"""Name of the folder of copies within the state directory."""
DARKNESS_FILE = "darkness.json"
"""While it is there, nothing of the town is shown."""
_MEMORY_FOLDER = "/dev/shm"  # noqa: S108 -- within it, a folder that only its owner can enter


def default_state() -> Path:
    """Return the state directory that systemd names, or one in the home directory."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given else Path.home() / ".local/share/beffroi-player"


def default_runtime(state: Path) -> Path:
    """Return the runtime directory that goes with a state directory: in memory, if there is a memory file system."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    import hashlib  # noqa: PLC0415 -- only where systemd names none

    name = f"beffroi-{hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:12]}"
    own = os.environ.get("XDG_RUNTIME_DIR")
    if own and os.access(own, os.W_OK):
        return Path(own) / name
    return Path(_MEMORY_FOLDER) / f"{name}-{os.getuid()}" if os.access(_MEMORY_FOLDER, os.W_OK) else state / "run"
