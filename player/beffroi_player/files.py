"""Writing files that a power cut leaves either old or new."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

Stamp = tuple[int, int, int]
"""Inode, size and time of change: differs after every atomic write."""


def write_file(path: Path, *data: bytes, durable: bool = True, mode: int = 0o644) -> None:
    """Replace a file in one step.

    Args:
        path: The file; its folder must exist.
        data: All of its new content, in pieces.
        durable: Wait until file and folder are on the disk. Not needed on a memory file system.
        mode: Permission bits.

    Raises:
        OSError: the disk is full or broken; the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with open(descriptor, "wb") as file:
            file.writelines(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove what interrupted writes left behind. Only for the owner of the folder, before it writes."""
    for leftover in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def stamp(path: Path) -> Stamp | None:
    """Return what changes when the file is replaced; None while there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
