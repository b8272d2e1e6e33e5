"""Decoder of uploads, run as a confined process: ``python -m beffroi_server.library.media.image_process FOLDER``.

Reads ``original`` in the folder: an image, a PDF or a video. Writes ``picture-N`` and ``thumbnail-N`` for each page of
a document, with N from 0; one pair for an image, and for a video one pair with a still. Prints one line of JSON:
``{"media_type": …, "pages": […]}``, with ``duration_ms`` for a video, or ``{"code": reason}``.

Works without Django, with limits on memory and processor time: uploads come from strangers.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageFile, ImageOps

from beffroi_server.core import sandbox

MEMORY_LIMIT = 1_200 * 1024 * 1024
"""Bytes of address space: 60 million pixels of four bytes, a copy, and the libraries."""
PROCESSOR_S = 30
MAX_PIXELS = 60_000_000
LONG_SIDE = 3840
PAGE_LONG_SIDE = 2560
"""Pixels of a document's page on its long side: text at this size is sharp on a screen of 3840 pixels, too."""
MAX_PAGES = 20
PDF_SIGNATURE = b"%PDF-"
THUMBNAIL_SIDE = 400
FLAT_COLOURS = 256
"""An image with no more colours than these is a drawing: it is stored without loss."""
FLAT_PIXELS = 2_000_000
"""Pixels up to which colours are counted; counting takes memory and time."""
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")


class ImageRefused(Exception):
    """A file cannot be shown; the argument is the code of the reason."""


def normalise_folder(folder: Path) -> dict[str, Any]:
    """Normalise the original in a folder; return its media type and pages, or ``{"code": reason}``."""
    try:
        return _normalise_original(folder)
    except ImageRefused as error:
        return {"code": str(error)}
    except MemoryError:
        return {"code": "too-complex"}


def _normalise_original(folder: Path) -> dict[str, Any]:
    with (folder / "original").open("rb") as file:
        is_document = PDF_SIGNATURE in file.read(1024)
    if is_document:
        return {"media_type": "application/pdf", "pages": _document_pages(folder)}
    if not _is_image(folder / "original"):
        return _extract_still(folder)
    image, media_type = _open_image(folder / "original")
    return {"media_type": media_type, "pages": [_write_page(_upright_rgb(image), folder, 0)]}


def _is_image(path: Path) -> bool:
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path, formats=IMAGE_FORMATS):
            return True
    except Exception:  # noqa: BLE001 - a decoder may raise anything
        return False


def _extract_still(folder: Path) -> dict[str, Any]:
    """Write a still of a video.

    Raises:
        ImageRefused: it is not a video, or none that can be shown.
    """
    from beffroi_server.library.media import video_process  # noqa: PLC0415 - only a video needs PyAV

    if not video_process.is_video(folder / "original"):
        raise ImageRefused(_refusal_code(folder / "original"))
    try:
        probe = video_process.probe_video(folder / "original")
    except video_process.VideoRefused as error:
        raise ImageRefused(str(error)) from error
    page = _write_page(probe.still, folder, 0)
    return {"media_type": "video/mp4", "pages": [page], "duration_ms": probe.duration_ms}


def _refusal_code(path: Path) -> str:
    """Return the reason code of a file that nothing opens: HEIC images of telephones have one of their own."""
    with path.open("rb") as file:
        head = file.read(32)
    is_heic = head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis"}
    return "heic" if is_heic else "not-an-image"


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


def _document_pages(folder: Path) -> list[dict[str, Any]]:
    """Write every page of a PDF document as an image.

    Raises:
        ImageRefused: it is locked by a password, damaged, empty or too long.
    """
    import pypdfium2  # noqa: PLC0415 - only a document needs it

    try:
        document = pypdfium2.PdfDocument(folder / "original")
    except pypdfium2.PdfiumError as error:
        raise ImageRefused("locked" if "password" in str(error).lower() else "truncated") from error
    count = len(document)
    if count > MAX_PAGES:
        raise ImageRefused("too-many-pages")
    if count == 0:
        raise ImageRefused("truncated")
    try:
        return [_write_page(_page_image(document[number]), folder, number) for number in range(count)]
    except pypdfium2.PdfiumError as error:
        raise ImageRefused("truncated") from error


def _page_image(page: Any) -> Image.Image:
    width, height = page.get_size()
    if min(width, height) < 1 or max(width, height) > 40 * min(width, height):
        raise ImageRefused("truncated")
    bitmap = page.render(scale=PAGE_LONG_SIDE / max(width, height), fill_color=(255, 255, 255, 255))
    image: Image.Image = bitmap.to_pil().convert("RGB")
    return image


def _open_image(path: Path) -> tuple[Image.Image, str]:
    """Decode the first frame of an image, no larger than needed, and return it with its media type.

    Raises:
        ImageRefused: it is not an image, has too many pixels, or is damaged.
    """
    Image.MAX_IMAGE_PIXELS = None
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        image = Image.open(path, formats=IMAGE_FORMATS)
    except Exception as error:
        raise ImageRefused("not-an-image") from error
    # Open has read the header only: an image that would fill the memory is refused before it is decoded.
    if image.width * image.height > MAX_PIXELS:
        raise ImageRefused("too-many-pixels")
    media_type = Image.MIME.get(image.format or "", "application/octet-stream")
    try:
        image.draft(None, (LONG_SIDE, LONG_SIDE))
        image.load()
    except MemoryError:
        raise
    except Exception as error:
        raise ImageRefused("truncated") from error
    return image, media_type


def _upright_rgb(image: Image.Image) -> Image.Image:
    """Return an image upright, in sRGB, no larger than needed, and without metadata such as the place it shows."""
    orientation = image.getexif().get(0x0112, 1)
    profile = image.info.get("icc_profile")
    image = _to_resizable_mode(image)
    image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    image = _convert_to_srgb(image, profile)
    return ImageOps.exif_transpose(_with_orientation(image, orientation))


def _to_resizable_mode(image: Image.Image) -> Image.Image:
    """Return an image in a mode in which pixels can be averaged, as resizing does; palettes have none."""
    if image.mode.startswith("I;16") or image.mode == "I":
        return image.point(lambda value: value / 257, "F").convert("L")
    if image.mode == "F":
        return image.convert("L")
    if "transparency" in image.info or image.mode in {"LA", "La", "PA", "RGBa"}:
        return image.convert("RGBA")
    return image.convert("RGB") if image.mode in {"P", "1", "HSV"} else image


def _convert_to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    wanted = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image.convert("RGB") if wanted == "RGBA" else image, source, target,
                                                  outputMode="RGB")  # fmt: skip
        except (ImageCms.PyCMSError, OSError, ValueError):
            # With a broken profile the numbers themselves are the best guess.
            converted = None
        if converted is not None:
            if wanted == "RGBA":
                converted.putalpha(image.getchannel("A"))
            return converted
    return image.convert(wanted)


def _with_orientation(image: Image.Image, orientation: int) -> Image.Image:
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    clean.getexif()[0x0112] = orientation
    return clean


def _save_image(image: Image.Image, path: Path) -> str:
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    flat = image.width * image.height <= FLAT_PIXELS and image.getcolors(FLAT_COLOURS) is not None
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    if image.mode == "RGBA" or flat:
        bare.save(path, "PNG")
        return "image/png"
    bare.save(path, "JPEG", quality=90, subsampling=0, optimize=True)
    return "image/jpeg"


if __name__ == "__main__":
    sandbox.confine_process(MEMORY_LIMIT, PROCESSOR_S)
    print(json.dumps(normalise_folder(Path(sys.argv[1]))))
