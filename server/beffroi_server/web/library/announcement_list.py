"""The list of announcements: search, filters, sorting, and what becomes of each on the screens."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import CharField, Exists, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.accounts.models import User
from beffroi_server.core.folded_text import fold_text
from beffroi_server.core.formatting import moment_at
from beffroi_server.core.named_relations import read_names
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import content_owners
from beffroi_server.library.archive import announcements_in_use
from beffroi_server.library.models import Announcement, MediaItem, Tag
from beffroi_server.library.template_choices import template_choices
from beffroi_server.monitoring.proof import play_queries
from beffroi_server.schedule.announcement_status import (
    FEW_HAVE,
    AnnouncementStatus,
    read_playlists,
    with_one_status,
    with_status,
)
from beffroi_server.schedule.models import Entry, Playlist, Proposal, ProposalState
from beffroi_server.schedule.placements import placement_of
from beffroi_server.schedule.rule_summary import RulePlaces, places_text
from beffroi_server.web.access import UserRequest, current_town, for_writers
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.list_filters import ListState, read_list
from beffroi_server.web.requests import paginate

ANNOUNCEMENTS_PER_PAGE = 24
MOST_LISTED_KEYS = 1_500
"""Announcements of which the keys are read at once, instead of a count and the keys of a page."""
MAX_OFFERED = 100
"""Categories, tags, people and feeds that a filter offers at most."""
NOT_ON = "not-on"
ORDERS = (
    ("changed", gettext_lazy("changed last")),
    ("created", gettext_lazy("written last")),
    ("title", gettext_lazy("title")),
    ("ends", gettext_lazy("ends soonest")),
)
_ORDER_FIELDS = {
    "changed": ("-updated_at", "pk"),
    "created": ("-created_at", "pk"),
    "title": ("folded_title", "pk"),
    "ends": ("placement__ends_at", "ends", "-updated_at"),
}
_STATUS_COLOURS = {
    AnnouncementStatus.ON: "calm", AnnouncementStatus.LATER: "", AnnouncementStatus.OFF: "warn",
    AnnouncementStatus.OVER: "", AnnouncementStatus.DRAFT: "warn",
}  # fmt: skip


@for_writers("GET")
def announcement_list(request: UserRequest) -> HttpResponse:
    """List the announcements that are in use, or those that the address asks for."""
    state = read_announcement_list(request)
    # What a row needs is read for the rows of the page only: there may be ten thousand others.
    page = paginate(request, _found_keys(state), ANNOUNCEMENTS_PER_PAGE)
    page.object_list = _read_rows(list(page.object_list), state.value_of("status"))
    for each in page.object_list:
        each.is_open = content_owners.changes(request.user, each)
    context = {"page": page, "state": state, "search": state.search}
    return render(request, "library/announcements.html", context)


def _found_keys(state: ListState) -> Any:
    """Return the keys of what the list asks for: as a list where few can have the status, otherwise as a query.

    To find out the status takes as long for a count of all as for the keys of all.
    """
    keys = found_announcements(state).values_list("pk", flat=True)
    if state.value_of("status") not in FEW_HAVE:
        return keys
    found = list(keys[: MOST_LISTED_KEYS + 1])
    return found if len(found) <= MOST_LISTED_KEYS else keys


def read_announcement(key: uuid.UUID) -> Any:
    """Return a saved announcement with all that its own page tells of it; None where there is none.

    ``listing`` are the playlists that list it. Whether a proposal waits is told by ``is_proposed``: few are, and the
    page asks for it then only.
    """
    playlists = read_playlists(key)
    rows = Announcement.objects.filter(pk=key).select_related("placement", "picture__picture", "picture__video", "feed")
    rows = rows.prefetch_related(Prefetch("more_pictures", MediaItem.objects.select_related("picture", "video")))
    rows = rows.annotate(
        is_proposed=Exists(Proposal.objects.filter(announcement=OuterRef("pk"), state=ProposalState.WAITING)),
        times_yesterday=play_queries.announcement_times(key, timezone.localdate() - dt.timedelta(days=1)),
    )
    found: Any = with_status(rows, timezone.now(), ZoneInfo(current_town().time_zone), playlists).first()
    if found is None:
        return None
    found.listing = [each for each in playlists if each.is_listing]
    placement = placement_of(found)
    aimed = [placement] if placement is not None and not placement.everywhere else []
    read_names(([found], "tags"), (aimed, "groups"), (aimed, "screens"))
    found.status_text = _("in the archive") if found.archived_at else AnnouncementStatus(found.status).label
    return found


def read_announcement_list(request: HttpRequest) -> ListState:
    """Return what the address of the list asks for; one query for everything that its filters offer."""
    offered = _offered_choices()
    statuses = [*AnnouncementStatus.choices, (NOT_ON, _("not on the screens"))]
    filters = (
        ("status", _("Status"), [(value, str(text)) for value, text in statuses]),
        ("template", _("Template"), sorted(template_choices(), key=lambda choice: fold_text(choice[1]))),
        ("category", _("Category"), offered["category"]),
        ("tag", _("Tag"), offered["tag"]),
        ("author", _("Written by"), offered["author"]),
        ("feed", _("Feed"), offered["feed"]),
    )
    return read_list(request, filters, [(value, str(text)) for value, text in ORDERS])


def found_announcements(state: ListState) -> QuerySet[Any]:
    """Return the announcements that a list asks for, in its order."""
    rows: QuerySet[Any] = limit_rows(announcements_in_use())
    for word in state.words:
        rows = rows.filter(_contains(word))
    status = state.value_of("status")
    if status:
        now, zone = timezone.now(), ZoneInfo(current_town().time_zone)
        if status == NOT_ON:
            rows = with_status(rows, now, zone).exclude(status=AnnouncementStatus.ON)
        else:
            rows = with_one_status(rows, status, now, zone)
    conditions = {
        "template": "template", "category": "folded_label", "tag": "tags", "author": "created_by", "feed": "feed",
    }  # fmt: skip
    chosen = {field: state.value_of(name) for name, field in conditions.items() if state.value_of(name)}
    return rows.filter(**chosen).order_by(*_ORDER_FIELDS[state.sort])


def _read_rows(keys: Sequence[uuid.UUID], status: str) -> list[Any]:
    """Return announcements with all that the list shows of them, in the order of their keys.

    Args:
        keys: Theirs.
        status: What the list was filtered by; empty where it was not.
    """
    rows: QuerySet[Any] = Announcement.objects.filter(pk__in=keys)
    # To make the query of a status takes longer than to run it: what all of them have is known.
    common = status if status in AnnouncementStatus.values else ""
    if not common:
        rows = with_status(rows, timezone.now(), ZoneInfo(current_town().time_zone))
    rows = rows.select_related("picture", "placement", "municipality").prefetch_related(*_related())
    found = {each.pk: each for each in rows}
    # Once for all rows: a template would look both texts up for each.
    selecting, changed = _("Select “%(name)s”"), _("changed %(when)s")
    for announcement in found.values():
        announcement.selecting_text = selecting % {"name": announcement.title}
        announcement.changed_text = changed % {"when": moment_at(announcement.updated_at)}
        announcement.shown = _places_of(announcement)
        announcement.status = AnnouncementStatus(common or announcement.status)
        announcement.status_text = announcement.status.label
        announcement.status_colour = _STATUS_COLOURS[announcement.status]
    return [found[key] for key in keys if key in found]


def _contains(word: str) -> Q:
    """Return the condition that an announcement, one of its tags or of the playlists that list it contains a word."""
    tagged = Tag.announcements.through.objects.filter(announcement=OuterRef("pk"), tag__folded_name__contains=word)
    named = Playlist.objects.filter(name__folded__contains=word)
    listed = Entry.objects.filter(announcement=OuterRef("pk"), playlist__in=named.values("pk"))
    return Q(search_text__contains=word) | Exists(tagged) | Exists(listed)


def _related() -> Iterable[Any]:
    entries = Entry.objects.select_related("playlist").only("announcement", "playlist__name")
    return (Prefetch("entry_set", entries), "placement__screens", "placement__groups", "tags")


def _places_of(announcement: Announcement) -> str:
    """Return where an announcement is shown: the screens of its placement, and the playlists that list it."""
    placement = getattr(announcement, "placement", None)
    parts = []
    if placement is not None:
        screens, groups = placement.screens.all(), placement.groups.all()
        if placement.everywhere or screens or groups:
            names = RulePlaces(placement.everywhere, [each.name for each in screens], [each.name for each in groups])
            parts.append(places_text(names))
    parts += dict.fromkeys(entry.playlist.name for entry in announcement.entry_set.all())
    return ", ".join(parts)


def _offered_choices() -> dict[str, list[tuple[str, str]]]:
    """Return what the filters offer: categories, tags, authors and feeds, in one query for all of them."""
    authors = User.objects.filter(is_active=True)
    rows = _as_choices("category", Announcement.objects.exclude(folded_label=""), "folded_label", "label").union(
        _as_choices("tag", Tag.objects.all(), "pk", "name"),
        _as_choices("author", authors, "pk", "username"),
        _as_choices("feed", Feed.objects.all(), "pk", "name"),
        all=True,
    )
    found: dict[str, dict[str, str]] = {"category": {}, "tag": {}, "author": {}, "feed": {}}
    for kind, value, text in rows:
        found[kind].setdefault(value, text)
    return {
        kind: sorted(each.items(), key=lambda choice: fold_text(choice[1]))[:MAX_OFFERED]
        for kind, each in found.items()
    }


def _as_choices(kind: str, rows: QuerySet[Any], value: str, text: str) -> Any:
    named = rows.order_by().annotate(
        choice_kind=Value(kind, CharField()), choice=Cast(value, CharField()), choice_text=Cast(text, CharField())
    )
    return named.values_list("choice_kind", "choice", "choice_text").distinct()
