"""Copies of announcements: a form that begins with everything another announcement says."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from beffroi_server.library import versions
from beffroi_server.library.models import Announcement
from beffroi_server.web.access import UserRequest
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.library.forms import AnnouncementForm

TITLE_LENGTH = 200


def copied_form(request: UserRequest) -> AnnouncementForm | None:
    """Return the form of a new announcement with the values of the one that the query parameter ``copy`` names.

    None where it names none. Nothing is stored before the form is saved.
    """
    original = _named_announcement(request.GET.get("copy", ""))
    if original is None:
        return None
    values = {field.name: getattr(original, field.name) for field in versions.version_fields()}
    copy = Announcement(**values | {"title": copied_title(original.title)})
    copy.chosen_images = original.further_images()
    return AnnouncementForm(instance=copy, initial={"more_pictures": copy.chosen_images})


def copied_title(title: str) -> str:
    """Return the title of a copy."""
    return (_("Copy of %(title)s") % {"title": title})[:TITLE_LENGTH]


def _named_announcement(key: str) -> Announcement | None:
    try:
        return limit_rows(Announcement.objects.filter(pk=uuid.UUID(key))).first()
    except ValueError:
        return None
