"""Legibility: the least height of letters by distance, technology and size of a zone."""

from __future__ import annotations

import pytest
from tests.support.canvases import LCD, LED, canvas_of, zone_of

from beffroi_content.raster.legibility import (
    CAPITAL_MM_PER_METRE,
    is_crisp,
    least_capital,
    mean_side,
    minimum_capital,
    pixel_pitch_mm,
    target_capital,
)


def test_a_capital_seen_under_0_7_degrees_has_12_2_millimetres_a_metre():
    import math

    assert pytest.approx(math.tan(math.radians(0.7)) * 1000, abs=0.05) == CAPITAL_MM_PER_METRE


def test_the_pitch_is_height_by_pixels():
    screen_class = canvas_of().screen_class
    assert pixel_pitch_mm(screen_class) == screen_class.physical_height_mm / screen_class.height


@pytest.mark.parametrize(("size", "expected"), [((100, 100), 100), ((400, 100), 200), ((1, 1), 1)])
def test_the_mean_side_is_geometric(size, expected):
    assert mean_side(size) == expected


@pytest.mark.parametrize(
    ("size", "technology", "depth", "expected"),
    [
        ((1920, 1080), LCD, 24, False),
        ((1920, 1080), LCD, 1, True),
        ((128, 64), LED, 24, True),
        ((320, 192), LED, 24, True),
        ((1920, 1080), LED, 24, False),
        ((640, 360), LED, 24, False),
        ((640, 359), LED, 24, True),
        ((128, 64), LCD, 24, True),
        ((1920, 89), LCD, 24, True),
        ((1920, 90), LCD, 24, False),
    ],
)
def test_panels_one_colour_displays_and_very_small_zones_are_crisp(size, technology, depth, expected):
    assert is_crisp(canvas_of(size, technology, depth)) is expected


@pytest.mark.parametrize(
    ("size", "technology", "expected"),
    [((1920, 1080), LCD, 11), ((128, 64), LED, 7), ((128, 23), LED, 5), ((47, 64), LED, 5), ((48, 24), LED, 7)],
)
def test_letters_keep_their_shape(size, technology, expected):
    assert least_capital(canvas_of(size, technology)) == expected


def test_a_zone_has_smaller_letters_than_its_screen_but_never_under_the_least():
    canvas = canvas_of()
    sizes = [minimum_capital(zone_of(canvas, (1920 // n, 1080 // n))) for n in range(1, 12)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] >= 11


def test_the_target_is_never_forced_above_a_share_of_the_page():
    far = canvas_of()
    distant = far.screen_class.replace(viewing_distance_mm=60_000)
    canvas = type(far)(far.size, distant, far.town, far.time_zone, far.locale)
    assert target_capital(distant) > 400
    assert minimum_capital(canvas) == round(0.03 * mean_side(far.size))


def test_the_same_pixels_on_a_larger_screen_may_be_smaller():
    small = canvas_of().screen_class
    large = small.replace(physical_height_mm=small.physical_height_mm * 3)
    assert target_capital(large) == pytest.approx(target_capital(small) / 3)
