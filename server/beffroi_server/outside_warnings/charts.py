"""Reading of the charts that warnings are made of: the vigilance of Météo-France, and the reaches of Vigicrues."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import Town
from beffroi_server.cap.messages import CapAlert, CapArea, CapCircle, NamedValue
from beffroi_server.cap.places import Place, departments
from beffroi_server.feeds import fetch
from beffroi_server.feeds.addresses import department_number, is_overseas
from beffroi_server.feeds.readers.vigilance import DEPARTMENTS
from beffroi_server.feeds.reading_process import FeedRefused, run_reader
from beffroi_server.feeds.refresh import VIGILANCE_URL
from beffroi_server.outside_warnings import message_store
from beffroi_server.outside_warnings.chart_messages import chart_messages, hazards_of
from beffroi_server.outside_warnings.models import SourceKind, WarningSource
from beffroi_server.outside_warnings.policies import lines_of
from beffroi_server.outside_warnings.sites import sites_of

OVERSEAS_URL = "https://public-api.meteofrance.fr/public/DPVigilance/v1/vigilanceom/flux/dernier"
RIVERS_URL = "https://www.vigicrues.gouv.fr/services/1/InfoVigiCru.geojson"
CHART_LIMIT = 16 * 1024 * 1024
"""Bytes: that of the rivers has 3 MB, the archive overseas 1.4."""
SENDERS = {SourceKind.VIGILANCE: "Météo-France", SourceKind.RIVERS: "Vigicrues"}
_PLACE_KM = 1.0


class ChartProblem(Exception):
    """A chart cannot be read, or says nothing any more; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class ChartReading:
    """What was found in the charts of a source."""

    messages: list[CapAlert]
    problem: str = ""
    """What they do not say, for people; empty where they say it all."""
    old_of: dt.datetime | None = None
    """When one of them was made that is no longer renewed."""


def read_charts(source: WarningSource, now: dt.datetime) -> ChartReading:
    """Fetch the charts of a source and return what they say as messages.

    Raises:
        ChartProblem: they cannot be fetched or understood.
    """
    town = Town.objects.get()
    places = [site.place for site in sites_of(source, town)]
    try:
        readings = [
            run_reader(content, kind=kind, zone=town.time_zone, now=now.isoformat(), **options)
            for content, kind, options in _contents(source, places)
        ]
    except (fetch.FetchError, FeedRefused) as error:
        raise ChartProblem(str(error)) from error
    data = {key: [each for reading in readings for each in reading["data"][key]] for key in ("zones", "hazards")}
    is_river = source.kind == SourceKind.RIVERS
    hazards = hazards_of(data, lambda found: _area(found, places), now, is_river=is_river)
    messages = chart_messages(hazards, _known_messages(source), SENDERS[SourceKind(source.kind)], now)
    if old := next((each for each in data["zones"] if each["is_old"]), None):
        return ChartReading(messages, old_of=dt.datetime.fromisoformat(old["made"]))
    return ChartReading(messages, _unsaid(source, data, readings, places))


def departments_of(source: WarningSource, places: Sequence[Place]) -> tuple[str, ...]:
    """Return the departments that a source is asked for: those that were typed in, or those of the town."""
    typed = tuple(department_number(each) for each in lines_of(source.zones))
    return typed or tuple(dict.fromkeys(place.department for place in places if place.department))


def is_department(typed: str) -> bool:
    """Return whether a text is a department with vigilance: 35, 2A, 974, or a zone of one overseas, 974-02."""
    number = department_number(typed)
    return number in DEPARTMENTS or re.fullmatch(r"97[1-8](-\d\d)?", number) is not None


def _contents(source: WarningSource, places: Sequence[Place]) -> list[tuple[bytes, str, dict[str, Any]]]:
    """Return the charts, each with its reader and what is wanted of it."""
    if source.kind == SourceKind.RIVERS:
        points = [place.point for place in places if place.point is not None]
        zones = lines_of(source.zones)
        if not points and not zones:
            raise ChartProblem(
                _("The location of the town is missing: an administrator can enter it on the “Town” page.")
            )
        content = fetch.fetch_url(RIVERS_URL, limit=CHART_LIMIT)
        return [(content, "river-levels", {"zones": zones, "places": points})]
    zones = departments_of(source, places)
    if not zones:
        raise ChartProblem(
            _("The department is not known: enter it here, or the INSEE code of the town on the “Town” page.")
        )
    if not settings.METEOFRANCE_KEY:
        raise ChartProblem(
            _(
                "Météo-France requires a key, which is free. The person who runs the server sets it in "
                "BEFFROI_METEOFRANCE_KEY."
            )
        )
    overseas = tuple(each for each in zones if is_overseas(each[:3]))
    groups = ((VIGILANCE_URL, tuple(each for each in zones if each not in overseas)), (OVERSEAS_URL, overseas))
    headers = {"apikey": settings.METEOFRANCE_KEY}
    return [
        (fetch.fetch_url(address, headers, limit=CHART_LIMIT), "vigilance-spans", {"zones": wanted})
        for address, wanted in groups if wanted
    ]  # fmt: skip


def _known_messages(source: WarningSource) -> list[CapAlert]:
    """Return the messages of earlier charts that count still: neither replaced nor all-clears."""
    rows = source.messages.filter(concerns=True, ended_at=None).order_by("received_at", "pk")
    found = [message_store.alert_of(row) for row in rows]
    return [each for each in found if each.infos and not each.is_all_clear]


def _area(found: dict[str, Any], places: Sequence[Place]) -> CapArea:
    """Return the area of a hazard: a department, or the places of the town that a reach comes near."""
    if "places" not in found:
        department = found["zone"][: 3 if is_overseas(found["zone"][:3]) else 2]
        known = departments().get(department)
        name = known.name if known is not None else found["zone"]
        return CapArea(name, geocodes=(NamedValue("departement", department),))
    # By their numbers among the places that have coordinates; where reaches were named, all places.
    pointed = [place for place in places if place.point is not None] or list(places)
    near = [pointed[number] for number in found["places"] if number < len(pointed)]
    codes = tuple(NamedValue("insee", place.insee) for place in near if place.insee)
    if codes and all(place.insee for place in near):
        return CapArea(found["name"], geocodes=codes)
    circles = tuple(CapCircle(place.point[0], place.point[1], _PLACE_KM) for place in near if place.point is not None)
    return CapArea(found["name"], circles=circles)


def _unsaid(
    source: WarningSource, data: dict[str, Any], readings: Sequence[dict[str, Any]], places: Sequence[Place]
) -> str:
    """Return what a chart should say and does not: a department or reach that is not in it, colours unknown to us."""
    if source.kind == SourceKind.VIGILANCE:
        missing = set(departments_of(source, places)) - {each["zone"] for each in data["zones"]}
        if missing:
            return _("Not in the chart: %(zones)s. Nothing is known there.") % {"zones": ", ".join(sorted(missing))}
    elif not data["hazards"]:
        return _("No reach that Vigicrues watches is near the town, or has such a name: nothing is known of floods.")
    unknown = [part["name"] for each in readings for part in each["skipped"] if part["reason"] == "unknown-colour"]
    if unknown:
        names = ", ".join(dict.fromkeys(unknown))
        return _("The level is missing or unknown: %(names)s. Look at the authority’s own page.") % {"names": names}
    return ""
