"""Colours and letter heights: what must be readable is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.model import DisplayTechnology, ScreenClass
from beffroi_content.raster.graphics.palettes import (
    INK,
    LEAST_CONTRAST,
    contrast_ratio,
    dark_palette,
    ink_on,
    mix_colours,
    panel_palette,
    parse_colour,
    readable_colour,
    relative_luminance,
    town_palette,
)
from beffroi_content.raster.legibility import least_capital, minimum_capital, target_capital
from beffroi_content.rendering import Canvas
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas

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


@given(COLOURS)
def test_text_can_be_read_at_night(colour):
    palette = dark_palette(colour)
    pairs = [(palette.ink, palette.paper), (palette.soft_ink, palette.paper), (palette.accent, palette.paper)]
    pairs += [(palette.ink, palette.tint), (palette.accent, palette.tint)]
    pairs += [(palette.band_ink, palette.band), (palette.band_soft, palette.band)]
    assert all(contrast_ratio(*pair) >= LEAST_CONTRAST for pair in pairs), (colour, pairs)


@given(COLOURS)
def test_a_page_at_night_does_not_dazzle(colour):
    palette = dark_palette(colour)
    assert relative_luminance(palette.paper) < 0.02
    assert relative_luminance(palette.band) <= 0.25
    assert relative_luminance(palette.tint) < 0.1


@given(COLOURS)
def test_a_band_is_told_from_the_paper_by_day_and_by_night(colour):
    for palette in (town_palette(colour), dark_palette(colour)):
        assert contrast_ratio(palette.band, palette.paper) >= 1.3


RGBS = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))


@given(RGBS, RGBS)
def test_contrast_is_the_same_both_ways_and_within_its_range(one, other):
    assert contrast_ratio(one, other) == contrast_ratio(other, one)
    assert 1 <= contrast_ratio(one, other) <= 21.01


@given(RGBS, RGBS)
def test_a_colour_that_can_be_read_is_left_alone_and_any_other_is_moved(colour, ground):
    moved = readable_colour(colour, ground)
    assert contrast_ratio(moved, ground) >= LEAST_CONTRAST
    if contrast_ratio(colour, ground) >= LEAST_CONTRAST:
        assert moved == colour


@given(RGBS)
def test_some_ink_can_be_read_on_any_ground(ground):
    assert contrast_ratio(ink_on(ground), ground) >= LEAST_CONTRAST


def test_white_is_preferred_as_ink_where_both_can_be_read():
    assert ink_on((118, 118, 118)) == (255, 255, 255)
    assert ink_on((255, 255, 255)) == INK


def test_colours_are_parsed_and_mixed():
    assert parse_colour("#1d4f91") == (29, 79, 145)
    assert parse_colour("#FFFFFF") == (255, 255, 255)
    assert mix_colours((0, 0, 0), (200, 100, 50), 0) == (0, 0, 0)
    assert mix_colours((0, 0, 0), (200, 100, 50), 1) == (200, 100, 50)
    assert mix_colours((0, 0, 0), (200, 100, 50), 0.5) == (100, 50, 25)


def test_luminance_is_that_of_srgb():
    assert relative_luminance((0, 0, 0)) == 0
    assert round(relative_luminance((255, 255, 255)), 6) == 1
    assert round(relative_luminance((255, 0, 0)), 4) == 0.2126
    assert round(relative_luminance((128, 128, 128)), 3) == 0.216


@given(COLOURS)
def test_one_colour_is_white_on_black(colour):
    palette = panel_palette(colour, 1)
    assert {palette.ink, palette.soft_ink, palette.accent} == {(255, 255, 255)}
    assert {palette.paper, palette.tint} == {(0, 0, 0)}
