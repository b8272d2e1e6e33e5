"""End of the event that an announcement tells of: the one answer for playlists, manifests and agendas.

An event ends at the end that its editor gave, otherwise with the local day on which it starts. Announcements of other
templates, and events without a start, never end by themselves.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db.models import Q

from beffroi_server.library.models import Announcement
from beffroi_server.library.template_choices import EVENT_TEMPLATES

_DAY = dt.timedelta(days=1)


def event_end(announcement: Announcement, zone: ZoneInfo) -> dt.datetime | None:
    """Return the end of an announcement's event, or None where it does not end by itself.

    Args:
        announcement: Any announcement.
        zone: The town's time zone.
    """
    if announcement.template not in EVENT_TEMPLATES:
        return None
    if announcement.ends is not None:
        return announcement.ends
    if announcement.starts is None:
        return None
    return _midnight(announcement.starts.astimezone(zone).date() + _DAY, zone)


def event_is_over(now: dt.datetime, zone: ZoneInfo) -> Q:
    """Return the condition on announcements that :func:`event_end` is not after an instant."""
    # The local day of the start has ended by now if and only if the start is before the midnight that began today.
    today = _midnight(now.astimezone(zone).date(), zone)
    return Q(template__in=EVENT_TEMPLATES) & (Q(ends__lte=now) | Q(ends=None, starts__lt=today))


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone)
