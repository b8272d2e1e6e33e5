"""Choices that a form offers: those within the scope of the user for whom a page is made.

The decorators of ``access.py`` say for whom, as Django says in which time zone and language; every form of
``web/forms.py`` is limited then, so that no page can forget it. Services check the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404

from beffroi_server.accounts.models import User
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import content_owners, screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.library import library_scopes
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule import publish_permissions
from beffroi_server.schedule.models import Playlist
from beffroi_server.web import working_for

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
    """Return those of some rows that lie within the scope of the acting user, for a list.

    Of content, those of the municipality that the user works for now, and what is shared.
    """
    user = _acting_user.get()
    if rows.model in {Announcement, MediaItem, Playlist}:
        rows = working_for.of_chosen(rows)
    return rows if user is None else _within_scope(rows, user)


def screen_of(slug: str, rows: QuerySet[Screen] | None = None) -> Screen:
    """Return a screen by its slug for a page: the one place that says whose screens somebody may look at.

    A screen beyond the scope of the acting user is as if it did not exist, for lists and the API do not know it either.

    Raises:
        Http404: there is none within the scope.
    """
    return get_object_or_404(limit_rows(Screen.objects.all() if rows is None else rows), slug=slug)


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
    limit = _LIMITS.get(rows.model)
    return rows if limit is None else limit(rows, user)


_LIMITS: dict[Any, Callable[[QuerySet[Any], User], QuerySet[Any]]] = {
    ScreenGroup: lambda rows, user: rows & screen_scopes.groups_in_scope(user),
    Screen: screen_scopes.limit_screens,
    Feed: content_owners.seen_by,
    Playlist: publish_permissions.playlists_of,
    Announcement: library_scopes.announcements_in_scope,
    MediaItem: library_scopes.media_in_scope,
}
