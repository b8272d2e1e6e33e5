"""What must be right of an alert before it is broadcast: where it reaches, how long it lasts, and what it says."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from beffroi_server.alerts import queries
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert
from beffroi_server.fleet.targets import Targets

LONGEST_ALERT = dt.timedelta(days=31)


def check_reach(targets: Targets) -> None:
    """Refuse targets that no screen belongs to.

    Such as a group whose screens were all taken out between the preview and the press of the button. A program may
    alert all screens of a town that has none yet; a person is told.

    Raises:
        AlertRefused: there is no screen.
    """
    if not targets.scopes:
        raise AlertRefused("no-target", _("Choose the screens on which the alert is shown."))
    if not targets.reached_screens().exists():
        message = _("No screen would show it: your choice contains none. Choose other groups or screens.")
        raise AlertRefused("no-screen", message)


def check_request(targets: Targets, length: dt.timedelta) -> None:
    """Refuse targets without a screen, and a length that is none or too long.

    Raises:
        AlertRefused: there is no screen, or another length is needed.
    """
    if not targets.everywhere:
        check_reach(targets)
    if not dt.timedelta(0) < length <= LONGEST_ALERT:
        raise AlertRefused("no-duration", _("Enter how many minutes the alert lasts, up to 31 days."))


def check_content(alert: Alert) -> None:
    """Refuse texts that are missing or too long. The wire has narrower limits than the database.

    Raises:
        AlertRefused: it cannot be stored or sent as it is.
    """
    try:
        alert.clean_fields(exclude={"issued_by", "ended_by", "scenario", "token", "corrects"})
        queries.to_content(alert, alert.issued_at)
    except ValidationError as error:
        code = "no-title" if "title" in error.message_dict else "invalid"
        raise AlertRefused(code, " ".join(error.messages)) from error
    except ValueError as error:
        raise unsendable(error) from error


def unsendable(fault: ValueError) -> AlertRefused:
    """Return the refusal of an alert that the wire model does not allow."""
    return AlertRefused("too-long", _("The alert cannot be sent as it is: %(fault)s") % {"fault": fault})
