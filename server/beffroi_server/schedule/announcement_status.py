"""Status of announcements for lists: on the screens, later, off, over, or a draft that nothing shows.

The timeline decides what a screen shows at an instant, by the hours of rules and their priorities. A list of thousands
cannot ask it: an announcement counts as on the screens while it is placed, or while a playlist with a rule lists it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Exists, FilteredRelation, OuterRef, Q, QuerySet, TextChoices, Value, When
from django.utils.translation import gettext_lazy as _

from beffroi_server.core.folded_text import fold_text
from beffroi_server.core.read_once import read_once
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen
from beffroi_server.library.event_dates import event_is_over
from beffroi_server.library.models import Announcement
from beffroi_server.schedule.models import AnnouncementPlacement, Entry, Playlist, ScheduleRule
from beffroi_server.schedule.playlist_nesting import keys_within, outer_keys


class AnnouncementStatus(TextChoices):
    """What becomes of an announcement on the screens."""

    ON = "on", _("on the screens")
    LATER = "later", _("shown later")
    OFF = "off", _("taken off the screens")
    OVER = "over", _("expired")
    DRAFT = "draft", _("draft: nothing shows it")


@dataclass(frozen=True, slots=True)
class KnownPlaylist:
    """What is known of a playlist to tell what becomes of announcements."""

    pk: int
    name: str
    category: str
    is_scheduled: bool
    """Whether a rule shows it, by itself or within another one."""
    is_listing: bool
    """Whether it lists the announcement that was asked for."""


def with_status(
    rows: QuerySet[Announcement], now: dt.datetime, zone: ZoneInfo, playlists: Iterable[KnownPlaylist] | None = None
) -> QuerySet[Any]:
    """Return announcements with an attribute ``status``, one of ``AnnouncementStatus``, by which to filter.

    Takes one query for the playlists, whatever the number of announcements.

    Args:
        rows: Announcements.
        now: The instant.
        zone: The town's time zone, which decides when the day of an event ends.
        playlists: What ``read_playlists`` has returned; None reads it.
    """
    scheduled = [each for each in (read_playlists() if playlists is None else playlists) if each.is_scheduled]
    entries = Entry.objects.filter(playlist__in=[each.pk for each in scheduled], announcement__isnull=False)
    entries_now = entries.filter(
        Q(valid_from=None) | Q(valid_from__lte=now), Q(valid_until=None) | Q(valid_until__gt=now)
    )
    listed, listed_now, listed_later = map(_is_in, (entries, entries_now, entries.filter(valid_from__gt=now)))
    filled = Q(folded_label__in={fold_text(each.category) for each in scheduled if each.category})
    placed = _is_aimed()
    begun = Q(placement__starts_at=None) | Q(placement__starts_at__lte=now)
    ended = Q(placement__ends_at__lte=now)
    ongoing = placed & begun & ~ended
    return rows.annotate(
        status=Case(
            When(placement__taken_off_at__isnull=False, then=Value(AnnouncementStatus.OFF)),
            When(event_is_over(now, zone), then=Value(AnnouncementStatus.OVER)),
            When(ongoing | listed_now | filled, then=Value(AnnouncementStatus.ON)),
            When(placed & ~begun, then=Value(AnnouncementStatus.LATER)),
            When(listed_later, then=Value(AnnouncementStatus.LATER)),
            When((placed & ended) | listed, then=Value(AnnouncementStatus.OVER)),
            default=Value(AnnouncementStatus.DRAFT),
            output_field=CharField(),
        )
    )


FEW_HAVE = frozenset({AnnouncementStatus.ON, AnnouncementStatus.LATER, AnnouncementStatus.OFF})
"""What nothing has placed or listed has none of these; it is most of what a town wrote."""


def with_one_status(rows: QuerySet[Announcement], status: str, now: dt.datetime, zone: ZoneInfo) -> QuerySet[Any]:
    """Return those announcements that have a status, as :func:`with_status`; few are asked where ``FEW_HAVE`` it."""
    playlists = read_playlists()
    if status in FEW_HAVE:
        placed = AnnouncementPlacement.objects.values("announcement")
        listed = Entry.objects.filter(announcement__isnull=False).order_by().values("announcement")
        filled = [fold_text(each.category) for each in playlists if each.is_scheduled and each.category]
        known = Q(pk__in=placed) | Q(pk__in=listed) | Q(folded_label__in=filled)
        rows = rows.filter(pk__in=Announcement.objects.filter(known).order_by().values("pk"))
    return with_status(rows, now, zone, playlists).filter(status=status)


def screens_showing(announcements: Collection[Announcement]) -> QuerySet[Screen]:
    """Return the screens that placements, playlists and rules have show at least one of some announcements."""
    keys = [announcement.pk for announcement in announcements]
    placed = AnnouncementPlacement.objects.filter(announcement__in=keys, taken_off_at=None)
    listing = outer_keys(Entry.objects.filter(announcement__in=keys).values_list("playlist", flat=True))
    labels = {fold_text(announcement.label) for announcement in announcements if announcement.label}
    filled = [each.pk for each in read_playlists() if each.category and fold_text(each.category) in labels]
    rules = ScheduleRule.objects.filter(playlist__in={*listing, *outer_keys(filled)})
    by_placement, by_rule = targets.screens_reached_by(placed), targets.screens_reached_by(rules)
    return Screen.objects.filter(Q(pk__in=by_placement.values("pk")) | Q(pk__in=by_rule.values("pk")))


@read_once
def read_playlists(announcement: uuid.UUID | None = None) -> list[KnownPlaylist]:
    """Return all playlists, by name: one query, which also tells which ones list an announcement, if one is given."""
    entries = Entry.objects.filter(playlist=OuterRef("pk"), announcement=announcement)
    found = Playlist.objects.order_by().annotate(
        ruled=Exists(ScheduleRule.objects.filter(playlist=OuterRef("pk"))),
        listing=Exists(entries) if announcement is not None else Value(value=False),
        nested=FilteredRelation("entries", condition=Q(entries__inner__isnull=False)),
    )
    # A playlist comes once for each one directly within it, and once where there is none.
    rows = list(found.values_list("pk", "name", "category", "ruled", "listing", "nested__inner"))
    shown = keys_within([row[0] for row in rows if row[3]], [(row[0], row[5]) for row in rows])
    known = {KnownPlaylist(pk, name, category, pk in shown, bool(lists)) for pk, name, category, _r, lists, _i in rows}
    return sorted(known, key=lambda playlist: (fold_text(playlist.name), playlist.pk))


def _is_in(entries: QuerySet[Entry]) -> Q:
    # One set for all rows: to look entries up for each of ten thousand announcements takes twice as long.
    return Q(pk__in=entries.order_by().values("announcement"))


def _is_aimed() -> Q:
    """Return the condition on announcements that their placement names screens."""
    screens, groups = AnnouncementPlacement.screens.through, AnnouncementPlacement.groups.through
    named = [rows.objects.values("announcementplacement") for rows in (screens, groups)]
    return Q(placement__everywhere=True) | Q(placement__in=named[0]) | Q(placement__in=named[1])
