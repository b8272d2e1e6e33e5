"""Scope of a user by groups of screens: which groups and screens what a user does may reach.

A user who is limited (``User.is_limited_to_groups``) reaches the screens of the groups in ``User.scope_groups`` and
nothing else; not “everywhere” either, even where the groups hold every screen today. If all of these groups are
deleted, nothing is left: a deletion never widens a scope. An administrator is never limited, nor is the server itself
(a user of None); a local administrator always is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model, Prefetch, QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import Targets, all_groups

Row = TypeVar("Row", bound=Model)


def scope_group_keys(user: User | None) -> frozenset[int] | None:
    """Return the keys of the groups that a user is limited to; None for a user who reaches every screen.

    Takes one query for each user object.
    """
    if user is None or user.may_administer or not (user.is_limited_to_groups or user.may_manage_users):
        return None
    # With their municipalities, which say whose content it is: see ``content_owners``.
    groups = ScreenGroup.objects.select_related("municipality")
    prefetch_related_objects([user], Prefetch("scope_groups", groups))
    return frozenset(group.pk for group in user.scope_groups.all())


def groups_in_scope(user: User | None) -> QuerySet[ScreenGroup]:
    """Return the groups that a user may aim at."""
    keys = scope_group_keys(user)
    return ScreenGroup.objects.all() if keys is None else ScreenGroup.objects.filter(pk__in=keys)


def listed_groups(user: User | None) -> list[ScreenGroup]:
    """Return the groups that a user may aim at, by name; the groups of all screens are read for it, once a page."""
    keys = scope_group_keys(user)
    return [group for group in all_groups() if keys is None or group.pk in keys]


def screens_in_scope(user: User | None) -> QuerySet[Screen]:
    """Return the screens that a user may aim at or change, each once."""
    keys = scope_group_keys(user)
    if keys is None:
        return Screen.objects.all()
    return Screen.objects.filter(pk__in=Screen.objects.filter(groups__in=keys).values("pk"))


def limit_screens(rows: QuerySet[Screen], user: User | None) -> QuerySet[Screen]:
    """Return those of some screens that a user may aim at, change or look at."""
    if scope_group_keys(user) is None:
        return rows
    return rows.filter(pk__in=screens_in_scope(user).values("pk"))


def rows_in_scope(rows: QuerySet[Row], user: User | None) -> QuerySet[Row]:
    """Return those of many rows with targets, such as rules, that reach nothing beyond the scope of a user."""
    keys = scope_group_keys(user)
    if keys is None:
        return rows
    outside = ScreenGroup.objects.exclude(pk__in=keys).values("pk")
    beyond = Screen.objects.exclude(pk__in=screens_in_scope(user).values("pk")).values("pk")
    within = rows.filter(everywhere=False).exclude(groups__in=outside).exclude(screens__in=beyond)
    return within.exclude(groups=None, screens=None)


def is_in_scope(user: User | None, targets: Targets) -> bool:
    """Tell whether targets reach nothing beyond the scope of a user."""
    keys = scope_group_keys(user)
    if keys is None:
        return True
    if targets.everywhere or any(group.pk not in keys for group in targets.groups):
        return False
    named = {screen.pk for screen in targets.screens}
    return not named or screens_in_scope(user).filter(pk__in=named).count() == len(named)


def check_targets(user: User | None, targets: Targets) -> None:
    """Refuse targets beyond the scope of a user.

    Raises:
        NotPermitted: they reach a screen that is in none of the user's groups.
    """
    if not is_in_scope(user, targets):
        raise NotPermitted(
            _("This reaches screens outside your groups: %(groups)s. An administrator can change your groups.")
            % {"groups": ", ".join(group.name for group in groups_in_scope(user)) or "–"}
        )


def check_row(user: User | None, row: Any) -> None:
    """Refuse a saved row, such as a rule or an alert, whose targets are beyond the scope of a user.

    Raises:
        NotPermitted: it reaches a screen that is in none of the user's groups.
    """
    if scope_group_keys(user) is not None:
        check_targets(user, Targets.of(row))


def check_screens(user: User | None, screens: Iterable[Screen]) -> None:
    """Refuse screens beyond the scope of a user.

    Raises:
        NotPermitted: one of them is in none of the user's groups.
    """
    check_targets(user, Targets(screens=tuple(screens)))


def check_whole_town(user: User | None) -> None:
    """Refuse a change of what the whole town shares, such as calendars, to a user who is limited to some groups.

    Raises:
        NotPermitted: the user is limited.
    """
    if scope_group_keys(user) is not None:
        raise NotPermitted(_("Only users who reach all screens can change this: the whole town shares it."))
