"""Opening of device files through which displays are controlled."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beffroi_player.outputs.base import ControlError


@contextmanager
def open_device(path: Path, group: str, error_class: type[ControlError]) -> Iterator[int]:
    """Open a device file for reading and writing, as a context manager that gives its descriptor.

    Args:
        path: The device.
        group: Group of the users who may open it.
        error_class: Error that is raised where it cannot be opened; its message says what to do.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        help_ = f": add the user to the group “{group}”" if error.errno in (errno.EACCES, errno.EPERM) else ""
        raise error_class(f"{path} cannot be opened: {error.strerror}{help_}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)
