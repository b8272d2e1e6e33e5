"""Writing files that a power cut leaves either old or new."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)

CLAIM_TIMEOUT_SECONDS = 5.0
"""How long whoever wants a folder waits for the one before to end."""
FileStamp = tuple[int, int, int]
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
        try:
            os.replace(temporary, path)
        except IsADirectoryError:
            remove_non_file(path)
            os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def remove_non_file(path: Path) -> None:
    """Remove what is there, unless it is a file or nothing.

    Only a broken file system or a person by mistake puts a folder, or a link to nowhere, where a file belongs: what
    could be written there is worth more.

    Raises:
        OSError: the disk does not let us.
    """
    if path.is_symlink():
        path.unlink()
    elif path.is_dir():
        import shutil  # noqa: PLC0415 -- rare, and the stage starts without it

        log.warning("%s is a folder and should be a file: it is removed", path.name)
        shutil.rmtree(path)


def sync_file(path: Path) -> None:
    """Wait until what was written to a file is on the disk.

    Raises:
        OSError: the file is gone, or the disk is broken.
    """
    with path.open("rb") as file:
        os.fdatasync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove what interrupted writes left behind. Only for the owner of the folder, before it writes."""
    for leftover in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            leftover.unlink()


@contextlib.contextmanager
def claim_folder(folder: Path, owner: str, timeout_s: float | None = None) -> Iterator[None]:
    """Keep a folder for this process, however that ends.

    Args:
        folder: It exists.
        whose: What this process is, such as ``agent``: there may be one in the folder.
        patience: Seconds that a former one is given to end.

    Raises:
        OSError: another one is at work there.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        end = time.monotonic() + (CLAIM_TIMEOUT_SECONDS if timeout_s is None else timeout_s)
        while not _try_lock(descriptor):
            if time.monotonic() > end:
                raise OSError(errno.EBUSY, f"another {owner} is at work there", str(folder))
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def file_stamp(path: Path) -> FileStamp | None:
    """Return what changes when the file is replaced; None while there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
