"""Devices of the kernel by which a display is told something."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beffroi_player.outputs.base import ControlError


@contextmanager
def open_device(path: Path, group: str, error_class: type[ControlError]) -> Iterator[int]:
    """Give the descriptor of a device, and close it in the end.

    Args:
        path: The device.
        group: That of the users whom the system lets use it.
        refusal: What is raised where it is not ours to use, or gone; its message says what to do.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        help_ = f": add the user to the group “{group}”" if error.errno in (errno.EACCES, errno.EPERM) else ""
        raise error_class(f"{path} is not ours to use: {error.strerror}{help_}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)
