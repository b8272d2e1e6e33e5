"""Clocks of the server's machine: time since boot, which boot it is, and whether its wall clock is disciplined."""

from __future__ import annotations

import ctypes
import time
import uuid
from functools import cache
from pathlib import Path

_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


def uptime_ms() -> int:
    """Return the milliseconds since boot, suspended time included, on a clock that cannot be set."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def wall_ms() -> int:
    """Return the milliseconds since the Unix epoch by the system clock, which may be wrong."""
    return time.time_ns() // 1_000_000


@cache
def boot_id() -> str:
    """Return the identifier of this boot; where the kernel gives none, one of this process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(uuid.uuid4())


def is_disciplined() -> bool:
    """Tell whether the kernel calls its clock synchronised, by NTP for instance; False where it cannot be asked."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return False
    timex = ctypes.create_string_buffer(256)  # struct timex, 208 bytes; modes = 0 only reads
    state = adjtimex(timex)
    # status follows modes, offset, freq, maxerror and esterror, each as wide as a long after the padded first.
    status = ctypes.c_int.from_buffer(timex, 5 * ctypes.sizeof(ctypes.c_long)).value
    return 0 <= state < _TIME_ERROR and not status & _STA_UNSYNC
