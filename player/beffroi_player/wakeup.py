"""Wake-up datagrams between agent and stage. They carry no state, so a lost one costs only time."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Self

STATE_CHANGED = b"look"
"""Something in the state or runtime directory has changed."""
CAPTURE_REQUESTED = b"capture"
"""To the stage: write a capture of the presented frame."""


class WakeupSocket:
    """The receiving socket, as a context manager.

    Raises:
        OSError: the socket cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        path.unlink(missing_ok=True)
        with short_address(path) as address:
            self._socket.bind(address)

    def wait(self, timeout: float) -> frozenset[bytes]:
        """Return the messages received, waiting ``timeout`` seconds at most for the first."""
        select.select([self._socket], [], [], max(0.0, timeout))
        messages = set()
        with contextlib.suppress(BlockingIOError):
            while True:
                messages.add(self._socket.recv(64))
        return frozenset(messages)

    def close(self) -> None:
        """Close and remove the socket."""
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def send_wakeup(path: Path, message: bytes = STATE_CHANGED) -> bool:
    """Send a message; return False where no socket is open or its buffer is full of earlier ones."""
    try:
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
            short_address(path) as address,
        ):
            sender.setblocking(False)
            sender.sendto(message, address)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def short_address(path: Path) -> Iterator[str]:
    """Give an equivalent path within the 108 bytes that the address of a Unix socket may have."""
    # A path through /proc/self/fd is short, however deep the folder is.
    folder = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
