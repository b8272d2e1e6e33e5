"""Operations on how announcements are drawn: as screens receive them, as images, and how they are read."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query

from beffroi_content import model as content
from beffroi_content.model import widgets
from beffroi_content.rendering import RasterError
from beffroi_server.accounts.models import Town
from beffroi_server.api.announcement_models import (
    READ,
    TAG,
    PreviewQuery,
    ReadabilityAnswer,
    announcements_of,
)
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import ApiProblem, not_found
from beffroi_server.api.values import (
    find_row,
)
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import ScreenClass
from beffroi_server.library import preview, slide_content
from beffroi_server.library.models import Announcement
from beffroi_server.library.town_branding import local_town


@operation(
    "GET", "/announcements/{announcement_id}/content", scope=READ,
    returns=content.Announcement | widgets.Widget, tag=TAG,
)  # fmt: skip
def read_announcement_content(request: ApiRequest, announcement_id: uuid.UUID) -> slide_content.DrawnContent:
    """Return an announcement as screens receive it: an announcement or a widget of the protocol."""
    return _drawn(find_row(announcements_of(request), pk=announcement_id), _town())


@operation("GET", "/announcements/{announcement_id}/preview", scope=READ, media_type="image/png", tag=TAG)
def draw_announcement(request: ApiRequest, announcement_id: uuid.UUID, query: Query[PreviewQuery]) -> HttpResponse:
    """Return a page of an announcement as screens of a class draw it, as PNG."""
    row = find_row(announcements_of(request), pk=announcement_id)
    town = local_town(_town(), row.municipality)
    screen_class = find_row(ScreenClass.objects.all(), pk=query.screen_class)
    try:
        drawn = preview.preview_announcement(_drawn(row, town), screen_class, town, unix_ms(timezone.now()))
        if query.page >= len(drawn.pages):
            raise not_found()
        return HttpResponse(drawn.pages[query.page], content_type="image/png")
    except RasterError as error:
        raise not_drawable(error) from error


@operation("GET", "/announcements/{announcement_id}/readability", scope=READ, returns=ReadabilityAnswer, tag=TAG)
def read_readability(request: ApiRequest, announcement_id: uuid.UUID, query: Query[PreviewQuery]) -> ReadabilityAnswer:
    """Return from how far, and in which time, an announcement is read on screens of a class."""
    row = find_row(announcements_of(request), pk=announcement_id)
    town = local_town(_town(), row.municipality)
    screen_class = find_row(ScreenClass.objects.all(), pk=query.screen_class)
    at_ms = unix_ms(timezone.now())
    try:
        drawn = preview.preview_announcement(_drawn(row, town), screen_class, town, at_ms)
    except RasterError as error:
        raise not_drawable(error) from error
    report = drawn.readability()
    return ReadabilityAnswer(
        screen_class=screen_class.pk, pages=len(drawn.pages), distance_m=round(report.distance_m, 1),
        reading_seconds=report.reading_seconds,
    )  # fmt: skip


def not_drawable(error: RasterError) -> ApiProblem:
    """Return the refusal of what cannot be drawn on a class of screens."""
    return ApiProblem(
        409, error.code, _("It cannot be drawn for these screens: %(reason)s") % {"reason": error},
        _("Shorten the text, or choose another template."),
    )  # fmt: skip


def _town() -> Town:
    found = Town.objects.first()
    if found is None:
        raise not_found()
    return found


def _drawn(row: Announcement, town: Town) -> slide_content.DrawnContent:
    try:
        return slide_content.drawn_content(row, town)
    except ValueError as error:
        raise ApiProblem(409, "not-drawable", str(error)) from error
