"""Choices that a form offers: those within the scope of the user for whom a page is made.

The decorators of ``access.py`` say for whom, as Django says in which time zone and language; every form of
``web/forms.py`` is limited then, so that no page can forget it. Services check the same again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django import forms
from django.db.models import Model, QuerySet

from beffroi_server.accounts.models import User
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.library import library_scopes
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule import publish_permissions
from beffroi_server.schedule.models import Playlist

Row = TypeVar("Row", bound=Model)
_acting_user: ContextVar[User | None] = ContextVar("acting_user", default=None)


@contextmanager
def acting_as(user: User) -> Iterator[None]:
    """Limit the choices of forms that are made within to the scope of a user."""
    token = _acting_user.set(user)
    try:
        yield
    finally:
        _acting_user.reset(token)


def limit_rows(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Return those of some rows that lie within the scope of the acting user, for a list."""
    user = _acting_user.get()
    return rows if user is None else _within_scope(rows, user)


def limit_choices(form: forms.BaseForm) -> None:
    """Limit the screens, groups and playlists that a form offers to the scope of the acting user, if there is one."""
    user = _acting_user.get()
    if user is None:
        return
    is_limited = screen_scopes.scope_group_keys(user) is not None
    for name, field in form.fields.items():
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            field.queryset = _within_scope(field.queryset, user)
        elif name == "everywhere" and is_limited:
            # Shown but not to be chosen: the page says what is missing.
            field.disabled, field.initial, form.initial[name] = True, False, False
        elif name == "where" and is_limited and isinstance(field, forms.ChoiceField):
            offered: Any = field.choices
            field.choices = [choice for choice in offered if choice[0] != "everywhere"]
            if form.initial.get(name) == "everywhere":
                form.initial[name] = "chosen"


def _within_scope(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    if rows.model is ScreenGroup:
        return rows & screen_scopes.groups_in_scope(user)
    if rows.model is Screen:
        return rows.filter(pk__in=screen_scopes.screens_in_scope(user).values("pk"))
    if rows.model is Playlist:
        return publish_permissions.playlists_of(rows, user)
    if rows.model is Announcement:
        return library_scopes.announcements_in_scope(rows, user)
    if rows.model is MediaItem:
        return library_scopes.media_in_scope(rows, user)
    return rows
