"""The bars on every page that say which alerts are on, worded by what the screens have confirmed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beffroi_content import model as content
from beffroi_content.timeline import AlertStatement, AlertVisibility, DisplayPower
from beffroi_server.alerts import alert_reach, corrections, receipts
from beffroi_server.alerts.hiding_words import statement_words
from beffroi_server.alerts.models import Alert


@dataclass(frozen=True, slots=True)
class AlertBar:
    """An alert that is active, and where it can be seen."""

    alert: Alert
    confirmed: int
    """Screens on which it was seen."""
    total: int
    """Screens that it is for, or that have shown it."""
    hidden: str = ""
    """What hides it on every one of its screens, and until when; empty where nothing does."""
    is_overdue: bool = False
    """Whether somebody should have ended it or extended it by now."""


MOST_BARS = 3
"""Bars on a page. With more alerts the others are listed under one line: no page would show anything else."""


@dataclass(frozen=True, slots=True)
class AlertBars:
    """What a page says of the active alerts, the gravest first."""

    bars: list[AlertBar]
    others: list[AlertBar]
    """Those for which there is no bar."""

    @property
    def overdue_others(self) -> int:
        """How many of the others somebody should have ended or extended by now."""
        return sum(bar.is_overdue for bar in self.others)

    @property
    def has_genuine_others(self) -> bool:
        """Whether any of the others is a real alert."""
        return any(bar.alert.status == content.AlertStatus.ACTUAL for bar in self.others)


def page_bars(active: Sequence[Alert], running: Sequence[Alert], now: dt.datetime) -> AlertBars:
    """Return what a page says of active alerts; the arguments as of ``alert_bars``."""
    bars = sorted(alert_bars(active, running, now), key=_gravity, reverse=True)
    return AlertBars(bars[:MOST_BARS], bars[MOST_BARS:])


def _gravity(bar: AlertBar) -> tuple[bool, int, dt.datetime]:
    alert = bar.alert
    return alert.status == content.AlertStatus.ACTUAL, content.AlertLevel(alert.level).rank, alert.issued_at


def alert_bars(active: Sequence[Alert], running: Sequence[Alert], now: dt.datetime) -> list[AlertBar]:
    """Return the bars for active alerts.

    Args:
        active: The alerts.
        running: Those and the ones whose end is still shown, which hide others, too.
        now: The instant.
    """
    if not active:
        return []
    known = [*{each.pk: each for each in (*running, *active)}.values()]
    reach, seen, hours = alert_reach.reach_seen_and_hours(known)
    # An emergency switches every display on, and its bar waits for nothing.
    has_others = any(each.level != content.AlertLevel.EMERGENCY for each in running)
    powers = receipts.display_powers_now(hours, now) if has_others else {}
    hidden = _hidden_everywhere(running, reach, seen, now, powers)
    bars = []
    for alert in active:
        name = str(alert.pk)
        confirmed = {screen for screen, names in seen.items() if name in names}
        # A screen that has shown it is counted on, whatever groups it has left since.
        total = len(confirmed | reach[alert.pk])
        bars.append(AlertBar(alert, len(confirmed), total, hidden.get(name, ""), corrections.is_overdue(alert, now)))
    return bars


def _hidden_everywhere(
    running: Sequence[Alert], reach: dict[Any, set[int]], seen: alert_reach.SeenAlerts, now: dt.datetime,
    powers: Mapping[int, DisplayPower],
) -> dict[str, str]:  # fmt: skip
    """Return for each alert that something hides on all of its screens what that is, and until when."""
    statements: dict[str, list[AlertStatement]] = {}
    for each in receipts.common_statements(running, reach, seen, now, powers):
        statements.setdefault(each.alert.id, []).append(each)
    return {
        name: statement_words(min(found, key=lambda one: one.until_ms or 0))
        for name, found in statements.items()
        if all(each.visibility in {AlertVisibility.MASKED, AlertVisibility.DARK} for each in found)
    }
