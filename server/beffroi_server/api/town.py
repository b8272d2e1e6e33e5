"""Operations on the town, its users, the audit trail, and the caller itself."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import AfterValidator, Field, StringConstraints

from beffroi_server.accounts import services
from beffroi_server.accounts.api_tokens import SCOPES
from beffroi_server.accounts.holiday_regions import HolidayRegion
from beffroi_server.accounts.models import AuditEvent, Town, User, UserRole
from beffroi_server.api.languages import Languages
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import (
    Answer,
    Change,
    DrawnTownName,
    Instant,
    Key,
    Line60,
    PageOf,
    PageQuery,
    Slugs,
    find_row,
    named_row,
    named_rows,
    page_of,
)
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.library.library_scopes import set_scope
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
    logo: Key | None = None


class UserAnswer(Answer):
    """A user."""

    id: int
    username: str
    first_name: str
    last_name: str
    role: UserRole
    groups: list[str]
    """The groups of screens that the user is limited to; empty: every screen."""
    is_active: bool
    last_login: dt.datetime | None


class UserChange(Change):
    """Fields of a user."""

    first_name: Line60 = ""
    last_name: Line60 = ""
    role: UserRole = UserRole.EDITOR
    groups: Slugs = []
    """Limits the user to the screens of these groups, and to the content of their municipalities; none: no limit."""
    is_active: bool = True


class NewUser(Change):
    """A new user, who signs in by a link first: an administrator makes it on the page of users."""

    username: Username
    first_name: Line60 = ""
    last_name: Line60 = ""
    role: UserRole = UserRole.EDITOR
    groups: Slugs = []
    """As for a change."""


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
    return _town_answer(find_row(Town.objects.all()))


@operation("PATCH", "/town", scope=WRITE, returns=TownAnswer, tag=TAG)
def change_town(request: ApiRequest, body: TownChange) -> TownAnswer:
    """Change the town; every screen follows."""
    town = find_row(Town.objects.all())
    values = body.given()
    logo = logo_of(town)
    if "logo" in values:
        values.pop("logo")
        logo = named_row(MediaItem.objects.all(), body.logo, "logo")
    for name, value in values.items():
        setattr(town, name, value)
    save_town(town, logo=logo, user=request.user)
    return _town_answer(find_row(Town.objects.all()))


def _town_answer(town: Town) -> TownAnswer:
    logo = logo_of(town)
    values = {name: getattr(town, name) for name in TownAnswer.model_fields if name != "logo"}
    return TownAnswer.model_validate({**values, "logo": logo.pk if logo is not None else None})


def _user_answer(row: User) -> UserAnswer:
    values = {name: getattr(row, name) for name in UserAnswer.model_fields if name != "groups"}
    limits = sorted(group.slug for group in row.scope_groups.all()) if row.is_limited_to_groups else []
    return UserAnswer.model_validate({**values, "groups": limits})


def _users() -> Any:
    return User.objects.prefetch_related("scope_groups")


def _set_groups(row: User, slugs: list[str], actor: User) -> None:
    groups = named_rows(ScreenGroup.objects.all(), slugs, "groups", key="slug")
    set_scope(row, groups=groups, categories=list(row.scope_categories.all()), actor=actor)


@operation("GET", "/users", scope=READ, returns=PageOf[UserAnswer], tag=TAG)
def list_users(request: ApiRequest, query: Query[PageQuery]) -> PageOf[UserAnswer]:
    """List users by name."""
    return page_of(query, _users().order_by("username"), _user_answer)


@operation("POST", "/users", scope=WRITE, returns=UserAnswer, status=201, tag=TAG)
def create_user(request: ApiRequest, body: NewUser) -> Status[UserAnswer]:
    """Add a user."""
    values = {"first_name": body.first_name, "last_name": body.last_name}
    with serialised():
        row = services.create_user(body.username, body.role, actor=request.user, **values)
        _set_groups(row, body.groups, request.user)
    return Status(201, _user_answer(find_row(_users(), pk=row.pk)))


@operation("GET", "/users/{user_id}", scope=READ, returns=UserAnswer, tag=TAG)
def read_user(request: ApiRequest, user_id: Key) -> UserAnswer:
    """Return a user."""
    return _user_answer(find_row(_users(), pk=user_id))


@operation("PATCH", "/users/{user_id}", scope=WRITE, returns=UserAnswer, tag=TAG)
def change_user(request: ApiRequest, user_id: Key, body: UserChange) -> UserAnswer:
    """Change the name or the role of a user, or disable their access."""
    row = find_row(User.objects.all(), pk=user_id)
    values = body.given()
    groups = values.pop("groups", None)
    for name, value in values.items():
        setattr(row, name, value)
    row.role = str(row.role)
    with serialised():
        services.update_user(row, actor=request.user)
        if groups is not None:
            _set_groups(row, groups, request.user)
    return _user_answer(find_row(_users(), pk=user_id))


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
