"""What people do with announcements from lists and cards, one or many at once; each act can be undone for a while.

Many announcements are changed in small transactions one after another, since an alert may be waiting for its own. If
the server stops between two of them, what was changed is changed, and the lists show it. What the user may not change
is left as it is, and named (``partial_acts.SomeRefused``); the rest is done, and can be undone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts import undo
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.library import archive, library_scopes, services, tags
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import placements
from beffroi_server.schedule import publish_permissions as permissions
from beffroi_server.schedule import services as schedule
from beffroi_server.schedule.announcement_status import AnnouncementStatus, with_status
from beffroi_server.schedule.compile_inputs import current_town
from beffroi_server.schedule.models import AnnouncementPlacement, Entry
from beffroi_server.schedule.partial_acts import Refusals

MAX_AT_ONCE = 500
"""Announcements that one act concerns at most."""
_CHUNK = 25


@dataclass(frozen=True)
class PlacementValues:
    """Where and when announcements are to be shown."""

    everywhere: bool = False
    screens: Sequence[Screen] = ()
    groups: Sequence[ScreenGroup] = ()
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None


def take_off(announcements: Sequence[Announcement], *, user: User | None) -> UndoEntry | None:
    """Take announcements off all screens; None where none of them was on."""
    off: list[Announcement] = []
    refusals = Refusals()
    permitted = refusals.permitted(announcements, lambda each: permissions.check_taking_off(user, each))
    for chunk in _chunks(permitted):
        off += placements.take_off_screens(chunk, user=user)
    return refusals.settle(undo.record_undo(user, "taken-off", off, ids=_keys(off)))


def put_back(announcements: Sequence[Announcement], *, user: User | None) -> UndoEntry | None:
    """Put announcements back on the screens that showed them; None where none of them was off."""
    on: list[Announcement] = []
    refusals = Refusals()
    permitted = refusals.permitted(announcements, lambda each: permissions.check_putting_back(user, each))
    for chunk in _chunks(permitted):
        on += placements.put_back_on_screens(chunk, user=user)
    return refusals.settle(undo.record_undo(user, "put-back", on, ids=_keys(on)))


def place(announcements: Sequence[Announcement], values: PlacementValues, *, user: User | None) -> UndoEntry | None:
    """Show announcements on some screens for a period; those that were taken off are put back.

    Raises:
        ValidationError: a value is not valid for any of them.
    """
    before: dict[str, Any] = {}
    after: dict[str, str] = {}
    placed: list[Announcement] = []
    refusals = Refusals()
    for chunk in _chunks(announcements):
        with serialised():
            for each in chunk:
                with refusals.collected(each):
                    former = placement_snapshot(each)
                    placements.place_announcement(
                        each, everywhere=values.everywhere, screens=values.screens, groups=values.groups,
                        starts_at=values.starts_at, ends_at=values.ends_at, user=user, **_kept_duration(former),
                    )  # fmt: skip
                    placements.put_back_on_screens([each], user=user)
                    before[str(each.pk)] = former
                    placed.append(each)
            after |= _placement_times(chunk)
    return refusals.settle(undo.record_undo(user, "placed", placed, before=before, after=after))


def restore(announcement: Announcement, *, user: User | None) -> None:
    """Take an announcement out of the archive. It is on no screen until somebody puts it back.

    What was archived months ago must not come back to the street by itself.
    """
    with serialised():
        zone = ZoneInfo(current_town().time_zone)
        (found,) = with_status(Announcement.objects.filter(pk=announcement.pk), timezone.now(), zone)
        if found.status in {AnnouncementStatus.ON, AnnouncementStatus.LATER}:
            placements.take_off_screens([announcement], user=user)
        archive.restore_announcements([announcement], user=user)


def archive_announcements(announcements: Sequence[Announcement], *, user: User | None) -> UndoEntry | None:
    """Put announcements into the archive, which takes them off the screens; None where all of them were there."""
    archived: list[Announcement] = []
    refusals = Refusals()
    permitted = refusals.permitted(announcements, lambda each: permissions.check_taking_off(user, each))
    for chunk in _chunks(permitted):
        archived += archive.archive_announcements(chunk, user=user)
    return refusals.settle(undo.record_undo(user, "archived", archived, ids=_keys(archived)))


def add_tag(announcements: Sequence[Announcement], name: str, *, user: User | None) -> UndoEntry | None:
    """Give announcements a tag; None where all of them had it.

    Raises:
        ValidationError: it is no name of a tag.
    """
    refusals = Refusals()
    permitted = refusals.permitted(announcements, lambda each: library_scopes.check_announcement(user, each))
    if not permitted:
        return refusals.settle(None)
    with serialised():
        (tag,) = tags.find_tags([name], user=user)
        having = set(tag.announcements.values_list("pk", flat=True))
        lacking = [each for each in permitted if each.pk not in having]
        tag.announcements.add(*lacking)
        tags.record_tagging(lacking, tag, user=user)
        entry = undo.record_undo(user, "tagged", lacking, ids=_keys(lacking), tag=tag.pk, name=tag.name)
    return refusals.settle(entry)


def remove_tag(announcements: Sequence[Announcement], name: str, *, user: User | None) -> UndoEntry | None:
    """Take a tag from announcements; None where none of them has it."""
    refusals = Refusals()
    permitted = refusals.permitted(announcements, lambda each: library_scopes.check_announcement(user, each))
    with serialised():
        tag = tags.known_tag(name)
        having = set(tag.announcements.values_list("pk", flat=True)) if tag is not None else set()
        found = [each for each in permitted if each.pk in having]
        if tag is None or not found:
            return refusals.settle(None)
        tag.announcements.remove(*found)
        tags.record_tagging(found, tag, user=user)
        entry = undo.record_undo(user, "untagged", found, ids=_keys(found), tag=tag.pk, name=tag.name)
    return refusals.settle(entry)


def change_category(announcements: Sequence[Announcement], label: str, *, user: User | None) -> UndoEntry | None:
    """Give announcements another category; None where all of them had it.

    Raises:
        ValidationError: none of the announcements can have it.
    """
    before: dict[str, str] = {}
    after: dict[str, int] = {}
    changed: list[Announcement] = []
    refusals = Refusals()
    for each in announcements:
        if each.label != label:
            with refusals.collected(each):
                former = each.label
                after[str(each.pk)] = services.save_announcement(each, user=user, label=label).version
                before[str(each.pk)] = former
                changed.append(each)
    return refusals.settle(undo.record_undo(user, "categorised", changed, before=before, after=after, label=label))


def extend(announcements: Sequence[Announcement], until: dt.datetime, *, user: User | None) -> UndoEntry | None:
    """Show announcements until another moment: as they are placed, and as playlists with an end list them.

    None where none of them has an end that it could change.

    Raises:
        ValidationError: none of them can end then, such as before it begins.
    """
    before: dict[str, Any] = {}
    changed: list[Announcement] = []
    refusals = Refusals()
    for each in announcements:
        with refusals.collected(each):
            if ends := _extend_one(each, until, user):
                before[str(each.pk)] = ends
                changed.append(each)
    return refusals.settle(undo.record_undo(user, "extended", changed, before=before, until=until.isoformat()))


def placement_snapshot(announcement: Announcement) -> dict[str, Any] | None:
    """Return where and when an announcement is placed, as JSON holds it; None where it is not."""
    placement = AnnouncementPlacement.objects.filter(announcement=announcement).first()
    if placement is None:
        return None
    return {
        "everywhere": placement.everywhere,
        "screens": list(placement.screens.values_list("pk", flat=True)),
        "groups": list(placement.groups.values_list("pk", flat=True)),
        "starts_at": placement.starts_at.isoformat() if placement.starts_at else None,
        "ends_at": placement.ends_at.isoformat() if placement.ends_at else None,
        "duration_s": placement.duration_s,
        "is_off": placement.taken_off_at is not None,
    }


def replace_end(announcement: Announcement, ends_at: dt.datetime | None, *, user: User | None) -> None:
    """Give the placement of an announcement another end, and leave the rest of it as it is.

    Raises:
        NotPermitted: it is shared, and others show it until its end.
    """
    placement = announcement.placement
    placed = placements.place_announcement(
        announcement,
        everywhere=placement.everywhere,
        screens=placement.screens.all(),
        groups=placement.groups.all(),
        starts_at=placement.starts_at,
        ends_at=ends_at,
        duration_s=placement.duration_s,
        user=user,
    )
    if placed.ends_at != ends_at:
        raise NotPermitted(
            _("“%(title)s” is on the screens of others, too: its end is not yours to change.")
            % {"title": announcement.title}
        )


def _extend_one(announcement: Announcement, until: dt.datetime, user: User | None) -> dict[str, Any]:
    """Extend one announcement; return its former ends: of the placement, and of entries by their keys."""
    ends: dict[str, Any] = {}
    placement = AnnouncementPlacement.objects.filter(announcement=announcement).first()
    if placement is not None and placement.ends_at not in (None, until):
        ends["placement"] = placement.ends_at.isoformat()
        announcement.placement = placement
        replace_end(announcement, until, user=user)
    for entry in Entry.objects.filter(announcement=announcement, valid_until__isnull=False).exclude(valid_until=until):
        assert entry.valid_until is not None
        ends.setdefault("entries", {})[str(entry.pk)] = entry.valid_until.isoformat()
        schedule.update_entry(entry, user=user, valid_until=until)
    return ends


def _kept_duration(before: dict[str, Any] | None) -> dict[str, int]:
    return {"duration_s": before["duration_s"]} if before else {}


def _placement_times(announcements: Iterable[Announcement]) -> dict[str, str]:
    rows = AnnouncementPlacement.objects.filter(announcement__in=[each.pk for each in announcements])
    return {str(key): at.isoformat() for key, at in rows.values_list("announcement", "updated_at")}


def _keys(announcements: Iterable[Announcement]) -> list[str]:
    return [str(announcement.pk) for announcement in announcements]


def _chunks(announcements: Sequence[Announcement]) -> Iterator[Sequence[Announcement]]:
    for start in range(0, len(announcements), _CHUNK):
        yield announcements[start : start + _CHUNK]
