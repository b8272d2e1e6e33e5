"""How each act of ``announcement_acts`` is told and undone. What somebody changed since the act stays as it is."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.accounts import undo
from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.core.formatting import moment_until
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.library import archive, library_scopes, services, tags
from beffroi_server.library.models import Announcement, Tag
from beffroi_server.schedule import announcement_acts, placements
from beffroi_server.schedule import services as schedule
from beffroi_server.schedule.models import AnnouncementPlacement, Entry


def register_kinds() -> None:
    """Register every kind; called once, when Django has loaded its models."""
    for kind, (describe, restore) in {
        "taken-off": (_taken_off_sentence, _restore_taken_off),
        "put-back": (_put_back_sentence, _restore_put_back),
        "placed": (_placed_sentence, _restore_placed),
        "archived": (_archived_sentence, _restore_archived),
        "tagged": (_tagged_sentence, _restore_tagged),
        "untagged": (_untagged_sentence, _restore_untagged),
        "categorised": (_categorised_sentence, _restore_categorised),
        "extended": (_extended_sentence, _restore_extended),
    }.items():
        undo.register_undo(kind, describe=describe, restore=restore)


def _taken_off_sentence(entry: UndoEntry) -> str:
    if entry.count == 1:
        return _("“%(name)s” has been taken off the screens.") % {"name": entry.subject}
    return ngettext(
        "%(count)d announcement has been taken off the screens.",
        "%(count)d announcements have been taken off the screens.",
        entry.count,
    ) % {"count": entry.count}


def _put_back_sentence(entry: UndoEntry) -> str:
    if entry.count == 1:
        return _("“%(name)s” is back on the screens.") % {"name": entry.subject}
    return ngettext(
        "%(count)d announcement is back on the screens.",
        "%(count)d announcements are back on the screens.",
        entry.count,
    ) % {"count": entry.count}


def _placed_sentence(entry: UndoEntry) -> str:
    if entry.count == 1:
        return _("“%(name)s” has been put on the screens.") % {"name": entry.subject}
    return ngettext(
        "%(count)d announcement has been put on the screens.",
        "%(count)d announcements have been put on the screens.",
        entry.count,
    ) % {"count": entry.count}


def _archived_sentence(entry: UndoEntry) -> str:
    if entry.count == 1:
        return _("“%(name)s” has been put into the archive.") % {"name": entry.subject}
    return ngettext(
        "%(count)d announcement has been put into the archive.",
        "%(count)d announcements have been put into the archive.",
        entry.count,
    ) % {"count": entry.count}


def _tagged_sentence(entry: UndoEntry) -> str:
    return ngettext(
        "%(count)d announcement now has the tag “%(tag)s”.",
        "%(count)d announcements now have the tag “%(tag)s”.",
        entry.count,
    ) % {"count": entry.count, "tag": entry.data["name"]}


def _untagged_sentence(entry: UndoEntry) -> str:
    return ngettext(
        "%(count)d announcement no longer has the tag “%(tag)s”.",
        "%(count)d announcements no longer have the tag “%(tag)s”.",
        entry.count,
    ) % {"count": entry.count, "tag": entry.data["name"]}


def _categorised_sentence(entry: UndoEntry) -> str:
    if not entry.data["label"]:
        return ngettext(
            "%(count)d announcement no longer has a category.",
            "%(count)d announcements no longer have a category.",
            entry.count,
        ) % {"count": entry.count}
    return ngettext(
        "%(count)d announcement is now in the category “%(label)s”.",
        "%(count)d announcements are now in the category “%(label)s”.",
        entry.count,
    ) % {"count": entry.count, "label": entry.data["label"]}


def _extended_sentence(entry: UndoEntry) -> str:
    until = moment_until(dt.datetime.fromisoformat(entry.data["until"]))
    if entry.count == 1:
        return _("“%(name)s” is now shown %(until)s.") % {"name": entry.subject, "until": until}
    return ngettext(
        "%(count)d announcement is now shown %(until)s.",
        "%(count)d announcements are now shown %(until)s.",
        entry.count,
    ) % {"count": entry.count, "until": until}


def _restore_taken_off(entry: UndoEntry, user: User) -> int:
    return len(placements.put_back_on_screens(_announcements(entry.data["ids"]), user=user))


def _restore_put_back(entry: UndoEntry, user: User) -> int:
    return len(placements.take_off_screens(_announcements(entry.data["ids"]), user=user))


def _restore_archived(entry: UndoEntry, user: User) -> int:
    return len(archive.restore_announcements(_announcements(entry.data["ids"]), user=user))


def _restore_placed(entry: UndoEntry, user: User) -> int:
    restored = 0
    for each in _announcements(entry.data["before"]):
        placement = AnnouncementPlacement.objects.filter(announcement=each).first()
        if placement is not None and placement.updated_at.isoformat() == entry.data["after"].get(str(each.pk)):
            _place_as_before(each, entry.data["before"][str(each.pk)] or {}, user)
            restored += 1
    return restored


def _place_as_before(announcement: Announcement, before: dict[str, Any], user: User) -> None:
    duration = {"duration_s": before["duration_s"]} if before else {}
    placements.place_announcement(
        announcement,
        everywhere=before.get("everywhere", False),
        screens=Screen.objects.filter(pk__in=before.get("screens", [])),
        groups=ScreenGroup.objects.filter(pk__in=before.get("groups", [])),
        starts_at=_moment(before.get("starts_at")),
        ends_at=_moment(before.get("ends_at")),
        user=user,
        **duration,
    )
    if before.get("is_off"):
        placements.take_off_screens([announcement], user=user)


def _restore_tagged(entry: UndoEntry, user: User) -> int:
    return _change_tag(entry, user, lambda tag, rows: tag.announcements.remove(*rows), having=True)


def _restore_untagged(entry: UndoEntry, user: User) -> int:
    return _change_tag(entry, user, lambda tag, rows: tag.announcements.add(*rows), having=False)


def _change_tag(
    entry: UndoEntry, user: User, change: Callable[[Tag, list[Announcement]], None], *, having: bool
) -> int:
    tag = Tag.objects.filter(pk=entry.data["tag"]).first()
    if tag is None:
        return 0
    tagged = set(tag.announcements.values_list("pk", flat=True))
    rows = [each for each in _announcements(entry.data["ids"]) if (each.pk in tagged) is having]
    for each in rows:
        library_scopes.check_announcement(user, each)
    change(tag, rows)
    tags.record_tagging(rows, tag, user=user)
    return len(rows)


def _restore_categorised(entry: UndoEntry, user: User) -> int:
    before, after = entry.data["before"], entry.data["after"]
    rows = [each for each in _announcements(before) if each.version == after.get(str(each.pk))]
    for each in rows:
        services.save_announcement(each, user=user, label=before[str(each.pk)])
    return len(rows)


def _restore_extended(entry: UndoEntry, user: User) -> int:
    until = dt.datetime.fromisoformat(entry.data["until"])
    return sum(_shorten_one(each, entry.data["before"][str(each.pk)], until, user)
               for each in _announcements(entry.data["before"]))  # fmt: skip


def _shorten_one(announcement: Announcement, before: dict[str, Any], until: dt.datetime, user: User) -> bool:
    """Give an announcement its former ends where the extended ones are still in force; tell whether any were."""
    is_restored = False
    placement = AnnouncementPlacement.objects.filter(announcement=announcement, ends_at=until).first()
    if placement is not None and "placement" in before:
        announcement.placement = placement
        announcement_acts.replace_end(announcement, _moment(before["placement"]), user=user)
        is_restored = True
    for entry in Entry.objects.filter(announcement=announcement, valid_until=until):
        if str(entry.pk) in before.get("entries", {}):
            schedule.update_entry(entry, user=user, valid_until=_moment(before["entries"][str(entry.pk)]))
            is_restored = True
    return is_restored


def _announcements(keys: Iterable[str]) -> list[Announcement]:
    return list(Announcement.objects.filter(pk__in=[uuid.UUID(key) for key in keys]))


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
