"""Announcements: the list, writing one with its exact picture beside it, deleting one."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.library import services, slide_content
from beffroi_server.library.errors import EditConflict, ItemInUse
from beffroi_server.library.models import Announcement
from beffroi_server.library.template_choices import FEED_TEMPLATES, WIDGET_TEMPLATES
from beffroi_server.schedule import services as programme
from beffroi_server.schedule.models import Playlist
from beffroi_server.web.access import UserRequest, current_town, for_editors, for_users
from beffroi_server.web.forms import add_form_errors
from beffroi_server.web.library import preview_links
from beffroi_server.web.library.forms import AnnouncementForm

ANNOUNCEMENTS_PER_PAGE = 50
NEW_DRAFT = "announcement-new"
_UNSAVED = uuid.UUID(int=0)


@for_editors("GET")
def announcement_list(request: UserRequest) -> HttpResponse:
    """List the announcements, or those in which words occur."""
    search = request.GET.get("search", "").strip()[:200]
    found = Announcement.objects.select_related("picture").prefetch_related("entry_set__playlist")
    for word in search.split()[:10]:
        found = found.filter(Q(title__icontains=word) | Q(body__icontains=word) | Q(label__icontains=word))
    page = Paginator(found, ANNOUNCEMENTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "search": search, "draft_done": request.GET.get("saved", "")}
    return render(request, "library/announcements.html", context)


@for_editors("GET", "POST")
def announcement_add(request: UserRequest) -> HttpResponse:
    """Write an announcement."""
    if request.method == "POST":
        return _save_announcement(request, AnnouncementForm(request.POST), None)
    chosen = request.GET.get("picture", "")
    initial: dict[str, Any] = {"picture": int(chosen)} if chosen.isdecimal() and len(chosen) < 10 else {}
    initial |= _feed_initial_values(request.GET.get("feed", ""))
    return _render_form(request, AnnouncementForm(initial=initial))


def _feed_initial_values(number: str) -> dict[str, Any]:
    """Return what is filled in already of an announcement that shows a feed."""
    feed = Feed.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 10 else None
    looks = {kind: look for look, kind in FEED_TEMPLATES.items()}
    return {"feed": feed, "template": looks[FeedKind(feed.kind)], "title": feed.name} if feed else {}


@for_editors("GET", "POST")
def announcement_edit(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Change an announcement."""
    found = Announcement.objects.filter(pk=pk).first()
    if found is None and request.method == "POST":
        # What was typed is kept: it can be saved as a new one.
        messages.warning(request, _("Somebody deleted this announcement meanwhile. Saving makes a new one."))
        return _render_form(request, AnnouncementForm(request.POST), status=409)
    found = found or get_object_or_404(Announcement, pk=pk)
    if request.method == "POST":
        return _save_announcement(request, AnnouncementForm(request.POST, instance=found), found)
    return _render_form(request, AnnouncementForm(instance=found))


@for_editors("POST")
def announcement_preview(request: UserRequest) -> HttpResponse:
    """Draw what is being written."""
    return render(request, "library/announcement_preview.html", _preview_context(AnnouncementForm(request.POST)))


@for_users("GET")
def announcement_preview_page(request: UserRequest) -> HttpResponse:
    """Return a page of an announcement on a kind of screen, to the pixel."""
    return preview_links.announcement_page_response(request, current_town())


