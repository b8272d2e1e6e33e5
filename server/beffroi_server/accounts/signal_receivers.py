"""What accounts do as Django signs somebody in, or deletes a user."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import pre_delete

from beffroi_server.accounts.models import User
from beffroi_server.accounts.services import check_last_administrator
from beffroi_server.accounts.user_sessions import note_session


def connect_receivers() -> None:
    """Connect the receivers, once."""
    user_logged_in.connect(note_session, dispatch_uid="note-session")
    pre_delete.connect(_keep_last_administrator, sender=User, dispatch_uid="keep-last-administrator")


def _keep_last_administrator(*, instance: User, **_signal: Any) -> None:
    if instance.is_active and instance.may_administer:
        check_last_administrator(instance)
