"""Ownership of content: which municipality it belongs to, who sees it, and who changes it.

Announcements, playlists and media items have a ``municipality``, which is None for what is shared. What is shared is
seen and placed in every municipality, and changed by those who work for all of them. What belongs to a municipality is
seen and changed by its own people, and by those who work for all. On a server without municipalities everything is
shared, and nothing here limits anybody.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.fleet.screen_scopes import scope_group_keys

Row = TypeVar("Row", bound=Model)


def served_municipalities(user: User | None) -> list[Municipality] | None:
    """Return the municipalities that a user works for, by name; None for one who works for all.

    Whoever is limited to groups without a municipality, such as a district, serves none, and works with what is shared.
    """
    if user is None or scope_group_keys(user) is None:
        return None
    found = (getattr(group, "municipality", None) for group in user.scope_groups.all())
    return sorted((each for each in found if each is not None), key=lambda each: each.name)


def home_of(user: User | None) -> Municipality | None:
    """Return the municipality whose content is what a user makes; None where it is shared.

    Whoever serves several makes it for the first of them, unless they say otherwise.
    """
    return next(iter(served_municipalities(user) or ()), None)


def seen_by(rows: QuerySet[Row], user: User | None) -> QuerySet[Row]:
    """Return those of some rows that a user sees: what is shared, and that of the municipalities that they serve."""
    served = served_municipalities(user)
    return rows if served is None else rows.filter(_shared_or_of(served))


def shown_with(rows: QuerySet[Row], owner: int | None) -> QuerySet[Row]:
    """Return those of some rows that may appear by themselves in content with an owner.

    That of a municipality takes up its own and what is shared; what is shared takes up nothing but what is shared.

    Args:
        rows: Such as the announcements of a category.
        owner: Primary key of the municipality; None for what is shared.
    """
    return rows.filter(Q(municipality=None) | Q(municipality=owner) if owner is not None else Q(municipality=None))


def sees(user: User | None, row: Any) -> bool:
    """Tell whether a user sees a row."""
    served = served_municipalities(user)
    return served is None or row.municipality_id in {None, *(each.pk for each in served)}


def changes(user: User | None, row: Any) -> bool:
    """Tell whether a user may change a row, as far as its owner is concerned."""
    served = served_municipalities(user)
    if served is None:
        return True
    return row.municipality_id in {each.pk for each in served} if served else row.municipality_id is None


def owner_detail(row: Any) -> dict[str, str]:
    """Return what an audit event says of the owner of a row; nothing for what is shared."""
    return {"municipality": str(row.municipality)} if row.municipality_id is not None else {}


def check_change(user: User | None, row: Any) -> None:
    """Refuse a change of what belongs to others.

    Raises:
        NotPermitted: it is another municipality's, or shared and the user works for one.
    """
    if changes(user, row):
        return
    if row.municipality_id is None:
        raise NotPermitted(
            _("“%(name)s” is shared by every municipality. You can place it on your screens, or change a copy of it.")
            % {"name": row}
        )
    raise NotPermitted(_("This belongs to another municipality."))


def check_use(user: User | None, row: Any) -> None:
    """Refuse to place or list what a user does not see.

    Raises:
        NotPermitted: it belongs to another municipality.
    """
    if not sees(user, row):
        raise NotPermitted(_("This belongs to another municipality."))


def _shared_or_of(served: list[Municipality]) -> Q:
    return Q(municipality=None) | Q(municipality__in=[each.pk for each in served])
