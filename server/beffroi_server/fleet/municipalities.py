"""Municipalities: which one a screen belongs to, and changes of them.

A municipality is a group of screens with a name and a look of its own. Its screens are the members of the group, so
that content and alerts are aimed at a municipality as at any group, and a user who is limited to the group serves it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import screen_scopes, targets
from beffroi_server.fleet.events import screen_changed
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.fleet.slugs import free_slug


def municipality_of(screen: Screen) -> Municipality | None:
    """Return the municipality that a screen belongs to; without a query for a screen of :func:`with_groups`."""
    if "groups" not in getattr(screen, "_prefetched_objects_cache", {}):
        return Municipality.objects.filter(group__screens=screen).first()
    return next(filter(None, (getattr(group, "municipality", None) for group in screen.groups.all())), None)


def with_groups(screen: Screen, *related: str) -> Screen:
    """Return a copy of a screen with its groups and their municipalities as they are now: one query.

    Args:
        screen: The screen.
        related: What else of the groups is needed, as ``select_related`` has it.
    """
    found = copy.copy(screen)
    found._prefetched_objects_cache = {}  # type: ignore[attr-defined]  # those of the screen may be old
    groups = ScreenGroup.objects.select_related("municipality", *related)
    prefetch_related_objects([found], Prefetch("groups", groups))
    return found


def municipalities_in_scope(user: User | None) -> QuerySet[Municipality]:
    """Return the municipalities that a user works for: of one who is limited to groups, those of these groups."""
    keys = screen_scopes.scope_group_keys(user)
    return Municipality.objects.all() if keys is None else Municipality.objects.filter(group__in=keys)


def save_municipality(
    municipality: Municipality, *, screens: Iterable[Screen] | None, logo: tuple[str, str], user: User | None
) -> None:
    """Create a municipality with its group, or save a change of one; the programmes of its screens become due.

    Args:
        municipality: With its new values.
        screens: Its screens; None leaves them as they are.
        logo: Names of its logo before and after: the library stores it.
        user: Who does it; None for the server.

    Raises:
        NotPermitted: the user administers neither the town nor this municipality.
        ValidationError: a value is not valid, or a screen belongs to another municipality.
    """
    _check_administrator(user, municipality)
    with serialised():
        created, values = municipality._state.adding, audit.stored_values(municipality)
        municipality.full_clean(exclude={"group"})
        group = ScreenGroup(slug=free_slug(ScreenGroup, municipality.name)) if created else municipality.group
        # One name for both: nobody has to learn that there are two things.
        group.name = municipality.name
        group.full_clean()
        group.save()
        municipality.group = group
        municipality.save()
        before = set(targets.member_screens([group]))
        if screens is not None:
            screen_scopes.check_whole_town(user)
            chosen = list(screens)
            targets.check_new_members(group, chosen)
            group.screens.set(chosen)
        after = set(targets.member_screens([group]))
        names = [sorted(screen.name for screen in each) for each in (before, after)]
        changes = audit.changes_since(
            {**values, "logo": logo[0], "screens": names[0]}, municipality, logo=logo[1], screens=names[1]
        )
        action = "municipality-created" if created else "municipality-changed"
        audit.record_event(user, action, municipality, slug=group.slug, **changes)
        for screen in before | after:
            screen_changed.send(screen)


def _check_administrator(user: User | None, municipality: Municipality) -> None:
    require(user, "may_manage_users")
    if user is not None and not user.may_administer:
        served = municipalities_in_scope(user)
        if municipality._state.adding or not served.filter(pk=municipality.pk).exists():
            raise NotPermitted(_("Only an administrator can change this municipality."))
