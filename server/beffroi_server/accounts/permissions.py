"""Check of a role inside services, whatever page, command or interface calls them."""

from __future__ import annotations

from typing import Literal

from django.utils.translation import gettext as _

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User

Permission = Literal[
    "may_write",
    "may_edit",
    "may_approve",
    "may_alert",
    "may_install",
    "may_switch",
    "may_administer",
    "may_manage_users",
    "may_delete_for_good",
]


def require(user: User | None, permission: Permission) -> None:
    """Refuse an act that the role of a user does not cover; the server itself, None, may do everything.

    Args:
        user: Who does it.
        permission: Name of the property of ``User`` that says who may.

    Raises:
        NotPermitted: the role does not cover it.
    """
    if user is not None and not (user.is_active and getattr(user, permission)):
        raise NotPermitted(_("Your role does not cover this. An administrator can change your role."))
