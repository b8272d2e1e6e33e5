"""Rows of the page: which keys sign what."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from beffroi_content.wire.documents import SigningRole
from beffroi_server.delivery.key_state import KeyState

ROLE_NAMES = {
    SigningRole.ROOT: _("Root keys"),
    SigningRole.ALERT: _("Alerts and scenarios"),
    SigningRole.PROGRAMME: _("Programmes"),
    SigningRole.COMMAND: pgettext_lazy("keys", "Commands"),
    SigningRole.BEAT: _("Time and sign of life"),
}


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A role with its keys."""

    name: str
    keys: tuple[str, ...]
    is_changing: bool


def key_rows(state: KeyState) -> list[KeyRow]:
    """Return the roles that the key list names, the root keys first."""
    return [
        KeyRow(str(ROLE_NAMES[role]), state.roles[role], role in state.changing)
        for role in SigningRole
        if role in state.roles
    ]
