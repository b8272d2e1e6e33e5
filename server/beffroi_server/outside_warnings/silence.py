"""Silence of sources that send by themselves: a connection that brings nothing looks like calm, and may be a fault.

Only where somebody has said how often something comes, a weekly test or the heartbeat of a network: most authorities
send nothing for months, and mean it.
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import ngettext

from beffroi_server.outside_warnings.models import SENDING_KINDS, WarningSource


def note_received(source: WarningSource, now: dt.datetime, *, problem: str = "") -> None:
    """Note that a message came, and what was wrong with it."""
    WarningSource.objects.filter(pk=source.pk).update(
        read_at=now, failures=0, failing_since=None, problem=problem[:300], due_at=_overdue_at(source, now)
    )


def note_silent(now: dt.datetime) -> None:
    """Note of each source that it has been silent for too long; of one that is new or changed, from when that is."""
    for source in WarningSource.objects.filter(kind__in=SENDING_KINDS, is_on=True, expected_hours__isnull=False):
        row = WarningSource.objects.filter(pk=source.pk, failing_since=None, due_at=source.due_at)
        if source.due_at is None:
            row.update(due_at=_overdue_at(source, now))
        elif source.due_at <= now:
            row.update(failing_since=source.due_at, problem=_words(source.expected_hours or 0)[:300])


def _overdue_at(source: WarningSource, now: dt.datetime) -> dt.datetime | None:
    return now + dt.timedelta(hours=source.expected_hours) if source.expected_hours else None


def _words(hours: int) -> str:
    return ngettext(
        "Nothing came within %(count)d hour, although its messages are expected more often. Ask the authority.",
        "Nothing came within %(count)d hours, although its messages are expected more often. Ask the authority.",
        hours,
    ) % {"count": hours}
