"""End of what an announcement tells of: the one answer for playlists, manifests and agendas.

Whatever has dates (an event, roadworks, a countdown) ends at the end that its editor gave. An event or a countdown
without one ends with the local day on which it starts; roadworks without one go on, since nobody knows until when.
Announcements of other templates do not end by themselves: ``library/categories.py`` says for how long they are shown.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db.models import Q

from beffroi_server.library.models import Announcement
from beffroi_server.library.template_choices import DATED_TEMPLATES, DAY_TEMPLATES

_DAY = dt.timedelta(days=1)


def event_end(announcement: Announcement, zone: ZoneInfo) -> dt.datetime | None:
    """Return the end of what an announcement tells of, or None where it does not end by itself.

    Args:
        announcement: Any announcement.
        zone: The town's time zone.
    """
    if announcement.template not in DATED_TEMPLATES:
        return None
    if announcement.ends is not None:
        return announcement.ends
    if announcement.starts is None or announcement.template not in DAY_TEMPLATES:
        return None
    return _midnight(announcement.starts.astimezone(zone).date() + _DAY, zone)


def event_is_over(now: dt.datetime, zone: ZoneInfo) -> Q:
    """Return the condition on announcements that :func:`event_end` is not after an instant."""
    # The local day of the start has ended by now if and only if the start is before the midnight that began today.
    today = _midnight(now.astimezone(zone).date(), zone)
    over = Q(template__in=DATED_TEMPLATES, ends__lte=now)
    return over | Q(template__in=DAY_TEMPLATES, ends=None, starts__lt=today)


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone)
