"""The play log: what was shown, when and for how long, chained so that nobody can change it; and its messages."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from beffroi_content.model import Identifier, WireModel
from beffroi_content.model.base_models import Instant, Sha256, WholeNumber
from beffroi_content.timeline import ClockState
from beffroi_content.wire.documents import BoxIdentifier
from beffroi_content.wire.reports import PageNumber, PositiveNumber


class EndReason(StrEnum):
    """Reasons for which a showing ended, as far as the player knows for certain."""

    TIME = "time"
    """Its time was over: the next came."""
    ALERT = "alert"
    """An alert took the screen over before that."""
    PROGRAMME = "programme"
    """Another programme came before that."""
    WITHDRAWN = "withdrawn"
    """It was an alert, and the alert was over: withdrawn, at its end, or run down."""
    BROKEN = "broken"
    """Its frame could not be shown any more: something stood in for it."""
    NAME = "name"
    """The name of the screen was shown over everything, on command."""
    STANDBY = "standby"
    """The standby hours of the display began."""
    STOPPED = "stopped"
    """The player was ended as it should be."""
    DIED = "died"
    """The stage was gone without a word: a crash, kill, or a power cut. It was found by the next start, and the length
    is that up to the last instant at which it is known to have been on: some seconds less than the truth, or minutes
    after a power cut, and never more."""
    OTHER = "other"
    """None of these, such as: a broken file was repaired, a clock was set, or the server was silent for too long."""


NumberRange = tuple[PositiveNumber, PositiveNumber]
"""The first and the last of consecutive numbers of plays."""
MOST_RANGES = 10
"""Ranges of numbers in one message at most."""


class Play(WireModel):
    """One showing of one slide or alert."""

    number: PositiveNumber
    """Counts without a gap over the life of the player."""
    slide: Identifier | None = None
    alert: Identifier | None = None
    page: PageNumber = 0
    zone: Identifier | None = None
    started_at_ms: Instant
    lasted_ms: WholeNumber
    frame: Sha256 | None = None
    clock: ClockState
    ended: EndReason | Identifier | None = None
    """None: from a player that did not report it yet. A word that only a newer player knows is stored as it is."""
    chain: Sha256 | None = None
    """Of this play and the chain of the one before: see :func:`chain_digest`."""


FIRST_CHAIN = "0" * 64
"""The chain before the first play, and before the first after a log that was lost."""


def chain_digest(before: str, play: Play) -> str:
    """Return the chain of a play: nobody can change or take out one without changing all that follow.

    It is the SHA-256 of these, each on a line: the chain before, number, slide, alert, page, zone, Unix time of the
    start and length in milliseconds, digest of the frame, state of the clock, why it ended; what is missing is an empty
    line. Until 2026-11-27 the last of these was not among them: chains from before do not hold.
    """
    parts = (
        before, play.number, play.slide, play.alert, play.page, play.zone, play.started_at_ms, play.lasted_ms,
        play.frame, play.clock, play.ended,
    )  # fmt: skip
    return hashlib.sha256("\n".join("" if part is None else str(part) for part in parts).encode()).hexdigest()


class PlayLogBatch(WireModel):
    """A batch of the play log, in order. A number that the server has already is ignored."""

    plays: Annotated[tuple[Play, ...], Field(max_length=200)] = ()
    lost: Annotated[tuple[NumberRange, ...], Field(max_length=MOST_RANGES)] = ()
    """What the server has asked for and the player has not, or not any more: it need not ask again."""
    box: BoxIdentifier = ""
    """The machine that showed them: what two machines with one identity showed is never mixed."""


class HeldPlays(WireModel):
    """The plays of a screen that the server has. Its answer to a player that fetches documents contains it."""

    newest: WholeNumber = 0
    """The highest number; 0: none."""
    missing: Annotated[tuple[NumberRange, ...], Field(max_length=MOST_RANGES)] = ()
    """What is missing below it, lowest first; there may be more than is named."""
