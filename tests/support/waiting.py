"""Waiting for other processes: until something is so, and for a port that somebody listens on."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")
PATIENCE_S = 60
"""Until a test gives up. It is for machines that do five other things; nobody waits for it where all is well."""
_LONGEST_PAUSE_S = 0.25
"""Between two looks that take long themselves."""
_LOWEST = 10_000
_CHANCE = random.SystemRandom()


def until(what: str, look: Callable[[], Found | None], seconds: float = PATIENCE_S, *, pause_s: float = 0.01) -> Found:
    """Return what ``look`` finds, as soon as it finds something.

    Raises:
        AssertionError: it found nothing in that time.
    """
    deadline = time.monotonic() + seconds
    began = time.monotonic()
    while not (found := look()):
        now = time.monotonic()
        if now > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        # Who looks at pictures must not keep the processor from what draws them.
        time.sleep(max(pause_s, min(2 * (now - began), _LONGEST_PAUSE_S)))
        began = time.monotonic()
    return found


def free_port() -> int:
    """Return a port that nobody listens on, for who listens there later.

    It is none of those that the kernel gives to connections: one of them could take it in the meantime.
    """
    end = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    while True:
        port = _CHANCE.randrange(_LOWEST, end)
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
        return port


def listens(port: int) -> bool:
    """Tell whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
