"""Geocodes: whether a code of an area means a town, another place, or nobody knows what."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from functools import cache

from beffroi_server.cap.countries import is_certainly_outside
from beffroi_server.cap.messages import NamedValue
from beffroi_server.cap.names import folded_name
from beffroi_server.cap.places import Department, Place, departments


class CodeMatch(Enum):
    """What a code says about a place."""

    EXACT = "exact"
    """Its commune, department or warning zone."""
    COARSE = "coarse"
    """A country or region around it."""
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


_COMMUNE = frozenset(
    {"insee", "codeinsee", "inseecode", "inseecommune", "communeinsee", "codecommune", "commune", "cog"}
)
_DEPARTMENT = frozenset({"departement", "department", "dept", "dep", "codedepartement", "inseedepartement"})
_REGION = frozenset({"region", "coderegion", "inseeregion", "regioninsee"})
_COUNTRIES = {
    "same": "US", "fips": "US", "fips5": "US", "fips6": "US", "fipscode": "US", "ugc": "US", "clc": "CA",
    "capcplocation": "CA", "cpeas": "CN", "cpeasgeographiccode": "CN", "amoc": "AU", "kzstd": "KZ", "warncellid": "DE",
    "ags": "DE", "taiwangeocode": "TW", "targetareacode": "GB", "aemetmeteoalertazona": "ES", "cisorp": "CZ",
    "lgddistrictcode": "IN", "psgc": "PH", "ibge": "BR", "inegi": "MX",
}  # fmt: skip
"""Schemes of one country: their codes are elsewhere for places in another."""
_AMERICAN = frozenset({"same", "fips", "fips5", "fips6", "fipscode"})
_OVERSEAS = {
    "GP": "971", "MQ": "972", "GF": "973", "RE": "974", "YT": "976", "GLP": "971", "MTQ": "972", "GUF": "973",
    "REU": "974", "MYT": "976",
}  # fmt: skip
"""Departments by their codes in ISO 3166-1 and, until 2021, ISO 3166-2:FR."""
_COMMUNES_WITH_ARRONDISSEMENTS = {"751": "75056", "132": "13055", "6938": "69123"}


def match_code(code: NamedValue, place: Place) -> CodeMatch:
    """Return what a geocode says about a place.

    Names of schemes are free text: they are compared without case and punctuation, editions and layers within them
    (``NUTS3_2013``, ``profile:CAP-CP:Location:0.3``) are passed over. A scheme that is not known here says nothing.
    """
    name, value = folded_name(code.name), code.value.strip().upper()
    if not value:
        return CodeMatch.UNKNOWN
    compare = next((each for fits, each in _SCHEMES if fits(name)), None)
    if compare is not None and not any(folded_name(own.name) == name for own in place.codes):
        return compare(name, value, place)
    if (found := _match_own(name, value, place)) is not CodeMatch.UNKNOWN:
        return found
    country = _country_of(code.name, name, value)
    return CodeMatch.ELSEWHERE if _is_foreign(country, place) else CodeMatch.UNKNOWN


def _country_of(written: str, name: str, value: str) -> str:
    """Return the country whose scheme a name is, or nothing."""
    names = (name, re.sub(r"^profile|\d+$", "", name), folded_name(written.rpartition(":")[2]))
    # “AMOC-AreaCode”, “CPEAS Geographic Code”.
    first = folded_name(re.split(r"[^A-Za-z0-9]+", written.strip())[0])
    country = next((_COUNTRIES[each] for each in (*names, first) if each in _COUNTRIES), "")
    # FIPS has two-letter codes of countries, too, which are not those of ISO.
    return "" if name.startswith("fips") and not any(letter.isdigit() for letter in value) else country


def _is_foreign(country: str, place: Place) -> bool:
    """Return whether a place is certainly not in a country."""
    if country and place.country:
        return country != place.country
    return is_certainly_outside(country, place.point)


def _match_iso(_name: str, value: str, place: Place) -> CodeMatch:
    country, _, part = value.replace("_", "-").partition("-")
    country = "FR" if country == "FRA" else country
    # Overseas departments have codes of their own, as countries and as parts of France.
    overseas = _OVERSEAS.get(part if country == "FR" else country)
    if overseas and place.country == "FR":
        return _match_insee("departement", overseas, place)
    if not re.fullmatch("[A-Z]{2}", country) or country == "EU":
        return CodeMatch.UNKNOWN
    if country != place.country:
        return CodeMatch.ELSEWHERE if _is_foreign(country, place) else CodeMatch.UNKNOWN
    own = departments().get(place.department)
    if not part or own is None:
        return CodeMatch.UNKNOWN if part else CodeMatch.COARSE
    if part == own.number:
        return CodeMatch.EXACT
    return CodeMatch.COARSE if part == own.iso_region else _elsewhere(part, _iso_parts())


def _match_nuts(_name: str, value: str, place: Place) -> CodeMatch:
    own = departments().get(place.department)
    return _match_zone(value, own.nuts3 if own else frozenset(), _nuts_codes(), place)


def _match_emma(name: str, value: str, place: Place) -> CodeMatch:
    own = departments().get(place.department)
    found = _match_zone(value, own.emma_ids if own else frozenset(), _emma_ids(), place, has_parents=False)
    # Some write codes of NUTS under this name; the numbers of the two overlap only where they mean the same.
    return _match_nuts(name, value, place) if found is CodeMatch.UNKNOWN else found


def _match_zone(
    value: str, own: frozenset[str], known: frozenset[str], place: Place, *, has_parents: bool = True
) -> CodeMatch:
    """Compare codes that begin with a country. One of the same country that no edition has is unknown."""
    country = value[:2].replace("UK", "GB").replace("EL", "GR")
    if not country.isalpha():
        return CodeMatch.UNKNOWN
    if country != place.country:
        return CodeMatch.ELSEWHERE if _is_foreign(country, place) else CodeMatch.UNKNOWN
    if value in own:
        return CodeMatch.EXACT
    if len(value) == 2 or (has_parents and any(code.startswith(value) for code in own)):
        return CodeMatch.COARSE
    return _elsewhere(value, known) if place.department in departments() else CodeMatch.UNKNOWN


def _match_insee(name: str, value: str, place: Place) -> CodeMatch:
    if place.department not in departments():
        is_abroad = place.country not in ("", "FR") and (name in _COMMUNE or "insee" in name)
        return CodeMatch.ELSEWHERE if is_abroad else CodeMatch.UNKNOWN
    own = departments()[place.department]
    value = re.sub(r"^FR[-_. ]?(?=\d[\dAB])", "", value)
    if name in _DEPARTMENT and (named := _departments_by_name().get(folded_name(value))):
        return CodeMatch.EXACT if named == own.number else CodeMatch.ELSEWHERE
    if name in _REGION:
        return CodeMatch.COARSE if value.zfill(2) == own.region else _elsewhere(value.zfill(2), _regions())
    # “035”, and “3510”, its coast.
    number = (value[:-2] if re.fullmatch(r"\d[\dAB]10", value) else value).lstrip("0").zfill(2)
    if name in _DEPARTMENT and number not in departments():
        return CodeMatch.UNKNOWN
    if name in _DEPARTMENT or (len(value) < 4 and number in departments()):
        return CodeMatch.EXACT if number == own.number else CodeMatch.ELSEWHERE
    return _match_commune(value.zfill(5), place)


def _match_commune(value: str, place: Place) -> CodeMatch:
    if not re.fullmatch(r"\d[\dAB]\d{3}", value):
        return CodeMatch.UNKNOWN
    whole = next((code for head, code in _COMMUNES_WITH_ARRONDISSEMENTS.items() if value.startswith(head)), value)
    if place.insee and place.insee in (value, whole):
        return CodeMatch.EXACT
    if place.insee or not value.startswith(place.department):
        return CodeMatch.ELSEWHERE
    return CodeMatch.UNKNOWN


def _match_own(name: str, value: str, place: Place) -> CodeMatch:
    """Compare with codes that the place was given under the same name, or under that of another edition."""
    own = {_plain_code(name, each.value) for each in place.codes if _same_scheme(folded_name(each.name), name)}
    if not own:
        other = {each.value.strip().upper() for each in place.codes if _edition(each.name) == _edition(name)}
        # What another edition does not have may have been numbered anew.
        return CodeMatch.EXACT if value in other else CodeMatch.UNKNOWN
    value = _plain_code(name, value)
    if value in own:
        return CodeMatch.EXACT
    if name.startswith(("same", "fips")) and not value.strip("0"):
        # All of the United States.
        return CodeMatch.COARSE
    # Codes are hierarchical. A parent is a shorter code, or one that is filled up: a state in SAME and UGC ends with
    # 000 instead of a county, CPEAS fills pairs of zeros.
    parent = re.sub(r"(?:00)+$" if len(value) >= 9 else r"(?:[ZC]?000|[ZC]ALL)$", "", value)
    return CodeMatch.COARSE if any(code.startswith(parent) for code in own) else CodeMatch.ELSEWHERE


def _same_scheme(own: str, other: str) -> bool:
    return own == other or (own in _AMERICAN and other in _AMERICAN)


def _edition(name: str) -> str:
    """Return the name of a scheme without the number of its edition: ``Location:0.3`` and ``Location:0.4``."""
    return re.sub(r"\d{1,8}$", "", folded_name(name))


def _plain_code(name: str, value: str) -> str:
    value = value.strip().upper()
    # SAME is a digit for a part of the county, then FIPS. Where codes pass for numbers, leading zeros are lost.
    is_county = name.startswith(("same", "fips")) and value.isdigit() and len(value) <= 6
    return value.zfill(5)[-5:] if is_county else value


def _elsewhere(value: str, known: frozenset[str]) -> CodeMatch:
    return CodeMatch.ELSEWHERE if value in known else CodeMatch.UNKNOWN


def _all() -> list[Department]:
    return list(departments().values())


@cache
def _departments_by_name() -> dict[str, str]:
    return {folded_name(each.name): each.number for each in _all()}


@cache
def _nuts_codes() -> frozenset[str]:
    return frozenset(code[:length] for each in _all() for code in each.nuts3 for length in (3, 4, 5))


@cache
def _emma_ids() -> frozenset[str]:
    # FR001 is Andorra.
    return frozenset({"FR001"}.union(*(each.emma_ids for each in _all())))


@cache
def _regions() -> frozenset[str]:
    return frozenset(each.region for each in _all())


@cache
def _iso_parts() -> frozenset[str]:
    return frozenset(part for each in _all() for part in (each.number, each.iso_region))


_SCHEMES: tuple[tuple[Callable[[str], bool], Callable[[str, str, Place], CodeMatch]], ...] = (
    (lambda name: "iso" in name and "3166" in name, _match_iso),
    (lambda name: name.startswith("nuts"), _match_nuts),
    (lambda name: name.startswith("emma"), _match_emma),
    (lambda name: "insee" in name or name in _COMMUNE | _DEPARTMENT | _REGION, _match_insee),
)
