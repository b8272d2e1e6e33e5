"""Image decoding: uploaded images as RGB pixels at the size of their box.

Images were checked when they were uploaded, and are decoded here under limits once more: a player must survive a file
that somebody changed on its disk.
"""

from __future__ import annotations

import warnings
from io import BytesIO

from PIL import Image, ImageFilter, ImageOps

from beffroi_content.model import AssetReference, ImageFit
from beffroi_content.raster.canvas import AssetReader
from beffroi_content.raster.errors import ImageUnusable

MOST_PIXELS = 60_000_000
MOST_CACHED_PIXELS = 6_000_000
"""Pixels of drawn images that are kept between slides: 24 MB as Pillow stores them, four bytes each."""
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")


class ImageCache:
    """Cache of the images of one slide: each is drawn once, however many pages show it.

    Args:
        assets: Where their files come from.
    """

    def __init__(self, assets: AssetReader) -> None:
        self._assets = assets
        self._drawn: dict[tuple[str, ImageFit, tuple[int, int]], Image.Image] = {}

    def __call__(self, reference: AssetReference, fit: ImageFit, size: tuple[int, int]) -> Image.Image:
        """Return an image at exactly a size.

        Raises:
            ImageUnusable: see :func:`draw_picture`.
        """
        key = (reference.sha256, fit, size)
        if key not in self._drawn:
            self._drawn[key] = _recently_drawn(reference, fit, size, self._assets)
        return self._drawn[key]

    def draw_logo(self, reference: AssetReference, size: tuple[int, int]) -> Image.Image | None:
        """Return an image with its transparency, as large as it can be within a size; None if it is unusable."""
        try:
            content = self._assets(reference)
            with Image.open(BytesIO(content), formats=_FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    return None
                return ImageOps.contain(opened.convert("RGBA"), size, Image.Resampling.BICUBIC)
        except Exception:  # noqa: BLE001 - a decoder may raise anything
            # A logo that cannot be read is left out: the slide says as much without it.
            return None


_recent_images: tuple[tuple[tuple[str, ImageFit, tuple[int, int]], Image.Image], ...] = ()


def _recently_drawn(
    reference: AssetReference, fit: ImageFit, size: tuple[int, int], assets: AssetReader
) -> Image.Image:
    """Return an image at a size; the newest few are kept, since a text is drawn anew more often than its image."""
    global _recent_images  # noqa: PLW0603 - replaced as a whole, so that threads need no lock
    key = (reference.sha256, fit, size)
    for known, drawn in _recent_images:
        if known == key:
            return drawn
    drawn = draw_image(reference, fit, size, assets)
    kept = [(key, drawn), *_recent_images]
    while len(kept) > 1 and sum(one.width * one.height for _, one in kept) > MOST_CACHED_PIXELS:
        kept.pop()
    _recent_images = tuple(kept)
    return drawn


def draw_image(reference: AssetReference, fit: ImageFit, size: tuple[int, int], assets: AssetReader) -> Image.Image:
    """Return the image in RGB at exactly ``size``.

    Raises:
        ImageUnusable: it is missing, broken, or has more than 60 million pixels.
    """
    decoded = _decode_image(reference, size, assets)
    if fit is ImageFit.COVER:
        return _crop_to_cover(decoded, size)
    return _fit_with_backdrop(decoded, size)


def _crop_to_cover(decoded: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the part of an image that fills a box: its middle, or a little above, where people have their heads."""
    scale = max(size[0] / decoded.width, size[1] / decoded.height)
    width, height = min(decoded.width, size[0] / scale), min(decoded.height, size[1] / scale)
    left, top = (decoded.width - width) * 0.5, (decoded.height - height) * 0.4
    box = (left, top, left + width, top + height)
    return decoded.resize(size, Image.Resampling.BICUBIC, box, reducing_gap=2.0)


def _fit_with_backdrop(decoded: Image.Image, size: tuple[int, int]) -> Image.Image:
    whole = ImageOps.contain(decoded, size, Image.Resampling.BICUBIC)
    if whole.size == size:
        return whole
    # Bars beside the image are filled with a dark, blurred copy of it. The blur is computed on a sixteenth of the
    # size and enlarged: it looks the same and costs a hundredth.
    small = (max(1, size[0] // 16), max(1, size[1] // 16))
    backdrop = ImageOps.fit(decoded.reduce(max(1, min(decoded.size) // 256)), small, Image.Resampling.BOX)
    backdrop = backdrop.filter(ImageFilter.GaussianBlur(max(1, min(small) / 14))).point(lambda value: value * 0.55)
    frame = backdrop.resize(size, Image.Resampling.BICUBIC)
    frame.paste(whole, ((size[0] - whole.width) // 2, (size[1] - whole.height) // 2))
    return frame


def _decode_image(reference: AssetReference, size: tuple[int, int], assets: AssetReader) -> Image.Image:
    name = reference.sha256[:12]
    try:
        content = assets(reference)
    except OSError as error:
        raise _unusable_image(
            "missing", name, f"The image {name} is not there. Add it to the library again."
        ) from error
    try:
        with warnings.catch_warnings():
            # Pillow warns at 90 million pixels and refuses at twice that; our own limit below is lower,
            # and says what to do.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return _open_image(content, name, size)
    except ImageUnusable:
        raise
    except Exception as error:  # a decoder may raise anything on a broken file
        message = f"The image {name} cannot be read. Save it again as JPEG or PNG and replace it."
        raise _unusable_image("broken", name, message) from error


def _open_image(content: bytes, name: str, size: tuple[int, int]) -> Image.Image:
    with Image.open(BytesIO(content), formats=_FORMATS) as opened:
        pixels = opened.width * opened.height
        if pixels > MOST_PIXELS:
            message = (
                f"The image {name} has {pixels // 1_000_000} million pixels, and {MOST_PIXELS // 1_000_000} million"
                " are the most that can be shown. Make it smaller and replace it."
            )
            raise _unusable_image("too-large", name, message)
        # JPEG can be decoded at a half, a quarter or an eighth of its size: less time and memory than to
        # scale it afterwards.
        opened.draft("RGB", size)
        ImageOps.exif_transpose(opened, in_place=True)
        return _flatten_transparency(opened)


def _flatten_transparency(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    # On white, as the image looks in a browser or a document; on black, a dark logo would vanish.
    ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


def _unusable_image(reason: str, name: str, message: str) -> ImageUnusable:
    return ImageUnusable(message, reason=reason, picture=name)
