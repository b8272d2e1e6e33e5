"""Messages made of a chart, so that its warnings go the same road as those that come in CAP.

A chart says all that is known of some hazards: from when until when each is at which level. Each stretch at one level
above green is a message, whose identifier stays the same while charts renew, move or re-colour the stretch: what was
made of it is corrected then, and ended only where a chart says so. What a chart does not say, or says in a way that
nobody knows, ends nothing (docs/decisions/0049-warnings-from-charts.md).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from beffroi_server.cap.levels import Colour
from beffroi_server.cap.messages import CapAlert, CapArea, CapInfo, NamedValue
from beffroi_server.outside_warnings.chart_words import advice_of, headline_of

_COLOURS = {2: Colour.YELLOW, 3: Colour.ORANGE, 4: Colour.RED}
_SEVERITIES = {2: "Moderate", 3: "Severe", 4: "Extreme"}
_HAZARD_CODE = "beffroi-hazard"
_TOUCHING = dt.timedelta(minutes=61)
"""Stretches at one level with no more between them are one: periods end at 23:59:59 or at midnight."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a hazard is at one level. None: nobody knows which."""

    begins: dt.datetime
    ends: dt.datetime
    level: int | None
    colour: str = ""

    def overlaps(self, begins: dt.datetime, ends: dt.datetime) -> bool:
        """Return whether it is on within a time, its ends counted in."""
        return self.begins <= ends and begins <= self.ends


@dataclass(frozen=True, slots=True)
class ChartHazard:
    """What a chart says of one hazard in one zone."""

    zone: str
    code: str
    name: str
    made: dt.datetime
    """When the chart was made."""
    stretches: tuple[Stretch, ...]
    area: CapArea
    is_river: bool = False

    @property
    def key(self) -> str:
        """The hazard in its zone, as messages name it."""
        return f"{self.zone}/{self.code}"


def chart_messages(
    hazards: Iterable[ChartHazard], known: Sequence[CapAlert], sender: str, now: dt.datetime
) -> list[CapAlert]:
    """Return what a chart says as messages.

    Args:
        hazards: What it says.
        known: The messages that count, made of earlier charts of the same source.
        sender: The authority.
        now: The instant.
    """
    return [message for hazard in hazards for message in _messages_of(hazard, known, sender, now)]


def stretches_of(spans: Iterable[dict[str, Any]]) -> tuple[Stretch, ...]:
    """Return the spans that a reader found, those at one level joined where one follows on the other."""
    found = [
        Stretch(dt.datetime.fromisoformat(each["begins"]), dt.datetime.fromisoformat(each["ends"]), each["level"],
                each["colour"])
        for each in spans
    ]  # fmt: skip
    joined: list[Stretch] = []
    for each in sorted(found, key=lambda one: one.begins):
        last = joined[-1] if joined else None
        is_same = last is not None and (last.level, last.colour) == (each.level, each.colour)
        if last is not None and is_same and each.begins - last.ends <= _TOUCHING:
            joined[-1] = dataclasses.replace(last, ends=max(last.ends, each.ends))
        else:
            joined.append(each)
    return tuple(joined)


def _messages_of(hazard: ChartHazard, known: Sequence[CapAlert], sender: str, now: dt.datetime) -> list[CapAlert]:
    left = [each for each in known if _hazard_key(each) == hazard.key and _end(each) > now]
    found = []
    # The gravest keeps the identifier of what was there before: that is what gets worse.
    above = [each for each in hazard.stretches if each.level is not None and each.level > 1 and each.ends > now]
    for stretch in sorted(above, key=lambda each: (-(each.level or 0), each.begins)):
        before = _same_before(stretch, left)
        left = [each for each in left if each is not before]
        identifier = before.identifier if before is not None else _new_identifier(hazard, stretch)
        found.append(_message(hazard, stretch, identifier or "", sender))
    found += [_all_clear(hazard, each) for each in left if _is_said_to_be_over(hazard, each, now)]
    return found


