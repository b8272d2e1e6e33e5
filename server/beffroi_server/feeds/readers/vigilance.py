"""Reader of the vigilance of Météo-France (API DPVigilance v1, ``cartevigilance``).

A chart has two periods: ``J``, until midnight, and ``J1``, the day after. A coastal department has a second domain for
its coast, the number and ``10`` (2910): its phenomena are part of those of the department.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext, SkippedParts

CREDIT = "Météo-France"
PHENOMENON_NAMES = {
    1: "Vent violent", 2: "Pluie-inondation", 3: "Orages", 4: "Crues", 5: "Neige-verglas", 6: "Canicule",
    7: "Grand froid", 8: "Avalanches", 9: "Vagues-submersion",
}  # fmt: skip
"""Phenomena by their number in the API of Météo-France, in French as people know them."""
OTHER_PHENOMENON = "Autre phénomène"
MAX_PHENOMENA, MAX_PERIODS = 9, 4
DEPARTMENTS = frozenset({f"{number:02}" for number in range(1, 96)} - {"20"} | {"2A", "2B"})
"""Numbers of the departments of which the chart speaks; those overseas have a product of their own."""
CHART_AGE_LIMIT = dt.timedelta(hours=18)
"""Age of a chart from which nobody renews it: there is a new one at 6 and at 16 h, and whenever a level rises."""
EARLY_CHART = dt.timedelta(hours=3)
"""How long before it begins the first period is taken to be in force: ``widgets.EARLY_CHART_MS``."""
_DAYS_AHEAD = {"J": 0, "J1": 1}
Level = int | None
"""1 green to 4 red; None: unknown."""


@dataclass(frozen=True, slots=True)
class _Period:
    begins: dt.datetime
    ends: dt.datetime
    level: Level
    phenomena: tuple[tuple[str, Level], ...]
    """Names and levels of what is above green or unknown, the gravest first."""


def read_vigilance(content: bytes, context: ReadingContext) -> Reading:
    """Return the vigilance of a department: what is in force now, and each period of the chart.

    A level that is missing, or that is none of the four, is unknown: only what the chart says to be green is green. A
    chart that is not renewed any more tells nothing but its own time.

    Raises:
        FeedContentError: it is not such a chart, or has no such department.
    """
    skipped = SkippedParts()
    try:
        product = json.loads(content)["product"]
        listed = [each for each in product["periods"] if isinstance(each, dict)]
    except (ValueError, KeyError, TypeError) as error:
        raise FeedContentError("not-a-vigilance") from error
    if not listed:
        raise FeedContentError("not-a-vigilance")
    made = moment_of(product.get("update_time"))
    department = context.department or _only_department(listed)
    if not any(_domains(each, department) for each in listed):
        raise FeedContentError("no-department")
    periods = sorted(_periods(listed, department, made, context, skipped), key=lambda each: each.begins)
    is_too_old = made is not None and context.now - made > CHART_AGE_LIMIT
    periods = [] if is_too_old else periods[:MAX_PERIODS]
    now = _period_at(periods, context.now)
    data: dict[str, Any] = {
        "department": department, "credit": CREDIT, "level": now.level if now else None,
        "phenomena": _phenomenon_fields(now.phenomena if now else ()),
        "periods": [_period_fields(each) for each in periods],
    }  # fmt: skip
    if is_too_old and made is not None:
        data["fetched_at_ms"] = _milliseconds(made)
    return Reading(data, skipped)


def _only_department(listed: Iterable[Mapping[str, Any]]) -> str:
    """Return the department of a chart that has only one; without one there is no telling which is meant."""
    found = {domain_id(each)[:2] for period in listed for each in all_domains(period)} & DEPARTMENTS
    if len(found) != 1:
        raise FeedContentError("no-department")
    return found.pop()


def _periods(
    listed: Iterable[Mapping[str, Any]],
    department: str,
    made: dt.datetime | None,
    context: ReadingContext,
    skipped: SkippedParts,
) -> Iterator[_Period]:
    for number, period in enumerate(listed, 1):
        term = str(period.get("echeance"))
        if term not in _DAYS_AHEAD:
            skipped.add("period", "unreadable", number, term)
            continue
        begins, ends = moment_of(period.get("begin_validity_time")), moment_of(period.get("end_validity_time"))
        if begins is None or ends is None or ends <= begins:
            day = (made or context.now).astimezone(context.zone).date() + dt.timedelta(_DAYS_AHEAD[term])
            begins = dt.datetime.combine(day, dt.time(), context.zone)
            ends = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), context.zone)
        level, phenomena = _levels(_domains(period, department), skipped)
        yield _Period(begins, ends, level, phenomena)


def _levels(domains: Iterable[Mapping[str, Any]], skipped: SkippedParts) -> tuple[Level, tuple[tuple[str, Level], ...]]:
    """Return the level of the gravest phenomenon, and what is above green or unknown."""
    levels: dict[str, list[Level]] = {}
    for domain in domains:
        items = domain.get("phenomenon_items")
        for item in items if isinstance(items, list) else []:
            name, level = _read_phenomenon(item)
            levels.setdefault(name, []).append(level)
            if name == OTHER_PHENOMENON:
                skipped.add("phenomenon", "unknown-phenomenon", domain_id(domain), str(item)[:60])
            elif level is None:
                skipped.add("phenomenon", "unknown-colour", domain_id(domain), name)
    # Of several statements on one phenomenon the gravest counts; green only where all of them say so.
    merged = [(name, gravest(each)) for name, each in levels.items()]
    shown = sorted((each for each in merged if each[1] != 1), key=lambda each: -(each[1] or 0))
    return gravest([level for _, level in merged]), tuple(shown[:MAX_PHENOMENA])


def gravest(levels: Iterable[Level]) -> Level:
    """Return the gravest of several levels; green only where all of them are."""
    every = list(levels)
    known = max((level for level in every if level is not None), default=None)
    return None if known == 1 and None in every else known


def _read_phenomenon(item: object) -> tuple[str, Level]:
    if not isinstance(item, dict):
        return OTHER_PHENOMENON, None
    number, colour = whole_number(item.get("phenomenon_id")), whole_number(item.get("phenomenon_max_color_id"))
    level = colour if colour is not None and 1 <= colour <= 4 else None
    return PHENOMENON_NAMES.get(number or 0, OTHER_PHENOMENON), level


def whole_number(value: object) -> int | None:
    """Return a number as charts write it, as text or not."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None


