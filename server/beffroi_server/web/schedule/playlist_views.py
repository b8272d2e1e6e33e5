"""Playlists, and what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q, Sum
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.schedule import auto_fill, rule_summary, services
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule
from beffroi_server.schedule.playlist_candidates import candidates_for
from beffroi_server.web.access import UserRequest, ViewFunction, for_editors
from beffroi_server.web.forms import add_form_errors
from beffroi_server.web.schedule.forms import AutoFillForm, EntryAdditionForm, PlaylistEntryForm, PlaylistForm

PLAYLISTS_PER_PAGE = 50


@dataclass(frozen=True)
class EntryRow:
    """An entry as the page of its playlist shows it."""

    entry: Entry
    form: PlaylistEntryForm
    number: int
    """From 1."""
    is_later: bool
    is_over: bool

    @property
    def position_above(self) -> int:
        """The position before the one that it has; positions count from 0."""
        return self.number - 2

    @property
    def position_below(self) -> int:
        """The position after the one that it has."""
        return self.number


def _handle_deleted(view: ViewFunction) -> ViewFunction:
    """Say so when what somebody acts on was taken away by somebody else, and change nothing."""

    @wraps(view)
    def acted(request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Playlist.DoesNotExist:
            messages.warning(request, _("Somebody deleted this playlist meanwhile. Nothing was changed."))
            return redirect("playlists")
        except Entry.DoesNotExist:
            messages.warning(request, _("Somebody took this out of the playlist meanwhile. Nothing was changed."))
            known = request.POST.get("playlist", "")
            return redirect("playlist", int(known)) if known.isdecimal() else redirect("playlists")

    return acted


@for_editors("GET", "POST")
def playlist_list(request: UserRequest) -> HttpResponse:
    """List the playlists; make a new one."""
    form = PlaylistForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_playlist(form.cleaned_data["name"], user=request.user)
        except ValidationError as refusal:
            add_form_errors(form, refusal.messages)
        else:
            messages.success(request, _("“%(name)s” is there. Choose what it shows.") % {"name": made})
            return redirect("playlist", made.pk)
    page = Paginator(_playlists_with_counts(), PLAYLISTS_PER_PAGE).get_page(request.GET.get("page"))
    for each in page:
        each.places = [
            rule_summary.rule_summary(rule, rule_summary.RulePlaces.of_rule(rule)) for rule in each.rules.all()
        ]
    context = {"form": form, "page": page}
    return render(request, "schedule/playlists.html", context, status=422 if form.errors else 200)


def _playlists_with_counts() -> Any:
    """Return the playlists with how many entries are valid now, and how long they take."""
    now = timezone.now()
    valid = (Q(entries__valid_from=None) | Q(entries__valid_from__lte=now)) & (
        Q(entries__valid_until=None) | Q(entries__valid_until__gt=now)
    )
    rules = ScheduleRule.objects.prefetch_related("screens", "groups")
    return Playlist.objects.annotate(
        entry_count=Count("entries"), valid_count=Count("entries", filter=valid),
        seconds=Sum("entries__duration_s", filter=valid, default=0),
    ).order_by("name").prefetch_related(Prefetch("rules", queryset=rules))  # fmt: skip


@for_editors("GET")
def playlist_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show what is in a playlist, in order, and what can be added."""
    return _playlist_page(request, get_object_or_404(Playlist, pk=pk))


@for_editors("POST")
@_handle_deleted
def playlist_rename(request: UserRequest, pk: int) -> HttpResponse:
    """Give a playlist another name."""
    found = Playlist.objects.get(pk=pk)
    form = PlaylistForm(request.POST, instance=Playlist.objects.get(pk=pk))
    if not form.is_valid():
        return _playlist_page(request, found, name_form=form)
    services.rename_playlist(found, form.cleaned_data["name"], user=request.user)
    messages.success(request, _("The playlist is now called “%(name)s”.") % {"name": found})
    return redirect("playlist", pk)


@for_editors("POST")
@_handle_deleted
def playlist_auto_fill(request: UserRequest, pk: int) -> HttpResponse:
    """Say what a playlist is filled with by itself, and in which order."""
    found = Playlist.objects.get(pk=pk)
    form = AutoFillForm(request.POST, instance=Playlist.objects.get(pk=pk))
    if not form.is_valid():
        return _playlist_page(request, found, filling_form=form)
    services.set_auto_fill(found, user=request.user, **form.cleaned_data)
    messages.success(request, _("“%(name)s” is saved.") % {"name": found})
    return redirect("playlist", pk)


