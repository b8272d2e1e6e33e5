"""Folders for files that are arriving, on the media store itself, so that a finished file is moved and never copied.

Each is locked as long as its process lives; what a killed process left behind is recognised by that and removed.
"""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

PREFIX = ".incoming-"
MIN_AGE_S = 60
"""Seconds for which a folder is left alone: it may have been made and not locked yet."""
_PUNCH_HOLE_KEEP_SIZE = 3
"""FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE of fallocate(2)."""
_BLOCK = 1024 * 1024
_process_folders: dict[Path, tuple[Path, int]] = {}


@contextmanager
def open_incoming_folder() -> Iterator[Path]:
    """Make a folder on the media store for files that arrive; it is removed afterwards, whatever is left in it."""
    path, descriptor = _make_folder()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def process_folder() -> Path:
    """Return the folder for files that this process receives; it is removed at its end."""
    store = Path(settings.MEDIA_STORE)
    if store not in _process_folders or not _process_folders[store][0].is_dir():
        _process_folders[store] = _make_folder()
        atexit.register(shutil.rmtree, _process_folders[store][0], ignore_errors=True)
    return _process_folders[store][0]


def remove_abandoned_folders() -> int:
    """Remove the folders of processes that were killed; return how many."""
    removed = 0
    for path in Path(settings.MEDIA_STORE).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > MIN_AGE_S and not _is_locked(path):
                shutil.rmtree(path)
                removed += 1
    return removed


class ReadSpace:
    """Frees the blocks of a file as it is read, so that its copy needs no room besides.

    Where the file system cannot do it, the file stays whole.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._freed = descriptor, 0
        self._library = ctypes.CDLL(None, use_errno=True)

    def free_until(self, position: int) -> None:
        """Free what lies before a position, in whole megabytes."""
        end = position // _BLOCK * _BLOCK
        if end > self._freed:
            offset, length = ctypes.c_int64(self._freed), ctypes.c_int64(end - self._freed)
            with suppress(AttributeError):
                self._library.fallocate(self._descriptor, _PUNCH_HOLE_KEEP_SIZE, offset, length)
            self._freed = end


def _make_folder() -> tuple[Path, int]:
    store = Path(settings.MEDIA_STORE)
    store.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=store))
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return path, descriptor


def _is_locked(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
