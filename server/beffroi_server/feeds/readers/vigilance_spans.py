"""Reader of the vigilance of Météo-France for warnings: when each phenomenon is at which level, in some departments.

The chart of the mainland is read as ``vigilance`` does for widgets, with its hours (``timelaps_items``). Overseas there
is an archive instead (``vigilanceom/flux/dernier``): files ``CDPV85_*`` hold a chart each, as JSON whatever they are
called, with domains such as ``VIGI974`` and, for its zones, ``VIGI974-02``. Its scales differ by basin, and have
colours of their own for cyclones; what is not on the four levels and no violet is unknown.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext, SkippedParts
from beffroi_server.feeds.readers.vigilance import (
    CHART_AGE_LIMIT,
    OTHER_PHENOMENON,
    PHENOMENON_NAMES,
    Level,
    all_domains,
    domain_id,
    gravest,
    moment_of,
    whole_number,
)

OVERSEAS_AGE_LIMIT = dt.timedelta(hours=26)
"""Each basin renews its chart once a day at least."""
MAX_FILES, MAX_FILE_BYTES = 100, 4 * 1024 * 1024
OVERSEAS_NAMES = {
    1: "Vent violent", 2: "Fortes pluies et orages", 9: "Vagues-submersion", 10: "Cyclone",
    12: "Fortes pluies et orages",
}  # fmt: skip
"""Heavy rain is 2 in the Antilles and Guyane, and 12 in the Indian Ocean."""
_INDIAN_OCEAN = frozenset({"974", "976"})
_USUAL_SCALE = {number: (number, "") for number in (1, 2, 3, 4)}
_SCALES = {True: _USUAL_SCALE | {7: (2, ""), 8: (3, ""), 9: (4, ""), 10: (4, "violette")},
           False: _USUAL_SCALE | {5: (4, "violette")}}  # fmt: skip
"""Of the Indian Ocean, where 7 to 10 are phases of a cyclone, and of the Antilles: level, and a colour beyond red."""
COLOURS = {1: "verte", 2: "jaune", 3: "orange", 4: "rouge"}


@dataclass(frozen=True, slots=True)
class _Statement:
    """What a chart says of a phenomenon in a period of a domain."""

    zone: str
    number: int | None
    level: Level
    colour: str
    begins: dt.datetime
    ends: dt.datetime


def read_spans(content: bytes, context: ReadingContext) -> Reading:
    """Return for each department and phenomenon from when until when it is at which level.

    A period in which a phenomenon is at several levels is at the gravest, in the hours of that one. Of a department or
    phenomenon that is not in the chart nothing is said, which is not green.

    Raises:
        FeedContentError: it is no such chart.
    """
    skipped = SkippedParts()
    is_overseas = content.startswith(b"PK")
    charts = list(_charts_within(content) if is_overseas else _chart(content))
    if not charts:
        raise FeedContentError("not-a-vigilance")
    found: list[_Statement] = []
    made: dict[str, dt.datetime] = {}
    for chart in charts:
        at = moment_of(chart.get("update_time")) or _unix_moment(chart.get("update_time"))
        said = [each for zone in context.zones for each in _statements(chart, zone, at, context, is_overseas, skipped)]
        found += said
        made |= {each.zone: at for each in said if at is not None}
    limit = OVERSEAS_AGE_LIMIT if is_overseas else CHART_AGE_LIMIT
    old = {zone for zone, at in made.items() if context.now - at > limit}
    data = {
        "zones": [
            {"zone": zone, "made": made[zone].isoformat() if zone in made else None, "is_old": zone in old}
            for zone in dict.fromkeys(each.zone for each in found)
        ],
        "hazards": _merged([each for each in found if each.zone not in old], is_overseas),
    }
    return Reading(data, skipped)


def _chart(content: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return
    chart = value.get("product", value) if isinstance(value, dict) else None
    if isinstance(chart, dict) and ("periods" in chart or "timelaps" in chart):
        yield chart


def _charts_within(content: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist()[:MAX_FILES]:
                if "CDPV" in info.filename.upper() and info.file_size <= MAX_FILE_BYTES:
                    with archive.open(info) as file:
                        yield from _chart(file.read(MAX_FILE_BYTES))
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError):
        return


def _statements(
    chart: Mapping[str, Any], zone: str, made: dt.datetime | None, context: ReadingContext, is_overseas: bool,
    skipped: SkippedParts,
) -> Iterator[_Statement]:  # fmt: skip
    periods = chart.get("periods") if isinstance(chart.get("periods"), list) else [chart]
    for period in [each for each in periods or [] if isinstance(each, dict)][:4]:
        begins, ends = _validity(period, made, context)
        domains = all_domains(period)
        wanted = _overseas_domains(domains, zone) if is_overseas else _mainland_domains(domains, zone)
        for domain in wanted:
            items = domain.get("phenomenon_items")
            for item in items if isinstance(items, list) else []:
                if isinstance(item, dict) and (said := _read_item(item, zone, begins, ends, is_overseas)):
                    yield said
                    if said.level is None:
                        skipped.add("phenomenon", "unknown-colour", domain_id(domain), _name(said.number, is_overseas))


def _mainland_domains(domains: Iterable[Mapping[str, Any]], zone: str) -> list[Mapping[str, Any]]:
    """Return the domains of a department: itself and its coast."""
    return [each for each in domains if domain_id(each) in {zone, f"{zone}10"}]


def _overseas_domains(domains: Iterable[Mapping[str, Any]], zone: str) -> list[Mapping[str, Any]]:
    """Return the domain of a department as a whole, or its zones where there is none; of a zone, that one.

    Two territories may share a domain: ``VIGI978-977``.
    """
    department, _, part = zone.partition("-")
    named = [(domain_id(each).removeprefix("VIGI").split("-"), each) for each in domains]
    own = [(parts, each) for parts, each in named if department in parts]
    if part:
        return [each for parts, each in own if part in parts]
    whole = [each for parts, each in own if all(len(name) == 3 for name in parts)]
    return whole or [each for _, each in own]


def _read_item(
    item: Mapping[str, Any], zone: str, begins: dt.datetime, ends: dt.datetime, is_overseas: bool
) -> _Statement | None:
    raw = item.get("phenomenon_max_color_id")
    if is_overseas and str(raw).strip() == "-1":
        return None  # there can be no such phenomenon, as waves in a zone without a coast
    scale = _SCALES[zone[:3] in _INDIAN_OCEAN] if is_overseas else _USUAL_SCALE
    level, colour = scale.get(whole_number(raw) or 0, (None, ""))
    if level is not None and level > 1:
        begins, ends = _hours(item, whole_number(raw), begins, ends)
    return _Statement(zone, whole_number(item.get("phenomenon_id")), level, colour, begins, ends)


def _hours(
    item: Mapping[str, Any], colour: int | None, begins: dt.datetime, ends: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    """Return the hours of a period in which a phenomenon is at its gravest; all of it where they are not given."""
    steps = item.get("timelaps_items")
    spans = [
        (_instant(step.get("begin_time")), _instant(step.get("end_time")))
        for step in (steps if isinstance(steps, list) else [])
        if isinstance(step, dict) and whole_number(step.get("color_id")) == colour
    ]
    known = [(first, last) for first, last in spans if first and last and first < last]
    first = max(begins, min((each for each, _ in known), default=begins))
    last = min(ends, max((each for _, each in known), default=ends))
    return (first, last) if known and first < last else (begins, ends)


def _validity(
    period: Mapping[str, Any], made: dt.datetime | None, context: ReadingContext
) -> tuple[dt.datetime, dt.datetime]:
    begins = _instant(period.get("begin_validity_time"))
    ends = _instant(period.get("end_validity_time"))
    if begins is None and "echeance" not in period:
        begins = made
    if begins is not None and ends is not None and begins < ends:
        return begins, ends
    ahead = 1 if period.get("echeance") == "J1" else 0
    day = (made or context.now).astimezone(context.zone).date() + dt.timedelta(days=ahead)
    midnight = dt.datetime.combine(day, dt.time(), context.zone)
    return begins or midnight, dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), context.zone)


def _instant(value: object) -> dt.datetime | None:
    return moment_of(value) or _unix_moment(value)


def _unix_moment(value: object) -> dt.datetime | None:
    number = int(value) if isinstance(value, int | str) and str(value).isdigit() and len(str(value)) in (9, 10) else 0
    return dt.datetime.fromtimestamp(number, dt.UTC) if number else None


def _merged(statements: Iterable[_Statement], is_overseas: bool) -> list[dict[str, Any]]:
    """Return each phenomenon of each zone with its spans; of several statements on one period, the gravest."""
    grouped: dict[tuple[str, str], list[_Statement]] = {}
    for each in statements:
        grouped.setdefault((each.zone, _name(each.number, is_overseas)), []).append(each)
    return [
        {
            "zone": zone,
            "code": _code(said[0].number),
            "name": name,
            "spans": [_span(each) for each in _overlapping(said)],
        }
        for (zone, name), said in grouped.items()
    ]


def _overlapping(said: list[_Statement]) -> list[list[_Statement]]:
    """Return the statements on the same time together: those of a department and its coast."""
    groups: list[list[_Statement]] = []
    for each in sorted(said, key=lambda one: (one.begins, one.ends)):
        if groups and each.begins < max(one.ends for one in groups[-1]):
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def _span(group: list[_Statement]) -> dict[str, Any]:
    level = gravest(each.level for each in group)
    counting = [each for each in group if each.level == level]
    return {
        "begins": min(each.begins for each in counting).isoformat(),
        "ends": max(each.ends for each in counting).isoformat(),
        "level": level,
        "colour": next((each.colour for each in counting if each.colour), COLOURS.get(level or 0, "")),
    }


def _name(number: int | None, is_overseas: bool) -> str:
    return (PHENOMENON_NAMES | OVERSEAS_NAMES if is_overseas else PHENOMENON_NAMES).get(number or 0, OTHER_PHENOMENON)


def _code(number: int | None) -> str:
    return str(number) if number is not None else "other"
