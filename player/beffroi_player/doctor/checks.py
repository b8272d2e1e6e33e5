"""Checks of a player: from facts to findings, pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from beffroi_content.findings import Finding
from beffroi_content.library_check import check_libraries
from beffroi_content.timeline import ClockState
from beffroi_player import BUILT_AT_MS
from beffroi_player.doctor.facts import PlayerFacts

CLOCK_TOLERANCE_S = 10
SILENT_AFTER_MS = 24 * 3_600_000
KEY_LIST_NOTICE_MS = 60 * 86_400_000
_SHOWN = 5


def check_player(facts: PlayerFacts) -> Iterator[Finding]:
    """Yield everything that is wrong, in no order."""
    if not facts.is_enrolled:
        yield Finding("not-enrolled")
    yield from _check_processes(facts)
    yield from _check_content(facts)
    yield from _check_clock(facts)
    yield from _check_storage(facts)
    yield from check_libraries(facts.libraries)
    yield from _check_machine(facts)
    for each in facts.reach:
        if each.code:
            yield Finding(f"{each.service}-{each.code}", {"address": each.address, "detail": each.detail})


def _check_processes(facts: PlayerFacts) -> Iterator[Finding]:
    if not facts.is_enrolled:
        return
    if not facts.running:
        yield Finding("player-stopped")
        return
    yield from (Finding(f"{name}-stopped") for name in ("stage", "agent") if name not in facts.running)
    if "stage" in facts.running and not facts.has_presented:
        yield Finding("stage-stuck")


def _check_content(facts: PlayerFacts) -> Iterator[Finding]:
    if facts.is_enrolled and not facts.has_programme:
        yield Finding("no-programme")
    if facts.skipped:
        yield Finding("slides-left-out", {"names": ", ".join(facts.skipped[:_SHOWN])})
    if facts.faults:
        yield Finding("frames-broken", {"detail": "; ".join(facts.faults[:_SHOWN])})
    if facts.output_fault:
        yield Finding("output-broken", {"detail": facts.output_fault})
    if facts.keys_end_at_ms is not None and facts.keys_end_at_ms - facts.now_ms < KEY_LIST_NOTICE_MS:
        yield Finding("keys-ending", {"day": _day(facts.keys_end_at_ms)})


def _check_clock(facts: PlayerFacts) -> Iterator[Finding]:
    if facts.now_ms < BUILT_AT_MS and facts.clock is not ClockState.TRUSTED:
        yield Finding("clock-wrong", {"now": _day(facts.now_ms)})
    elif facts.is_enrolled and facts.running and facts.clock is not ClockState.TRUSTED:
        yield Finding("clock-unproven")
    elif not facts.is_synchronised:
        yield Finding("clock-free")
    if facts.server_ahead_s is not None and abs(facts.server_ahead_s) >= CLOCK_TOLERANCE_S:
        yield Finding("clock-differs", {"seconds": abs(facts.server_ahead_s)})
    if 0 < facts.heard_at_ms < facts.now_ms - SILENT_AFTER_MS:
        yield Finding("town-silent", {"day": _day(facts.heard_at_ms)})
    if facts.zone_problem:
        yield Finding("zone-unknown", {"zone": facts.zone_problem})


def _check_storage(facts: PlayerFacts) -> Iterator[Finding]:
    if facts.write_problem and "disk-read-only" not in facts.health.problems:
        yield Finding("state-not-written", {"folder": facts.folder, "detail": facts.write_problem})
    if facts.exposed:
        yield Finding("secrets-exposed", {"paths": " ".join(facts.exposed)})


def _check_machine(facts: PlayerFacts) -> Iterator[Finding]:
    values = {"free_mb": facts.health.disk_free_mb or 0, "temperature": round(facts.health.temperature_c or 0)}
    yield from (Finding(problem, values) for problem in facts.health.problems)
    yield from (Finding(problem) for problem in facts.lacking_sound)
    yield from (Finding(f"{problem}-before") for problem in facts.past_firmware)


def _day(unix_ms: int) -> str:
    try:
        return dt.datetime.fromtimestamp(unix_ms / 1000, dt.UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return str(unix_ms)
