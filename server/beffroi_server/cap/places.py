"""The place of a town, and the codes under which warnings know it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from beffroi_server.cap.messages import NamedValue, Point


@dataclass(frozen=True, slots=True)
class Department:
    """A French department with its codes.

    Sources of the table: INSEE, Code officiel géographique (names, regions); ISO 3166-2:FR; Eurostat, NUTS 2013 and
    NUTS 2021; EUMETNET MeteoAlarm, EMMA_ID (none overseas). Paris and its outline have a second EMMA_ID together.
    """

    number: str
    name: str
    region: str
    """INSEE code of the region."""
    iso_region: str
    """The part of its ISO 3166-2 code after ``FR-``."""
    nuts3: frozenset[str]
    """In the editions of 2013, which Météo-France uses in CAP, and of 2021."""
    emma_ids: frozenset[str]


@cache
def departments() -> dict[str, Department]:
    """Return the 101 departments by number."""
    path = Path(__file__).with_name("departments.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    return {
        row["department"]: Department(
            row["department"], row["name"], row["region"], row["iso_region"],
            frozenset({row["nuts3_2013"], row["nuts3_2021"]}), frozenset(row["emma_ids"].split()),
        )
        for row in rows
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a town is, as far as it is known; see ``make_place``."""

    name: str = ""
    point: Point | None = None
    """Latitude and longitude of its screens, in degrees."""
    insee: str = ""
    department: str = ""
    country: str = ""
    """ISO 3166-1, two letters; France where a department is known."""
    codes: tuple[NamedValue, ...] = ()
    """Codes of other schemes: ``SAME``, ``UGC`` …"""


class PlaceError(ValueError):
    """A place cannot be that; the message says why, for people."""


def make_place(
    *, name: str = "", latitude: float | None = None, longitude: float | None = None, insee: str = "",
    department: str = "", country: str = "", codes: tuple[NamedValue, ...] = (),
) -> Place:  # fmt: skip
    """Return a place; department and country follow from the INSEE code.

    Raises:
        PlaceError: a value is wrong, or they contradict each other.
    """
    if (latitude is None) != (longitude is None):
        raise PlaceError("latitude and longitude belong together: give both")
    point = None
    if latitude is not None and longitude is not None:
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise PlaceError("latitude is from -90 to 90 degrees, longitude from -180 to 180")
        point = (latitude, longitude)
    insee, department = insee.strip().upper(), department.strip().upper()
    if insee and len(insee) != 5:
        raise PlaceError(f"{insee} is no INSEE code of a commune: it has five characters, such as 35288")
    of_insee = department_of(insee)
    department = department.zfill(2) if department else of_insee
    if department and department not in departments() and department != of_insee:
        raise PlaceError(f"{department} is no department, such as 35, 2A or 974")
    if insee and department != of_insee:
        raise PlaceError(f"the commune {insee} is not in the department {department}")
    return Place(name.strip(), point, insee, department, (country or ("FR" if department else "")).upper(), codes)


def department_of(insee: str) -> str:
    """Return the number of the department of a commune: three digits overseas."""
    return insee[:3] if insee.startswith(("97", "98")) else insee[:2]
