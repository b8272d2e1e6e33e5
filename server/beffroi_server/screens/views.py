"""What is on now, screens, their classes and groups."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def _to_come(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


now = screens = screen_add = screen = screen_edit = screen_enrolment = screen_identify = screen_restart = (
    screen_revoke
) = screen_screenshot = screen_expected = screen_classes = screen_class_add = screen_class = groups = group_add = (
    group
) = _to_come
