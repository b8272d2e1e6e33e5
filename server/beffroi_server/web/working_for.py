"""The municipality that a user works for now: chosen in the menu, and remembered by the session.

Lists show what belongs to it and what is shared, and what is written belongs to it. Who serves one has nothing to
choose; who works for all of them may choose none; a server without municipalities has none of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import User
from beffroi_server.fleet import content_owners
from beffroi_server.fleet.municipality_models import Municipality

Row = TypeVar("Row", bound=Model)
_SESSION_KEY = "municipality"


class WorkingFor:
    """What a user can choose, and what is chosen; read where it is asked for only.

    Args:
        user: The user.
        key: Primary key of what was chosen; 0 for nothing.
    """

    def __init__(self, user: User, key: int) -> None:
        self._user, self._key = user, key

    @cached_property
    def _served(self) -> list[Municipality] | None:
        return content_owners.served_municipalities(self._user)

    @property
    def is_for_all(self) -> bool:
        """Whether the user works for all municipalities, and may choose none."""
        return self._served is None

    @cached_property
    def offered(self) -> list[Municipality]:
        """The municipalities to choose among, by name."""
        return list(Municipality.objects.all()) if self._served is None else self._served

    @cached_property
    def chosen(self) -> Municipality | None:
        """The municipality that the user works for now; None: for all, or for none."""
        if self._served is None and not self._key:
            return None
        found = next((each for each in self.offered if each.pk == self._key), None)
        return found or next(iter(self._served or ()), None)


_working_for: ContextVar[WorkingFor | None] = ContextVar("working_for", default=None)


@contextmanager
def remembered(request: HttpRequest, user: User, *, has_municipalities: bool) -> Iterator[None]:
    """Have :func:`current` answer for a user while a request is answered."""
    key = request.session.get(_SESSION_KEY, 0) if has_municipalities else 0
    token = _working_for.set(WorkingFor(user, key) if has_municipalities else None)
    try:
        yield
    finally:
        _working_for.reset(token)


def current() -> WorkingFor | None:
    """Return what the user can choose and has chosen; None on a server without municipalities."""
    return _working_for.get()


def chosen() -> Municipality | None:
    """Return the municipality that the user works for now; None for all of them, or where there are none."""
    found = current()
    return found.chosen if found is not None else None


def choose(request: HttpRequest, key: int) -> None:
    """Remember which municipality a user works for from now on; one that they do not serve is not chosen."""
    request.session[_SESSION_KEY] = key


def of_chosen(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Return those of some rows with an owner that the chosen municipality has or shares; all where none is chosen."""
    municipality = chosen()
    return rows if municipality is None else content_owners.shown_with(rows, municipality.pk)


def offer_owner(form: forms.ModelForm[Any]) -> None:
    """Let a form ask whose its content is; without that field where the user has nothing to choose."""
    found = current()
    if found is None or not (found.is_for_all or len(found.offered) > 1):
        del form.fields["municipality"]
        return
    field: Any = form.fields["municipality"]
    field.queryset = Municipality.objects.filter(pk__in=[each.pk for each in found.offered])
    field.label = _("Belongs to")
    field.required, field.empty_label = (
        not found.is_for_all,
        _("shared by all municipalities") if found.is_for_all else None,
    )
    if form.instance._state.adding:
        form.initial["municipality"] = found.chosen
