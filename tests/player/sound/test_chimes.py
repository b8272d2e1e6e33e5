"""Chimes: never louder than allowed, without a click, and nothing that people know as another signal."""

from __future__ import annotations

import cmath
import math
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_player.sound.chimes import CHIMES, FULL_SCALE, SAMPLE_RATE, ChimeNote, chime_samples, with_peak

notes = st.lists(
    st.builds(
        ChimeNote, st.floats(200, 2_000), st.floats(0, 0.2), st.floats(0.1, 0.3)
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@given(notes, st.integers(1, 100))
@settings(max_examples=10, deadline=None)
def test_a_chime_has_its_length_and_its_peak_and_begins_and_ends_in_silence(struck, volume):
    samples = chime_samples(struck, volume)
    lasts = max(note.starts_s + note.lasts_s for note in struck)
    assert abs(len(samples) / SAMPLE_RATE - lasts) < 0.001
    assert samples[0] == samples[-1] == 0
    limit = FULL_SCALE * volume // 100
    assert limit - 1 <= max(map(abs, samples)) <= limit


@pytest.mark.parametrize("name", sorted(CHIMES))
def test_no_chime_clicks_or_lasts_longer_than_four_seconds(name):
    samples = chime_samples(CHIMES[name], 100)
    assert 1 <= len(samples) / SAMPLE_RATE <= 4
    # From one sample to the next no further than its highest partial moves: a click would jump.
    steepest = FULL_SCALE * 2 * math.pi * 3 * 784 / SAMPLE_RATE
    assert max(abs(samples[at + 1] - samples[at]) for at in range(len(samples) - 1)) < steepest
    assert max(abs(value) for value in samples[-200:]) < FULL_SCALE / 50


def loudness(samples: array[int], hertz: float) -> float:
    """Return how much there is of a pitch in the second after the last strike (a discrete Fourier transform)."""
    part = samples[-SAMPLE_RATE:]
    turn = -2j * math.pi * hertz / SAMPLE_RATE
    return abs(sum(value * cmath.exp(turn * at) for at, value in enumerate(part)))


@pytest.mark.parametrize("signal", [380.0, 853.0, 960.0], ids=["siren", "phones-low", "phones-high"])
def test_an_alert_has_nothing_of_siren_and_phones(signal):
    samples = chime_samples(CHIMES["alert"], 100)
    assert loudness(samples, signal) < loudness(samples, 783.99) / 20


def test_each_kind_is_another_sound():
    assert len(set(CHIMES.values())) == len(CHIMES)


def test_pitches_rise_for_an_alert_fall_at_its_end_and_stay_in_practice():
    pitches = {name: [note.hertz for note in each] for name, each in CHIMES.items()}
    assert pitches["alert"] == sorted(pitches["alert"])
    assert pitches["all-clear"] == sorted(pitches["alert"], reverse=True)
    assert len(set(pitches["exercise"])) == 1


def test_silence_has_no_peak():
    assert with_peak([0, 0], 50) == array("h", [0, 0])
    assert with_peak([], 50) == array("h")
