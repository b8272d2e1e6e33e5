"""Operations on the town, its first hour, the audit trail, and the caller itself."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Annotated, Any, Literal

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import AfterValidator, Field, StringConstraints

from beffroi_content.model import AlertLevel
from beffroi_server.accounts import services
from beffroi_server.accounts.api_tokens import SCOPES
from beffroi_server.accounts.holiday_regions import HolidayRegion
from beffroi_server.accounts.models import AuditEvent, Town
from beffroi_server.alerts.starter_set import add_starter_set
from beffroi_server.api.languages import Languages
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import (
    Answer,
    Change,
    DrawnTownName,
    InseeCode,
    Instant,
    Key,
    PageOf,
    PageQuery,
    find_row,
    named_row,
    page_of,
)
from beffroi_server.library.models import MediaItem
from beffroi_server.library.town_branding import logo_of, save_town

TAG = "town"
READ, WRITE = "town:read", "town:write"


def _known_zone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        raise ValueError(_("give a time zone such as Europe/Paris"))
    return value


TimeZoneName = Annotated[str, StringConstraints(max_length=60), AfterValidator(_known_zone)]
Username = Annotated[str, StringConstraints(min_length=1, max_length=150, pattern=r"^[A-Za-z0-9@.+_-]+$")]


class CallerAnswer(Answer):
    """Who calls, and what that lets them do."""

    user: str
    role: str
    token: str
    """Name of the token; empty for a session."""
    scopes: list[str]
    """Those that may be used: within the role of the user."""
    expires_at: dt.datetime | None


class TownAnswer(Answer):
    """The town."""

    site: str
    name: str
    colour: str
    time_zone: str
    locale: str
    languages: list[str]
    """In which screens show announcements, in order; none: all."""
    latitude: float | None
    longitude: float | None
    holiday_region: str
    plays_months: int
    alert_sets_months: int
    outages_months: int
    insee: str
    silent_minutes: int
    """After which a screen counts as silent."""
    unseen_seconds: int
    """After which an alert that is not on a screen is told of."""
    dark_after_hours: int | None
    """Of running without contact, after which a player shows nothing of the town; none: never."""
    second_officer_levels: list[AlertLevel]
    """At which a real alert needs a second officer."""
    asks_second_factor: bool
    """Of officers and administrators."""
    is_try_out: bool
    """Whether alerts are exercises unless one says otherwise."""
    logo: int | None


class TownChange(Change):
    """Settings of the town."""

    name: DrawnTownName = ""
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")] = "#1d4f91"
    time_zone: TimeZoneName = "Europe/Paris"
    locale: Literal["fr", "en"] = "fr"
    languages: Languages = []
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    holiday_region: HolidayRegion = HolidayRegion.BY_TIME_ZONE
    plays_months: Annotated[int, Field(ge=1, le=120)] = 25
    alert_sets_months: Annotated[int, Field(ge=2, le=600)] = 61
    outages_months: Annotated[int, Field(ge=1, le=120)] = 25
    insee: InseeCode = ""
    silent_minutes: Annotated[int, Field(ge=1, le=32_767)] = 10
    unseen_seconds: Annotated[int, Field(ge=1, le=32_767)] = 60
    dark_after_hours: Annotated[int, Field(ge=24, le=8_760)] | None = None
    second_officer_levels: Annotated[list[AlertLevel], Field(max_length=len(AlertLevel))] = []
    asks_second_factor: bool = False
    is_try_out: bool = False
    logo: Key | None = None


class EventAnswer(Answer):
    """An event of the audit trail."""

    id: int
    at: dt.datetime
    actor: str
    """Empty: the server itself."""
    action: str
    subject: str
    detail: dict[str, Any]
    previous_hash: str
    hash: str


class EventQuery(PageQuery):
    """Which events are wanted."""

    since: Instant | None = None
    until: Instant | None = None
    actor: Annotated[str, StringConstraints(max_length=150, pattern=r"^[^\x00]*$")] = ""
    action: Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9-]*$")] = ""


@operation("GET", "/me", scope="", returns=CallerAnswer, tag=TAG)
def read_caller(request: ApiRequest) -> CallerAnswer:
    """Return who you are, and which scopes you may use."""
    caller = request.caller
    return CallerAnswer(
        user=caller.user.get_username(), role=caller.user.role, token=caller.token.name if caller.token else "",
        scopes=[name for name in SCOPES if caller.may(name)],
        expires_at=caller.token.expires_at if caller.token else None,
    )  # fmt: skip


@operation("GET", "/town", scope="screens:read", returns=TownAnswer, tag=TAG)
def read_town(request: ApiRequest) -> TownAnswer:
    """Return the town as screens show it."""
    return town_answer(find_row(Town.objects.all()))


@operation("PATCH", "/town", scope=WRITE, returns=TownAnswer, tag=TAG)
def change_town(request: ApiRequest, body: TownChange) -> TownAnswer:
    """Change the town; every screen follows."""
    town = find_row(Town.objects.all())
    values = body.given()
    logo = logo_of(town)
    if "logo" in values:
        values.pop("logo")
        logo = named_row(MediaItem.objects.all(), body.logo, "logo")
    if "asks_second_factor" in values:
        asks = values.pop("asks_second_factor")
        town.second_factor_since = (town.second_factor_since or timezone.now()) if asks else None
    if "second_officer_levels" in values:
        values["second_officer_levels"] = [level.value for level in dict.fromkeys(body.second_officer_levels)]
    for name, value in values.items():
        setattr(town, name, value)
    save_town(town, logo=logo, user=request.user)
    return town_answer(find_row(Town.objects.all()))


def town_answer(town: Town) -> TownAnswer:
    """Return the town as the API shows it."""
    logo = logo_of(town)
    built = {"logo": logo.pk if logo is not None else None, "asks_second_factor": town.second_factor_since is not None}
    values = {name: getattr(town, name) for name in TownAnswer.model_fields if name not in built}
    return TownAnswer.model_validate({**values, **built})


class AddedAnswer(Answer):
    """How much was added."""

    added: int


@operation("POST", "/starter-set", scope="alerts:broadcast", returns=AddedAnswer, tag=TAG)
def add_starter_scenarios(request: ApiRequest) -> AddedAnswer:
    """Add the usual scenarios, as drafts, and categories that the town has not yet."""
    return AddedAnswer(added=add_starter_set(find_row(Town.objects.all()), user=request.user))


@operation("POST", "/first-hour/hide", scope=WRITE, status=204, tag=TAG)
def hide_first_hour(request: ApiRequest) -> Status[None]:
    """Hide the list of first steps on the pages for good."""
    town = find_row(Town.objects.all())
    town.first_steps_hidden_at = timezone.now()
    services.update_setting(town, "first_steps_hidden_at", user=request.user)
    return Status(204, None)


@operation("GET", "/audit", scope=READ, returns=PageOf[EventAnswer], tag=TAG)
def list_events(request: ApiRequest, query: Query[EventQuery]) -> PageOf[EventAnswer]:
    """List the events of the audit trail, the newest first."""
    rows = AuditEvent.objects.all()
    if query.since is not None:
        rows = rows.filter(at__gte=query.since)
    if query.until is not None:
        rows = rows.filter(at__lt=query.until)
    if query.actor:
        rows = rows.filter(actor=query.actor)
    if query.action:
        rows = rows.filter(action=query.action)
    names = EventAnswer.model_fields
    return page_of(query, rows, lambda row: EventAnswer.model_validate({name: getattr(row, name) for name in names}))
