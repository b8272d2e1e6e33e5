"""The zip file of an export: written beside its name, for its owner alone, and renamed once it is whole."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from beffroi_server.core.folder_sync import sync_folder

_BLOCK = 256 * 1024
_ENTRY_MODE = 0o100600
"""Of the files that somebody unpacks: there is personal data in them."""


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of the export; ``size`` in bytes."""

    path: str
    size: int
    sha256: str


class ExportArchive:
    """A zip file that is being written.

    Args:
        packed: Where to.
        folder: Name of the folder that everything lies in.
        made_at: When the files are said to be of, by the clocks of the town.
    """

    def __init__(self, packed: zipfile.ZipFile, folder: str, made_at: dt.datetime) -> None:
        self._packed, self._folder, self._made_at = packed, folder, made_at
        self.files: list[PackedFile] = []
        """What is in it, in the order in which it was written."""

    def add_file(self, path: str, blocks: Iterable[bytes], *, is_packed: bool = False) -> PackedFile:
        """Write a file as its content comes.

        Args:
            path: Below the folder of the export.
            blocks: The content, in pieces of any size.
            is_packed: Whether it is packed already, as images and videos are.

        Raises:
            OSError: it cannot be written.
        """
        entry = zipfile.ZipInfo(f"{self._folder}/{path}", self._made_at.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
        entry.external_attr = _ENTRY_MODE << 16
        digest, size = hashlib.sha256(), 0
        with self._packed.open(entry, "w", force_zip64=True) as file:
            for block in _joined(blocks):
                file.write(block)
                digest.update(block)
                size += len(block)
        written = PackedFile(path, size, digest.hexdigest())
        self.files.append(written)
        return written


@contextmanager
def open_archive(path: Path, folder: str, made_at: dt.datetime) -> Iterator[ExportArchive]:
    """Open a zip file that has its name only if the block ends well.

    Args:
        path: Its name.
        folder: Name of the folder in it.
        made_at: When its files are said to be of.

    Raises:
        OSError: it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w") as packed:
                yield ExportArchive(packed, folder, made_at)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def _joined(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same content in larger pieces: each piece takes some time of its own."""
    waiting = bytearray()
    for block in blocks:
        waiting += block
        if len(waiting) >= _BLOCK:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)
