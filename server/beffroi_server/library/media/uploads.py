"""Uploads into the media store: normalised images and thumbnails, each file named by its SHA-256.

The upload itself is kept only where a video waits for its conversion: cameras note in it where it was taken. The server
process itself never decodes an uploaded file: a confined process does, see ``image_process``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db.models import ProtectedError

from beffroi_server.core.folder_sync import sync_folder
from beffroi_server.core.incoming_files import open_incoming_folder
from beffroi_server.library.media import file_kinds, image_decoding
from beffroi_server.library.media.file_kinds import FileKind
from beffroi_server.library.models import Asset

_BLOCK = 1024 * 1024
"""Bytes that are read of an upload at a time."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the media store; ``size`` in bytes."""

    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class StoredImage:
    """The files of an image, and the size of the normalised one in pixels."""

    normalised: StoredFile
    thumbnail: StoredFile
    width: int
    height: int
    duration_ms: int | None = None
    """Length of a video, of which the image is a still; None for an image."""
    original: StoredFile | None = None
    """The upload, if it is a video."""
    page: int = 1
    """Number of the page in its document."""
    warnings: tuple[dict[str, Any], ...] = ()
    """What the image lacks of the upload, each as in ``sentences.warning_sentence``."""


def store_upload(file: IO[bytes], name: str) -> list[StoredImage]:
    """Check, normalise and store an upload; return an image, one for each page of a document, or a still of a video.

    Args:
        file: The upload.
        name: Its name, for the message of a refusal.

    Raises:
        MediaRefused: screens cannot show it; nothing was stored.
    """
    with open_incoming_folder() as folder:
        receive_upload(file, folder / "received", name)
        return store_received(folder / "received", name)


def store_received(path: Path, name: str) -> list[StoredImage]:
    """Normalise and store a file that lies on the media store already, and stays there.

    Args:
        path: The file.
        name: Its name, for the message of a refusal.

    Raises:
        MediaRefused: screens cannot show it; nothing was stored.
    """
    with open_incoming_folder() as incoming:
        os.link(path, incoming / "original")
        result = image_decoding.run_image_process(incoming, name)
        length = result.get("duration_ms")
        original = None if length is None else store_file(incoming / "original", str(result["media_type"]))
        warnings = tuple(result.get("warnings", ()))
        return [
            _store_page(incoming, number, page, warnings, original, length)
            for number, page in enumerate(result["pages"])
        ]


def _store_page(
    incoming: Path,
    number: int,
    page: dict[str, Any],
    warnings: tuple[dict[str, Any], ...],
    original: StoredFile | None,
    duration_ms: int | None,
) -> StoredImage:
    return StoredImage(
        normalised=store_file(incoming / f"picture-{number}", str(page["picture_type"])),
        thumbnail=store_file(incoming / f"thumbnail-{number}", str(page["thumbnail_type"])),
        width=int(page["width"]),
        height=int(page["height"]),
        duration_ms=duration_ms,
        original=original,
        page=int(page.get("page", number + 1)),
        warnings=warnings,
    )


def asset_row(stored: StoredFile) -> Asset:
    """Return the database row of a stored file, created where it is new."""
    row, _created = Asset.objects.get_or_create(
        sha256=stored.sha256, defaults={"size": stored.size, "media_type": stored.media_type}
    )
    return row


def remove_original(sha256: str | None) -> None:
    """Remove an upload from the media store, unless something else is the same file. Call it in a transaction."""
    if sha256 is None:
        return
    try:
        Asset.objects.filter(pk=sha256).delete()
    except ProtectedError:
        return
    media_path(sha256).unlink(missing_ok=True)


def media_path(sha256: str) -> Path:
    """Return the path of a file in the media store."""
    return Path(settings.MEDIA_STORE) / sha256[:2] / sha256


def receive_upload(file: IO[bytes], path: Path, name: str) -> None:
    """Put an upload into a file of the media store: moved where it lies there, otherwise copied.

    Raises:
        MediaRefused: by its size or its first bytes, screens cannot show it.
    """
    source = getattr(file, "temporary_file_path", None)
    if source is not None and os.stat(source()).st_dev == os.stat(path.parent).st_dev:
        os.replace(source(), path)
    else:
        _copy_upload(file, path)
    with path.open("rb") as received:
        os.fsync(received.fileno())
        image_decoding.check_file(received, path.stat().st_size, name)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy_upload(file: IO[bytes], path: Path) -> None:
    """Copy an upload, and of one that is too large no more than shows it."""
    block = file.read(_BLOCK)
    is_video = file_kinds.kind_of(block) is FileKind.VIDEO
    left = (settings.UPLOAD_LIMIT if is_video else settings.PICTURE_LIMIT) + 1
    with path.open("wb") as target:
        while block and left > 0:
            target.write(block)
            left -= len(block)
            block = file.read(min(_BLOCK, max(0, left)))


def store_file(path: Path, media_type: str) -> StoredFile:
    """Move a file into the media store, durably; the same content twice is one file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    target = media_path(sha256)
    target.parent.mkdir(exist_ok=True)
    size = path.stat().st_size
    # Moved within one file system, so the file appears whole or not at all.
    if not target.exists():
        path.chmod(0o644)
        shutil.move(path, target)
        sync_folder(target.parent)
    return StoredFile(sha256, size, media_type)
