"""Room on the disk of the data folder, and a reserve of it that only alerts and sign-in may use.

The reserve is a file of real blocks. Before a request that must succeed, a part of it is given back to the file system
where nothing else is left; once there is room again, it grows back.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from enum import Enum
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)
_MIB = 1024 * 1024
LOW_BYTES, LOW_PART = 2_048 * _MIB, 0.1
"""Free room from which people are warned: this much, or this part of the disk, whichever is less."""
SCARCE_BYTES, SCARCE_PART = 256 * _MIB, 0.04
"""Free room from which nothing is stored that can wait: uploads, captures."""
RESERVE_BYTES, RESERVE_PART = 64 * _MIB, 0.125
RESERVE_STEPS = 64
"""Requests for which the reserve suffices, if others take what each of them leaves."""
MIN_STEP = 256 * 1024
RESERVE_NAME = "disk-reserve"
_lock = threading.Lock()


class DiskState(Enum):
    """How much room there is."""

    ENOUGH = "enough"
    LOW = "low"
    SCARCE = "scarce"


def free_bytes() -> int:
    """Return the bytes that the server may still write in its data folder, without the reserve."""
    status = os.statvfs(settings.DATA)
    return status.f_bavail * status.f_frsize


def disk_state() -> DiskState:
    """Return how much room there is; a folder that cannot be looked at counts as one with enough."""
    try:
        free = free_bytes()
    except OSError:
        return DiskState.ENOUGH
    if free < _part_of_disk(SCARCE_BYTES, SCARCE_PART):
        return DiskState.SCARCE
    return DiskState.LOW if free < _part_of_disk(LOW_BYTES, LOW_PART) else DiskState.ENOUGH


def has_room_for(size: int) -> bool:
    """Tell whether a file of so many bytes may be stored, and enough is left for the server to work."""
    return free_bytes() - size >= _part_of_disk(SCARCE_BYTES, SCARCE_PART)


def fill_reserve() -> int:
    """Make the reserve as large as it should be, or as large as there is room; return its bytes."""
    wanted = _part_of_disk(RESERVE_BYTES, RESERVE_PART)
    path = _reserve_path()
    with _lock:
        held = path.stat().st_size if path.exists() else 0
        growth = min(wanted - held, free_bytes() - 2 * _reserve_step())
        if growth > 0:
            with contextlib.suppress(OSError), path.open("ab") as file:
                os.posix_fallocate(file.fileno(), held, growth)
        return path.stat().st_size if path.exists() else 0


def make_essential_room() -> None:
    """Give a part of the reserve back where the disk is full, for a request that must succeed."""
    step = _reserve_step()
    with contextlib.suppress(OSError), _lock:
        if free_bytes() >= step:
            return
        path = _reserve_path()
        left = max(0, path.stat().st_size - step)
        os.truncate(path, left)
        logger.warning("the disk is full: %d bytes of the reserve are left for alerts", left)


def _reserve_path() -> Path:
    return Path(settings.DATA) / RESERVE_NAME


def _reserve_step() -> int:
    return max(MIN_STEP, _part_of_disk(RESERVE_BYTES, RESERVE_PART) // RESERVE_STEPS)


def _part_of_disk(size: int, part: float) -> int:
    status = os.statvfs(settings.DATA)
    return min(size, int(status.f_blocks * status.f_frsize * part))
