"""Proof of play: audit of the plays of a screen against their hash chain.

Each play carries the SHA-256 of itself and of the chain before it. Whoever changes a play in the database, or removes
one, breaks the chain there. A player that lost its log, on a broken memory card, begins a new chain, which is reported.
Where plays were deleted by age, the chain goes on from the stored hash of the last of them: see ``retention``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from beffroi_content.timeline import ClockState
from beffroi_content.wire.plays import FIRST_CHAIN, EndReason, Play, chain_digest
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.play_models import PlayRecord


@dataclass(frozen=True, slots=True)
class PlayAudit:
    """The result of an audit: gaps, changed plays, new chains."""

    count: int
    missing: tuple[tuple[int, int], ...] = ()
    """First and last number of each gap."""
    broken: tuple[int, ...] = ()
    """Numbers of plays that do not follow from the one before."""
    begun: tuple[int, ...] = ()
    """Numbers, but the first, at which a new chain begins."""
    ended: Mapping[str, int] = field(default_factory=dict)
    """Number of plays by the reason of their end; the empty reason is that of a player that does not report it."""
    forgotten: int = 0
    """The last number that was deleted by age, with all below; 0 for none."""
    chain: str = ""
    """The chain up to that number, from which the first play goes on."""

    @property
    def is_whole(self) -> bool:
        """True if no play is missing and none was changed."""
        return not self.missing and not self.broken


def audit_plays(screen: Screen) -> PlayAudit:
    """Compare the plays of a screen with their chain."""
    missing: list[tuple[int, int]] = []
    broken: list[int] = []
    begun: list[int] = []
    ended: Counter[str] = Counter()
    state = ScreenState.objects.filter(screen=screen).first() or ScreenState()
    forgotten, chain = state.plays_forgotten, state.plays_chain
    before = (forgotten, chain) if forgotten else None
    for play in PlayRecord.objects.filter(screen=screen, number__gt=forgotten).order_by("number").iterator():
        ended[play.ended] += 1
        if before is not None and play.number != before[0] + 1:
            missing.append((before[0] + 1, play.number - 1))
        follows = before is not None and play.number == before[0] + 1
        if follows and before is not None and play.chain == _chain_hash(before[1], play):
            pass
        elif play.chain == _chain_hash(FIRST_CHAIN, play):
            begun += [play.number] * (before is not None)
        elif follows or before is None:
            broken.append(play.number)
        before = play.number, play.chain
    return PlayAudit(ended.total(), tuple(missing), tuple(broken), tuple(begun), ended, forgotten, chain)


def _chain_hash(before: str, play: PlayRecord) -> str:
    reported = Play.model_construct(
        number=play.number,
        slide=play.slide or None,
        alert=play.alert or None,
        page=play.page,
        zone=play.zone or None,
        started_at_ms=round(play.started_at.timestamp() * 1000),
        lasted_ms=play.lasted_ms,
        frame=play.frame or None,
        # As reported, even a value that only a newer player knows.
        clock=cast(ClockState, play.clock),
        ended=cast(EndReason, play.ended) or None,
    )
    return chain_digest(before, reported)
