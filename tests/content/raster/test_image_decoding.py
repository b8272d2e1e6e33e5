"""Image decoding: any image at the size of its box, and an error with advice for one that cannot be used."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image

from beffroi_content.model import AssetReference, ImageFit
from beffroi_content.raster.errors import ImageUnusable
from beffroi_content.raster.image_decoding import MOST_CACHED_PIXELS, ImageCache, draw_image

RED, BLUE = (200, 30, 30), (30, 30, 200)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def reference_of(name: str = "1") -> AssetReference:
    return AssetReference(sha256=name * 64, size=1, media_type="image/png")


def reader_of(content: bytes) -> Callable[[AssetReference], bytes]:
    return lambda _: content


def halves(width: int = 400, height: int = 200) -> Image.Image:
    """Return an image that is red on its left and blue on its right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def is_near(pixel: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    return max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 30


@pytest.mark.parametrize("fit", ImageFit)
@pytest.mark.parametrize("size", [(400, 200), (100, 300), (1, 1), (1920, 100), (3, 700)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_kind_of_image_fills_its_box_exactly(kind, size, fit):
    drawn = draw_image(reference_of(), fit, size, reader_of(encoded(halves(), kind)))
    assert (drawn.size, drawn.mode) == (size, "RGB")


def test_covering_cuts_the_sides_and_keeps_the_middle():
    drawn = draw_image(reference_of(), ImageFit.COVER, (100, 100), reader_of(encoded(halves())))
    assert is_near(drawn.getpixel((10, 50)), RED)
    assert is_near(drawn.getpixel((90, 50)), BLUE)


def test_covering_a_flat_box_keeps_what_is_a_little_above_the_middle():
    image = Image.new("RGB", (100, 100), RED)
    image.paste(BLUE, (0, 36, 100, 44))
    drawn = draw_image(reference_of(), ImageFit.COVER, (100, 10), reader_of(encoded(image)))
    assert is_near(drawn.getpixel((50, 3)), BLUE)


def test_containing_shows_all_of_it_on_a_dark_blurred_copy():
    drawn = draw_image(reference_of(), ImageFit.CONTAIN, (400, 400), reader_of(encoded(halves())))
    assert is_near(drawn.getpixel((20, 200)), RED)
    assert is_near(drawn.getpixel((380, 200)), BLUE)
    backdrop = drawn.getpixel((20, 10))
    assert backdrop[0] > backdrop[2]
    assert sum(backdrop) < sum(RED)


def test_containing_in_the_same_shape_leaves_no_bars():
    drawn = draw_image(reference_of(), ImageFit.CONTAIN, (200, 100), reader_of(encoded(halves())))
    assert is_near(drawn.getpixel((1, 1)), RED)
    assert is_near(drawn.getpixel((198, 98)), BLUE)


def test_transparency_lies_on_white():
    image = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    drawn = draw_image(reference_of(), ImageFit.COVER, (50, 50), reader_of(encoded(image)))
    assert drawn.getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "RGBA", "I;16"])
def test_every_colour_mode_becomes_rgb(mode):
    source = Image.new(mode, (30, 20))
    content = encoded(source, "TIFF" if mode in ("CMYK", "I;16") else "PNG")
    assert draw_image(reference_of(), ImageFit.COVER, (30, 20), reader_of(content)).mode == "RGB"


def test_the_rotation_that_a_camera_noted_is_applied():
    image = halves(200, 100)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    content = encoded(image, "JPEG", exif=exif, quality=95)
    drawn = draw_image(reference_of(), ImageFit.COVER, (100, 200), reader_of(content))
    assert is_near(drawn.getpixel((50, 10)), RED)
    assert is_near(drawn.getpixel((50, 190)), BLUE)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"not an image", encoded(halves())[:60], b"\x89PNG\r\n\x1a\n" * 9])
def test_a_broken_image_says_to_save_it_again(content):
    with pytest.raises(ImageUnusable, match="Save it again as JPEG or PNG") as refusal:
        draw_image(reference_of(), ImageFit.COVER, (10, 10), reader_of(content))
    assert refusal.value.code == "picture-unusable"
    assert refusal.value.detail["reason"] == "broken"
    assert refusal.value.detail["picture"] == "1" * 12


@pytest.mark.parametrize("error", [FileNotFoundError, PermissionError, OSError])
def test_a_missing_image_says_to_add_it_again(error):
    def read(_: AssetReference) -> bytes:
        raise error

    with pytest.raises(ImageUnusable, match="Add it to the library again") as refusal:
        draw_image(reference_of(), ImageFit.COVER, (10, 10), read)
    assert refusal.value.detail["reason"] == "missing"


def test_a_format_that_is_not_on_the_list_is_not_even_tried():
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"
    with pytest.raises(ImageUnusable):
        draw_image(reference_of(), ImageFit.COVER, (10, 10), reader_of(postscript))


def test_an_image_is_read_once_for_all_pages_of_a_slide():
    read: list[str] = []
    content = encoded(halves())

    def assets(reference: AssetReference) -> bytes:
        read.append(reference.sha256)
        return content

    cache, reference = ImageCache(assets), reference_of("9")
    first = cache(reference, ImageFit.COVER, (64, 48))
    assert cache(reference, ImageFit.COVER, (64, 48)) is first
    assert len(read) == 1
    cache(reference, ImageFit.COVER, (32, 48))
    assert len(read) == 2


def test_the_newest_images_are_kept_for_the_next_slide():
    reference = reference_of("8")
    first = ImageCache(reader_of(encoded(halves())))(reference, ImageFit.COVER, (40, 40))

    def never(_: AssetReference) -> bytes:
        raise AssertionError("read again")

    assert ImageCache(never)(reference, ImageFit.COVER, (40, 40)) is first


def test_large_images_push_out_those_that_were_kept():
    small = reference_of("7")
    ImageCache(reader_of(encoded(halves())))(small, ImageFit.COVER, (40, 40))
    side = int(MOST_CACHED_PIXELS**0.5) + 1
    ImageCache(reader_of(encoded(halves())))(reference_of("6"), ImageFit.COVER, (side, side))
    read: list[str] = []

    def note(reference: AssetReference) -> bytes:
        read.append(reference.sha256)
        return encoded(halves())

    ImageCache(note)(small, ImageFit.COVER, (40, 40))
    assert read == [small.sha256]


class TestLogos:
    def test_keep_their_transparency_and_their_shape(self):
        logo = Image.new("RGBA", (300, 100), (0, 0, 0, 0))
        logo.paste((255, 0, 0, 255), (100, 0, 200, 100))
        drawn = ImageCache(reader_of(encoded(logo))).draw_logo(reference_of(), (60, 60))
        assert drawn is not None
        assert (drawn.size, drawn.mode) == ((60, 20), "RGBA")
        assert drawn.getpixel((2, 10))[3] == 0
        assert drawn.getpixel((30, 10)) == (255, 0, 0, 255)

    @pytest.mark.parametrize("content", [b"", b"not an image"])
    def test_that_cannot_be_read_are_left_out(self, content):
        assert ImageCache(reader_of(content)).draw_logo(reference_of(), (60, 60)) is None

    def test_that_are_gone_are_left_out(self):
        def gone(_: AssetReference) -> bytes:
            raise FileNotFoundError

        assert ImageCache(gone).draw_logo(reference_of(), (60, 60)) is None
