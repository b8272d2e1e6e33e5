"""Pages of announcements: the list, the form with its preview, and deletion."""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.core.transactions import serialised
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.fleet import content_owners
from beffroi_server.library import editorial_plan, services
from beffroi_server.library.categories import offered_categories
from beffroi_server.library.errors import EditConflict
from beffroi_server.library.library_scopes import check_use
from beffroi_server.library.models import Announcement
from beffroi_server.library.plan_models import PlannedAnnouncement
from beffroi_server.library.template_choices import FEED_TEMPLATES
from beffroi_server.schedule import services as schedule
from beffroi_server.schedule.charter_programme import entry_findings, warnings_of
from beffroi_server.schedule.models import AnnouncementPlacement, Proposal
from beffroi_server.schedule.proposals import waiting_proposal
from beffroi_server.web.access import UserRequest, current_town, for_users, for_writers
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.forms import add_form_errors
from beffroi_server.web.library import announcement_placing as placing
from beffroi_server.web.library import preview_links
from beffroi_server.web.library.announcement_copies import copied_form
from beffroi_server.web.library.announcement_doubts import Doubt, doubts, doubts_key, typed_doubts
from beffroi_server.web.library.announcement_list import read_announcement
from beffroi_server.web.library.announcement_preview import preview_context, unsaved_announcement
from beffroi_server.web.library.forms import AnnouncementForm
from beffroi_server.web.library.sent_forms import announcement_key, announcement_of, form_token
from beffroi_server.web.library.shared_announcement import shared_announcement_page
from beffroi_server.web.library.translation_forms import REMOVE, changes_languages
from beffroi_server.web.requests import parse_number
from beffroi_server.web.schedule.placement_forms import PlacementForm

Row = TypeVar("Row", bound=Model)


@for_writers("GET", "POST")
def announcement_add(request: UserRequest) -> HttpResponse:
    """Write a new announcement."""
    if request.method == "POST":
        return _save_announcement(request, AnnouncementForm(request.POST), None)
    form = copied_form(request) or AnnouncementForm(initial=_initial_values(request))
    return _render_form(request, form, placing.placement_form(request, None))


