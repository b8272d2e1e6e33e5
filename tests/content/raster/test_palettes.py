"""Colours and letter heights: what must be readable is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.model import DisplayTechnology, ScreenClass
from beffroi_content.raster import Canvas
from beffroi_content.raster.graphics.palettes import LEAST_CONTRAST, contrast_ratio, panel_palette, town_palette
from beffroi_content.raster.legibility import least_capital, minimum_capital, target_capital
from beffroi_content.templates.gallery import make_screen_class, sample_canvas

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


def test_contrast_is_that_of_wcag():
    assert round(contrast_ratio((0, 0, 0), (255, 255, 255)), 2) == 21
    assert round(contrast_ratio((0xCC, 0, 0), (255, 255, 255)), 1) == 5.9


@given(COLOURS)
def test_text_can_be_read_whatever_the_towns_colour(colour):
    palette = town_palette(colour)
    pairs = [(palette.ink, palette.paper), (palette.soft_ink, palette.paper), (palette.accent, palette.paper)]
    pairs += [(palette.ink, palette.tint), (palette.soft_ink, palette.tint), (palette.accent, palette.tint)]
    pairs += [(palette.band_ink, palette.band), (palette.band_soft, palette.band)]
    assert all(contrast_ratio(*pair) >= LEAST_CONTRAST for pair in pairs), (
        colour,
        [contrast_ratio(*pair) for pair in pairs],
    )


@given(COLOURS, st.sampled_from((1, 8, 24)))
def test_text_can_be_read_on_a_panel(colour, depth):
    palette = panel_palette(colour, depth)
    assert all(contrast_ratio(each, palette.paper) >= 7 for each in (palette.ink, palette.soft_ink, palette.accent))


def test_the_target_is_0_7_degrees():
    near = ScreenClass(name="Borne", width=1000, height=1000, physical_height_mm=1000, viewing_distance_mm=1000)
    assert round(target_capital(near), 1) == 12.2
    assert round(target_capital(near.replace(viewing_distance_mm=3000)), 1) == 36.6


def test_a_nearer_passer_by_allows_smaller_letters():
    far = make_screen_class(1080, 1920)
    near = far.replace(viewing_distance_mm=1_000)
    assert minimum_capital(sample_canvas(near)) < minimum_capital(sample_canvas(far))
    assert minimum_capital(sample_canvas(near)) >= target_capital(near) - 0.5


@given(st.integers(16, 4000), st.integers(16, 4000), st.sampled_from(DisplayTechnology), st.integers(1, 60_000))
def test_no_minimum_is_under_the_floor(width, height, technology, distance):
    classed = make_screen_class(width, height, technology).replace(viewing_distance_mm=distance)
    canvas: Canvas = sample_canvas(classed)
    assert minimum_capital(canvas) >= least_capital(canvas) >= 5
