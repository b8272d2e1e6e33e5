"""A sound to be played, as the agent hands it to the process that plays it, and what comes back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

LONGEST_S = 120.0
"""A sound that lasts longer is ended (Canada's alerts have the same limit)."""
PAUSE_S = 0.6
"""Silence before each language."""


class SoundOutcome(StrEnum):
    """What became of a sound; see :class:`beffroi_content.wire.reports.SoundResult`."""

    PLAYED = "played"
    CHIME_ONLY = "chime-only"
    QUIET_HOURS = "quiet-hours"
    NO_DEVICE = "no-device"
    TIMED_OUT = "timed-out"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def was_played(self) -> bool:
        """Whether there was something to hear to the end."""
        return self in {SoundOutcome.PLAYED, SoundOutcome.CHIME_ONLY}


@dataclass(frozen=True, slots=True)
class SoundRequest:
    """A sound to be played."""

    chime: str
    """One of ``CHIMES``."""
    volume: int
    """The loudest that anything is, in percent."""
    spoken: tuple[tuple[str, str], ...] = ()
    """Languages and texts, in order."""

    def to_json(self) -> bytes:
        """Return it as the process reads it."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> SoundRequest:
        """Return the request of a text that ``to_json`` has made."""
        found = json.loads(text)
        return cls(found["chime"], found["volume"], tuple((language, said) for language, said in found["spoken"]))
