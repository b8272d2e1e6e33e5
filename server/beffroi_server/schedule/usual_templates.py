"""The templates that a town uses most: those that its page offers first for a new announcement."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q

from beffroi_server.library.models import Announcement
from beffroi_server.schedule.models import AnnouncementPlacement, Entry

USUAL_AT_FIRST = ("news", "event", "works", "notice")
"""What most town halls write every week, until the town has published something of its own."""
PERIOD = dt.timedelta(days=365)


def usual_templates(now: dt.datetime) -> frozenset[str]:
    """Return the four templates of which most was published within a year; news, where most begin, is always there."""
    # As sets of keys: to look entries up for each announcement of a year takes eight times as long.
    placed = AnnouncementPlacement.objects.values("announcement")
    listed = Entry.objects.filter(announcement__isnull=False).order_by().values("announcement")
    published = Q(pk__in=placed) | Q(pk__in=listed)
    rows = Announcement.objects.filter(published, created_at__gte=now - PERIOD).order_by()
    counts = dict(rows.values_list("template").annotate(Count("pk")))
    known = [*USUAL_AT_FIRST[1:], *sorted(counts.keys() - set(USUAL_AT_FIRST))]
    # A stable sort: of two that are used as often, the one that was offered at first stays.
    most_used = sorted(known, key=lambda name: -counts.get(name, 0))
    return frozenset({USUAL_AT_FIRST[0], *most_used[: len(USUAL_AT_FIRST) - 1]})
