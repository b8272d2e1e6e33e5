"""How the deletion of an image or a video is told and undone: its files stay in the media store for days."""

from __future__ import annotations

from django.utils.translation import gettext as _

from beffroi_server.accounts import audit, undo
from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.core.row_snapshots import RowsNotRestorable, restore_rows, snapshot_rows
from beffroi_server.library import library_scopes
from beffroi_server.library.models import DeletedItem, MediaItem

KIND = "media-deleted"


def register_kind() -> None:
    """Register the kind; called once, when Django has loaded its models."""
    undo.register_undo(KIND, describe=_deleted_sentence, restore=_restore_item)


def record_deletion(item: MediaItem, *, user: User | None) -> UndoEntry | None:
    """Record that a media item is about to be deleted; None for a video whose original goes with it."""
    video = item.video_details
    if video is not None and video.original_id is not None:
        return None
    rows = snapshot_rows([item, video] if video is not None else [item])
    return undo.record_undo(user, KIND, [item], rows=rows)


def _deleted_sentence(entry: UndoEntry) -> str:
    return _("“%(name)s” has been deleted.") % {"name": entry.subject}


def _restore_item(entry: UndoEntry, user: User) -> int:
    try:
        item = next(row for row in restore_rows(entry.data["rows"]) if isinstance(row, MediaItem))
    except RowsNotRestorable:
        return 0
    library_scopes.check_media(user, item)
    DeletedItem.objects.filter(source=f"media-{item.pk}").delete()
    audit.record_event(user, "picture-added", item.name, sha256=item.picture_id)
    return 1
