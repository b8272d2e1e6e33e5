"""Players as they report themselves, beside this server: versions, time zone data, clocks."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from beffroi_content.findings import Finding
from beffroi_server.fleet.models import ScreenState
from beffroi_server.monitoring.clock_text import TOLERANCE_S, has_other_clock_changes

NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PlayerFacts:
    """What one player reports of itself."""

    name: str
    """Of its screen."""
    version: str
    network_ahead_s: int | None
    """How far network time, as it knows it, is ahead of the server's clock."""
    has_other_clock_changes: bool
    """Whether it changes the clocks of its zone at other times than this server."""
    zone_data: str


def read_players() -> tuple[PlayerFacts, ...]:
    """Read the newest report of each enrolled screen."""
    rows = ScreenState.objects.filter(screen__enrolled_at__isnull=False, report__isnull=False)
    named = rows.order_by("screen__name").values_list("screen__name", "report").iterator(chunk_size=100)
    return tuple(_player_facts(name, report or {}) for name, report in named)


def check_players(players: Iterable[PlayerFacts], own_version: str) -> Iterator[Finding]:
    """Yield in what players differ from this server."""
    found = list(players)
    ahead = [each.network_ahead_s for each in found if each.network_ahead_s is not None]
    # One player may be wrong. Where the middle one of all that know network time differs, the server is.
    middle = round(statistics.median(ahead)) if ahead else 0
    if abs(middle) >= TOLERANCE_S:
        yield Finding("clock-differs", {"seconds": abs(middle)})
    zones = [each for each in found if each.has_other_clock_changes]
    if zones:
        yield Finding("zone-data-differs", {"names": _names(zones), "data": zones[0].zone_data})
    others = [each for each in found if each.version and each.version != own_version]
    if others:
        versions = ", ".join(sorted({each.version for each in others})[:NAMES_SHOWN])
        yield Finding("versions-differ", {"names": _names(others), "versions": versions, "own": own_version})


def _names(players: list[PlayerFacts]) -> str:
    more = len(players) - NAMES_SHOWN
    return ", ".join(each.name for each in players[:NAMES_SHOWN]) + (f" … (+{more})" if more > 0 else "")


def _player_facts(name: str, report: dict[str, Any]) -> PlayerFacts:
    reading, zone = report.get("clock_reading") or {}, report.get("zone") or {}
    network, server = reading.get("network_ahead_s"), reading.get("server_ahead_s")
    ahead = network - server if isinstance(network, int) and isinstance(server, int) else None
    return PlayerFacts(
        name, str(report.get("version", "")), ahead,
        has_other_clock_changes(report), str(zone.get("data", "")),
    )  # fmt: skip
