"""Moments and spans: arithmetic of two clocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.timeline import ClockState, Moment
from beffroi_content.timeline.moment import FAR_MS, TimeSpan

instants = st.integers(-(10**6), 10**6)
spans = st.builds(TimeSpan, st.none() | instants, instants)


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (TimeSpan(1, 9), TimeSpan(3, 7), TimeSpan(3, 7)),
        (TimeSpan(1, 5), TimeSpan(3, 9), TimeSpan(3, 5)),
        (TimeSpan(None, 5), TimeSpan(3, 9), TimeSpan(3, 5)),
        (TimeSpan(None), TimeSpan(3, 9), TimeSpan(3, 9)),
        (TimeSpan(None), TimeSpan(None), TimeSpan(None, FAR_MS)),
        (TimeSpan(0, 5), TimeSpan(None, 9), TimeSpan(0, 5)),
    ],
)
def test_the_intersection_of_two_spans_is_what_they_have_in_common(one, other, common):
    assert one.intersect_with(other) == other.intersect_with(one) == common


@given(spans, spans, spans)
def test_intersections_may_be_taken_in_any_order(one, other, third):
    assert one.intersect_with(one) == one
    left = one.intersect_with(other).intersect_with(third)
    assert left == one.intersect_with(other.intersect_with(third))


@given(instants, instants, instants)
def test_both_clocks_run_on_together(unix_ms, uptime_ms, later_ms):
    moment = Moment(unix_ms, uptime_ms, ClockState.CARRIED)
    later = moment.at(later_ms)
    assert (later.unix_ms, later.clock) == (later_ms, ClockState.CARRIED)
    assert later.uptime_ms - uptime_ms == later_ms - unix_ms
    assert later.at(unix_ms) == moment
