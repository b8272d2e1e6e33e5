"""Uploads from within a form: a file is sent at once, and its image is offered in the form as soon as it can be used.

Each answer is a part of a page that replaces the previous one until the image is ready, so nothing of the form is lost.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from beffroi_server.library import upload_queue
from beffroi_server.library.errors import AlreadyInLibrary, MediaRefused
from beffroi_server.library.models import MediaItem
from beffroi_server.web.access import UserRequest, for_writers
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.library.media_views import media_name

MAIN, FURTHER = "picture", "more_pictures"
"""Fields of the form of an announcement that an uploaded image can be chosen in."""


@for_writers("POST")
def upload_add(request: UserRequest) -> HttpResponse:
    """Take one file from within a form; the answer says what becomes of it."""
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        return _render_tile(request, problem=_("No file arrived. Choose it again."))
    try:
        upload = upload_queue.enqueue_upload(file, name=media_name(file), user=request.user)
    except AlreadyInLibrary as known:
        return _render_tile(request, items=list(known.items), known=known.message)
    except MediaRefused as refused:
        return _render_tile(request, problem=refused.message)
    return _render_tile(request, upload=upload)


@for_writers("GET")
def upload_state(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Return how far an upload is: waiting, being read, refused, or the images that it became."""
    upload = upload_queue.uploads_in_scope(request.user).filter(pk=pk).first()
    if upload is not None:
        return _render_tile(request, upload=upload, problem=upload.problem)
    items = list(limit_rows(MediaItem.objects.filter(upload_id=pk)).order_by("pk"))
    return _render_tile(request, items=items, problem="" if items else _("The file is no longer there. Add it again."))


def _render_tile(request: UserRequest, **context: Any) -> HttpResponse:
    asked = request.POST.get("for") or request.GET.get("for")
    is_further = asked == FURTHER
    context |= {"chosen_in": FURTHER if is_further else MAIN, "chosen_further": is_further}
    return render(request, "library/upload_tile.html", context)