@for_editors("GET", "POST")
@_handle_deleted
def playlist_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Ask whether a playlist is to be deleted, with the rules that go with it; delete it."""
    found = Playlist.objects.get(pk=pk)
    if request.method == "POST":
        services.delete_playlist(found, user=request.user)
        message = _("“%(name)s” is deleted. What it showed stays in the library.")
        messages.success(request, message % {"name": found})
        return redirect("playlists")
    return render(request, "schedule/playlist_delete.html", {"playlist": found, "sentences": _rule_summaries(found)})


@for_editors("POST")
@_handle_deleted
def entry_add(request: UserRequest, pk: int) -> HttpResponse:
    """Append what was chosen."""
    form = EntryAdditionForm(request.POST)
    found = Playlist.objects.get(pk=pk)
    chosen = form.cleaned_data if form.is_valid() else {}
    added = services.add_new_entries(
        found, chosen.get("announcements", ()), chosen.get("pictures", ()), user=request.user
    )
    if not added:
        messages.warning(request, _("Nothing was added: tick at least one announcement or picture."))
        return redirect(reverse("playlist", args=[pk]) + "#add")
    message = ngettext("%(count)d entry was added at the end.", "%(count)d entries were added at the end.", len(added))
    messages.success(request, message % {"count": len(added)})
    return redirect("playlist", pk)


@for_editors("POST")
@_handle_deleted
def entry_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change how long and when an entry is shown."""
    found = Entry.objects.get(pk=pk)
    form = PlaylistEntryForm(request.POST, instance=Entry.objects.get(pk=pk))
    if not form.is_valid():
        return _playlist_page(request, found.playlist, entry_form=form)
    services.update_entry(found, user=request.user, **form.cleaned_data)
    messages.success(request, _("“%(name)s” is changed.") % {"name": found})
    return redirect("playlist", found.playlist_id)


@for_editors("POST")
@_handle_deleted
def entry_move(request: UserRequest, pk: int) -> HttpResponse:
    """Put an entry at a position; the focus stays on the button that was pressed."""
    found = Entry.objects.get(pk=pk)
    wanted = request.POST.get("position", "")
    before = found.position
    if wanted.isdecimal():
        services.move_entry(found, min(int(wanted), 10_000), user=request.user)
    is_last = not found.playlist.entries.filter(position__gt=found.position).exists()
    upwards = (found.position < before and found.position > 0) or is_last
    return redirect(reverse("playlist", args=[found.playlist_id]) + f"#{'up' if upwards else 'down'}-{pk}")


@for_editors("POST")
@_handle_deleted
def entry_remove(request: UserRequest, pk: int) -> HttpResponse:
    """Take an entry out of its playlist."""
    found = Entry.objects.get(pk=pk)
    services.remove_entry(found, user=request.user)
    message = _("“%(name)s” is no longer in this playlist. It stays in the library: you can add it again below.")
    messages.success(request, message % {"name": found})
    return redirect("playlist", found.playlist_id)


def _playlist_page(
    request: UserRequest,
    found: Playlist,
    *,
    name_form: PlaylistForm | None = None,
    entry_form: PlaylistEntryForm | None = None,
    filling_form: AutoFillForm | None = None,
) -> HttpResponse:
    search = request.GET.get("search", "").strip()
    rows = list(_entry_rows(found, entry_form))
    refused = name_form or entry_form or filling_form
    context = {
        "playlist": found,
        "rows": rows,
        "seconds": sum(row.entry.duration_s for row in rows if not (row.is_later or row.is_over)),
        "choices": candidates_for(found, search),
        "search": search,
        "sentences": _rule_summaries(found),
        "name_form": name_form or PlaylistForm(instance=found),
        "filling_form": filling_form or AutoFillForm(instance=found),
        "filled": auto_fill.auto_filled_announcements(found),
        "categories": auto_fill.known_categories(),
        "refused": refused,
    }
    return render(request, "schedule/playlist.html", context, status=422 if refused else 200)


def _entry_rows(found: Playlist, bound: PlaylistEntryForm | None) -> Iterator[EntryRow]:
    now = timezone.now()
    entries = found.entries.select_related("announcement__picture", "media")
    for number, each in enumerate(entries, start=1):
        form = bound if bound is not None and bound.instance.pk == each.pk else PlaylistEntryForm(instance=each)
        is_later = each.valid_from is not None and each.valid_from > now
        is_over = each.valid_until is not None and each.valid_until <= now
        yield EntryRow(each, form, number, is_later, is_over)


def _rule_summaries(found: Playlist) -> list[tuple[ScheduleRule, str]]:
    rules = found.rules.select_related("playlist").prefetch_related("screens", "groups")
    return [(rule, rule_summary.saved_rule_sentence(rule)) for rule in rules]