@for_editors("GET", "POST")
def announcement_delete(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask whether an announcement is to be deleted; delete it."""
    found = Announcement.objects.filter(pk=pk).first()
    if found is None:
        messages.warning(request, _("Somebody deleted this announcement meanwhile."))
        return redirect("announcements")
    if request.method == "POST":
        try:
            services.delete_announcement(found, user=request.user)
        except ItemInUse as refused:
            messages.warning(request, refused.message)
            return redirect("announcement-delete", pk)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": found.title})
        return redirect("announcements")
    return render(
        request, "library/announcement_delete.html", {"announcement": found, "playlists": _playlists_showing(found)}
    )


def _save_announcement(request: UserRequest, form: AnnouncementForm, edited: Announcement | None) -> HttpResponse:
    if "look" in request.POST or not form.is_valid():
        return _render_form(request, form, status=200 if "look" in request.POST else 422)
    version = request.POST.get("version", "")
    try:
        saved = services.save_announcement(
            edited,
            user=request.user,
            expected_version=int(version) if version.isdecimal() and len(version) < 10 else 0,
            **form.valid_values(),
        )
    except EditConflict as conflict:
        return _render_form(request, form, status=409, conflict=conflict)
    except ValidationError as refused:
        add_form_errors(form, refused.messages)
        return _render_form(request, form, status=422)
    for playlist in form.cleaned_data.get("playlists", ()):
        programme.add_new_entries(playlist, [saved], [], user=request.user)
    messages.success(request, _("“%(name)s” is saved.") % {"name": saved.title})
    done = NEW_DRAFT if edited is None else f"announcement-{saved.pk}"
    return redirect(f"{reverse('announcements')}?saved={done}")


def _render_form(
    request: UserRequest, form: AnnouncementForm, status: int = 200, conflict: EditConflict | None = None
) -> HttpResponse:
    edited = None if form.instance._state.adding else Announcement.objects.get(pk=form.instance.pk)
    shown = conflict.current.version if conflict else edited.version if edited else ""
    keeps = request.method == "POST" and conflict is None and edited is not None
    context = {
        "form": form,
        "edited": edited,
        "conflict": conflict,
        "theirs": _conflicting_fields(form, conflict.current) if conflict else [],
        "version": request.POST.get("version", "") if keeps else shown,
        "draft": f"announcement-{edited.pk}" if edited else NEW_DRAFT,
        "playlists": _playlists_showing(edited) if edited else [],
        **_preview_context(form),
    }
    return render(request, "library/announcement.html", context, status=status)


def _preview_context(form: AnnouncementForm) -> dict[str, Any]:
    if form.is_bound:
        form.is_valid()
        values = form.valid_values()
    else:
        names = [name for name in AnnouncementForm.Meta.fields if name != "more_pictures"]
        values = {name: getattr(form.instance, name) for name in names}
        # What is filled in of a new one, such as the feed that it shows.
        if isinstance(form.initial.get("feed"), Feed):
            values |= {name: form.initial[name] for name in ("template", "title", "feed")}
        values |= {"picture": next((p for p in form.offered_images if p.pk == form["picture"].value()), None)}
    further = values.pop("more_pictures", None)
    written = Announcement(**{**values, "id": _UNSAVED, "title": values.get("title") or _("Title")})
    written.chosen_images = form.instance.further_images() if further is None else list(further)
    if {"starts", "ends"} & form.errors.keys():
        written.starts = written.ends = None
    town = current_town()
    try:
        shown = slide_content.drawn_content(written, town.time_zone)
    except ValueError as error:
        return {"drawings": [], "fault": str(error) if written.template in WIDGET_TEMPLATES else ""}
    return {"drawings": preview_links.announcement_previews(shown, preview_links.classes_in_use(), town)}


def _conflicting_fields(form: AnnouncementForm, current: Announcement) -> list[tuple[str, Any, Any]]:
    """Return what differs: the label of the field, what was saved meanwhile, and what is in the form."""
    mine_by_name = {**form.valid_values(), "more_pictures": list(form.valid_values().get("more_pictures") or [])}
    theirs_by_name = {name: getattr(current, name) for name in mine_by_name if name != "more_pictures"}
    theirs_by_name["more_pictures"] = list(current.more_pictures.all())
    pairs = [(form[name].label, theirs_by_name[name], mine) for name, mine in mine_by_name.items()]
    return [(str(label), theirs, mine) for label, theirs, mine in pairs if theirs != mine]


def _playlists_showing(found: Announcement) -> list[Playlist]:
    return list(Playlist.objects.filter(entries__announcement=found).distinct().order_by("name"))
