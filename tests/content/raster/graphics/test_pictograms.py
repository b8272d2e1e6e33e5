"""Pictograms: told apart at every size, within their square, and without grey on panels."""

from __future__ import annotations

import itertools

import pytest

from beffroi_content.raster.graphics import pictograms
from beffroi_content.raster.graphics.pictograms import hazard_stripes, pictogram_masks
from beffroi_content.templates.registry import hazard_declarations

SIGNS = [pictograms.WARNING, pictograms.CHECK, pictograms.INFORMATION, pictograms.CONE]
ALL = [*SIGNS, *(hazard.pictogram for hazard in hazard_declarations().values())]


@pytest.mark.parametrize("pictogram", ALL, ids=lambda each: each.name)
@pytest.mark.parametrize("size", [1, 8, 16, 40, 300])
@pytest.mark.parametrize("is_crisp", [True, False])
def test_masks_are_squares_of_the_asked_size(pictogram, size, is_crisp):
    for mask in pictogram_masks(pictogram, size, is_crisp):
        assert (mask.size, mask.mode) == ((size, size), "L")


@pytest.mark.parametrize("pictogram", ALL, ids=lambda each: each.name)
def test_a_pictogram_fills_much_of_its_square_but_not_all(pictogram):
    body, _ = pictogram_masks(pictogram, 100, False)
    share = sum(body.get_flattened_data()) / 255 / 100**2
    assert 0.08 < share < 0.85
    left, top, right, bottom = body.getbbox()
    assert right - left >= 55
    assert bottom - top >= 55


@pytest.mark.parametrize("pictogram", ALL, ids=lambda each: each.name)
def test_panels_get_black_and_white_only(pictogram):
    for mask in pictogram_masks(pictogram, 20, True):
        assert {value for _, value in mask.getcolors()} <= {0, 255}


def test_no_two_look_the_same_even_in_16_dots():
    drawn = {}
    for pictogram in ALL:
        body, hollow = pictogram_masks(pictogram, 16, True)
        drawn[pictogram.name] = [
            a and not b for a, b in zip(body.get_flattened_data(), hollow.get_flattened_data(), strict=True)
        ]
    for (one, dots), (other, others) in itertools.combinations(drawn.items(), 2):
        differing = sum(a != b for a, b in zip(dots, others, strict=True))
        assert differing > 20, (one, other)


def test_names_are_unique():
    assert len({pictogram.name for pictogram in ALL}) == len(ALL)


def test_masks_are_drawn_once():
    assert pictogram_masks(pictograms.CHECK, 33, False)[0] is pictogram_masks(pictograms.CHECK, 33, False)[0]


@pytest.mark.parametrize("size", [(300, 20), (20, 300), (1, 1), (7, 3)])
@pytest.mark.parametrize("is_crisp", [True, False])
def test_stripes_fill_their_size(size, is_crisp):
    stripes = hazard_stripes(size, (255, 200, 0), (0, 0, 0), is_crisp)
    assert (stripes.size, stripes.mode) == (size, "RGB")


def test_stripes_have_two_colours_in_equal_shares():
    stripes = hazard_stripes((400, 20), (255, 255, 255), (0, 0, 0), True)
    share = sum(stripes.convert("L").get_flattened_data()) / 255 / (400 * 20)
    assert 0.42 < share < 0.58
