"""Scope of a user in the library: contributors see and change what is their own, others what is of their categories.

Without a limit to categories an editor changes every announcement. A category is that of ``Announcement.label``. Where
several municipalities share the server, ``content_owners`` says besides whose each item is.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.accounts.user_management import check_manages
from beffroi_server.core.folded_text import fold_text
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import content_owners
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.fleet.screen_scopes import groups_in_scope, scope_group_keys
from beffroi_server.library.models import Announcement, Category, MediaItem


def scope_category_names(user: User | None) -> list[str] | None:
    """Return the names of the categories that a user is limited to, sorted; None for a user who writes any."""
    if user is None or user.may_manage_users or not user.is_limited_to_categories:
        return None
    prefetch_related_objects([user], "scope_categories")
    return sorted(category.name for category in user.scope_categories.all())


def categories_in_scope(user: User | None) -> QuerySet[Category]:
    """Return the categories that a user may write for."""
    names = scope_category_names(user)
    return Category.objects.all() if names is None else Category.objects.filter(name__in=names)


def announcements_in_scope(rows: QuerySet[Announcement], user: User | None) -> QuerySet[Announcement]:
    """Return those of some announcements that a user sees in lists and may place."""
    if user is None:
        return rows
    rows = content_owners.seen_by(rows, user)
    names = scope_category_names(user)
    if names is not None:
        rows = rows.filter(folded_label__in=[fold_text(name) for name in names])
    return rows if user.may_edit else rows.filter(created_by=user)


def media_in_scope(rows: QuerySet[MediaItem], user: User | None) -> QuerySet[MediaItem]:
    """Return those of some media items that a user sees in lists and may use: a contributor the own uploads."""
    rows = content_owners.seen_by(rows, user)
    return rows if user is None or user.may_edit else rows.filter(uploaded_by=user)


def check_announcement(user: User | None, announcement: Announcement) -> None:
    """Refuse an announcement that a user may not change, or may not save as it is now.

    Raises:
        NotPermitted: it is somebody else's or another municipality's, or its category is none of the user's.
    """
    check_use(user, announcement)
    content_owners.check_change(user, announcement)


def check_use(user: User | None, announcement: Announcement) -> None:
    """Refuse an announcement that a user may neither change nor place.

    Raises:
        NotPermitted: as for :func:`check_announcement`, but for what all municipalities share.
    """
    require(user, "may_write")
    if user is None:
        return
    content_owners.check_use(user, announcement)
    if not user.may_edit and not announcement._state.adding and announcement.created_by_id != user.pk:
        raise NotPermitted(_("This announcement was written by someone else. You can change your own."))
    names = scope_category_names(user)
    if names is not None and fold_text(announcement.label) not in {fold_text(name) for name in names}:
        raise NotPermitted(
            _("You write for these categories: %(names)s. Choose one of them.") % {"names": ", ".join(names) or "–"}
        )


def check_media(user: User | None, item: MediaItem) -> None:
    """Refuse an image or a video that a user may not change.

    Raises:
        NotPermitted: a contributor did not upload it, or it belongs to others, also where the user uploaded it before
            it was shared, or before changing to another municipality.
    """
    require(user, "may_write")
    if user is not None and not user.may_edit and item.uploaded_by_id != user.pk:
        raise NotPermitted(_("This was uploaded by someone else. You can change what you uploaded."))
    content_owners.check_change(user, item)


def set_scope(user: User, *, groups: list[ScreenGroup], categories: list[Category], actor: User | None) -> None:
    """Limit a user to groups of screens and to categories; none of either is no limit.

    Raises:
        NotPermitted: the actor does not administer this user, or not these groups.
        ValidationError: a local administrator would have no group.
    """
    check_manages(actor, user)
    own = scope_group_keys(actor)
    if own is not None and not (groups and own.issuperset(group.pk for group in groups)):
        raise NotPermitted(_("Choose groups among your own: %(groups)s.") % {"groups": _own_names(actor)})
    if user.may_manage_users and not user.may_administer and not groups:
        raise ValidationError(_("Choose the groups that this local administrator looks after."))
    with serialised():
        before = _scope_values(user)
        user.is_limited_to_groups = bool(groups) and not user.may_administer
        # A local administrator manages people of every category, and so writes for every one.
        user.is_limited_to_categories = bool(categories) and not user.may_manage_users
        user.save(update_fields=["is_limited_to_groups", "is_limited_to_categories"])
        user.scope_groups.set(groups if user.is_limited_to_groups else [])
        user.scope_categories.set(categories if user.is_limited_to_categories else [])
        after = _scope_values(user)
        if after != before:
            changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
            audit.record_event(actor, "scope-changed", user, changes=changes)


def _own_names(user: User | None) -> str:
    return ", ".join(group.name for group in groups_in_scope(user)) or "–"


def _scope_values(user: User) -> dict[str, Any]:
    return {
        "groups": sorted(str(each) for each in user.scope_groups.all()),
        "categories": sorted(str(each) for each in user.scope_categories.all()),
    }
