"""Announcements that the public may read: those that screens show, or showed within some days.

What is archived, taken off the screens or deleted leaves at once; what was never published is never there; nothing of
who wrote it is.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from beffroi_server.fleet import content_owners
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library.event_dates import event_is_over
from beffroi_server.library.models import Announcement, PublicSettings
from beffroi_server.library.template_choices import WIDGET_TEMPLATES
from beffroi_server.schedule.auto_fill import auto_filled_announcements
from beffroi_server.schedule.models import AnnouncementPlacement, Entry, Playlist, ScheduleRule
from beffroi_server.schedule.playlist_nesting import inner_keys

MOST_LISTED = 200
"""Announcements of one page or feed."""


def current_announcements(now: dt.datetime, municipality: Municipality | None = None) -> QuerySet[Announcement]:
    """Return the announcements that are on the screens at an instant, as placements and playlists with rules say.

    Args:
        now: The instant.
        municipality: Of its screens only, and of others' content nothing; None: of all screens.
    """
    over = event_is_over(now, timezone.get_current_timezone())
    shown = _is_placed(now, municipality) | _is_listed(now, municipality)
    return _public(municipality).filter(shown).exclude(over).order_by("-updated_at", "pk")


def past_announcements(
    settings: PublicSettings, now: dt.datetime, municipality: Municipality | None = None
) -> QuerySet[Announcement]:
    """Return the announcements of which the time on the screens ended within the days that the town has chosen."""
    since = now - dt.timedelta(days=settings.past_days)
    # What was placed on no screen was never shown.
    ended = AnnouncementPlacement.objects.filter(
        _is_aimed(municipality), ends_at__gt=since, ends_at__lte=now, announcement=OuterRef("pk")
    )
    rows = _public(municipality).filter(Exists(ended)).exclude(_is_listed(now, municipality))
    return rows.order_by("-placement__ends_at", "pk")


def public_announcement(settings: PublicSettings, pk: uuid.UUID, now: dt.datetime) -> Announcement | None:
    """Return an announcement that the public may read now; None for any other."""
    return current_announcements(now).filter(pk=pk).first() or past_announcements(settings, now).filter(pk=pk).first()


def public_events(now: dt.datetime, municipality: Municipality | None = None) -> QuerySet[Announcement]:
    """Return the announcements on the screens that tell of an event with a date, the soonest first."""
    return current_announcements(now, municipality).filter(starts__isnull=False).order_by("starts", "pk")


def _public(municipality: Municipality | None) -> QuerySet[Announcement]:
    rows = Announcement.objects.filter(archived_at=None).exclude(template__in=WIDGET_TEMPLATES)
    if municipality is not None:
        rows = content_owners.shown_with(rows, municipality.pk)
    off = AnnouncementPlacement.objects.filter(announcement=OuterRef("pk"), taken_off_at__isnull=False)
    return rows.filter(~Exists(off)).select_related("picture__picture", "placement", "municipality")


def _is_placed(now: dt.datetime, municipality: Municipality | None) -> Q:
    begun = Q(starts_at=None) | Q(starts_at__lte=now)
    lasting = Q(ends_at=None) | Q(ends_at__gt=now)
    placed = AnnouncementPlacement.objects.filter(_is_aimed(municipality), begun, lasting, announcement=OuterRef("pk"))
    return Q(Exists(placed)) & Q(Exists(_screens(municipality)))


def _is_aimed(municipality: Municipality | None) -> Q:
    """Return the condition on placements and rules that they reach a screen, or one of a municipality."""
    if municipality is None:
        return Q(everywhere=True) | Q(screens__isnull=False) | Q(groups__screens__isnull=False)
    screens = _screens(municipality).values("pk")
    return Q(everywhere=True) | Q(screens__in=screens) | Q(groups__screens__in=screens)


def _screens(municipality: Municipality | None) -> QuerySet[Screen]:
    return Screen.objects.all() if municipality is None else Screen.objects.filter(groups=municipality.group)


def _is_listed(now: dt.datetime, municipality: Municipality | None) -> Q:
    begun = Q(valid_from=None) | Q(valid_from__lte=now)
    lasting = Q(valid_until=None) | Q(valid_until__gt=now)
    today = timezone.localdate(now)
    in_force = Q(last_date=None) | Q(last_date__gte=today), Q(first_date=None) | Q(first_date__lte=today)
    rules = ScheduleRule.objects.filter(_is_aimed(municipality), *in_force)
    shown = inner_keys(rules.values_list("playlist", flat=True))
    found = Q(Exists(Entry.objects.filter(begun, lasting, playlist__in=shown, announcement=OuterRef("pk"))))
    for playlist in Playlist.objects.filter(pk__in=shown).exclude(category=""):
        filled = auto_filled_announcements(playlist, timezone.get_current_timezone())
        found |= Q(pk__in=[row.pk for row in filled])
    return found