def all_domains(period: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the domains of a period."""
    timelaps = period.get("timelaps")
    listed = timelaps.get("domain_ids") if isinstance(timelaps, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _domains(period: Mapping[str, Any], department: str) -> list[Mapping[str, Any]]:
    """Return the domains of a department: itself and its coast."""
    return [each for each in all_domains(period) if domain_id(each) in {department, f"{department}10"}]


def domain_id(domain: Mapping[str, Any]) -> str:
    """Return the identifier of a domain: the number of a department, of a coast …"""
    return str(domain.get("domain_id", ""))[:12].upper().zfill(2)


def moment_of(value: object) -> dt.datetime | None:
    """Return an instant of a chart, which is UTC where it names no zone."""
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None or not 2000 <= moment.year <= 2199:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _period_at(periods: list[_Period], now: dt.datetime) -> _Period | None:
    """Return the period at an instant, as the widget does for the instant that it is drawn at."""
    return next((each for each in periods if each.begins - EARLY_CHART <= now < each.ends), None)


def _milliseconds(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1000)


def _period_fields(period: _Period) -> dict[str, Any]:
    return {
        "begins_at_ms": _milliseconds(period.begins),
        "ends_at_ms": _milliseconds(period.ends),
        "level": period.level,
        "phenomena": _phenomenon_fields(period.phenomena),
    }


def _phenomenon_fields(phenomena: Iterable[tuple[str, Level]]) -> list[dict[str, Any]]:
    return [{"name": name, "level": level} for name, level in phenomena]
