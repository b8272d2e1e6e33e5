"""Uploads into the media store: an original, normalised images and thumbnails, each file named by its SHA-256.

The server process itself never decodes an uploaded file: a confined process does, see ``image_process``.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _

from beffroi_server.core import sandbox
from beffroi_server.core.incoming_files import open_incoming_folder
from beffroi_server.library.errors import MediaRefused
from beffroi_server.library.models import Asset

IMAGE_PROCESS_TIMEOUT_S = 180
"""Seconds for the image process. It limits its own processor time to a sixth of this; a busy machine is slow."""
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
    """The three files of an image, and the size of the normalised one in pixels."""

    original: StoredFile
    normalised: StoredFile
    thumbnail: StoredFile
    width: int
    height: int
    duration_ms: int | None = None
    """Length of a video, of which the image is a still; None for an image."""


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
        result = _run_image_process(incoming, name)
        original = store_file(incoming / "original", str(result["media_type"]))
        length = result.get("duration_ms")
        return [_store_page(incoming, original, number, page, length) for number, page in enumerate(result["pages"])]


def _store_page(
    incoming: Path, original: StoredFile, number: int, page: dict[str, Any], duration_ms: int | None
) -> StoredImage:
    return StoredImage(
        original=original,
        normalised=store_file(incoming / f"picture-{number}", str(page["picture_type"])),
        thumbnail=store_file(incoming / f"thumbnail-{number}", str(page["thumbnail_type"])),
        width=int(page["width"]),
        height=int(page["height"]),
        duration_ms=duration_ms,
    )


def asset_row(stored: StoredFile) -> Asset:
    """Return the database row of a stored file, created where it is new."""
    row, _created = Asset.objects.get_or_create(
        sha256=stored.sha256, defaults={"size": stored.size, "media_type": stored.media_type}
    )
    return row


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
        _check_received(received, path.stat().st_size, name)


def _copy_upload(file: IO[bytes], path: Path) -> None:
    """Copy an upload, and of one that is too large no more than shows it."""
    block = file.read(_BLOCK)
    left = (settings.UPLOAD_LIMIT if _looks_like_video(block[:16]) else settings.PICTURE_LIMIT) + 1
    with path.open("wb") as target:
        while block and left > 0:
            target.write(block)
            left -= len(block)
            block = file.read(min(_BLOCK, max(0, left)))


def _check_received(received: IO[bytes], size: int, name: str) -> None:
    if size == 0:
        raise media_refusal("empty", name)
    if size > settings.UPLOAD_LIMIT:
        raise media_refusal("too-large", name)
    if size > settings.PICTURE_LIMIT and not _looks_like_video(received.read(16)):
        raise media_refusal("too-large-picture", name)


def _looks_like_video(head: bytes) -> bool:
    """Return whether the first bytes of a file are those of a video container; only videos may be large."""
    return head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"} or head.startswith(
        (b"\x1aE\xdf\xa3", b"RIFF", b"\0\0\1\xba", b"\x47", b"OggS", b"FLV", b"0&\xb2u")
    )


def _run_image_process(folder: Path, name: str) -> dict[str, Any]:
    command = [sys.executable, "-I", "-m", "beffroi_server.library.media.image_process", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=IMAGE_PROCESS_TIMEOUT_S, check=False)  # noqa: S603 - our own module
        result = json.loads(done.stdout) if done.returncode == 0 else {"code": "too-complex"}
    except (subprocess.TimeoutExpired, ValueError):
        result = {"code": "too-complex"}
    if result.get("code") == sandbox.DISK_FULL:
        raise OSError(errno.ENOSPC, f"no space to decode {name}")
    if "code" in result:
        raise media_refusal(result["code"], name)
    assert isinstance(result, dict)
    return result


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
        _sync_folder(target.parent)
    return StoredFile(sha256, size, media_type)


def _sync_folder(folder: Path) -> None:
    # Only then is the name of the new file on the disk, too.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def media_refusal(code: str, name: str) -> MediaRefused:
    """Return the refusal of a file, with a message that says what is wrong and what to do.

    Args:
        code: The reason; one that is not known counts as ``too-complex``.
        name: The name of the file.
    """
    limit, film_limit = (size // (1024 * 1024) for size in (settings.PICTURE_LIMIT, settings.UPLOAD_LIMIT))
    reasons = {
        "empty": _("“%(name)s” is empty. The copy may have been interrupted: choose the file again."),
        "too-large": _("“%(name)s” is larger than %(film_limit)s MB. Export a smaller version, or cut it."),
        "too-large-picture": _(
            "“%(name)s” is larger than %(limit)s MB. Export a smaller version: 3840 pixels are enough."
        ),
        "not-an-image": _(
            "“%(name)s” is not an image or video that can be read. Save it as JPEG, PNG, PDF or MP4 and add that file."
        ),
        "heic": _(
            "“%(name)s” is a HEIC image, which few programs can read. Save it as JPEG and add that file; an "
            "iPhone takes JPEG photos under Settings, Camera, Formats, Most Compatible."
        ),
        "video-too-long": _("“%(name)s” is longer than 10 minutes. Cut it: passers-by only see a few seconds of it."),
        "video-too-large": _("“%(name)s” has more pixels than 4K. Export it as 1920 × 1080."),
        "too-many-pages": _("“%(name)s” has more than 20 pages. Save the ones to be shown as a separate PDF."),
        "locked": _("“%(name)s” is protected by a password. Save it without one and add that file."),
        "too-many-pixels": _("“%(name)s” has more than 60 million pixels. Export it at 3840 pixels on the long side."),
        "truncated": _(
            "“%(name)s” is incomplete or damaged. Open it on your computer, save it again and add that file."
        ),
        "too-complex": _("“%(name)s” could not be read within the limits. Save it again as JPEG and add that file."),
    }
    known = code if code in reasons else "too-complex"
    return MediaRefused(known, reasons[known] % {"name": name, "limit": limit, "film_limit": film_limit})
