"""Pictures: adding, describing and deleting them; and the files that pages show."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.core import file_responses
from beffroi_server.library import queries, services
from beffroi_server.library.errors import ItemInUse, MediaRefused
from beffroi_server.library.models import Asset, MediaItem
from beffroi_server.library.uploads import media_path, media_refusal
from beffroi_server.web.access import UserRequest, for_editors, for_users
from beffroi_server.web.forms import add_form_errors
from beffroi_server.web.library.forms import MediaItemForm, MediaUploadForm, strip_control_characters

MEDIA_PER_PAGE = 48
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SERVED_MEDIA_TYPES = {"image/jpeg", "image/png", "image/webp", "video/mp4"}
"""What browsers draw and cannot run."""


@for_editors("GET", "POST")
def media_list(request: UserRequest) -> HttpResponse:
    """List pictures and videos; add some. Those that do not do are named with the reason, the others are kept."""
    form = MediaUploadForm(request.POST, request.FILES) if request.method == "POST" else MediaUploadForm()
    added: list[MediaItem] = []
    if request.method == "POST" and form.is_valid():
        added, refused = _add_uploads(request, form.cleaned_data["pictures"])
        if added:
            text = ngettext("%(count)d file was added.", "%(count)d files were added.", len(added))
            messages.success(request, text % {"count": len(added)})
        if not refused:
            return redirect("pictures")
        add_form_errors(form, refused)
    search = request.GET.get("search", "").strip()[:200]
    found = MediaItem.objects.select_related("video")
    for word in search.split()[:10]:
        found = found.filter(name__icontains=word) | found.filter(description__icontains=word)
    page = Paginator(found, MEDIA_PER_PAGE).get_page(request.GET.get("page"))
    waits = any(each.film is not None and each.film.is_waiting for each in page)
    context = {"form": form, "page": page, "search": search, "waits": waits}
    return render(request, "library/pictures.html", context, status=422 if form.errors else 200)


@for_editors("GET", "POST")
def media_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Show a picture; say what it is called and what one sees on it."""
    found = get_object_or_404(MediaItem, pk=pk)
    name = found.name
    form = MediaItemForm(request.POST if request.method == "POST" else None, instance=found)
    if request.method == "POST" and form.is_valid():
        services.update_image(found, user=request.user, **form.cleaned_data)
        messages.success(request, _("“%(name)s” is saved.") % {"name": found.name})
        return redirect("pictures")
    context = {
        "form": form, "picture": found, "name": name, "places": queries.places_showing_image(found),
        "problem": media_refusal(found.film.problem, name).message if found.film and found.film.problem else "",
    }  # fmt: skip
    return render(request, "library/picture.html", context, status=422 if form.errors else 200)


@for_editors("GET", "POST")
def media_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Ask whether a picture is to be deleted; delete it."""
    found = get_object_or_404(MediaItem, pk=pk)
    if request.method == "POST":
        try:
            services.delete_image(found, user=request.user)
        except ItemInUse as refused:
            messages.warning(request, refused.message)
            return redirect("picture", pk)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": found.name})
        return redirect("pictures")
    context = {"picture": found, "places": queries.places_showing_image(found)}
    return render(request, "library/picture_delete.html", context)


@for_users("GET")
def asset_file(request: UserRequest, sha256: str) -> HttpResponseBase:
    """Return a picture or a video of the media store."""
    row = Asset.objects.filter(sha256=sha256).first() if _SHA256.fullmatch(sha256) else None
    if row is None or row.media_type not in _SERVED_MEDIA_TYPES:
        raise Http404
    try:
        return file_responses.file_response(request, media_path(sha256), sha256, row.media_type)
    except FileNotFoundError as error:
        raise Http404 from error


def _add_uploads(request: UserRequest, files: list[UploadedFile[Any]]) -> tuple[list[MediaItem], list[str]]:
    added: list[MediaItem] = []
    refused: list[str] = []
    for file in files:
        name = strip_control_characters(PurePath(file.name or "").stem)[:120] or _("Picture")
        try:
            added += services.add_images(file, name=name, user=request.user)
        except MediaRefused as refusal:
            refused.append(refusal.message)
    return added, refused
