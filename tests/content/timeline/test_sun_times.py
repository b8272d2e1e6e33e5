"""Sunrise and sunset against tables of the Institut de mécanique céleste, in UTC."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.model import SunEvent
from beffroi_content.timeline.sun_times import sun_minutes

days = st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))


@given(days, st.floats(-60, 60), st.floats(-180, 180))
def test_the_sun_rises_before_it_sets(day, latitude, longitude):
    rise, fall = (sun_minutes(day, event, latitude, longitude) for event in SunEvent)
    assert 0 < fall - rise < 24 * 60


@given(days, st.floats(-89, 89), st.floats(-179, 178))
def test_a_degree_further_east_it_rises_four_minutes_earlier(day, latitude, longitude):
    here = sun_minutes(day, SunEvent.SUNRISE, latitude, longitude)
    assert here - sun_minutes(day, SunEvent.SUNRISE, latitude, longitude + 1) == pytest.approx(4)


@given(st.integers(2000, 2100), st.floats(-60, 60))
def test_at_an_equinox_day_and_night_are_nearly_equal(year, latitude):
    day = dt.date(year, 3, 20)
    rise, fall = (sun_minutes(day, event, latitude, 0) for event in SunEvent)
    assert fall - rise == pytest.approx(12 * 60, abs=20)


@pytest.mark.parametrize(("latitude", "longer"), [(48.86, dt.date(2026, 6, 21)), (-21.1, dt.date(2026, 12, 21))])
def test_days_are_longest_in_the_summer_of_the_place(latitude, longer):
    lengths = {}
    for day in (dt.date(2026, 6, 21), dt.date(2026, 12, 21)):
        rise, fall = (sun_minutes(day, event, latitude, 0) for event in SunEvent)
        lengths[day] = fall - rise
    assert max(lengths, key=lengths.get) == longer


@pytest.mark.parametrize(
    ("day", "length_h"), [(dt.date(2026, 6, 21), 24), (dt.date(2026, 12, 21), 0)], ids=["midsummer", "midwinter"]
)
def test_beyond_the_polar_circle_a_day_has_24_hours_or_none(day, length_h):
    rise, fall = (sun_minutes(day, event, 78.2, 15.6) for event in SunEvent)
    assert fall - rise == pytest.approx(length_h * 60)


@pytest.mark.parametrize("latitude", [90, -90, 89.95])
def test_the_poles_have_a_time_too(latitude):
    assert sun_minutes(dt.date(2026, 3, 20), SunEvent.SUNRISE, latitude, 0) is not None
