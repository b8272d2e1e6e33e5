"""Decoder of uploads, run as a confined process: ``python -m beffroi_server.library.media.image_process FOLDER``.

Reads ``original`` in the folder: an image, a PDF or a video. Writes ``picture-N`` and ``thumbnail-N`` for each page of
a document, with N from 0; one pair for an image, and for a video one pair with a still. Prints one line of JSON:
``{"media_type": …, "pages": […], "warnings": […]}``, with ``duration_ms`` for a video, or ``{"code": reason}``.

Works without Django, with limits on memory and processor time: uploads come from strangers.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile

from beffroi_server.core import sandbox
from beffroi_server.library.media import file_kinds, image_files, pdf_pages
from beffroi_server.library.media.file_kinds import FileKind
from beffroi_server.library.media.image_files import ImageRefused

MEMORY_LIMIT = 1_400 * 1024 * 1024
"""Bytes of address space: the decoded pixels of the largest image, what is made of them, and the libraries."""
PROCESSOR_S = 30
MAX_PAGES = 20
THUMBNAIL_SIDE = 400
FLAT_COLOURS = 256
"""An image with no more colours than these is a drawing: it is stored without loss."""
FLAT_PIXELS = 2_000_000
"""Pixels up to which colours are counted; counting takes memory and time."""


def normalise_folder(folder: Path) -> dict[str, Any]:
    """Normalise the original in a folder; return its media type and pages, or ``{"code": reason}``."""
    try:
        return _normalise_original(folder)
    except ImageRefused as error:
        return {"code": error.code, **error.figures}
    except MemoryError:
        return {"code": "too-complex"}


def _normalise_original(folder: Path) -> dict[str, Any]:
    kind = file_kinds.kind_of_file(folder / "original")
    if kind is FileKind.RAW_PHOTO:
        raise ImageRefused("raw-photo")
    if kind is FileKind.OTHER_IMAGE:
        raise ImageRefused("not-an-image")
    if kind is FileKind.DOCUMENT:
        return _write_document(folder)
    if kind in (FileKind.IMAGE, FileKind.HEIF):
        return _write_image(folder, is_heif=kind is FileKind.HEIF)
    return _write_video_still(folder, is_named_video=kind is FileKind.VIDEO)


def _write_document(folder: Path) -> dict[str, Any]:
    try:
        document = pdf_pages.Document(folder / "original")
    except pdf_pages.DocumentUnreadable as error:
        raise ImageRefused(str(error)) from error
    warnings = [{"code": "form-left-out"}] if document.is_adobe_form else []
    pages, lacking = _write_pages(document.pages(MAX_PAGES), len(document), folder)
    return {"media_type": "application/pdf", "pages": pages, "warnings": warnings + lacking}


def _write_image(folder: Path, *, is_heif: bool) -> dict[str, Any]:
    with image_files.open_image(folder / "original", is_heif=is_heif) as opened:
        return _write_opened(opened, folder)


def _write_opened(opened: image_files.ImageFilePages, folder: Path) -> dict[str, Any]:
    warnings: list[dict[str, Any]] = []
    if opened.is_animated:
        moving = _write_animation_still(opened.image, folder)
        if moving:
            return {"media_type": opened.media_type, **moving}
        warnings.append({"code": "animation-still"})
    media_type = opened.media_type
    pages, lacking = _write_pages(opened.pages(MAX_PAGES), opened.count, folder)
    if opened.other_pictures:
        warnings.append({"code": "pictures-left-out", "count": opened.other_pictures})
    if opened.profile_unreadable:
        warnings.append({"code": "profile-unreadable"})
    return {"media_type": media_type, "pages": pages, "warnings": warnings + lacking}


def _write_animation_still(image: Image.Image, folder: Path) -> dict[str, Any] | None:
    """Write the first picture of an animation; return None if it is one picture only, or too large to be played."""
    from beffroi_server.library.media import animations, video_filters, video_sources  # noqa: PLC0415 - few images need PyAV

    if not animations.fits_video(image):
        return None
    try:
        durations = animations.frame_durations_ms(image)
        first, _duration = next(animations.frames(image))
    except MemoryError:
        raise
    except Exception as error:
        raise ImageRefused("truncated") from error
    if len(durations) < 2:
        return None
    if sum(durations) > video_sources.MAX_DURATION_S * 1000:
        raise ImageRefused("video-too-long")
    page = _write_page(video_filters.still_of_image(first), folder, 0)
    return {"pages": [page], "duration_ms": round(sum(durations)), "warnings": []}


def _write_video_still(folder: Path, *, is_named_video: bool) -> dict[str, Any]:
    """Write a still of a video.

    Raises:
        ImageRefused: it is not a video, or none that can be shown.
    """
    from beffroi_server.library.media import video_process, video_sources  # noqa: PLC0415 - only a video needs PyAV

    try:
        probe = video_process.probe_video(folder / "original")
    except video_sources.VideoRefused as error:
        # What begins as nothing that is known, and is no video, is not damaged but something else.
        raise ImageRefused(str(error) if is_named_video else "not-an-image") from error
    page = _write_page(probe.still, folder, 0)
    return {
        "media_type": "video/mp4", "pages": [page], "duration_ms": probe.duration_ms, "warnings": probe.warnings,
    }  # fmt: skip


def _write_pages(
    images: Iterable[tuple[int, Image.Image | None]], count: int, folder: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Write pages; return them, and a warning for each kind of pages that are missing.

    Raises:
        ImageRefused: no page could be read.
    """
    pages: list[dict[str, Any]] = []
    unreadable = 0
    for number, image in images:
        if image is None:
            unreadable += 1
        else:
            pages.append({"page": number, **_write_page(image, folder, len(pages))})
    if not pages:
        raise ImageRefused("truncated")
    warnings: list[dict[str, Any]] = []
    if count > MAX_PAGES:
        warnings.append({"code": "pages-left-out", "shown": MAX_PAGES, "of": count})
    if unreadable:
        warnings.append({"code": "pages-unreadable", "count": unreadable})
    return pages, warnings


def _write_page(image: Image.Image, folder: Path, number: int) -> dict[str, Any]:
    """Write an image and its thumbnail; return their media types and the size in pixels."""
    picture_type = _save_image(image, folder / f"picture-{number}")
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    thumbnail_type = _save_image(small, folder / f"thumbnail-{number}")
    return {
        "picture_type": picture_type,
        "thumbnail_type": thumbnail_type,
        "width": image.width,
        "height": image.height,
    }


def _save_image(image: Image.Image, path: Path) -> str:
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    flat = image.width * image.height <= FLAT_PIXELS and image.getcolors(FLAT_COLOURS) is not None
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    if image.mode == "RGBA" or flat:
        bare.save(path, "PNG")
        return "image/png"
    # Optimised files are written at once: noise takes more room than Pillow expects of an image of that size.
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 3 * image.width * image.height)
    bare.save(path, "JPEG", quality=90, subsampling=0, optimize=True)
    return "image/jpeg"


if __name__ == "__main__":
    # Nothing is written elsewhere.
    tempfile.tempdir = sys.argv[1]
    sandbox.confine_process(MEMORY_LIMIT, PROCESSOR_S, Path(sys.argv[1]))
    print(json.dumps(normalise_folder(Path(sys.argv[1]))))
