"""Layouts as data: zones, sizes, the place of a banner."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from beffroi_content.model import FULL_SCREEN, Layout, LayoutZone, Rectangle, banner_rectangle

sides = st.integers(16, 7680)


def zone(name: str, **changes) -> LayoutZone:
    return LayoutZone(id=name, rectangle=Rectangle(**{"width": 100, "height": 50} | changes))


@given(sides, sides)
def test_a_full_screen_is_one_zone_of_its_size(width, height):
    layout = Layout.full_screen((width, height))
    assert [each.id for each in layout.zones] == [FULL_SCREEN]
    assert layout.size == layout.zones[0].rectangle.size == (width, height)


def test_the_size_of_a_layout_reaches_to_its_farthest_zones():
    layout = Layout(zones=(zone("a"), zone("b", x=300, y=10), zone("c", y=500, height=20)))
    assert layout.size == (400, 520)


@pytest.mark.parametrize(
    ("names", "complaint"),
    [(["a", "a"], "same name"), ([], "at least 1"), ([f"z{n}" for n in range(17)], "at most 16")],
)
def test_a_layout_has_one_to_sixteen_zones_of_different_names(names, complaint):
    with pytest.raises(ValidationError, match=complaint):
        Layout(zones=tuple(zone(name) for name in names))


@pytest.mark.parametrize(
    "wrong",
    [{"width": 0}, {"height": 0}, {"width": 7681}, {"height": 7681}, {"x": -1}, {"y": -1}, {"x": 7681}],
    ids=str,
)
def test_a_rectangle_lies_on_a_display(wrong):
    with pytest.raises(ValidationError):
        Rectangle(**{"width": 1, "height": 1} | wrong)


@pytest.mark.parametrize(
    ("size", "height"),
    [
        *(((1920, 1080), 216), ((1080, 1920), 320), ((3840, 2160), 432), ((3840, 600), 150), ((320, 192), 64)),
        *(((128, 64), 42), ((96, 48), 42), ((64, 32), 26), ((96, 16), 16), ((16, 128), 128)),
    ],
)
def test_a_banner_is_a_fifth_of_the_shorter_side_and_high_enough_for_a_sentence(size, height):
    assert banner_rectangle(size).height == height


@given(sides, sides)
def test_a_banner_lies_at_the_foot_within_the_screen(width, height):
    banner = banner_rectangle((width, height))
    assert (banner.x, banner.width) == (0, width)
    assert banner.y >= 0
    assert banner.y + banner.height == height
