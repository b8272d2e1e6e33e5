"""How two messages of a source relate: versions of one, later and earlier, ends and what they end."""

from __future__ import annotations

import datetime as dt

from beffroi_server.cap.messages import CapAlert
from beffroi_server.cap.names import folded_name, values_named

_UNKNOWN = dt.datetime.min.replace(tzinfo=dt.UTC)
_WIDTHS = {"Restricted": 1, "Private": 2}


def reaches(scope: str | None, alert: CapAlert) -> bool:
    """Return whether a message of a scope is for all whom another one is for: else these would learn nothing of it."""
    return _WIDTHS.get(scope or "", 0) <= _WIDTHS.get(alert.scope or "", 0)


def is_same_version(one: CapAlert, other: CapAlert) -> bool:
    """Return whether two messages are one and the same."""
    return one.sent == other.sent and one.version == other.version and one.sender == other.sender


def repeats(known: CapAlert, alert: CapAlert) -> bool:
    """Return whether a message says nothing that is not known: the same once more, the summary or a part of it."""
    if (alert.is_summary and not known.is_summary) or (alert.is_damaged and not known.is_damaged):
        return alert.sent is None or alert.sent == known.sent
    return is_same_version(known, alert)


def is_version(known: CapAlert, alert: CapAlert) -> bool:
    """Return whether two messages with the same identifier are versions of one another."""
    same_sender = known.sender is None or alert.sender is None or same_name(known.sender, alert.sender)
    statuses = {known.effective_status, alert.effective_status}
    # Summaries often leave it out.
    has_summary = None in statuses and (known.is_summary or alert.is_summary)
    return same_sender and (len(statuses) == 1 or has_summary)


def is_older(alert: CapAlert, known: CapAlert) -> bool:
    """Return whether a version is older than another one."""
    if alert.sent is None or known.sent is None:
        return False
    # At the same instant, the end of a warning comes after its beginning.
    return alert.sent < known.sent or (alert.sent == known.sent and is_end(known) and not is_end(alert))


def order_of(alert: CapAlert) -> tuple[dt.datetime, bool, str, str]:
    """Return by what messages are in order, the same whenever they come: instant, end after beginning, identifier."""
    return alert.sent or _UNKNOWN, is_end(alert), (alert.identifier or "").casefold(), alert.version


def is_end(alert: CapAlert) -> bool:
    """Return whether a message says that something is over."""
    return alert.msg_type == "Cancel" or alert.is_all_clear


def is_later(alert: CapAlert, other: CapAlert) -> bool:
    """Return whether a message was certainly sent after another one."""
    return alert.sent is not None and other.sent is not None and alert.sent > other.sent


def same_name(one: str, other: str) -> bool:
    """Return whether two names of senders are the same without case and punctuation."""
    return folded_name(one) == folded_name(other)


def ends_others(alert: CapAlert) -> str | None:
    """Return how a message ends those that it refers to, or None if it does not."""
    if alert.msg_type == "Cancel":
        return "cancel"
    if alert.is_all_clear:
        return "all-clear"
    return "update" if alert.msg_type == "Update" and alert.infos else None


def version_end(newer: CapAlert) -> str:
    """Return how a newer version ends an older one: a cancellation or an all-clear takes no one's place."""
    return (ends_others(newer) or "version") if is_end(newer) else "version"


def is_minor(alert: CapAlert) -> bool:
    """Return whether a message says that only its words have changed (profile CAP-CP, ``MinorChange``)."""
    if any("minorchange" in folded_name(code) for code in alert.codes):
        return True
    found = [value for info in alert.infos for value in values_named(info.parameters, "minorchange")]
    return any(folded_name(value) not in ("", "no", "none", "false") for value in found)
