"""The page of one playlist: its entries with their forms, what can be added, and where the playlist is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.library import categories
from beffroi_server.schedule import auto_fill, entry_order, publish_permissions, rule_names
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule
from beffroi_server.schedule.playlist_candidates import candidates_for
from beffroi_server.web.access import UserRequest, ViewFunction, is_htmx
from beffroi_server.web.requests import parse_number, read_search
from beffroi_server.web.schedule.forms import AutoFillForm, PlaylistEntryForm, PlaylistForm


@dataclass(frozen=True)
class EntryRow:
    """An entry of a playlist as the page shows it."""

    entry: Entry
    form: PlaylistEntryForm | None
    """The form that was given back with errors; the others are loaded when they are opened."""
    number: int
    """Place in the playlist, counted from 1."""
    is_later: bool
    is_over: bool
    is_off: bool
    """Its announcement was taken off the screens."""

    @property
    def is_shown(self) -> bool:
        """Whether nothing speaks against showing it now."""
        return not (self.is_later or self.is_over or self.is_off)

    @property
    def position_above(self) -> int:
        """Position one place up; positions count from 0."""
        return self.number - 2

    @property
    def position_below(self) -> int:
        """Position one place down."""
        return self.number


def handle_deleted(view: ViewFunction) -> ViewFunction:
    """Decorate a view so that it tells the user when someone else deleted the playlist or the entry meanwhile."""

    @wraps(view)
    def tolerant_view(request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Playlist.DoesNotExist:
            messages.warning(request, _("Someone has deleted this playlist in the meantime. Nothing was changed."))
            return _leave(request, "playlists")
        except Entry.DoesNotExist:
            messages.warning(
                request, _("Someone has removed this from the playlist in the meantime. Nothing was changed.")
            )
            playlist = parse_number(request.POST.get("playlist"))
            return _leave(request, "playlist", playlist) if playlist else _leave(request, "playlists")

    return tolerant_view


def _leave(request: UserRequest, name: str, *keys: int) -> HttpResponse:
    """Go to another page; htmx would put it into the place of a part of this one."""
    if not is_htmx(request):
        return redirect(name, *keys)
    return HttpResponse(status=204, headers={"HX-Redirect": reverse(name, args=keys)})


def render_playlist(
    request: UserRequest,
    playlist: Playlist,
    *,
    name_form: PlaylistForm | None = None,
    entry_form: PlaylistEntryForm | None = None,
    filling_form: AutoFillForm | None = None,
) -> HttpResponse:
    """Return the page of a playlist, with the form of an entry opened where there is one.

    The status is 422 where a form is given back with errors.

    Raises:
        NotPermitted: it is not the user's to change: a form with errors must not show it either.
    """
    publish_permissions.check_playlist(request.user, playlist)
    search, zone = read_search(request), ZoneInfo(timezone.get_current_timezone_name())
    rows = list(_entry_rows(playlist, entry_form))
    refused = name_form or entry_form or filling_form
    context = {
        "playlist": playlist,
        "rows": rows,
        "seconds": sum(
            row.entry.duration_s for row in rows if not (row.is_later or row.is_over or row.is_off or row.entry.inner)
        ),
        "choices": candidates_for(playlist, search, request.user),
        "search": search,
        "sentences": rule_sentences(playlist),
        "outer": list(Playlist.objects.filter(entries__inner=playlist).distinct()),
        "name_form": name_form or PlaylistForm(instance=playlist),
        "filling_form": filling_form or AutoFillForm(instance=playlist),
        # Their titles are all that the page shows of them.
        "filled": auto_fill.auto_filled_announcements(playlist, zone).select_related(None).prefetch_related(None),
        "categories": categories.offered_categories(),
        "refused": refused,
    }
    return render(request, "schedule/playlist.html", context, status=422 if refused and refused.errors else 200)


def rule_sentences(playlist: Playlist) -> list[tuple[ScheduleRule, str]]:
    """Return the rules that show a playlist, each with its sentence."""
    return rule_names.rule_sentences(playlist.rules.all(), playlist.name)


def _entry_rows(playlist: Playlist, refused: PlaylistEntryForm | None) -> Iterator[EntryRow]:
    now = timezone.now()
    for number, entry in enumerate(entry_order.shown_entries(playlist), start=1):
        form = refused if refused is not None and refused.instance.pk == entry.pk else None
        is_later = entry.valid_from is not None and entry.valid_from > now
        is_over = entry.valid_until is not None and entry.valid_until <= now
        yield EntryRow(entry, form, number, is_later, is_over, _is_off(entry))


def _is_off(entry: Entry) -> bool:
    placement = getattr(entry.announcement, "placement", None)
    return placement is not None and placement.taken_off_at is not None
