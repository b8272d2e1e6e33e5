"""How the removal of entries, playlists and rules is told and undone."""

from __future__ import annotations

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.accounts import audit, undo
from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.core.row_snapshots import RowsNotRestorable, restore_rows
from beffroi_server.schedule import publication
from beffroi_server.schedule import publish_permissions as permissions
from beffroi_server.schedule.models import Playlist, ScheduleRule


def register_kinds() -> None:
    """Register every kind; called once, when Django has loaded its models."""
    undo.register_undo("entries-removed", describe=_removed_sentence, restore=_restore_entries)
    undo.register_undo("playlist-deleted", describe=_deleted_sentence, restore=_restore_playlist)
    undo.register_undo("rule-deleted", describe=_deleted_sentence, restore=_restore_rule)


def _removed_sentence(entry: UndoEntry) -> str:
    if entry.count == 1:
        text = _("“%(name)s” has been removed from “%(playlist)s”. It stays in the library.")
        return text % {"name": entry.subject, "playlist": entry.data["name"]}
    return ngettext(
        "%(count)d entry has been removed from “%(playlist)s”. It stays in the library.",
        "%(count)d entries have been removed from “%(playlist)s”. They stay in the library.",
        entry.count,
    ) % {"count": entry.count, "playlist": entry.data["name"]}


def _deleted_sentence(entry: UndoEntry) -> str:
    return _("“%(name)s” has been deleted.") % {"name": entry.subject}


def _restore_entries(entry: UndoEntry, user: User) -> int:
    playlist = Playlist.objects.filter(pk=entry.data["playlist"]).first()
    if playlist is None:
        return 0
    permissions.check_playlist(user, playlist)
    restored = 0
    for row in entry.data["rows"]:
        playlist.entries.filter(position__gte=row["fields"]["position"]).update(position=F("position") + 1)
        try:
            restore_rows([row])
        except RowsNotRestorable:
            continue
        restored += 1
    if restored:
        audit.record_event(user, "entry-added", playlist, count=restored)
        publication.mark_playlist(playlist)
    return restored


def _restore_playlist(entry: UndoEntry, user: User) -> int:
    try:
        playlist = next(row for row in restore_rows(entry.data["rows"]) if isinstance(row, Playlist))
    except RowsNotRestorable:
        return 0
    permissions.check_playlist(user, playlist)
    audit.record_event(user, "playlist-created", playlist)
    publication.mark_playlist(playlist)
    return 1


def _restore_rule(entry: UndoEntry, user: User) -> int:
    try:
        rule = next(row for row in restore_rows(entry.data["rows"]) if isinstance(row, ScheduleRule))
    except RowsNotRestorable:
        return 0
    permissions.check_rule(user, rule)
    audit.record_event(user, "rule-created", rule, playlist=str(rule.playlist))
    publication.mark_rule(rule)
    return 1
