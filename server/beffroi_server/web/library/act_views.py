"""Acts on one announcement with one tap, from its card, its page or a list: taking it off the screens, and back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from beffroi_server.accounts import undo
from beffroi_server.accounts.models import UndoEntry
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import announcement_acts
from beffroi_server.web.access import UserRequest, for_editors
from beffroi_server.web.requests import safe_redirect_path
from beffroi_server.web.undo_messages import say_undoable


@for_editors("POST")
def announcement_take_off(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an announcement off all screens at once, and go back to the page on which the button was."""
    found = Announcement.objects.filter(pk=pk).first()
    if found is None:
        return _say_deleted(request)
    entry = announcement_acts.take_off([found], user=request.user)
    return _answer(request, entry, _("“%(name)s” was off the screens already.") % {"name": found})


@for_editors("POST")
def announcement_put_back(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Put an announcement back on the screens that showed it."""
    found = Announcement.objects.filter(pk=pk).first()
    if found is None:
        return _say_deleted(request)
    entry = announcement_acts.put_back([found], user=request.user)
    return _answer(request, entry, _("“%(name)s” was not taken off the screens.") % {"name": found})


def _answer(request: UserRequest, entry: UndoEntry | None, otherwise: str) -> HttpResponse:
    if entry is None:
        messages.warning(request, otherwise)
    else:
        say_undoable(request, undo.describe_entry(entry), entry)
    return HttpResponseRedirect(safe_redirect_path(request, request.POST.get("next", ""), reverse("announcements")))


def _say_deleted(request: UserRequest) -> HttpResponse:
    messages.warning(request, _("Someone has deleted this announcement in the meantime."))
    return redirect("announcements")
