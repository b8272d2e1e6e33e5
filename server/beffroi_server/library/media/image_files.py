"""Image files: pages of an uploaded image within limits, upright, in sRGB and no larger than screens need.

What can be decoded smaller is; the rest is decoded whole and averaged in strips, so that no second copy is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from PIL import Image, ImageFile, ImageOps

from beffroi_server.library.media.file_kinds import top_level_boxes
from beffroi_server.library.media.image_colours import colour_space, convert_to_srgb

LONG_SIDE = 3840
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
ANIMATED_FORMATS = {"GIF", "PNG", "WEBP", "AVIF"}
MAX_DECODED_BYTES = 840 * 1024 * 1024
"""Bytes of decoded pixels: 210 million of four bytes each, as Pillow keeps them."""
MAX_PIXELS_BY_FORMAT = {"JPEG": 500_000_000, "MPO": 500_000_000, "WEBP": 60_000_000, "AVIF": 60_000_000,
                        "HEIF": 110_000_000}  # fmt: skip
"""Pixels where decoders are better or worse than the rule: JPEG is decoded smaller, the others keep several copies."""
MAX_SHAPE = 100
"""Long side by short side at most: a strip has nothing that could be recognised."""
_COPIED_PIXELS = 60_000_000
"""Pixels of an image of which a second copy finds room."""
_STRIP_PIXELS = 4_000_000
_BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_MAX_DIRECTORIES = 10_000
_ORIENTATION, _SUBFILE_TYPE, _SUB_IFDS, _DNG_VERSION = 0x0112, 0x00FE, 0x014A, 0xC612
_REDUCED, _MASK = 1, 4
"""Flags of a directory of TIFF that is no page: a smaller copy, a mask (TIFF 6.0, section 8)."""
_KNOWN_COMPRESSIONS = {"raw", "tiff_ccitt", "group3", "group4", "tiff_lzw", "tiff_jpeg", "jpeg", "tiff_adobe_deflate",
                       "tiff_deflate", "packbits", "tiff_raw_16", "lzma", "zstd", None}  # fmt: skip


class ImageRefused(Exception):
    """A file cannot be shown; the argument is the code of the reason.

    Args:
        code: The reason.
        figures: What its sentence names.
    """

    def __init__(self, code: str, **figures: int) -> None:
        super().__init__(code)
        self.code = code
        self.figures = figures


@dataclass
class ImageFilePages:
    """Pages of an opened image file; only TIFF has several.

    Attributes:
        image: The file, opened and not decoded.
        path: Where it is.
        numbers: Those of its pages, as Pillow counts.
        profile_unreadable: Whether the colour profile of a page could not be read, once it was decoded.
    """

    image: Image.Image
    path: Path
    numbers: list[int] = field(default_factory=list)
    profile_unreadable: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.image.close()

    @property
    def count(self) -> int:
        """Number of pages."""
        return len(self.numbers)

    @property
    def is_animated(self) -> bool:
        """True if the file holds the pictures of an animation."""
        return self.image.format in ANIMATED_FORMATS and bool(getattr(self.image, "is_animated", False))

    @property
    def other_pictures(self) -> int:
        """How many pictures the file holds besides, as those of a burst in HEIF."""
        return int(getattr(self.image, "n_frames", 1)) - 1 if self.image.format == "HEIF" else 0

    @property
    def media_type(self) -> str:
        """Media type of the file."""
        return Image.MIME.get(self.image.format or "", "application/octet-stream")

    def pages(self, most: int) -> Iterator[tuple[int, Image.Image | None]]:
        """Yield the first pages with their numbers from 1; None stands for one that cannot be read.

        Raises:
            ImageRefused: the only page cannot be shown.
        """
        for position, number in enumerate(self.numbers[:most], 1):
            try:
                if number:
                    self.image.seek(number)
                yield position, self._decode_page()
            except MemoryError:
                raise
            except ImageRefused:
                if self.count == 1:
                    raise
                yield position, None
            except Exception as error:  # a decoder may raise anything
                if self.count == 1:
                    raise ImageRefused("truncated") from error
                yield position, None

    def _decode_page(self) -> Image.Image:
        image = self.image
        check_size(image)
        space, orientation, stretch = colour_space(image, self.path), _orientation(image), _pixel_stretch(image)
        _load(image)
        reduced = _reduced(image, _target_size(image.size))
        del image
        if stretch != 1:
            reduced = reduced.resize((round(reduced.width * stretch), reduced.height), Image.Resampling.LANCZOS)
        reduced.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
        converted, is_readable = convert_to_srgb(reduced, space)
        self.profile_unreadable |= not is_readable
        return upright(converted, orientation)


def open_image(path: Path, *, is_heif: bool) -> ImageFilePages:
    """Open an image file; nothing is decoded yet.

    Raises:
        ImageRefused: it is damaged, or no image that can be read.
    """
    Image.MAX_IMAGE_PIXELS = None
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    if is_heif:
        if not top_level_boxes(path)[1]:
            # The decoder would draw the tiles that are there.
            raise ImageRefused("truncated")
        _register_heif()
    try:
        image = Image.open(path, formats=("HEIF",) if is_heif else IMAGE_FORMATS)
    except Exception as error:
        raise ImageRefused("heic" if is_heif else "truncated") from error
    if image.format != "TIFF":
        return ImageFilePages(image, path, [0])
    try:
        return ImageFilePages(image, path, _tiff_pages(image))
    except ImageRefused:
        image.close()
        raise


def check_size(image: Image.Image) -> None:
    """Check that the decoded pixels of an opened image find room.

    Raises:
        ImageRefused: they do not, or it is nothing but a line.
    """
    pixels = image.width * image.height
    most = MAX_DECODED_BYTES // _BYTES_PER_PIXEL.get(image.mode, 4)
    most = MAX_PIXELS_BY_FORMAT.get(image.format or "", min(most, 500_000_000))
    if image.info.get("progressive") and image.format in {"JPEG", "MPO"}:
        most = min(most, int(MAX_DECODED_BYTES / _coefficient_bytes(image)))
    if pixels > most:
        raise ImageRefused("too-many-pixels", megapixels=most // 1_000_000)
    if max(image.size) > MAX_SHAPE * min(image.size) and max(image.size) > LONG_SIDE:
        raise ImageRefused("too-narrow")


def _coefficient_bytes(image: Image.Image) -> float:
    """Return the bytes per pixel of the coefficients of a progressive JPEG file, all kept until its last pass."""
    parts = [across * down for _name, across, down, _table in getattr(image, "layer", ())] or [1]
    return float(2 * sum(parts) / max(parts))


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return an image turned as the camera was held, without metadata such as the place it shows."""
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    clean.getexif()[_ORIENTATION] = orientation
    return ImageOps.exif_transpose(clean)


