"""Placements: announcements that are published directly on screens, and taken off them again.

Each change is recorded in the audit trail, and marks the screens that it concerns for publication, in one transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import content_owners
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library import library_scopes
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import publication
from beffroi_server.schedule import publish_permissions as permissions
from beffroi_server.schedule.charter import ProposedPublication, require_charter
from beffroi_server.schedule.models import AnnouncementPlacement

SLIDE_DURATION_S = 10
"""Seconds for which a slide is shown where nobody says otherwise."""


def placement_of(announcement: Announcement) -> AnnouncementPlacement | None:
    """Return the placement of an announcement; None where it was never published directly, nor taken off."""
    return getattr(announcement, "placement", None)


def place_announcement(
    announcement: Announcement,
    *,
    everywhere: bool = False,
    screens: Iterable[Screen] = (),
    groups: Iterable[ScreenGroup] = (),
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    duration_s: int = SLIDE_DURATION_S,
    user: User | None,
) -> AnnouncementPlacement:
    """Publish an announcement directly, or change where and when it is shown.

    One that was taken off the screens stays off until :func:`put_back_on_screens`. Of what all municipalities share,
    the people of one add and remove their own screens, and leave the others.

    Args:
        announcement: A saved announcement.
        everywhere: Whether it is shown on all screens; ``screens`` and ``groups`` are ignored then.
        screens: The screens that show it.
        groups: The groups whose screens show it. Without screens and groups it is shown nowhere, except by playlists.
        starts_at: When it begins; None: at once.
        ends_at: When it ends; None: for ever, or until what it tells of is over.
        duration_s: Seconds for which it is on each time, per page.
        user: Somebody who does it; None for the server itself.

    Raises:
        NotPermitted: the user may not publish it there; see ``proposals.publish_or_propose``.
        ValidationError: a value is not valid, or the charter of the town refuses it.
    """
    targets = EVERYWHERE if everywhere else Targets(groups=tuple(groups), screens=tuple(screens))
    library_scopes.check_use(user, announcement)
    is_owner = content_owners.changes(user, announcement)
    if is_owner:
        permissions.check_publishing(user, targets)
    else:
        shared = _placement_to_change(announcement)
        targets, is_elsewhere = permissions.shared_placement(user, shared, targets)
        if is_elsewhere:
            starts_at, ends_at, duration_s = shared.starts_at, shared.ends_at, shared.duration_s
    begins = max(starts_at or timezone.now(), timezone.now())
    require_charter(ProposedPublication(announcement, targets, begins, ends_at, duration_s))
    with serialised():
        placement = _placement_to_change(announcement)
        if not placement._state.adding:
            if is_owner:
                permissions.check_row(user, placement)
            # Screens that it leaves must be published, too.
            publication.mark_placement(placement)
        placement.everywhere, placement.duration_s = targets.everywhere, duration_s
        placement.starts_at, placement.ends_at = starts_at, ends_at
        _store_placement(placement, user)
        placement.screens.set(targets.screens)
        placement.groups.set(targets.groups)
        audit.record_event(
            user,
            "announcement-placed",
            announcement.title,
            id=str(announcement.pk),
            everywhere=targets.everywhere,
            screens=sorted(screen.name for screen in targets.screens),
            groups=sorted(group.name for group in targets.groups),
            starts_at=starts_at,
            ends_at=ends_at,
            duration_s=duration_s,
            **content_owners.owner_detail(announcement),
        )
        publication.mark_placement(placement)
    return placement


def take_off_screens(announcements: Iterable[Announcement], *, user: User | None) -> list[Announcement]:
    """Take announcements off all screens, wherever they are placed or listed; return those that were not off before.

    Playlists go on listing them, and the placement keeps its screens and dates: nothing is lost.
    """
    chosen, now = list(announcements), timezone.now()
    for each in chosen:
        permissions.check_taking_off(user, each)
    return _switch_announcements(chosen, "announcement-taken-off", now, user)


def put_back_on_screens(announcements: Iterable[Announcement], *, user: User | None) -> list[Announcement]:
    """Undo :func:`take_off_screens`; return the announcements that were off before."""
    chosen = [each for each in announcements if _placement_to_change(each).taken_off_at is not None]
    for each in chosen:
        permissions.check_putting_back(user, each)
    return _switch_announcements(chosen, "announcement-put-back", None, user)


def _switch_announcements(
    announcements: Iterable[Announcement], action: str, taken_off_at: dt.datetime | None, user: User | None
) -> list[Announcement]:
    with serialised():
        switched = [each for each in announcements if _switch_announcement(each, taken_off_at, user)]
        for each in switched:
            audit.record_event(user, action, each.title, id=str(each.pk), **content_owners.owner_detail(each))
        if switched:
            publication.mark_announcements(switched)
    return switched


def _switch_announcement(announcement: Announcement, taken_off_at: dt.datetime | None, user: User | None) -> bool:
    placement = _placement_to_change(announcement)
    if (placement.taken_off_at is None) is (taken_off_at is None):
        return False
    placement.taken_off_at = taken_off_at
    _store_placement(placement, user)
    return True


def _placement_to_change(announcement: Announcement) -> AnnouncementPlacement:
    found = AnnouncementPlacement.objects.filter(announcement=announcement).first()
    return found or AnnouncementPlacement(announcement=announcement)


def _store_placement(placement: AnnouncementPlacement, user: User | None) -> None:
    placement.updated_by = user
    placement.full_clean(exclude={"updated_by"})
    placement.save()
