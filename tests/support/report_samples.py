"""Samples of what a display presents, and of what a player's report is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from beffroi_content.model import AlertForm
from beffroi_content.timeline import ClockState
from beffroi_content.wire.reports import ConnectionState, ShownPart
from beffroi_player.agent.report.report_facts import ReportFacts
from beffroi_player.state.directories import DocumentReception, PresentedStatus

NOW_MS = 1_780_000_000_000
ALERT = ShownPart(alert="flood", form=AlertForm.TAKEOVER, reason="alert")
RECEPTION = DocumentReception("all/alerts", 7, NOW_MS - 500, 60_000.0)


def presented(*showings: ShownPart, **changes: Any) -> PresentedStatus:
    values = {
        "started_at_ms": NOW_MS - 60_000, "number": 1, "size": (320, 180), "showings": showings, "programme": 3,
        "presented_at_ms": NOW_MS, "presented_uptime_ms": 60_044.0, "clock": ClockState.TRUSTED, "frame": "a" * 64,
    }  # fmt: skip
    return PresentedStatus(**{**values, **changes})


def facts(**changes: Any) -> ReportFacts:
    before = ReportFacts(
        at_ms=NOW_MS, clock=ClockState.TRUSTED, link=ConnectionState.LIVE, programme=None, alerts={"all/alerts": 7},
        preparing="", refusals=(), receptions={"flood": RECEPTION}, programme_reception=None,
    )  # fmt: skip
    return replace(before, **changes)