def _register_heif() -> None:
    import pi_heif  # noqa: PLC0415 - only telephones' images need it

    pi_heif.options.THUMBNAILS = False
    pi_heif.options.DEPTH_IMAGES = False
    pi_heif.options.AUX_IMAGES = False
    pi_heif.register_heif_opener()


def _tiff_pages(image: Image.Image) -> list[int]:
    """Return the numbers of the directories of a TIFF file that are pages.

    Raises:
        ImageRefused: it is what the sensor of a camera saw, with small copies only.
    """
    found = []
    is_raw = False
    for number in range(_MAX_DIRECTORIES):
        try:
            image.seek(number)
        except Exception:  # noqa: BLE001 - a decoder may raise anything; the pages before are whole
            break
        tags: Any = image.tag_v2  # type: ignore[attr-defined]
        kind = int(tags.get(_SUBFILE_TYPE, 0) or 0)
        is_raw |= _DNG_VERSION in tags or (kind & _REDUCED != 0 and _SUB_IFDS in tags)
        if not kind & (_REDUCED | _MASK):
            found.append(number)
    if is_raw:
        raise ImageRefused("raw-photo")
    image.seek(0)
    return found or [0]


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - metadata of a file that is shown well without
        return 1


def _pixel_stretch(image: Image.Image) -> float:
    """Return by how much an image is to be widened for its pixels to be square: faxes have oblong ones."""
    resolution = image.info.get("dpi", image.info.get("resolution")) if image.format == "TIFF" else None
    if not resolution or not all(resolution):
        return 1.0
    stretch = float(resolution[1]) / float(resolution[0])
    return stretch if 0.25 <= stretch <= 4 and abs(stretch - 1) > 0.02 else 1.0


def _target_size(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, LONG_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _load(image: Image.Image) -> None:
    """Decode an image, smaller where its decoder can.

    Raises:
        ImageRefused: it is damaged.
    """
    try:
        image.draft(None, _target_size(image.size))
        image.load()
    except MemoryError:
        raise
    except Exception as error:
        is_known = image.info.get("compression") in _KNOWN_COMPRESSIONS
        raise ImageRefused("truncated" if is_known else "unknown-compression") from error


def _reduced(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    """Return an image in a mode in which pixels can be averaged; a large one at less than twice its target size."""
    to_mode = _mode_converter(image)
    if image.width * image.height <= _COPIED_PIXELS:
        return to_mode(image)
    factor = max(1, min(image.width // target[0], image.height // target[1]))
    rows = max(1, _STRIP_PIXELS // image.width // factor) * factor
    result: Image.Image | None = None
    for top in range(0, image.height, rows):
        strip = to_mode(image.crop((0, top, image.width, min(top + rows, image.height)))).reduce(factor)
        if result is None:
            result = Image.new(strip.mode, (strip.width, -(-image.height // factor)))
        result.paste(strip, (0, top // factor))
    assert result is not None
    return result


def _mode_converter(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Return the function that brings a part of an image to a mode in which pixels can be averaged."""
    if image.mode.startswith("I;16"):
        return lambda part: part.point(lambda value: value / 257, "F").convert("L")
    if image.mode in {"I", "F"}:
        scale = 255 / _white_of(image)
        return lambda part: part.convert("F").point(lambda value: value * scale + 0).convert("L")
    if "transparency" in image.info or image.mode in {"LA", "La", "PA", "RGBa"}:
        return lambda part: part.convert("RGBA")
    return lambda part: part.convert("RGB") if part.mode in {"P", "1", "HSV"} else part


def _white_of(image: Image.Image) -> float:
    """Return the value that is white in an image of whole numbers or of floats: files do not say."""
    highest = max(float(value) for value in image.getextrema())  # type: ignore[arg-type]
    if image.mode == "F" and highest <= 1.5:
        return 1.0
    return next((white for white in (255.0, 65_535.0) if highest <= white), max(highest, 1.0))
