"""Changes to the entries of a playlist: adding, changing, moving and removing them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.accounts import undo
from beffroi_server.schedule import entry_order, publish_permissions, services
from beffroi_server.schedule.charter_programme import entry_findings, warnings_of
from beffroi_server.schedule.models import Entry, Playlist
from beffroi_server.web.access import UserRequest, for_editors, is_htmx
from beffroi_server.web.forms import save_if_valid
from beffroi_server.web.requests import parse_number
from beffroi_server.web.schedule.forms import EntryAdditionForm, PlaylistEntryForm
from beffroi_server.web.schedule.playlist_page import handle_deleted, render_playlist
from beffroi_server.web.undo_messages import say_undoable

MAX_POSITION = 10_000


@for_editors("POST")
@handle_deleted
def entry_add(request: UserRequest, pk: int) -> HttpResponse:
    """Append the selected announcements and media to a playlist."""
    form = EntryAdditionForm(request.POST)
    found = Playlist.objects.get(pk=pk)
    try:
        added = services.add_slides(found, form.chosen_slides() if form.is_valid() else [], user=request.user)
    except ValidationError as refusal:
        messages.warning(request, " ".join(refusal.messages))
        return redirect(reverse("playlist", args=[pk]) + "#add")
    if not added:
        messages.warning(request, _("Nothing was added: select at least one announcement or image."))
        return redirect(reverse("playlist", args=[pk]) + "#add")
    message = ngettext("%(count)d entry was added at the end.", "%(count)d entries were added at the end.", len(added))
    messages.success(request, message % {"count": len(added)})
    _say_warnings(request, added)
    return redirect("playlist", pk)


@for_editors("GET", "POST")
@handle_deleted
def entry_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change the duration and the dates of an entry; GET returns the form, or the page with it opened."""
    found = Entry.objects.select_related("playlist").get(pk=pk)
    if request.method == "GET":
        publish_permissions.check_playlist(request.user, found.playlist)
        form = PlaylistEntryForm(instance=found)
        if is_htmx(request):
            return render(request, "schedule/entry_form.html", {"entry": found, "form": form})
        return render_playlist(request, found.playlist, entry_form=form)
    form = PlaylistEntryForm(request.POST, instance=Entry.objects.get(pk=pk))
    if not save_if_valid(form, lambda: services.update_entry(found, user=request.user, **form.cleaned_data)):
        return render_playlist(request, found.playlist, entry_form=form)
    messages.success(request, _("“%(name)s” has been changed.") % {"name": found})
    _say_warnings(request, [found])
    return redirect("playlist", found.playlist_id)


@for_editors("POST")
@handle_deleted
def entry_move(request: UserRequest, pk: int) -> HttpResponse:
    """Move an entry to a position, and keep the focus on the button that was pressed, if it can be pressed again."""
    found = Entry.objects.get(pk=pk)
    wanted = request.POST.get("position", "")
    before = found.position
    if wanted.isdecimal():
        services.move_entry(found, min(int(wanted), MAX_POSITION), user=request.user)
    # At an end of the list one of the two buttons is disabled and cannot have the focus.
    is_last = not found.playlist.entries.filter(position__gt=found.position).exists()
    upwards = (found.position < before and found.position > 0) or is_last
    return redirect(reverse("playlist", args=[found.playlist_id]) + f"#{'up' if upwards else 'down'}-{pk}")


@for_editors("POST")
@handle_deleted
def entry_remove(request: UserRequest, pk: int) -> HttpResponse:
    """Remove an entry from its playlist."""
    found = Entry.objects.get(pk=pk)
    entry = entry_order.remove_entries(found.playlist, [pk], user=request.user)
    if entry is not None:
        say_undoable(request, undo.describe_entry(entry), entry)
    return redirect("playlist", found.playlist_id)


@for_editors("POST")
@handle_deleted
def entries_order(request: UserRequest, pk: int) -> HttpResponse:
    """Put the entries of a playlist into the order in which a script of the page sends their keys."""
    keys = [parse_number(text) for text in request.POST.getlist("entry")[:MAX_POSITION]]
    try:
        entry_order.reorder_entries(Playlist.objects.get(pk=pk), keys, user=request.user)
    except (entry_order.EntriesChanged, Playlist.DoesNotExist):
        return HttpResponse(entry_order.EntriesChanged().message, status=409, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


@for_editors("POST")
@handle_deleted
def entries_selected(request: UserRequest, pk: int) -> HttpResponse:
    """Move the selected entries to the top or to the end, or remove them."""
    found = Playlist.objects.get(pk=pk)
    keys = [parse_number(text) for text in request.POST.getlist("chosen")[:MAX_POSITION]]
    act = request.POST.get("act")
    if act == "remove":
        entry = entry_order.remove_entries(found, keys, user=request.user)
        if entry is not None:
            say_undoable(request, undo.describe_entry(entry), entry)
            return redirect("playlist", pk)
    elif act in {"top", "end"}:
        moved = entry_order.move_entries(found, keys, to_top=act == "top", user=request.user)
        if moved:
            text = ngettext("%(count)d entry has been moved.", "%(count)d entries have been moved.", moved)
            messages.success(request, text % {"count": moved})
            return redirect("playlist", pk)
    messages.warning(request, _("Select at least one entry of the playlist."))
    return redirect("playlist", pk)


def _say_warnings(request: UserRequest, entries: list[Entry]) -> None:
    for warning in warnings_of(entry_findings(entries)):
        messages.warning(request, warning)
