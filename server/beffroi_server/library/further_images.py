"""The further images of announcements, read with them."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch

from beffroi_server.library.models import MediaItem


def further_images(relation: str = "") -> Prefetch[Any]:
    """Return what reads the further images of announcements with their files: one query for all of them.

    Args:
        relation: What leads to the announcements from the rows that are read, such as ``announcement__``.
    """
    return Prefetch(f"{relation}more_pictures", MediaItem.objects.select_related("picture"))
