"""Sentences about the clock and the time zone of a screen, in the language of the reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_content.timeline import ClockState
from beffroi_content.wire.reports import PlayerReport, ReportedRefusal, ZoneReading
from beffroi_content.zone_data import next_clock_changes, zone_data_version

TOLERANCE_S = 10
"""Seconds by which two clocks may differ before a page says so."""
ARRIVAL_TOLERANCE_S = 60
"""The same, where only the arrival of the report tells."""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def clock_differs(report: PlayerReport, received_at: dt.datetime | None) -> bool:
    """Tell whether the clock of a screen differs from the server's, or the server's from that of the network."""
    return bool(clock_sentences(report, received_at))


def clock_sentences(report: PlayerReport, received_at: dt.datetime | None) -> list[str]:
    """Return what is to be said of a screen's clock: “This screen’s clock is 62 minutes ahead of the server’s.”

    Args:
        report: Its last report.
        received_at: When that came in, by the server's clock.
    """
    found, reading = [], report.clock_reading
    ahead_s = _seconds_ahead(report, received_at)
    if abs(ahead_s) >= TOLERANCE_S:
        found.append(_screen_sentence(ahead_s, is_synchronised=reading is not None and reading.source == "ntp"))
    elif reading is not None and abs(reading.network_ahead_s or 0) >= TOLERANCE_S:
        found.append(_server_sentence(-(reading.network_ahead_s or 0)))
    return found


def zone_sentence(zone: ZoneReading | None, at_s: int) -> str:
    """Return what is to be said where screen and server do not change their clocks at the same time; usually empty."""
    if zone is None or not _changes_otherwise(zone, at_s):
        return ""
    return _(
        "The next time changes of %(zone)s are not the same on this screen (data %(screen)s) and on the server "
        "(data %(server)s). Update the older of the two."
    ) % {"zone": zone.name, "screen": zone.data, "server": zone_data_version()}


def has_other_clock_changes(report: Mapping[str, Any]) -> bool:
    """Tell whether a screen changes its clocks at other times than this server would.

    Args:
        report: Its last report, as JSON.
    """
    try:
        return _changes_otherwise(ZoneReading.model_validate(report["zone"]), int(report["at_ms"]) // 1000)
    except (KeyError, TypeError, ValueError):
        return False


def _changes_otherwise(zone: ZoneReading, at_s: int) -> bool:
    try:
        own = [(change.unix_s, change.offset_s) for change in next_clock_changes(zone.name, at_s)]
    except (ZoneInfoNotFoundError, ValueError, OverflowError):
        return False
    return own != [(change.at_s, change.offset_s) for change in zone.changes]


def refusal_sentence(refusal: ReportedRefusal) -> str:
    """Return what a refusal because of the time means; empty for others."""
    if refusal.code == "expired":
        return _("It came too late: it was held up on the way, or the server’s clock was wrong.")
    if refusal.code == "rollback":
        return _("Something newer had come before: it was held up on the way, or sent again by somebody.")
    return ""


def _seconds_ahead(report: PlayerReport, received_at: dt.datetime | None) -> int:
    """Return by how many seconds a screen's clock is ahead of the server's; negative: behind; 0 where unknown."""
    reading = report.clock_reading
    if reading is not None and reading.server_ahead_s is not None:
        return -reading.server_ahead_s
    if received_at is None or report.clock is ClockState.UNKNOWN:
        return 0
    # A report may be on its way for any time: it proves a clock that is ahead, never one that is behind.
    ahead_s = round(report.at_ms / 1000 - received_at.timestamp())
    return ahead_s if ahead_s >= ARRIVAL_TOLERANCE_S else 0


def _screen_sentence(ahead_s: int, *, is_synchronised: bool) -> str:
    by = duration_text(abs(ahead_s))
    if is_synchronised and ahead_s > 0:
        return _(
            "This screen’s clock is %(by)s ahead of the server’s. It is synchronised over the network, so check the "
            "clock of the server. Alerts are shown all the same."
        ) % {"by": by}
    if is_synchronised:
        return _(
            "This screen’s clock is %(by)s behind the server’s. It is synchronised over the network, so check the "
            "clock of the server. Alerts are shown all the same."
        ) % {"by": by}
    if ahead_s > 0:
        return _("This screen’s clock is %(by)s ahead of the server’s. It is set with the next beat that arrives.") % {
            "by": by
        }
    return _("This screen’s clock is %(by)s behind the server’s. It is set with the next beat that arrives.") % {
        "by": by
    }


def _server_sentence(ahead_s: int) -> str:
    by = duration_text(abs(ahead_s))
    if ahead_s > 0:
        return _("The server’s clock is %(by)s ahead of network time, as this screen knows it. Check the server.") % {
            "by": by
        }
    return _("The server’s clock is %(by)s behind network time, as this screen knows it. Check the server.") % {
        "by": by
    }


def duration_text(seconds: int) -> str:
    """Return a length of time in the largest unit of which there are two: ``62 minutes``."""
    if seconds < 2 * _MINUTE:
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    if seconds < 2 * _HOUR:
        count = round(seconds / _MINUTE)
        return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
    if seconds < 2 * _DAY:
        count = round(seconds / _HOUR)
        return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}
    count = round(seconds / _DAY)
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}