def _same_before(stretch: Stretch, known: Iterable[CapAlert]) -> CapAlert | None:
    """Return the message that a stretch renews: of those at the same time, one at its level, or that overlaps most."""

    def closeness(message: CapAlert) -> tuple[bool, dt.timedelta]:
        shared = min(stretch.ends, _end(message)) - max(stretch.begins, _begin(message))
        return message.infos[0].severity == _SEVERITIES[stretch.level or 2], shared

    near = [each for each in known if stretch.overlaps(_begin(each), _end(each))]
    return max(near, key=closeness, default=None)


def _is_said_to_be_over(hazard: ChartHazard, message: CapAlert, now: dt.datetime) -> bool:
    """Return whether a chart speaks of all that is left of a warning, and of nothing in it as unknown."""
    begins, ends = max(_begin(message), now), _end(message)
    within = [each for each in hazard.stretches if each.begins < ends and begins < each.ends]
    return bool(within) and all(each.level is not None for each in within)


def _message(hazard: ChartHazard, stretch: Stretch, identifier: str, sender: str) -> CapAlert:
    level = stretch.level or 2
    colour = _COLOURS[level]
    info = CapInfo(
        language="fr-FR", categories=("Met",), event="Crues" if hazard.is_river else hazard.name,
        urgency="Immediate" if stretch.begins <= hazard.made else "Future", severity=_SEVERITIES[level],
        certainty="Likely", event_codes=(NamedValue(_HAZARD_CODE, hazard.key),),
        onset=stretch.begins, expires=stretch.ends, sender_name=sender,
        headline=headline_of(hazard.name, stretch.colour, is_river=hazard.is_river),
        instruction=advice_of("river" if hazard.is_river else hazard.code, colour),
        parameters=(NamedValue("awareness_level", f"{level}; {colour.value}; {_SEVERITIES[level]}"),),
        areas=(hazard.area,),
    )  # fmt: skip
    return _alert(identifier, sender, hazard.made, info)


def _all_clear(hazard: ChartHazard, known: CapAlert) -> CapAlert:
    info = dataclasses.replace(
        known.infos[0], response_types=("AllClear",), severity="Minor",
        parameters=(NamedValue("awareness_level", "1; green; Minor"),),
    )  # fmt: skip
    return _alert(known.identifier or "", known.sender or "", hazard.made, info)


def _alert(identifier: str, sender: str, made: dt.datetime, info: CapInfo) -> CapAlert:
    version = hashlib.sha256(repr(info).encode()).hexdigest()
    return CapAlert(identifier, sender, made, "Actual", "Alert", "Public", infos=(info,), version=version)


def _new_identifier(hazard: ChartHazard, stretch: Stretch) -> str:
    begins = stretch.begins.astimezone(dt.UTC)
    return f"{'river' if hazard.is_river else 'vigilance'}-{hazard.zone}-{hazard.code}-{begins:%Y%m%d%H%M}"


def _hazard_key(message: CapAlert) -> str | None:
    codes = message.infos[0].event_codes if message.infos else ()
    return next((each.value for each in codes if each.name == _HAZARD_CODE), None)


def _begin(message: CapAlert) -> dt.datetime:
    return message.infos[0].onset or dt.datetime.min.replace(tzinfo=dt.UTC)


def _end(message: CapAlert) -> dt.datetime:
    return message.infos[0].expires or dt.datetime.max.replace(tzinfo=dt.UTC)


AreaOf = Callable[[dict[str, Any]], CapArea]


def hazards_of(data: dict[str, Any], area_of: AreaOf, now: dt.datetime, *, is_river: bool) -> list[ChartHazard]:
    """Return what a reader found as hazards.

    Args:
        data: Of a reading: ``zones`` and ``hazards``.
        area_of: Gives the area of one of its hazards.
        now: The instant, for a chart that does not say when it was made.
        is_river: Whether its hazards are reaches of rivers.
    """
    made = {each["zone"]: dt.datetime.fromisoformat(each["made"]) for each in data["zones"] if each["made"]}
    found = []
    for each in data["hazards"]:
        stretches = stretches_of(each["spans"])
        at = made.get(each["zone"]) or min((one.begins for one in stretches), default=now)
        found.append(ChartHazard(each["zone"], each["code"], each["name"], at, stretches, area_of(each), is_river))
    return found
