"""Copies of the releases from the address that is set, and what became of the last one, for the page of versions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from beffroi_server.core.formatting import from_milliseconds
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.notifications import conditions
from beffroi_server.notifications.models import RecordedCondition
from beffroi_server.software import mirror
from beffroi_server.software.mirror import FaultKind, MirrorFault

CONDITION = "release-copy"
DETAIL_LENGTH = 300
"""Characters of a reason that are kept: some are what a stranger's server has said."""
_TEXTS = {
    FaultKind.KEYS: (
        _("This server has no keys by which versions are checked."),
        _("Install a package that has them, or name their file in the setting BEFFROI_RELEASES_ROOT."),
    ),
    FaultKind.ADDRESS: (
        _("The versions at %(place)s cannot be read."),
        _("Check the setting BEFFROI_RELEASES_URL, and whether this server may reach that address (firewall). A server "
          "without the Internet takes versions from a stick."),
    ),
    FaultKind.SIGNATURE: (
        _("What came from %(place)s is not signed by the makers of the player. Nothing of it was taken in."),
        _("Check the setting BEFFROI_RELEASES_URL. If the address is right, tell those who make the versions."),
    ),
    FaultKind.EXPIRED: (
        _("What %(place)s says of its versions is out of date: its signatures have expired."),
        _("Check the clock of this server. If it is right, those who make the versions have to sign them again."),
    ),
    FaultKind.ROOM: (
        _("The disk of this server has no room for the new version."),
        _("Free some space, or give the server a larger disk."),
    ),
    FaultKind.DISK: (
        _("The new version cannot be written to the disk of this server."),
        _("Check that the account of the server may write to its data folder, and the disk itself."),
    ),
}  # fmt: skip
"""Of each kind what is wrong, and the next step."""


@dataclass(frozen=True, slots=True)
class CopyOutcome:
    """What became of the last copy."""

    at: dt.datetime
    good_at: dt.datetime | None
    """When the last copy without a fault ended; None: none has, as far as is known."""
    failed_since: dt.datetime | None
    """Of the copies that failed one after the other up to the last; None where that was good."""
    fact: str = ""
    """What is wrong, in the language in use; empty where nothing is."""
    step: str = ""
    """What to do next."""
    detail: str = ""
    """What the other side, or the system, has said."""


def copy_from_address(now: dt.datetime) -> None:
    """Copy new releases from the address that is set, and note how that ended.

    Raises:
        MirrorFault: they could not be copied.
    """
    try:
        mirror.update_mirror(mirror.source_of(settings.RELEASES_URL))
    except MirrorFault as fault:
        _note(now, fault.kind.value, fault.detail)
        raise
    _note(now)


def last_outcome() -> CopyOutcome | None:
    """Return what became of the last copy from the address that is set; None where there was none."""
    row = RecordedCondition.objects.filter(pk=CONDITION).first()
    if row is None or row.detail.get("place") != _place():
        return None
    good_at = from_milliseconds(row.detail.get("good_ms"))
    if row.failed_since is None:
        return CopyOutcome(row.at, good_at, None)
    fact, step = _texts_of(row.reason)
    return CopyOutcome(
        row.at, good_at, row.failed_since, str(fact) % {"place": _place()}, str(step), str(row.detail.get("detail", ""))
    )


def _texts_of(reason: str) -> tuple[Promise, Promise]:
    # One that only another version knows is told as the most usual one.
    return _TEXTS[FaultKind(reason) if reason in set(FaultKind) else FaultKind.ADDRESS]


def _note(now: dt.datetime, reason: str = "", said: str = "") -> None:
    before = RecordedCondition.objects.filter(pk=CONDITION).first()
    is_same = before is not None and before.detail.get("place") == _place()
    detail: dict[str, Any] = {"place": _place(), "detail": " ".join(said.split())[:DETAIL_LENGTH]}
    if not reason:
        detail["good_ms"] = unix_ms(now)
    elif before is not None and is_same:
        detail["good_ms"] = before.detail.get("good_ms")
    if before is not None and not is_same:
        before.delete()
    conditions.record_condition(CONDITION, now, reason=reason, detail=detail)


def _place() -> str:
    """Return what people know the address by, without a name and password that may be in it."""
    address = str(settings.RELEASES_URL)
    return urlsplit(address).hostname or "–" if "://" in address else address
