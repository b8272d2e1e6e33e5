"""The test card and the numbers, as somebody before the screen reads them."""

from __future__ import annotations

import pytest

from beffroi_content.model import DisplayTechnology, ScreenClass, ScreenSettings, Town
from beffroi_content.rendering import Canvas, draw_number, draw_test_card


@pytest.mark.parametrize(
    ("size", "kind"),
    [((1920, 1080), "lcd"), ((1080, 1920), "lcd"), ((128, 64), "led"), ((384, 32), "led"), ((16, 16), "led")],
)
def test_edges_corners_and_colours_are_there_in_every_shape(size, kind):
    display = ScreenClass(
        name="", width=size[0], height=size[1], physical_height_mm=700, viewing_distance_mm=5_000,
        technology=DisplayTechnology(kind),
    )  # fmt: skip
    canvas = Canvas.for_screen(ScreenSettings(screen_class=display, town=Town(name="Saint-Aubin")))
    image = draw_test_card("Hall de la mairie", ["Full HD", "0°"], canvas)
    assert image.size == size
    right, bottom = size[0] - 1, size[1] - 1
    assert {image.getpixel(corner) for corner in ((0, 0), (right, 0), (0, bottom), (right, bottom))} == {
        (255, 255, 255)
    }
    inside = [image.getpixel(at) for at in ((1, 1), (right - 1, 1), (right - 1, bottom - 1), (1, bottom - 1))]
    if min(size) >= 32:
        assert inside == [(255, 0, 0), (0, 255, 0), (255, 255, 0), (0, 0, 255)]
    numbers = [draw_number(number, "Hall", canvas) for number in (1, 2, 999)]
    assert len({each.tobytes() for each in numbers}) == 3
