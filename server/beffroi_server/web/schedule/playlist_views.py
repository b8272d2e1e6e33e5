"""Pages of playlists: the list, one playlist, its name, automatic content and deletion."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.core.folded_text import filter_by_words
from beffroi_server.fleet import content_owners
from beffroi_server.schedule import publish_permissions, rule_names, rule_summary, services
from beffroi_server.schedule.models import Playlist, ScheduleRule
from beffroi_server.web import working_for
from beffroi_server.web.access import UserRequest, for_editors
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.forms import add_form_errors
from beffroi_server.web.list_filters import ListState, read_list
from beffroi_server.web.requests import paginate
from beffroi_server.web.schedule.forms import AutoFillForm, PlaylistForm
from beffroi_server.web.schedule.playlist_page import handle_deleted, render_playlist, rule_sentences
from beffroi_server.web.undo_messages import say_undoable

PLAYLISTS_PER_PAGE = 50


@for_editors("GET", "POST")
def playlist_list(request: UserRequest) -> HttpResponse:
    """List the playlists; POST creates one."""
    form = PlaylistForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            created = services.create_playlist(
                form.cleaned_data["name"], user=request.user, municipality=working_for.chosen()
            )
        except ValidationError as refusal:
            add_form_errors(form, refusal.messages)
        else:
            messages.success(request, _("“%(name)s” has been created. Choose what it shows.") % {"name": created})
            return redirect("playlist", created.pk)
    state = _read_state(request)
    page = paginate(request, limit_rows(_found_playlists(state)), PLAYLISTS_PER_PAGE)
    summaries: defaultdict[int, list[str]] = defaultdict(list)
    for rule, places in rule_names.rules_with_places(ScheduleRule.objects.filter(playlist__in=list(page))):
        summaries[rule.playlist_id].append(rule_summary.rule_summary(rule, places))
    for playlist in page:
        playlist.is_open = content_owners.changes(request.user, playlist)
        playlist.places = summaries[playlist.pk]
    return render(
        request,
        "schedule/playlists.html",
        {"form": form, "page": page, "state": state},
        status=422 if form.errors else 200,
    )


@for_editors("GET")
def playlist_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show the entries of a playlist in order, and what can be added to it."""
    return render_playlist(request, get_object_or_404(Playlist, pk=pk))


@for_editors("POST")
@handle_deleted
def playlist_rename(request: UserRequest, pk: int) -> HttpResponse:
    """Rename a playlist."""
    found = Playlist.objects.get(pk=pk)
    # The form validates a row of its own, so that a refused name does not appear as the heading.
    form = PlaylistForm(request.POST, instance=Playlist.objects.get(pk=pk))
    if not form.is_valid():
        return render_playlist(request, found, name_form=form)
    services.rename_playlist(found, form.cleaned_data["name"], user=request.user)
    messages.success(request, _("The playlist is now called “%(name)s”.") % {"name": found})
    return redirect("playlist", pk)


@for_editors("POST")
@handle_deleted
def playlist_auto_fill(request: UserRequest, pk: int) -> HttpResponse:
    """Set the category that fills a playlist automatically, and the order of its entries."""
    found = Playlist.objects.get(pk=pk)
    form = AutoFillForm(request.POST, instance=Playlist.objects.get(pk=pk))
    if not form.is_valid():
        return render_playlist(request, found, filling_form=form)
    services.set_auto_fill(found, user=request.user, **form.cleaned_data)
    messages.success(request, _("“%(name)s” has been saved.") % {"name": found})
    return redirect("playlist", pk)


@for_editors("GET", "POST")
@handle_deleted
def playlist_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a playlist with the rules that show it, after asking."""
    found = Playlist.objects.get(pk=pk)
    if request.method == "GET":
        publish_permissions.check_playlist(request.user, found)
        outer = Playlist.objects.filter(entries__inner=found).distinct()
        context = {"playlist": found, "sentences": rule_sentences(found), "outer": outer}
        return render(request, "schedule/playlist_delete.html", context)
    entry = services.delete_playlist(found, user=request.user)
    say_undoable(request, _("“%(name)s” has been deleted. Its content stays in the library.") % {"name": found}, entry)
    return redirect("playlists")


def _read_state(request: UserRequest) -> ListState:
    statuses = [
        ("scheduled", _("scheduled")),
        ("unscheduled", _("not scheduled")),
        ("empty", _("empty, or nothing in it is currently valid")),
    ]
    orders = [("name", _("name")), ("changed", _("changed last")), ("length", _("longest round"))]
    return read_list(request, [("status", _("Status"), statuses)], orders)


def _found_playlists(state: ListState) -> Any:
    """Return the playlists that a list asks for, with their counts."""
    rows = filter_by_words(_playlists_with_counts(), state.search, "name", "category")
    if state.value_of("status") == "empty":
        rows = rows.filter(valid_count=0)
    elif state.value_of("status"):
        ruled = Playlist.objects.filter(rules__isnull=state.value_of("status") == "unscheduled").values("pk")
        rows = rows.filter(pk__in=ruled)
    orders = {"name": ("name__folded",), "changed": ("-updated_at",), "length": ("-seconds", "name__folded")}
    return rows.order_by(*orders[state.sort])


def _playlists_with_counts() -> Any:
    """Return the playlists with the number of their entries, of those valid now, and the seconds that these take."""
    now = timezone.now()
    valid = (Q(entries__valid_from=None) | Q(entries__valid_from__lte=now)) & (
        Q(entries__valid_until=None) | Q(entries__valid_until__gt=now)
    )
    # Archived announcements stay in their playlists, which neither show nor list them.
    listed = Q(entries__isnull=False, entries__announcement__archived_at=None)
    counted = Playlist.objects.annotate(
        entry_count=Count("entries", filter=listed),
        valid_count=Count("entries", filter=listed & valid),
        seconds=Sum("entries__duration_s", filter=listed & valid & Q(entries__inner=None), default=0),
    )
    return counted.select_related("municipality")
