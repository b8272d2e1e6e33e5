"""Chimes before the words of an alert: synthesised notes of a bell, pure functions.

Nothing here can be taken for the signals of the state. The French siren (SAIP) is 380 Hz, swept over 1 min 41 s; the
signal of EU-Alert phones is 853 Hz and 960 Hz together, on and off (ETSI TS 102 900). A chime is a few notes of fixed
pitch, each struck once and dying away, and over within four seconds. Its notes are of C major between 500 and 800 Hz,
which old ears and small loudspeakers both do well.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate, repeat
from operator import add, mul
from types import MappingProxyType
from typing import NamedTuple

SAMPLE_RATE = 22_050
"""Samples a second, of one channel: that of the voices of eSpeak NG."""
FULL_SCALE = 32_767
_C5, _E5, _G5 = 523.25, 659.26, 783.99
_STRIKE_S = 0.012
"""How long a note takes to begin: at once it would click."""
_FADE_S = 0.08
"""How long it takes to end."""
_PARTIALS = ((1, 1.0), (2, 0.35), (3, 0.12))
"""Multiples of the pitch, and how loud each is: a bell without its jangle."""
_TABLE = 2_048


class ChimeNote(NamedTuple):
    """One struck note."""

    hertz: float
    starts_s: float
    lasts_s: float


def _notes(*pitches: float, starts_s: float = 0.0) -> tuple[ChimeNote, ...]:
    last = len(pitches) - 1
    return tuple(
        ChimeNote(hertz, starts_s + 0.42 * number, 1.1 if number == last else 0.7)
        for number, hertz in enumerate(pitches)
    )


CHIMES: Mapping[str, tuple[ChimeNote, ...]] = MappingProxyType({
    "alert": _notes(_C5, _E5, _G5),
    "emergency": (*_notes(_C5, _E5, _G5), *_notes(_C5, _E5, _G5, starts_s=2.0)),
    "exercise": _notes(_E5, _E5),
    "all-clear": _notes(_G5, _E5, _C5),
    "trial": _notes(_E5),
})  # fmt: skip
"""By name. They rise for an alert, twice for an emergency, fall when it is over, and stay level in practice."""


def chime_samples(notes: Sequence[ChimeNote], volume: int) -> array[int]:
    """Return notes as 16-bit samples of one channel at ``SAMPLE_RATE``; the first and the last sample are 0.

    Args:
        notes: They may overlap.
        volume: The peak, in percent of full scale: 1 to 100.
    """
    length_s = max((note.starts_s + note.lasts_s for note in notes), default=0.0)
    mixed = [0.0] * (round(length_s * SAMPLE_RATE) + 1)
    for note in notes:
        struck, start = _struck_note(note.hertz, note.lasts_s), round(note.starts_s * SAMPLE_RATE)
        mixed[start : start + len(struck)] = map(add, mixed[start : start + len(struck)], struck)
    return _with_peak(mixed, volume)


def with_peak(samples: Sequence[int], volume: int) -> array[int]:
    """Return samples scaled to a peak, in percent of full scale; silence stays silence."""
    return _with_peak(samples, volume)


def _with_peak(samples: Sequence[float], volume: int) -> array[int]:
    peak = max(max(samples, default=0), -min(samples, default=0))
    limit = FULL_SCALE * min(100, max(0, volume)) // 100
    gain = limit / peak if peak else 0.0
    return array("h", [int(value * gain) for value in samples])


@lru_cache(maxsize=16)
def _struck_note(hertz: float, lasts_s: float) -> Sequence[float]:
    """Return one note from its strike to its end."""
    count, step, wave = round(lasts_s * SAMPLE_RATE), hertz * _TABLE / SAMPLE_RATE, _wave_table()
    decay = math.exp(-4.0 / count)
    amplitudes = list(accumulate(repeat(decay, count - 1), mul, initial=1.0))
    for number in range(strike := round(_STRIKE_S * SAMPLE_RATE)):
        amplitudes[number] *= number / strike
    for number in range(fade := round(_FADE_S * SAMPLE_RATE)):
        amplitudes[count - 1 - number] *= number / fade
    return [amplitude * wave[int(number * step) % _TABLE] for number, amplitude in enumerate(amplitudes)]


@cache
def _wave_table() -> list[float]:
    """Return one turn of the tone of a note."""
    turn = 2 * math.pi / _TABLE
    return [sum(share * math.sin(times * at * turn) for times, share in _PARTIALS) for at in range(_TABLE)]
