"""Geometry and images of panels that hang turned."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.model import Rectangle
from beffroi_player.stage.frame_images import (
    BAND_PIXELS,
    BrokenFrame,
    compose_frame,
    load_image,
    rotate_for_panel,
    surface_bytes,
    upright_bands,
    upright_rgb,
)
from beffroi_player.stage.panel_geometry import panel_area, panel_size, rotate_area

ROTATIONS = (0, 90, 180, 270)
SIZE = (7, 5)


def numbered_image(size: tuple[int, int]) -> pygame.Surface:
    """Return an image in which every pixel has a colour of its own."""
    image = pygame.Surface(size, depth=32)
    for x, y in product(range(size[0]), range(size[1])):
        image.set_at((x, y), (x % 256, y % 256, (x // 256) + 16 * (y // 256)))
    return image


@pytest.mark.parametrize(("rotation", "size"), [(0, (7, 5)), (90, (5, 7)), (180, (7, 5)), (270, (5, 7))])
def test_a_panel_that_hangs_on_its_side_is_as_wide_as_the_screen_is_high(rotation, size):
    assert panel_size(SIZE, rotation) == size
    assert panel_size(size, rotation) == SIZE


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_each_pixel_lies_where_pygame_turns_it_to(rotation):
    upright = numbered_image(SIZE)
    panel = rotate_for_panel(upright, rotation)
    assert panel.get_size() == panel_size(SIZE, rotation)
    for x, y in product(range(SIZE[0]), range(SIZE[1])):
        left, top, width, height = rotate_area((x, y, 1, 1), SIZE, rotation)
        assert (width, height) == (1, 1)
        assert panel.get_at((left, top)) == upright.get_at((x, y))


@given(
    st.sampled_from(ROTATIONS), st.integers(1, 4000), st.integers(1, 4000), st.integers(0, 4000), st.integers(0, 4000)
)
def test_an_area_within_the_screen_lies_within_the_panel_and_keeps_its_pixels(rotation, width, height, left, top):
    size = left + width + 3, top + height + 2
    x, y, across, down = rotate_area((left, top, width, height), size, rotation)
    panel = panel_size(size, rotation)
    assert across * down == width * height
    assert 0 <= x <= panel[0] - across
    assert 0 <= y <= panel[1] - down


@given(st.sampled_from(ROTATIONS), st.integers(0, 90), st.integers(0, 50), st.integers(1, 10), st.integers(1, 10))
def test_turning_back_is_turning_by_the_rest_of_the_circle(rotation, left, top, width, height):
    size = (100, 60)
    there = rotate_area((left, top, width, height), size, rotation)
    assert rotate_area(there, panel_size(size, rotation), (360 - rotation) % 360) == (left, top, width, height)


def test_a_rectangle_is_an_area_like_any_other():
    rectangle = Rectangle(x=1, y=2, width=3, height=2)
    assert panel_area(rectangle, SIZE, 90) == rotate_area((1, 2, 3, 2), SIZE, 90)


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_bands_are_the_upright_image_in_one_piece(rotation):
    size = (300, 2 * BAND_PIXELS // 300 + 7)
    upright = numbered_image(size)
    panel = rotate_for_panel(upright, rotation)
    pauses: list[int] = []
    bands = list(upright_bands(panel, rotation, lambda: pauses.append(1)))
    assert b"".join(bands) == pygame.image.tobytes(upright, "RGB") == upright_rgb(panel, rotation)
    assert len(bands) == len(pauses) == 3
    assert max(map(len, bands)) <= 3 * BAND_PIXELS


def test_a_row_that_is_longer_than_a_band_is_one_band():
    panel = pygame.Surface((BAND_PIXELS + 1, 2), depth=32)
    assert [len(band) for band in upright_bands(panel, 0)] == [3 * (BAND_PIXELS + 1)] * 2


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_parts_lie_at_their_places(rotation):
    red, blue = pygame.Surface((3, 2), depth=32), pygame.Surface((2, 2), depth=32)
    red.fill("red")
    blue.fill("blue")
    places = Rectangle(x=0, y=1, width=3, height=2), Rectangle(x=4, y=3, width=2, height=2)
    turned = [rotate_for_panel(part, rotation) for part in (red, blue)]
    frame = compose_frame(SIZE, rotation, list(zip(turned, places, strict=True)))
    upright = pygame.transform.rotate(frame, rotation)
    expected = dict.fromkeys(product(range(3), range(1, 3)), (255, 0, 0))
    expected |= dict.fromkeys(product(range(4, 6), range(3, 5)), (0, 0, 255))
    for x, y in product(range(SIZE[0]), range(SIZE[1])):
        assert tuple(upright.get_at((x, y))[:3]) == expected.get((x, y), (0, 0, 0)), (x, y)


def test_a_part_that_covers_everything_is_not_copied():
    below, above = pygame.Surface(SIZE, depth=32), pygame.Surface(SIZE, depth=32)
    full = Rectangle(width=SIZE[0], height=SIZE[1])
    assert compose_frame(SIZE, 0, [(below, full), (above, full)]) is above


def test_without_parts_a_frame_is_black():
    frame = compose_frame(SIZE, 90, [])
    assert frame.get_size() == (5, 7)
    assert frame.get_at((2, 3))[:3] == (0, 0, 0)


def test_transparency_does_not_matter():
    image = pygame.Surface((2, 2), pygame.SRCALPHA)
    image.fill((10, 20, 30, 0))
    assert rotate_for_panel(image, 0).get_at((1, 1))[:3] == (10, 20, 30)


@pytest.mark.parametrize("content", [None, b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_a_broken_frame_with_its_name(tmp_path: Path, content):
    path = tmp_path / "frame.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BrokenFrame, match=r"^frame\.png: "):
        load_image(path)


def test_the_memory_of_a_surface_is_its_pixels():
    assert surface_bytes(pygame.Surface((10, 6), depth=32)) == 240
