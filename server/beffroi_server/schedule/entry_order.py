"""The order of the entries of a playlist, and acts on several of them at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from beffroi_server.accounts import audit, undo
from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.core.row_snapshots import snapshot_rows
from beffroi_server.core.transactions import serialised
from beffroi_server.schedule import publication
from beffroi_server.schedule import publish_permissions as permissions
from beffroi_server.schedule.models import Entry, Playlist


class EntriesChanged(Exception):
    """Somebody added or removed an entry since the order was read; ``message`` says so to people."""

    def __init__(self) -> None:
        self.message = _("Somebody changed this playlist in the meantime. Load the page again, then sort it.")
        super().__init__(self.message)


def shown_entries(playlist: Playlist) -> list[Entry]:
    """Return the entries of a playlist in order, without those of archived announcements, which pages do not list."""
    entries = playlist.entries.filter(announcement__archived_at=None)
    return list(entries.select_related("announcement__placement", "media__video", "inner"))


def reorder_entries(playlist: Playlist, keys: Sequence[int], *, user: User | None) -> None:
    """Put the entries of a playlist into an order; those of archived announcements come last.

    Args:
        playlist: The playlist.
        keys: The keys of all its shown entries, each once.
        user: Somebody who does it; None for the server itself.

    Raises:
        EntriesChanged: these are not its entries any more.
        Playlist.DoesNotExist: somebody deleted it meanwhile.
    """
    permissions.check_playlist(user, playlist)
    with serialised():
        playlist.refresh_from_db()
        shown = {entry.pk: entry for entry in shown_entries(playlist)}
        if sorted(shown) != sorted(keys):
            raise EntriesChanged
        hidden = playlist.entries.exclude(pk__in=shown)
        order = [*(shown[key] for key in keys), *hidden]
        for position, entry in enumerate(order):
            entry.position = position
        Entry.objects.bulk_update(order, ["position"])
        audit.record_event(user, "entry-moved", playlist, order=[str(entry) for entry in order])
        publication.mark_playlist(playlist)


def move_entries(playlist: Playlist, keys: Sequence[int], *, to_top: bool, user: User | None) -> int:
    """Move some entries to the top or to the end of a playlist, in the order that they have; return their number."""
    present = [entry.pk for entry in shown_entries(playlist)]
    moved = [key for key in present if key in set(keys)]
    others = [key for key in present if key not in set(moved)]
    if moved:
        reorder_entries(playlist, [*moved, *others] if to_top else [*others, *moved], user=user)
    return len(moved)


def remove_entries(playlist: Playlist, keys: Sequence[int], *, user: User | None) -> UndoEntry | None:
    """Remove some entries from a playlist; what they show stays in the library. None where none was there."""
    permissions.check_playlist(user, playlist)
    with serialised():
        found = list(playlist.entries.filter(pk__in=keys))
        if not found:
            return None
        entry = undo.record_undo(
            user, "entries-removed", found, playlist=playlist.pk, name=playlist.name, rows=snapshot_rows(found)
        )
        playlist.entries.filter(pk__in=[each.pk for each in found]).delete()
        _number_entries(playlist)
        audit.record_event(user, "entry-removed", playlist, entries=[str(each) for each in found])
        publication.mark_playlist(playlist)
    return entry


def _number_entries(playlist: Playlist) -> None:
    """Number the entries of a playlist from 0 in their order."""
    order = list(playlist.entries.all())
    for position, entry in enumerate(order):
        entry.position = position
    Entry.objects.bulk_update(order, ["position"])
