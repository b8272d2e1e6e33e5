"""Zip archives of CAP documents, as the German weather service publishes all that is in force.

Nothing is written, and no size that an archive declares is believed: what comes out is counted.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from beffroi_server.cap.messages import CapUnreadable
from beffroi_server.cap.read_notes import ReadNotes
from beffroi_server.cap.xml_documents import MAX_BYTES

MAX_FILES = 2_000
"""Files of an archive that are read; on a stormy day that of the German weather service has some hundreds."""
MAX_UNPACKED = 64 * 1024 * 1024
"""Bytes of all files together."""
MAX_RATIO = 200
"""How often the size of the archive all files together may have; of real documents it is ten to thirty times."""
MAX_NAME = 80
_CHUNK = 256 * 1024
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Others can ask for gigabytes of memory before the first byte comes out."""
_ENCRYPTED = 1
_CAP_NAMES = (".xml", ".cap")
_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What ``zipfile`` raises on archives that are broken or strange."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file of an archive."""

    name: str
    """The end of its name, for people."""
    is_cap: bool
    """Whether it calls itself a CAP document: other files lie in archives, too."""
    content: bytes = b""
    error: str = ""
    """Why it cannot be read, see ``reason_texts``; the content is empty then."""


def is_zip(content: bytes) -> bool:
    """Return whether a document is a zip archive; one without files begins with its end."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def archived_files(content: bytes, notes: ReadNotes) -> Iterator[ArchivedFile]:
    """Yield the files of a zip archive, in its order; folders and the hidden files of file managers are passed over.

    Raises:
        CapUnreadable: it is no archive, or more comes out of it than is read.
    """
    if len(content) > MAX_BYTES:
        raise CapUnreadable("too-large")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [each for each in archive.infolist() if not _is_passed_over(each)]
            if len(entries) > MAX_FILES:
                notes.add("too-many-files", value=str(len(entries)))
            left = min(MAX_UNPACKED, MAX_RATIO * len(content))
            for entry in entries[:MAX_FILES]:
                file = _read_file(archive, entry, left)
                left -= len(file.content)
                yield file
    except _ERRORS:
        raise CapUnreadable("bad-archive") from None


def _is_passed_over(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename.rpartition("/")[2]
    # ``is_dir`` fails where there is no name at all.
    return entry.filename.endswith("/") or name.startswith(".") or entry.filename.startswith("__MACOSX/")


def _read_file(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> ArchivedFile:
    name, is_cap = entry.filename[-MAX_NAME:], entry.filename.lower().endswith(_CAP_NAMES)
    if entry.compress_type not in _METHODS or entry.flag_bits & _ENCRYPTED:
        return ArchivedFile(name, is_cap, error="packed-otherwise")
    parts: list[bytes] = []
    size = 0
    try:
        with archive.open(entry) as file:
            while size <= min(left, MAX_BYTES) and (part := file.read(_CHUNK)):
                size += len(part)
                parts.append(part)
    except _ERRORS:
        return ArchivedFile(name, is_cap, error="bad-archive")
    if size > left:
        raise CapUnreadable("archive-too-large")
    if size > MAX_BYTES:
        return ArchivedFile(name, is_cap, error="too-large")
    return ArchivedFile(name, is_cap, b"".join(parts))
