"""Frame composition: zones put together to a frame, and the digest that names it."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from beffroi_content.frame_digest import frame_digest
from beffroi_content.model import Rectangle

__all__ = ["compose_frame", "frame_digest", "image_digest"]


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
    return frame_digest(image.size, image.convert("RGB").tobytes())
