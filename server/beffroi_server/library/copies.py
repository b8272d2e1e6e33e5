"""Copies of announcements: all that another one says, and nothing of where it is shown."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from beffroi_server.library import versions
from beffroi_server.library.models import Announcement

TITLE_LENGTH = 200


def copied_values(original: Announcement) -> dict[str, Any]:
    """Return the values of a copy, as ``services.save_announcement`` takes them."""
    values = {field.name: getattr(original, field.name) for field in versions.version_fields()}
    return {**values, "title": copied_title(original.title), "more_pictures": original.further_images()}


def copied_title(title: str) -> str:
    """Return the title of a copy."""
    return (_("Copy of %(title)s") % {"title": title})[:TITLE_LENGTH]
