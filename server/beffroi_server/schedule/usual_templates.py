"""The templates that a town uses most: those that its page offers first for a new announcement."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Exists, OuterRef, Q

from beffroi_server.library.models import Announcement
from beffroi_server.schedule.models import AnnouncementPlacement, Entry

USUAL_AT_FIRST = ("news", "event", "works", "notice")
"""What most town halls write every week, until the town has published something of its own."""
PERIOD = dt.timedelta(days=365)


def usual_templates(now: dt.datetime) -> frozenset[str]:
    """Return the four templates of which most was published within a year; news, where most begin, is always there."""
    mine = OuterRef("pk")
    published = Q(Exists(AnnouncementPlacement.objects.filter(announcement=mine))) | Q(
        Exists(Entry.objects.filter(announcement=mine))
    )
    rows = Announcement.objects.filter(published, created_at__gte=now - PERIOD).order_by()
    counts = dict(rows.values_list("template").annotate(Count("pk")))
    known = [*USUAL_AT_FIRST[1:], *sorted(counts.keys() - set(USUAL_AT_FIRST))]
    # A stable sort: of two that are used as often, the one that was offered at first stays.
    most_used = sorted(known, key=lambda name: -counts.get(name, 0))
    return frozenset({USUAL_AT_FIRST[0], *most_used[: len(USUAL_AT_FIRST) - 1]})
