"""Pages of the archive of announcements: putting into it, restoring from it, and deleting for good."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from beffroi_server.accounts import undo
from beffroi_server.core.folded_text import search_words
from beffroi_server.library import services
from beffroi_server.library.errors import NotArchived
from beffroi_server.library.library_scopes import check_announcement
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import announcement_acts
from beffroi_server.web.access import UserRequest, for_deleters, for_editors, for_writers
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.requests import paginate, read_search
from beffroi_server.web.undo_messages import say_undoable

ARCHIVED_PER_PAGE = 50


@for_writers("GET")
def archive_list(request: UserRequest) -> HttpResponse:
    """List the archived announcements, the newest in the archive first."""
    search = read_search(request)
    found = limit_rows(Announcement.objects.filter(archived_at__isnull=False)).order_by("-archived_at")
    for word in search_words(search):
        found = found.filter(search_text__contains=word)
    page = paginate(request, found, ARCHIVED_PER_PAGE)
    return render(request, "library/archive.html", {"page": page, "search": search})


@for_editors("POST")
def announcement_archive(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Put an announcement into the archive; it leaves the screens at once."""
    found = Announcement.objects.filter(pk=pk).first()
    if found is None:
        return _say_deleted(request)
    entry = announcement_acts.archive_announcements([found], user=request.user)
    if entry is None:
        messages.warning(request, _("“%(name)s” is in the archive already.") % {"name": found})
    else:
        say_undoable(request, undo.describe_entry(entry), entry)
    return redirect("announcements")


@for_editors("POST")
def announcement_restore(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an announcement out of the archive."""
    found = Announcement.objects.filter(pk=pk).first()
    if found is None:
        return _say_deleted(request)
    announcement_acts.restore(found, user=request.user)
    text = _("“%(name)s” is among the announcements again. It is on no screen until you put it there.")
    messages.success(request, text % {"name": found})
    return redirect("announcement", pk)


@for_deleters("GET", "POST")
def announcement_delete(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Delete an archived announcement for good, after saying what goes with it."""
    found = Announcement.objects.filter(pk=pk).first()
    if found is None:
        return _say_deleted(request)
    if found.archived_at is None:
        messages.warning(request, _("Only what is in the archive can be deleted for good. Archive it first."))
        return redirect("announcement", pk)
    check_announcement(request.user, found)
    if request.method == "POST":
        return _delete_for_good(request, found)
    context = {"announcement": found, "versions": found.versions.count()}
    return render(request, "library/announcement_delete.html", context)


def _delete_for_good(request: UserRequest, announcement: Announcement) -> HttpResponse:
    try:
        services.delete_announcement(announcement, user=request.user)
    except NotArchived:
        messages.warning(request, _("Somebody restored it in the meantime. Nothing was deleted."))
        return redirect("archive")
    messages.success(request, _("“%(name)s” has been deleted for good.") % {"name": announcement.title})
    return redirect("archive")


def _say_deleted(request: UserRequest) -> HttpResponse:
    messages.warning(request, _("Someone has deleted this announcement in the meantime."))
    return redirect("announcements")
