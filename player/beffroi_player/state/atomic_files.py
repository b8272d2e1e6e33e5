"""Atomic replacement of files, and exclusive use of folders."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

log = logging.getLogger(__name__)

CLAIM_TIMEOUT_SECONDS = 5.0
"""Longest time to wait for a former owner of a folder to end."""
FileStamp = tuple[int, int, int]
"""Inode, size and modification time in nanoseconds: differs after every atomic write."""


def write_file(path: Path, *data: bytes, durable: bool = True, mode: int = 0o644) -> None:
    """Replace a file in one step: after a power cut, it has its old or its new content.

    Args:
        path: The file; its folder must exist.
        data: Its new content, in pieces.
        durable: Wait until file and folder are on the disk; not needed on a memory file system.
        mode: Permission bits.

    Raises:
        OSError: the disk is full or broken; the old file is untouched.
    """
    write_pieces(path, data, durable=durable, mode=mode)


def write_pieces(
    path: Path, pieces: Iterable[bytes], *, durable: bool = True, mode: int = 0o644, over: Path | None = None
) -> None:
    """Replace a file in one step, as :func:`write_file` does, by pieces of which only one need be in memory at a time.

    Args:
        path: The file; its folder must exist.
        pieces: Its new content.
        durable: See :func:`write_file`.
        mode: Permission bits.
        over: A file in the same folder, whose memory and permission bits the new one takes, where it exists: it is
            gone afterwards.

    Raises:
        OSError: see :func:`write_file`. What ``pieces`` raises comes through, and the old file is untouched.
    """
    # The name is unique by process and thread, so that two writers never share a temporary file.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        if over is not None:
            with contextlib.suppress(FileNotFoundError):
                over.replace(temporary)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, mode)
        with open(descriptor, "wb") as file:
            file.writelines(pieces)
            file.truncate()
            if durable:
                file.flush()
                os.fsync(file.fileno())
        # fsync before rename: otherwise some file systems write the new name before the content, and a power cut
        # leaves an empty file.
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
    """Remove a folder or symbolic link from the path of a file.

    Only a damaged file system or a person by mistake puts a folder, or a broken link, there: the file that is to be
    written is worth more.

    Raises:
        OSError: it cannot be removed.
    """
    if path.is_symlink():
        path.unlink()
    elif path.is_dir():
        import shutil  # noqa: PLC0415 -- rare, and the stage starts without it

        log.warning("%s is a folder and should be a file: it is removed", path.name)
        shutil.rmtree(path)


def sync_file(path: Path) -> None:
    """Wait until the content of a file is on the disk.

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
    """Remove temporary files of interrupted writes. Only for the owner of the folder, before it writes."""
    for leftover in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            leftover.unlink()


@contextlib.contextmanager
def claim_folder(folder: Path, owner: str, timeout_s: float | None = None) -> Iterator[None]:
    """Lock a folder for this process, as a context manager. The kernel releases the lock when the process ends.

    Args:
        folder: An existing folder.
        owner: Name of the process for the error, such as ``agent``.
        timeout_s: Seconds to wait for a former owner to end.

    Raises:
        OSError: another process has the folder.
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
    """Return a stamp that changes whenever the file is replaced; None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
