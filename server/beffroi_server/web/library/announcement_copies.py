"""Copies of announcements: a form that begins with everything another announcement says."""

from __future__ import annotations

import uuid

from beffroi_server.library import copies
from beffroi_server.library.models import Announcement
from beffroi_server.web.access import UserRequest
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.library.forms import AnnouncementForm


def copied_form(request: UserRequest) -> AnnouncementForm | None:
    """Return the form of a new announcement with the values of the one that the query parameter ``copy`` names.

    None where it names none. Nothing is stored before the form is saved.
    """
    original = _named_announcement(request.GET.get("copy", ""))
    if original is None:
        return None
    values = copies.copied_values(original)
    images = values.pop("more_pictures")
    copy = Announcement(**values)
    copy.chosen_images = images
    return AnnouncementForm(instance=copy, initial={"more_pictures": images})


def _named_announcement(key: str) -> Announcement | None:
    try:
        return limit_rows(Announcement.objects.filter(pk=uuid.UUID(key))).first()
    except ValueError:
        return None
