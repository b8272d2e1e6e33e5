"""Preview of an announcement that is being written: the values of its form as an unsaved announcement, drawn."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_server.feeds.models import Feed
from beffroi_server.library import slide_content
from beffroi_server.library.models import Announcement
from beffroi_server.library.template_choices import WIDGET_TEMPLATES
from beffroi_server.library.town_branding import permalink_of
from beffroi_server.web import working_for
from beffroi_server.web.access import current_town
from beffroi_server.web.library import preview_links
from beffroi_server.web.library.forms import AnnouncementForm

UNSAVED_ID = uuid.UUID(int=0)
"""Identifier of every preview, so that the same text has the same drawing."""


def preview_context(form: AnnouncementForm) -> dict[str, Any]:
    """Return what the preview of a form shows: links to its drawings, or the reason why there are none.

    The reason is empty where the form itself says what is wrong.
    """
    announcement = unsaved_announcement(form)
    town = current_town()
    try:
        drawn = slide_content.drawn_content(announcement, town)
    except ValueError as error:
        return {"drawings": [], "fault": str(error) if announcement.template in WIDGET_TEMPLATES else ""}
    if isinstance(drawn, content.Announcement) and drawn.permalink and not form.instance._state.adding:
        drawn = drawn.replace(permalink=permalink_of(form.instance.pk, town))
    return {
        "drawings": preview_links.announcement_previews(
            drawn, preview_links.classes_in_use(), town, announcement.municipality or working_for.chosen()
        ),
    }


def unsaved_announcement(form: AnnouncementForm) -> Announcement:
    """Return the announcement that a form describes, as far as its fields are right, without saving it."""
    values = _bound_values(form) if form.is_bound else _opened_values(form)
    # A relation cannot be set on a row without a key: the model reads it from an attribute instead.
    further = values.pop("more_pictures", None)
    announcement = Announcement(**{**values, "id": UNSAVED_ID, "title": values.get("title") or _("Title")})
    announcement.chosen_images = form.instance.further_images() if further is None else list(further)
    if {"starts", "ends"} & form.errors.keys():
        # One of two times without the other would be drawn as a different event.
        announcement.starts = announcement.ends = None
    return announcement


def _bound_values(form: AnnouncementForm) -> dict[str, Any]:
    form.is_valid()
    return form.valid_values()


def _opened_values(form: AnnouncementForm) -> dict[str, Any]:
    """Return the values of a form that was just opened: of its announcement, or those filled in for a new one."""
    names = [name for name in AnnouncementForm.Meta.fields if name != "more_pictures"]
    values = {name: getattr(form.instance, name) for name in (*names, "translations")}
    if isinstance(form.initial.get("feed"), Feed):
        values |= {name: form.initial[name] for name in ("template", "title", "feed")}
    chosen = form["picture"].value()
    return values | {"picture": next((image for image in form.offered_images if image.pk == chosen), None)}
