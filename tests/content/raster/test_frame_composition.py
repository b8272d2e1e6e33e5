"""Frame composition: zones put together, and the digest that names a frame."""

from __future__ import annotations

import hashlib

import pytest
from PIL import Image

from beffroi_content.model import Rectangle
from beffroi_content.raster.frame_composition import compose_frame, frame_digest, image_digest, rgb_bytes


def test_the_digest_is_over_size_and_bytes():
    rgb = bytes(range(12))
    assert frame_digest((2, 2), rgb) == hashlib.sha256(b"2x2\n" + rgb).hexdigest()
    assert frame_digest((2, 2), rgb) != frame_digest((4, 1), rgb)
    image = Image.frombytes("RGB", (2, 2), rgb)
    assert image_digest(image) == frame_digest((2, 2), rgb)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (7, 501), (1920, 1080)])
@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_the_bytes_of_an_image_are_those_of_pillow(size, mode):
    image = Image.radial_gradient("L").resize(size).convert(mode)
    assert rgb_bytes(image) == image.convert("RGB").tobytes()


def test_zones_are_laid_over_each_other_in_order():
    red, blue = Image.new("RGB", (10, 10), (255, 0, 0)), Image.new("RGB", (4, 4), (0, 0, 255))
    frame = compose_frame(
        (12, 10),
        [(Rectangle(width=10, height=10), red), (Rectangle(x=8, y=0, width=4, height=4), blue)],
    )
    assert frame.size == (12, 10)
    assert frame.getpixel((0, 0)) == (255, 0, 0)
    assert frame.getpixel((8, 0)) == (0, 0, 255)
    assert frame.getpixel((11, 9)) == (0, 0, 0)


def test_a_part_of_another_size_keeps_to_its_rectangle():
    red = Image.new("RGB", (10, 10), (255, 0, 0))
    frame = compose_frame((10, 10), [(Rectangle(width=5, height=5), red)])
    assert frame.getpixel((4, 4)) == (255, 0, 0)
    assert frame.getpixel((5, 5)) == (0, 0, 0)
