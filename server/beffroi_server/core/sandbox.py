"""Confinement of a process that decodes files of strangers: limits on memory and time, and no network."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource

DISK_FULL = "no-space"
"""Code of such a process for a full disk: nothing is wrong with the file."""
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
"""Flags of unshare(2)."""


def confine_process(memory: int, processor_s: int) -> None:
    """Limit this process, without a way back.

    The network is left where the kernel lets an ordinary user do so; where it does not, the rest holds.

    Args:
        memory: Bytes of address space.
        processor_s: Seconds of processor time.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (processor_s, processor_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _leave_network()


def _leave_network() -> None:
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None, use_errno=True)
        if os.geteuid() == 0:
            library.unshare(_NEW_NETWORK)
        else:
            library.unshare(_NEW_USER | _NEW_NETWORK)
