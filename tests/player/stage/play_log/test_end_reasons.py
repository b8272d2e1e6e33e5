"""The reason why a showing ended: the first of several that hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from beffroi_content.model import AlertForm
from beffroi_content.timeline import ReasonKind
from beffroi_content.wire.plays import EndReason
from beffroi_content.wire.reports import ShownPart
from beffroi_player.stage.play_log.end_reasons import ScreenChange, end_reason

POOL = ShownPart(zone="main", slide="pool", reason=ReasonKind.RULE, since_ms=0, until_ms=10_000)
MARKET = ShownPart(zone="main", slide="market", reason=ReasonKind.RULE, since_ms=10_000, until_ms=20_000)
IDLE = ShownPart(zone="main", slide="idle", reason=ReasonKind.IDLE)
FLOOD = ShownPart(alert="flood", form=AlertForm.TAKEOVER, reason=ReasonKind.ALERT, since_ms=0, until_ms=10_000)
STORM = FLOOD.replace(alert="storm")
BANNER = FLOOD.replace(form=AlertForm.BANNER)
ALL_CLEAR = FLOOD.replace(form=AlertForm.ALL_CLEAR)

EARLY = ScreenChange(unix_ms=5_000, parts=(MARKET,), active=frozenset({"flood", "storm"}))
DUE = replace(EARLY, unix_ms=10_000)


@pytest.mark.parametrize(
    ("before", "change", "reason"),
    [
        (POOL, DUE, EndReason.TIME),
        (POOL, replace(DUE, unix_ms=9_999), EndReason.OTHER),
        (POOL.replace(until_ms=None), replace(DUE, unix_ms=10**12), EndReason.OTHER),
        (POOL, replace(EARLY, other_programme=True), EndReason.PROGRAMME),
        (POOL, replace(DUE, other_programme=True), EndReason.TIME),
        (FLOOD, replace(EARLY, other_programme=True), EndReason.OTHER),
        (POOL, replace(EARLY, is_standby=True), EndReason.STANDBY),
        (POOL, replace(EARLY, is_identifying=True), EndReason.NAME),
        (POOL, replace(DUE, is_standby=True, is_identifying=True), EndReason.STANDBY),
    ],
)
def test_a_slide_ends_by_its_time_its_programme_or_what_lies_over_it(before, change, reason):
    assert end_reason(before, change) is reason


@pytest.mark.parametrize(
    ("before", "change", "reason"),
    [
        (POOL, replace(EARLY, parts=(FLOOD,)), EndReason.ALERT),
        (POOL, replace(DUE, parts=(FLOOD,)), EndReason.ALERT),
        (POOL, replace(EARLY, parts=(BANNER,)), EndReason.OTHER),
        (FLOOD, replace(DUE, parts=(STORM,)), EndReason.TIME),
        (FLOOD, replace(EARLY, parts=(STORM,)), EndReason.ALERT),
        (BANNER, replace(EARLY, parts=(STORM,)), EndReason.ALERT),
        (FLOOD, replace(EARLY, active=frozenset()), EndReason.WITHDRAWN),
        (FLOOD, replace(DUE, active=frozenset()), EndReason.WITHDRAWN),
        (ALL_CLEAR, replace(DUE, active=frozenset()), EndReason.TIME),
        (FLOOD, replace(DUE, active=frozenset({"flood"})), EndReason.TIME),
    ],
)
def test_an_alert_cuts_in_gives_way_or_is_withdrawn(before, change, reason):
    assert end_reason(before, change) is reason


@pytest.mark.parametrize(
    ("parts", "has_faults", "reason"),
    [
        ((IDLE,), True, EndReason.BROKEN),
        ((), True, EndReason.BROKEN),
        ((MARKET.replace(zone="side"),), True, EndReason.BROKEN),
        ((MARKET,), True, EndReason.OTHER),
        ((IDLE,), False, EndReason.OTHER),
        ((IDLE, MARKET), True, EndReason.OTHER),
    ],
)
def test_a_fault_counts_where_nothing_but_the_idle_slide_takes_the_place(parts, has_faults, reason):
    assert end_reason(POOL, replace(EARLY, parts=parts, has_faults=has_faults)) is reason
