"""Where warnings can concern the town: its places, each with the screens that stand there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_server.accounts.models import Town
from beffroi_server.cap.messages import NamedValue
from beffroi_server.cap.places import Place, PlaceError, make_place
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.outside_warnings.models import WarningSource
from beffroi_server.outside_warnings.policies import lines_of


@dataclass(frozen=True, slots=True)
class Site:
    """A place with its screens."""

    place: Place
    targets: Targets


def sites_of(source: WarningSource, town: Town) -> list[Site]:
    """Return the places of the town: one, or those of its municipalities."""
    codes = codes_of(source)
    municipalities = list(Municipality.objects.select_related("group"))
    if not municipalities:
        return [Site(_place(town.name, town.latitude, town.longitude, town.insee, codes), EVERYWHERE)]
    found = []
    for each in municipalities:
        has_own = each.latitude is not None
        latitude, longitude = (each.latitude, each.longitude) if has_own else (town.latitude, town.longitude)
        place = _place(each.name, latitude, longitude, each.insee or town.insee, codes)
        found.append(Site(place, Targets(groups=(each.group,))))
    return found


def united_targets(sites: Sequence[Site], every: Sequence[Site]) -> Targets:
    """Return the screens of some places: all screens where they are all of them."""
    if len(sites) == len(every):
        return EVERYWHERE
    return Targets(groups=tuple(group for site in sites for group in site.targets.groups))


def codes_of(source: WarningSource) -> tuple[NamedValue, ...]:
    """Return the further codes of the town in a source; a line that is none is left out."""
    pairs = (line.partition("=") for line in lines_of(source.codes))
    return tuple(NamedValue(name.strip(), value.strip()) for name, _, value in pairs if name.strip() and value.strip())


def _place(
    name: str, latitude: float | None, longitude: float | None, insee: str, codes: tuple[NamedValue, ...]
) -> Place:
    try:
        return make_place(name=name, latitude=latitude, longitude=longitude, insee=insee, codes=codes)
    except PlaceError:
        # A wrong code must not keep warnings away: the coordinates count, or a person is asked.
        return make_place(name=name, latitude=latitude, longitude=longitude, codes=codes)
