"""The two-person rule: at the levels that the town has chosen, a real alert needs a second officer."""

from __future__ import annotations

from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_server.accounts.models import Town, User
from beffroi_server.accounts.saved_town import saved_town
from beffroi_server.alerts.errors import AlertRefused


def needs_second(level: str, status: str, town: Town | None = None) -> bool:
    """Tell whether an alert needs a second officer."""
    if status != content.AlertStatus.ACTUAL:
        return False
    levels = town.second_officer_levels if town is not None else _levels()
    return str(level) in levels


def check_alone(level: str, status: str, user: User | None) -> None:
    """Refuse what one officer alone may not do; the server itself may.

    Raises:
        AlertRefused: a second officer is needed.
    """
    if user is not None and needs_second(level, status):
        raise AlertRefused(
            "second-officer", _("At this level the town wants a second officer to confirm a real alert.")
        )


def _levels() -> list[str]:
    town = saved_town()
    return town.second_officer_levels if town is not None else []
