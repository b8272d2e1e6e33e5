"""Pictures and announcements."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def _to_come(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


pictures = picture = picture_delete = asset = announcements = announcement_new = announcement_preview = (
    announcement_page
) = announcement = announcement_delete = _to_come
