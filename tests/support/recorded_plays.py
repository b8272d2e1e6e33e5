"""Plays of screens for tests, chained as a player chains them."""

from __future__ import annotations

import datetime as dt

from beffroi_content.wire.plays import FIRST_CHAIN, Play, chain_digest
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.play_models import PlayRecord

DAY = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)


class PlayRecorder:
    """Records the plays of one screen, one after the other, as if they had been received."""

    def __init__(self, screen: Screen) -> None:
        self.screen, self.number, self.chain = screen, 0, FIRST_CHAIN
        self.at = DAY

    def show(self, slide: str = "", *, alert: str = "", seconds: float = 10, times: int = 1, **values: object) -> None:
        """Record showings that follow on each other from ``at`` on."""
        for _ in range(times):
            self.number += 1
            play = Play.model_validate({
                "number": self.number, "slide": slide or None, "alert": alert or None, "zone": "main", "page": 0,
                "started_at_ms": round(self.at.timestamp() * 1000), "lasted_ms": round(seconds * 1000),
                "frame": "a" * 64, "clock": "trusted", "ended": "time", **values,
            })  # fmt: skip
            self.chain = chain_digest(self.chain, play)
            self._store(play)
            self.at += dt.timedelta(seconds=seconds)

    def skip(self, **length: float) -> None:
        """Let time pass without a showing."""
        self.at += dt.timedelta(**length)

    def _store(self, play: Play) -> None:
        PlayRecord.objects.create(
            screen=self.screen, number=play.number, slide=play.slide or "", alert=play.alert or "", page=play.page,
            zone=play.zone or "", started_at=self.at, lasted_ms=play.lasted_ms, frame=play.frame or "",
            clock=str(play.clock), ended=str(play.ended or ""), chain=self.chain,
        )  # fmt: skip
        ScreenState.objects.update_or_create(screen=self.screen, defaults={"plays_newest": play.number})
