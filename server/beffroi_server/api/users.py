"""Operations on users: whom one administers, all of them or those of one's own municipality.

Passwords, second factors, emergency codes and links for accounts in use stay with people and the pages: a token that
leaks must not sign anybody in.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import Field

from beffroi_server.accounts import account_mail, services, user_sessions
from beffroi_server.accounts.models import User, UserRole
from beffroi_server.accounts.user_management import users_managed
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.own_account import SessionAnswer, session_answer
from beffroi_server.api.problems import ApiProblem, invalid_field
from beffroi_server.api.town import Username
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Keys,
    Line60,
    PageOf,
    PageQuery,
    Slugs,
    find_row,
    named_rows,
    page_of,
)
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.library.library_scopes import set_scope
from beffroi_server.library.models import Category

TAG = "users"
READ, WRITE = "users:read", "users:write"
Quota = Annotated[int, Field(ge=0, le=32_767)]
MailAddress = Annotated[str, Field(max_length=254, pattern=r"^([^@\s\x00]+@[^@\s\x00]+)?$")]


class UserAnswer(Answer):
    """A user."""

    id: int
    username: str
    first_name: str
    last_name: str
    email: str
    role: UserRole
    groups: list[str]
    """The groups of screens that the user is limited to; empty: every screen."""
    categories: list[int]
    """The categories of announcements that the user is limited to; empty: every one."""
    announcement_quota: int | None
    """Announcements of a contributor that may be proposed or on screens at a time."""
    is_active: bool
    last_login: dt.datetime | None


class UserFields(Change):
    """Fields of a user."""

    first_name: Line60 = ""
    last_name: Line60 = ""
    email: MailAddress = ""
    role: UserRole = UserRole.EDITOR
    groups: Slugs = []
    """Limits the user to the screens of these groups, and to the content of their municipalities; none: no limit."""
    categories: Keys = []
    announcement_quota: Quota | None = None


class UserChange(UserFields):
    """Another value of fields of a user."""

    is_active: bool = True


class NewUser(UserFields):
    """A new user, who signs in by an invitation first."""

    username: Username


class InvitationAnswer(Answer):
    """An invitation: an address that signs a new user in once, within a week."""

    link: str
    is_mailed: bool


class EndedAnswer(Answer):
    """How many sessions were ended."""

    ended: int


def _users(request: ApiRequest) -> Any:
    return users_managed(request.user).prefetch_related("scope_groups", "scope_categories")


def user_answer(row: User) -> UserAnswer:
    """Return a user as the API shows it."""
    own = {name: getattr(row, name) for name in set(UserAnswer.model_fields) - {"groups", "categories"}}
    groups = sorted(group.slug for group in row.scope_groups.all()) if row.is_limited_to_groups else []
    categories = sorted(each.pk for each in row.scope_categories.all()) if row.is_limited_to_categories else []
    return UserAnswer.model_validate({**own, "groups": groups, "categories": categories})


@operation("GET", "/users", scope=READ, returns=PageOf[UserAnswer], tag=TAG)
def list_users(request: ApiRequest, query: Query[PageQuery]) -> PageOf[UserAnswer]:
    """List the users whom one administers, by name."""
    return page_of(query, _users(request).order_by("username"), user_answer)


@operation("POST", "/users", scope=WRITE, returns=UserAnswer, status=201, tag=TAG)
def create_user(request: ApiRequest, body: NewUser) -> Status[UserAnswer]:
    """Add a user. Invite them afterwards."""
    values = body.given()
    groups, categories, username = values.pop("groups", []), values.pop("categories", []), values.pop("username")
    role = values.pop("role", UserRole.EDITOR)
    _check_address(values.get("email", ""), None)
    with serialised():
        row = services.create_user(username, role, actor=request.user, **values)
        _set_scope(row, groups, categories, request.user)
    return Status(201, user_answer(find_row(_users(request), pk=row.pk)))


@operation("GET", "/users/{user_id}", scope=READ, returns=UserAnswer, tag=TAG)
def read_user(request: ApiRequest, user_id: Key) -> UserAnswer:
    """Return a user."""
    return user_answer(find_row(_users(request), pk=user_id))


@operation("PATCH", "/users/{user_id}", scope=WRITE, returns=UserAnswer, tag=TAG)
def change_user(request: ApiRequest, user_id: Key, body: UserChange) -> UserAnswer:
    """Change a user: name, role, scope, or whether they can sign in."""
    row, values = find_row(_users(request), pk=user_id), body.given()
    groups, categories = values.pop("groups", None), values.pop("categories", None)
    if "email" in values:
        _check_address(values["email"], row)
    for name, value in values.items():
        setattr(row, name, value)
    row.role = str(row.role)
    present = user_answer(row)
    with serialised():
        services.update_user(row, actor=request.user)
        if groups is not None or categories is not None:
            _set_scope(row, present.groups if groups is None else groups,
                       present.categories if categories is None else categories, request.user)  # fmt: skip
    return user_answer(find_row(_users(request), pk=user_id))


@operation("POST", "/users/{user_id}/invitation", scope=WRITE, returns=InvitationAnswer, status=201, tag=TAG,
           is_repeatable=False)  # fmt: skip
def invite_user(request: ApiRequest, user_id: Key) -> Status[InvitationAnswer]:
    """Invite a user who has never signed in, by mail where there is an address; former invitations end."""
    row = find_row(_users(request).filter(is_active=True), pk=user_id)
    if row.last_login is not None:
        raise ApiProblem(
            409, "in-use", _("%(name)s has signed in already.") % {"name": row.get_username()},
            _("Make a sign-in link on the page of the user."),
        )  # fmt: skip
    link = services.invite_user(row, actor=request.user)
    is_mailed = bool(row.email and account_mail.is_configured())
    if is_mailed:
        account_mail.mail_invitation(row, link, request.user)
    return Status(201, InvitationAnswer(link=link, is_mailed=is_mailed))


@operation("GET", "/users/{user_id}/sessions", scope=READ, returns=PageOf[SessionAnswer], tag=TAG)
def list_user_sessions(request: ApiRequest, user_id: Key, query: Query[PageQuery]) -> PageOf[SessionAnswer]:
    """List where a user is signed in, the newest first."""
    return page_of(query, user_sessions.sessions_of(find_row(_users(request), pk=user_id)), session_answer)


@operation("DELETE", "/users/{user_id}/sessions", scope=WRITE, returns=EndedAnswer, tag=TAG)
def end_user_sessions(request: ApiRequest, user_id: Key) -> EndedAnswer:
    """Sign a user out everywhere."""
    row = find_row(_users(request), pk=user_id)
    return EndedAnswer(ended=user_sessions.end_all_sessions(row, actor=request.user))


def _check_address(address: str, row: User | None) -> None:
    others = User.objects.exclude(pk=row.pk) if row is not None else User.objects.all()
    if address and others.filter(email__iexact=address).exists():
        raise invalid_field("email", _("Another user has this mail address."))


def _set_scope(row: User, slugs: list[str], categories: list[int], actor: User) -> None:
    set_scope(
        row, groups=named_rows(ScreenGroup.objects.all(), slugs, "groups", key="slug"),
        categories=named_rows(Category.objects.all(), categories, "categories"), actor=actor,
    )  # fmt: skip
