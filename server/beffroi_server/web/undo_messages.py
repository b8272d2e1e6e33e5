"""Messages that carry an undo button: the note at the top of the page after whatever can be taken back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest

from beffroi_server.accounts.models import UndoEntry

_PREFIX = "undo-"


def say_undoable(request: HttpRequest, text: str, entry: UndoEntry | None) -> None:
    """Add a message of success; with a button that undoes the act where there is an entry of it."""
    messages.success(request, text, extra_tags=f"{_PREFIX}{entry.pk}" if entry is not None else "")


def undo_key(extra_tags: str | None) -> uuid.UUID | None:
    """Return the key of the undo entry that a message carries; None where it carries none."""
    if not extra_tags or not extra_tags.startswith(_PREFIX):
        return None
    try:
        return uuid.UUID(extra_tags.removeprefix(_PREFIX))
    except ValueError:
        return None
