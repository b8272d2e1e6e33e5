"""Steps come at the rate of the display, evenly, and the late ones are counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_player.stage.compositor.frame_pacing import MAX_RATE, USUAL_RATE, FramePacer, steps_per_second


@pytest.mark.parametrize(
    ("pictures", "steps"), [(0, 60), (24, 24), (30, 30), (50, 50), (60, 60), (75, 75), (100, 50), (120, 60), (144, 72)]
)
def test_something_moves_as_often_as_the_display_shows_pictures_or_with_each_second_one(pictures, steps):
    assert steps_per_second(pictures) == steps


@given(st.floats(0.1, 1_000))
def test_no_display_asks_for_more_than_can_be_seen(pictures):
    steps = steps_per_second(pictures)
    assert 0 < steps <= MAX_RATE
    assert pictures / steps == pytest.approx(round(pictures / steps))


@given(st.lists(st.floats(0, 8), min_size=2, max_size=60))
def test_steps_are_even_though_the_loop_wakes_a_little_late(lateness):
    pace = FramePacer()
    period = 1000 / USUAL_RATE
    at = [pace.note_step(1_000 + number * period + (late if number else 0)) for number, late in enumerate(lateness)]
    for number, instant in enumerate(at):
        assert instant == pytest.approx(1_000 + number * period)
    assert pace.late_steps == 0


def test_a_step_that_comes_much_too_late_is_counted_and_is_as_of_when_it_comes():
    pace = FramePacer()
    pace.note_step(1_000)
    assert pace.note_step(1_060) == 1_060
    assert pace.late_steps == 1
    assert pace.left_ms(1_060) == pytest.approx(1000 / USUAL_RATE)


def test_after_a_rest_the_next_step_is_the_first_again():
    pace = FramePacer()
    pace.note_step(1_000)
    pace.end_motion()
    assert not pace.is_moving
    assert pace.note_step(9_000) == 9_000
    assert pace.late_steps == 0
