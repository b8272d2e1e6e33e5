"""Pages of the images and videos of the library, and the files that pages show of them."""

from __future__ import annotations

import re
import uuid
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.core import file_responses
from beffroi_server.fleet import content_owners
from beffroi_server.library import queries, services, upload_queue
from beffroi_server.library.errors import AlreadyInLibrary, ItemInUse, MediaRefused
from beffroi_server.library.library_scopes import check_media
from beffroi_server.library.media.sentences import media_refusal, warning_sentence
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.models import MediaItem
from beffroi_server.web.access import UserRequest, for_users, for_writers
from beffroi_server.web.forms import add_form_errors, clean_line
from beffroi_server.web.library.forms import MediaItemForm, MediaUploadForm
from beffroi_server.web.library.media_list import found_media, read_media_list
from beffroi_server.web.requests import paginate
from beffroi_server.web.undo_messages import say_undoable

MEDIA_PER_PAGE = 48
NAME_LENGTH = 120
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SERVED_MEDIA_TYPES = {"image/jpeg", "image/png", "image/webp", "video/mp4"}
"""Types that browsers show and never run as a page or a script of ours."""


@for_writers("GET", "POST")
def media_list(request: UserRequest) -> HttpResponse:
    """List images and videos, and uploads that wait or were refused; POST adds some, which are decoded later."""
    form = MediaUploadForm(request.POST, request.FILES) if request.method == "POST" else MediaUploadForm()
    if request.method == "POST" and form.is_valid():
        refused = _add_uploads(request, form.cleaned_data["pictures"])
        if not refused:
            return redirect("media")
        add_form_errors(form, refused)
    state = read_media_list(request)
    page = paginate(request, found_media(state), MEDIA_PER_PAGE)
    for item in page:
        item.is_open = content_owners.changes(request.user, item)
    received = list(upload_queue.uploads_in_scope(request.user))
    waits = any(not each.problem for each in received) or any(
        each.video_details is not None and each.video_details.is_waiting for each in page
    )
    context = {"form": form, "page": page, "search": state.search, "state": state, "waits": waits, "uploads": received}
    return render(request, "library/media.html", context, status=422 if form.errors else 200)


@for_writers("GET", "POST")
def media_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Show an image or a video, and change its name and description."""
    found = get_object_or_404(MediaItem, pk=pk)
    check_media(request.user, found)
    saved_name = found.name
    form = MediaItemForm(request.POST if request.method == "POST" else None, instance=found)
    if request.method == "POST" and form.is_valid():
        services.update_image(found, user=request.user, **form.cleaned_data)
        messages.success(request, _("“%(name)s” has been saved.") % {"name": found.name})
        return redirect("media")
    context = {
        "form": form,
        "item": found,
        "name": saved_name,
        "places": queries.places_showing_image(found),
        "problem": media_refusal(found.video_details.problem, saved_name).message
        if found.video_details and found.video_details.problem
        else "",
        "warnings": [warning_sentence(warning) for warning in found.warnings],
    }
    return render(request, "library/media_item.html", context, status=422 if form.errors else 200)


@for_writers("GET", "POST")
def media_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete an image or a video, after asking."""
    found = get_object_or_404(MediaItem, pk=pk)
    check_media(request.user, found)
    if request.method == "GET":
        context = {"item": found, "places": queries.places_showing_image(found)}
        return render(request, "library/media_delete.html", context)
    try:
        entry = services.delete_image(found, user=request.user)
    except ItemInUse as refused:
        messages.warning(request, refused.message)
        return redirect("media-item", pk)
    say_undoable(request, _("“%(name)s” has been deleted.") % {"name": found.name}, entry)
    return redirect("media")


@for_users("GET")
def asset_file(request: UserRequest, sha256: str) -> HttpResponseBase:
    """Return an image or a video of the media store, or a part of it."""
    asset = queries.shown_asset(sha256) if _SHA256.fullmatch(sha256) else None
    if asset is None or asset.media_type not in _SERVED_MEDIA_TYPES:
        raise Http404
    try:
        return file_responses.file_response(request, media_path(sha256), sha256, asset.media_type)
    except FileNotFoundError as error:
        raise Http404 from error


@for_writers("POST")
def upload_dismiss(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an upload that was refused off the list."""
    upload_queue.dismiss_upload(get_object_or_404(upload_queue.uploads_in_scope(request.user), pk=pk))
    return redirect("media")


def _add_uploads(request: UserRequest, files: list[UploadedFile[Any]]) -> list[str]:
    """Queue uploaded files; return the reasons of those that were refused at once."""
    count = 0
    refused: list[str] = []
    for file in files:
        try:
            upload_queue.enqueue_upload(file, name=media_name(file), user=request.user)
            count += 1
        except AlreadyInLibrary as known:
            messages.info(request, known.message)
        except MediaRefused as refusal:
            refused.append(refusal.message)
    if count:
        text = ngettext(
            "%(count)d file was received, and is being prepared.",
            "%(count)d files were received, and are being prepared.",
            count,
        )
        messages.success(request, text % {"count": count})
    return refused


def media_name(file: UploadedFile[Any]) -> str:
    """Return the name in the library that a file gets from its own."""
    return clean_line(PurePath(file.name or "").stem)[:NAME_LENGTH] or _("Image")
