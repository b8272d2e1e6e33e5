"""Occasions on which people are notified, with what holds for each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_server.accounts.models import UserRole

_MINUTE = dt.timedelta(minutes=1)


class Occasion(models.TextChoices):
    """Kinds of incidents."""

    SCREEN_SILENT = "screen-silent", _("A screen is silent")
    SCREEN_WRONG = "screen-wrong", _("A screen does not show what it should")
    PROGRAMME = "programme", _("A screen has nothing to show, or soon will not")
    FEED_BROKEN = "feed-broken", _("A feed cannot be read")
    DISK = "disk", _("The server’s disk is nearly full")
    KEYS = "keys", _("The keys of the town need a person")
    CERTIFICATE = "certificate", _("The certificate of the pages expires soon")
    BACKUP = "backup", _("A backup failed")
    ALERT_UNSEEN = "alert-unseen", _("An alert is not shown on a screen")
    ALERT_WAITS = "alert-waits", _("An alert waits for an officer: to be confirmed, extended or ended")
    DRILL = "drill", _("A silent drill failed on a screen")
    SOFTWARE = "software", _("A new version of the player failed on a screen")
    SERVER_FINDING = "server-finding", _("The server has found a fault in itself")
    WARNING_SOURCE = "warning-source", _("Warnings of an authority are not received")


@dataclass(frozen=True, slots=True)
class OccasionTimes:
    """How long an incident lasts before people are told, and is over before they are told that.

    What comes and goes within these is one incident.
    """

    hold: dt.timedelta
    settle: dt.timedelta


OCCASION_TIMES = {
    # The hold of silence is a setting of the town: see ``incidents``.
    Occasion.SCREEN_SILENT: OccasionTimes(10 * _MINUTE, 5 * _MINUTE),
    Occasion.SCREEN_WRONG: OccasionTimes(5 * _MINUTE, 5 * _MINUTE),
    Occasion.PROGRAMME: OccasionTimes(15 * _MINUTE, 5 * _MINUTE),
    Occasion.FEED_BROKEN: OccasionTimes(0 * _MINUTE, 10 * _MINUTE),
    Occasion.DISK: OccasionTimes(0 * _MINUTE, 10 * _MINUTE),
    Occasion.KEYS: OccasionTimes(0 * _MINUTE, 0 * _MINUTE),
    Occasion.CERTIFICATE: OccasionTimes(0 * _MINUTE, 0 * _MINUTE),
    Occasion.BACKUP: OccasionTimes(0 * _MINUTE, 0 * _MINUTE),
    Occasion.ALERT_UNSEEN: OccasionTimes(0 * _MINUTE, 0 * _MINUTE),
    Occasion.ALERT_WAITS: OccasionTimes(0 * _MINUTE, 0 * _MINUTE),
    Occasion.DRILL: OccasionTimes(0 * _MINUTE, 0 * _MINUTE),
    Occasion.SOFTWARE: OccasionTimes(0 * _MINUTE, 0 * _MINUTE),
    # Two examinations in a row have found it by then.
    Occasion.SERVER_FINDING: OccasionTimes(5 * _MINUTE, 5 * _MINUTE),
    Occasion.WARNING_SOURCE: OccasionTimes(15 * _MINUTE, 5 * _MINUTE),
}

RECORDED_OCCASIONS = (Occasion.CERTIFICATE, Occasion.BACKUP, Occasion.DRILL, Occasion.SOFTWARE)
"""What is looked at seldom, or told by another part: see ``conditions``."""
_TECHNICAL = (
    Occasion.SCREEN_SILENT, Occasion.SCREEN_WRONG, Occasion.DISK, Occasion.CERTIFICATE, Occasion.BACKUP,
    Occasion.DRILL, Occasion.SOFTWARE, Occasion.WARNING_SOURCE, Occasion.KEYS,
    Occasion.SERVER_FINDING,
)  # fmt: skip
_OF_OFFICERS = (Occasion.ALERT_UNSEEN, Occasion.ALERT_WAITS, Occasion.WARNING_SOURCE)
_EDITORIAL = (Occasion.PROGRAMME, Occasion.FEED_BROKEN)


def usual_occasions(role: str) -> tuple[Occasion, ...]:
    """Return the occasions of which somebody with a role is told who has chosen nothing yet."""
    if role == UserRole.ADMINISTRATOR:
        return tuple(Occasion)
    if role == UserRole.TECHNICIAN:
        return _TECHNICAL
    if role in {UserRole.OFFICER, UserRole.LOCAL_ADMINISTRATOR}:
        return (*_EDITORIAL, Occasion.SCREEN_SILENT, *_OF_OFFICERS)
    return _EDITORIAL if role in {UserRole.EDITOR, UserRole.PUBLISHER} else ()


USUAL_URGENT = (Occasion.ALERT_UNSEEN, Occasion.ALERT_WAITS)
"""What disturbs quiet hours where somebody has chosen nothing."""
