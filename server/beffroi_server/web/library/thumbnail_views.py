"""Thumbnails of announcements for lists: at once what is drawn already, otherwise a sign to ask again soon."""

from __future__ import annotations

import base64
import uuid

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from beffroi_server.fleet import content_owners
from beffroi_server.fleet.models import ScreenClass
from beffroi_server.library import thumbnails
from beffroi_server.library.models import Announcement
from beffroi_server.library.template_choices import WIDGET_TEMPLATES
from beffroi_server.library.town_branding import LOGO_RELATION, local_town
from beffroi_server.web.access import UserRequest, current_town, for_users
from beffroi_server.web.library import preview_links

LATER = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent image of 1 by 1 pixel: the page asks again. Another status would be a fault in the browser's log."""
NEVER = base64.b64decode("R0lGODlhAgABAIAAAAAAAP///yH5BAEAAAAALAAAAAACAAEAAAICRAoAOw==")
"""A transparent image of 2 by 1 pixels: there is none, and the icon of the template stays."""
DAY_S, HOUR_S = 86_400, 3_600


@for_users("GET")
def announcement_thumbnail(request: UserRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Return an announcement as the screens show it, small."""
    related = Announcement.objects.select_related(
        "picture__picture", "feed", f"municipality__{LOGO_RELATION}"
    ).prefetch_related("more_pictures__picture")
    announcement = get_object_or_404(content_owners.seen_by(related, request.user), pk=pk)
    screen_class = _drawn_class()
    if screen_class is None:
        return _placeholder(NEVER)
    try:
        town = local_town(current_town(), announcement.municipality)
        drawing = thumbnails.thumbnail_drawing(announcement, screen_class, town)
    except ValueError:
        return _placeholder(NEVER)
    tag = f'"{drawing.key}"'
    if request.headers.get("If-None-Match") == tag:
        return _cached(HttpResponse(status=304), tag, announcement)
    try:
        data = drawing.path.read_bytes()
    except OSError:
        thumbnails.drawer.request(drawing)
        return _placeholder(NEVER if thumbnails.drawer.cannot_draw(drawing) else LATER)
    return _cached(HttpResponse(data, content_type="image/webp"), tag, announcement)


def _drawn_class() -> ScreenClass | None:
    """Return the class of screens whose drawing is shown: the largest that lies on its long side, if there is one."""
    found = preview_links.classes_in_use()
    return next((each for each in found if each.width >= each.height), next(iter(found), None))


def _placeholder(image: bytes) -> HttpResponse:
    response = HttpResponse(image, content_type="image/gif")
    response["Cache-Control"] = "no-store"
    return response


def _cached(response: HttpResponse, tag: str, announcement: Announcement) -> HttpResponse:
    # The address changes with each save. Name, colour and logo of the town may change in between, and feeds do.
    seconds = HOUR_S if announcement.template in WIDGET_TEMPLATES else DAY_S
    response["ETag"], response["Cache-Control"] = tag, f"private, max-age={seconds}"
    return response
