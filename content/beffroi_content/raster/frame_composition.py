"""Frame composition: zones put together to a frame, and the digest that names it."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from beffroi_content.frame_digest import frame_digest
from beffroi_content.model import Rectangle

__all__ = ["compose_frame", "frame_digest", "image_digest", "rgb_bytes", "rgbx_bytes"]
_SPARE_BYTES = 64


def compose_frame(size: tuple[int, int], parts: Sequence[tuple[Rectangle, Image.Image]]) -> Image.Image:
    """Return an RGB image of that size: the parts in their order, opaque, on black.

    A part that is larger than its rectangle is cut; one that is smaller leaves black.
    """
    frame = Image.new("RGB", size)
    for rectangle, part in parts:
        # A zone may have changed its size between two manifests while its frames are still of the old one:
        # never resized, since a blurred text is worse than a cut one.
        if part.size != rectangle.size:
            part = part.crop((0, 0, *rectangle.size))  # noqa: PLW2901
        frame.paste(part.convert("RGB"), (rectangle.x, rectangle.y))
    return frame


def image_digest(image: Image.Image) -> str:
    """Return the digest of an image as a frame."""
    return frame_digest(image.size, rgb_bytes(image))


def rgb_bytes(image: Image.Image) -> bytes:
    """Return the pixels of an image as RGB, row by row, three bytes each: as ``tobytes``, in less time.

    That one packs a hundred pieces of a frame and joins them; here the packer is given room for all at once.
    """
    return _packed(image, "RGB")


def rgbx_bytes(image: Image.Image) -> bytes:
    """Return the pixels of an image as RGB, row by row, four bytes each, of which the last means nothing."""
    return _packed(image, "RGBX")


def _packed(image: Image.Image, raw_mode: str) -> bytes:
    if image.mode != "RGB":
        image = image.convert("RGB")
    image.load()
    encoder = Image._getencoder("RGB", "raw", (raw_mode,))
    encoder.setimage(image.im, (0, 0, *image.size))
    size = len(raw_mode) * image.width * image.height
    _written, _code, packed = encoder.encode(size + _SPARE_BYTES)
    return bytes(packed) if len(packed) == size else image.tobytes("raw", raw_mode)
