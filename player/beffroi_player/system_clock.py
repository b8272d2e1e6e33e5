"""Clocks of the machine: the only module of the player that reads the time."""

from __future__ import annotations

import ctypes
import time
from functools import cache
from pathlib import Path

_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


def uptime_ms() -> float:
    """Return the milliseconds since boot, suspended time included, on a clock that cannot be set."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1e6


def system_ms() -> int:
    """Return the milliseconds since the Unix epoch by the system clock, which may be wrong."""
    return time.time_ns() // 1_000_000


@cache
def boot_id() -> str:
    """Return the identifier of this boot of the machine; empty where the kernel gives none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def ntp_synchronised() -> bool:
    """Tell whether the kernel calls its clock disciplined; False where it cannot be queried."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return False
    timex = ctypes.create_string_buffer(256)  # struct timex, 208 bytes; modes = 0 only reads
    state = adjtimex(timex)
    # status follows modes, offset, freq, maxerror and esterror, each as wide as a long after the padded first.
    width = ctypes.sizeof(ctypes.c_long)
    status = ctypes.c_int.from_buffer(timex, 5 * width).value
    return 0 <= state < _TIME_ERROR and not status & _STA_UNSYNC