@for_writers("GET", "POST")
def announcement_edit(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Change an announcement."""
    found: Announcement | None
    if request.method == "POST":
        found = Announcement.objects.select_related("placement", "picture", "feed").filter(pk=pk).first()
    else:
        found = read_announcement(pk)
    if found is None and request.method == "POST":
        # What was typed stays in the form, and can be saved as a new announcement.
        messages.warning(
            request, _("Someone has deleted this announcement in the meantime. Saving will create a new one.")
        )
        form = AnnouncementForm(request.POST)
        return _render_form(request, form, placing.placement_form(request, None), status=409)
    found = found or get_object_or_404(Announcement, pk=pk)
    check_use(request.user, found)
    if not content_owners.changes(request.user, found):
        return shared_announcement_page(request, found)
    if request.method == "POST":
        return _save_announcement(request, AnnouncementForm(request.POST, instance=found), found)
    state = placing.shown_state(found)
    placement = placing.placement_form(request, found, state)
    return _render_form(request, AnnouncementForm(instance=found), placement, state=state, edited=found)


@for_writers("POST")
def announcement_preview(request: UserRequest) -> HttpResponse:
    """Return the preview of an announcement that is being written."""
    form = AnnouncementForm(request.POST)
    context = {
        "is_swapped": True,
        **preview_context(form),
        "said": typed_doubts(form, placing.placement_form(request, None), _named_key(request)),
    }
    return render(request, "library/announcement_preview.html", context)


@for_users("GET")
def announcement_preview_page(request: UserRequest) -> HttpResponse:
    """Return one page of a preview as an image, as a screen of a class draws it."""
    return preview_links.announcement_page_response(request, current_town())


def _initial_values(request: UserRequest) -> dict[str, Any]:
    """Return what the form of a new announcement starts with: an image, or a feed with its template and name."""
    image = parse_number(request.GET.get("picture"))
    feed = _named_row(request, "feed", Feed)
    values: dict[str, Any] = {"picture": image} if image else {}
    planned = _named_row(request, "plan", PlannedAnnouncement)
    if planned is not None:
        values |= {"title": planned.title, "label": planned.label}
    if feed is not None:
        templates = {kind: template for template, kind in FEED_TEMPLATES.items()}
        values |= {"feed": feed, "template": templates[FeedKind(feed.kind)], "title": feed.name}
    return values


def _named_row(request: UserRequest, name: str, model: type[Row]) -> Row | None:
    key = parse_number(request.GET.get(name))
    return limit_rows(model._default_manager.all()).filter(pk=key).first() if key else None


def _named_key(request: UserRequest) -> uuid.UUID | None:
    """Return the identifier of the saved announcement of which a preview is asked for; None: a new one."""
    try:
        return uuid.UUID(request.GET.get("announcement", ""))
    except ValueError:
        return None


def _save_announcement(request: UserRequest, form: AnnouncementForm, edited: Announcement | None) -> HttpResponse:
    placement = placing.placement_form(request, edited)
    is_placement_valid = placement is None or placement.is_valid()
    is_written_on = "preview" in request.POST or changes_languages(request.POST)
    if is_written_on or not form.is_valid() or not is_placement_valid:
        return _render_form(request, form, placement, status=200 if is_written_on else 422)
    found = _open_doubts(request, form, placement)
    if found:
        return _render_form(request, form, placement, status=422, asked=found)
    try:
        with serialised():
            saved, outcome = _save_once(request, form, placement, edited)
    except EditConflict as conflict:
        return _render_form(request, form, placement, status=409, conflict=conflict)
    except ValidationError as refused:
        add_form_errors(form, refused.messages)
        return _render_form(request, form, placement, status=422)
    except NotPermitted as refused:
        add_form_errors(form, [str(refused)])
        return _render_form(request, form, placement, status=403)
    return _say_proposed(request, saved) if isinstance(outcome, Proposal) else _say_saved(request, saved)


def _save_once(
    request: UserRequest, form: AnnouncementForm, placement: PlacementForm | None, edited: Announcement | None
) -> tuple[Announcement, AnnouncementPlacement | Proposal | None]:
    """Save what the forms hold, or find what they made when they were sent before."""
    key = announcement_key(request)
    if edited is None and (known := announcement_of(key)) is not None:
        return known, waiting_proposal(known)
    version = parse_number(request.POST.get("version"))
    row, values = edited or Announcement(pk=key), form.valid_values()
    saved = services.save_announcement(row, user=request.user, expected_version=version, **values)
    _save_besides(request, form, saved)
    return saved, placement.save(saved, request.user) if placement is not None else None


def _open_doubts(request: UserRequest, form: AnnouncementForm, placement: PlacementForm | None) -> list[Doubt]:
    """Return what is doubtful about an announcement, unless it is a draft, or the user has seen it and goes on."""
    if request.POST.get("act") == placing.DRAFT:
        return []
    saved_as = None if form.instance._state.adding else form.instance.pk
    found = doubts(unsaved_announcement(form), placement, saved_as)
    return [] if request.POST.get("anyway") == doubts_key(found) else found


def _save_besides(request: UserRequest, form: AnnouncementForm, saved: Announcement) -> None:
    """Save what the form holds besides the announcement: playlists, words about its image, the plan that it fulfils."""
    planned = parse_number(request.POST.get("plan"))
    if planned:
        editorial_plan.mark_written(planned, saved, user=request.user)
    for playlist in form.cleaned_data.get("playlists", ()):
        added = schedule.add_new_entries(playlist, [saved], [], user=request.user)
        for warning in warnings_of(entry_findings(added)):
            messages.warning(request, warning)
    described = form.described_image()
    if described is not None:
        image, name, description = described
        services.update_image(image, user=request.user, name=name, description=description)


def _say_proposed(request: UserRequest, saved: Announcement) -> HttpResponse:
    text = _("Announcement “%(name)s” proposed: it is shown once somebody has approved it.")
    messages.success(request, text % {"name": saved.title})
    return redirect("proposals")


def _say_saved(request: UserRequest, saved: Announcement) -> HttpResponse:
    """Say where and until when the announcement is shown now, on its page; a draft leads back to the list."""
    state = placing.shown_state(Announcement.objects.get(pk=saved.pk))
    names = {"name": saved.title, "sentence": state.sentence}
    if state.is_placed and not state.is_off:
        messages.success(request, _("Announcement “%(name)s” published: %(sentence)s.") % names)
        return redirect("announcement", saved.pk)
    if state.is_shown:
        messages.success(request, _("Announcement “%(name)s” saved.") % names)
    else:
        messages.success(request, _("Announcement “%(name)s” saved as a draft: no screen shows it yet.") % names)
    return redirect("announcements")


def _render_form(
    request: UserRequest,
    form: AnnouncementForm,
    placement: PlacementForm | None,
    status: int = 200,
    conflict: EditConflict | None = None,
    asked: list[Doubt] | None = None,
    state: placing.ShownState | None = None,
    edited: Announcement | None = None,
) -> HttpResponse:
    # A form that was filled in has changed its announcement; the page tells of the saved one.
    if edited is None and not form.instance._state.adding:
        edited = read_announcement(form.instance.pk)
    context = {
        "form": form,
        "placement": placement,
        "time_choice": placing.time_choice(placement) if placement is not None else "",
        "edited": edited,
        "state": state or placing.shown_state(edited),
        "conflict": conflict,
        "differences": form.differences_from(conflict.current) if conflict else [],
        "doubts": asked or [],
        "doubts_key": doubts_key(asked or []),
        "language_was_removed": REMOVE in request.POST,
        "token": form_token(request) if edited is None else "",
        "version": _form_version(request, edited, conflict),
        "plan": parse_number(request.POST.get("plan") or request.GET.get("plan")),
        "categories": offered_categories(),
        **preview_context(form),
    }
    return render(request, "library/announcement.html", context, status=status)


def _form_version(request: UserRequest, edited: Announcement | None, conflict: EditConflict | None) -> int | str:
    """Return the version on which the form is based.

    A form that comes back with errors keeps the version that it was opened with, so that a conflict is still noticed.
    After a conflict it is that of the other text, which the user has now seen.
    """
    if conflict:
        return conflict.current.version
    if edited is None:
        return ""
    return request.POST.get("version", "") if request.method == "POST" else edited.version
