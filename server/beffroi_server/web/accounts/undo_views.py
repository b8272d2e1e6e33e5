"""Undoing what one has just done: the button of a message, and the short list of what can still be undone."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from beffroi_server.accounts import undo
from beffroi_server.web.access import UserRequest, for_users
from beffroi_server.web.requests import safe_redirect_path


@for_users("GET")
def undo_list(request: UserRequest) -> HttpResponse:
    """List what the user can still undo, the newest first."""
    rows = [(entry, undo.describe_entry(entry)) for entry in undo.undoable_entries(request.user)]
    return render(request, "accounts/undo.html", {"rows": rows})


@for_users("POST")
def undo_act(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Undo one act of the user, and go back to the page on which the button was."""
    try:
        messages.success(request, str(undo.undo_act(pk, request.user)))
    except undo.UndoRefused as refused:
        messages.warning(request, refused.message)
    return HttpResponseRedirect(safe_redirect_path(request, request.POST.get("next", "")))
