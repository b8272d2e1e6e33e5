"""Geometry of transitions: which pixels of the panel show the previous image, and which the new one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_player.outputs.drawing.composition import Area, PanelComposition

SIZE = (320, 180)
ROTATIONS = st.sampled_from([0, 90, 180, 270])
AREAS = st.sampled_from([None, (0, 0, 160, 180), (40, 20, 101, 77)])
PROGRESS = st.floats(0, 1)


def step(rotation: int, progress: float, changing_area: Area | None = None) -> PanelComposition:
    return PanelComposition(SIZE, (), rotation=rotation, progress=progress, changing_area=changing_area)


def is_within(inner: Area, outer: Area) -> bool:
    return (
        inner[0] >= outer[0]
        and inner[1] >= outer[1]
        and inner[0] + inner[2] <= outer[0] + outer[2]
        and inner[1] + inner[3] <= outer[1] + outer[3]
    )


@given(rotation=ROTATIONS, progress=PROGRESS, changing=AREAS)
def test_the_new_image_stays_within_the_area_of_the_transition(
    rotation: int, progress: float, changing: Area | None
) -> None:
    composition = step(rotation, progress, changing)
    for covered in (composition.pushed_in_area(), composition.wiped_area()):
        assert is_within(covered, composition.transition_area)
        assert min(covered[2:]) >= 0


@given(rotation=ROTATIONS, changing=AREAS)
def test_the_new_image_covers_nothing_at_first_and_everything_at_last(rotation: int, changing: Area | None) -> None:
    first, last = step(rotation, 0.0, changing), step(rotation, 1.0, changing)
    for area in (first.pushed_in_area(), first.wiped_area()):
        assert area[2] * area[3] == 0
    assert last.pushed_in_area() == last.wiped_area() == last.transition_area
    (before, after), (ended, arrived) = first.push_offsets(), last.push_offsets()
    assert before == arrived == (0, 0)
    assert after != (0, 0)
    assert ended != (0, 0)


@given(rotation=ROTATIONS, progress=PROGRESS, changing=AREAS)
def test_the_two_images_of_a_push_touch_without_gap_or_overlap(
    rotation: int, progress: float, changing: Area | None
) -> None:
    composition = step(rotation, progress, changing)
    (_, _, width, height), (right, down) = composition.transition_area, composition.right_direction
    (x, y), (new_x, new_y) = composition.push_offsets()
    assert (new_x - x, new_y - y) == (right * width, down * height)


@pytest.mark.parametrize(("rotation", "pushed", "wiped"), [
    (0, (240, 0, 80, 180), (0, 0, 80, 180)),
    (90, (0, 135, 320, 45), (0, 0, 320, 45)),
    (180, (0, 0, 80, 180), (240, 0, 80, 180)),
    (270, (0, 0, 320, 45), (0, 135, 320, 45)),
])  # fmt: skip
def test_the_direction_is_that_of_the_upright_image(rotation: int, pushed: Area, wiped: Area) -> None:
    """A quarter of the way: a push comes from the right of the passer-by, a wipe from the left."""
    composition = step(rotation, 0.25)
    assert (composition.pushed_in_area(), composition.wiped_area()) == (pushed, wiped)


@pytest.mark.parametrize(("progress", "factor"), [(0.0, 1.08), (0.5, 1.04), (1.0, 1.0)])
def test_a_zoom_ends_at_the_size_of_the_image(progress: float, factor: float) -> None:
    assert step(0, progress).zoom_factor() == pytest.approx(factor)
