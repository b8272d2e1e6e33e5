"""Operations on the municipalities of an intercommunality."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import Field, StringConstraints

from beffroi_server.accounts.holiday_regions import HolidayRegion
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import invalid_field
from beffroi_server.api.values import (
    Answer,
    Change,
    DrawnTownName,
    InseeCode,
    Key,
    PageOf,
    PageQuery,
    Slug,
    Slugs,
    find_row,
    named_row,
    named_rows,
    page_of,
)
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library.models import MediaItem
from beffroi_server.library.town_branding import logo_of, save_municipality

TAG = "town"
READ, WRITE = "screens:read", "users:write"
MunicipalityName = Annotated[DrawnTownName, StringConstraints(max_length=80)]


class MunicipalityAnswer(Answer):
    """A municipality: a group of screens with a name and a look of its own."""

    slug: str
    """That of its group."""
    name: str
    colour: str
    latitude: float | None
    """Null: the place of the town."""
    longitude: float | None
    insee: str
    holiday_region: str
    """Empty: that of the town."""
    logo: int | None
    screens: list[str]


class MunicipalityChange(Change):
    """Fields of a municipality."""

    name: MunicipalityName = ""
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")] = "#1d4f91"
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    insee: InseeCode = ""
    holiday_region: HolidayRegion = HolidayRegion.BY_TIME_ZONE
    logo: Key | None = None
    screens: Slugs = []
    """A screen belongs to one municipality at most."""


class NewMunicipality(MunicipalityChange):
    """A new municipality. Its identifier is made of its name."""

    name: MunicipalityName


def municipality_slug(row: Any) -> str | None:
    """Return the identifier of the municipality that a row belongs to; None for what is shared."""
    return row.municipality.group.slug if row.municipality is not None else None


def named_municipality(slug: str | None) -> Municipality | None:
    """Return the municipality that a request names; None for what is shared.

    Raises:
        ApiProblem: there is none.
    """
    if slug is None:
        return None
    found = Municipality.objects.filter(group__slug=slug).first()
    if found is None:
        raise invalid_field("municipality", _("%(names)s: there is no such thing") % {"names": slug})
    return found


def municipality_rows() -> Any:
    """Return the municipalities with what their answers show."""
    return Municipality.objects.select_related("group", "chosen_logo__image").prefetch_related("group__screens")


def municipality_answer(row: Municipality) -> MunicipalityAnswer:
    """Return a municipality as the API shows it."""
    logo = logo_of(row)
    return MunicipalityAnswer(
        slug=row.group.slug, name=row.name, colour=row.colour, latitude=row.latitude, longitude=row.longitude,
        insee=row.insee,
        holiday_region=row.holiday_region, logo=logo.pk if logo is not None else None,
        screens=sorted(screen.slug for screen in row.group.screens.all()),
    )  # fmt: skip


@operation("GET", "/municipalities", scope=READ, returns=PageOf[MunicipalityAnswer], tag=TAG)
def list_municipalities(request: ApiRequest, query: Query[PageQuery]) -> PageOf[MunicipalityAnswer]:
    """List the municipalities that share the server, by name; none for a single town."""
    return page_of(query, municipality_rows(), municipality_answer)


@operation("POST", "/municipalities", scope=WRITE, returns=MunicipalityAnswer, status=201, tag=TAG)
def create_municipality(request: ApiRequest, body: NewMunicipality) -> Status[MunicipalityAnswer]:
    """Add a municipality with a group for its screens."""
    return Status(201, _save(Municipality(), body, request))


@operation("GET", "/municipalities/{slug}", scope=READ, returns=MunicipalityAnswer, tag=TAG)
def read_municipality(request: ApiRequest, slug: Slug) -> MunicipalityAnswer:
    """Return a municipality."""
    return municipality_answer(find_row(municipality_rows(), group__slug=slug))


@operation("PATCH", "/municipalities/{slug}", scope=WRITE, returns=MunicipalityAnswer, tag=TAG)
def change_municipality(request: ApiRequest, slug: Slug, body: MunicipalityChange) -> MunicipalityAnswer:
    """Change a municipality; its screens follow. Its local administrators may, but for which screens it has."""
    return _save(find_row(municipality_rows(), group__slug=slug), body, request)


def _save(row: Municipality, body: MunicipalityChange, request: ApiRequest) -> MunicipalityAnswer:
    values = body.given()
    screens, logo = values.pop("screens", None), logo_of(row)
    chosen = named_rows(Screen.objects.all(), screens, "screens", key="slug") if screens is not None else None
    if "logo" in values:
        values.pop("logo")
        logo = named_row(MediaItem.objects.all(), body.logo, "logo")
    for name, value in values.items():
        setattr(row, name, value)
    save_municipality(row, logo=logo, screens=chosen, user=request.user)
    return municipality_answer(find_row(municipality_rows(), pk=row.pk))
