"""Exact pictures of what is not saved yet: each address holds all that is drawn, signed, so that nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.rendering import RasterError, ReadabilityReport
from beffroi_server.accounts.models import Town
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen, ScreenClass
from beffroi_server.library import preview
from beffroi_server.library.preview import PngPages
from beffroi_server.library.slide_content import DrawnContent, slide_content

CLASSES_SHOWN = 4
MINUTE_MS = 60_000
ANNOUNCEMENT, ALERT = "announcement-page", "alert-page"
"""What is drawn: the name of its address, and the salt of its signature."""


@dataclass(frozen=True)
class PreviewLinks:
    """Something on a kind of screen."""

    screen_class: ScreenClass
    width: int
    height: int
    pages: list[str] = field(default_factory=list)
    """The address of each page."""
    problem: str = ""
    """Why it cannot be drawn there."""
    legibility: str = ""
    """From where and in which time it is read."""


def classes_of(screens: Iterable[Screen]) -> list[ScreenClass]:
    """Return the kinds of some screens, the largest first, a few at most."""
    return _largest_classes({screen.screen_class for screen in screens})


def classes_in_use() -> list[ScreenClass]:
    """Return the kinds of the town's screens; of all there are, where there is no screen yet."""
    used = ScreenClass.objects.filter(screen__isnull=False).distinct()
    return _largest_classes(set(used) or set(ScreenClass.objects.all()))


def announcement_previews(shown: DrawnContent, kinds: Iterable[ScreenClass], town: Town) -> list[PreviewLinks]:
    """Return the pictures of an announcement on some kinds of screens; of a widget, as it is in this minute."""
    at_ms = unix_ms(timezone.now()) // MINUTE_MS * MINUTE_MS
    values = slide_content(shown).model_dump(mode="json")
    text = _sign_values(ANNOUNCEMENT, values if isinstance(shown, content.Announcement) else values | {"at_ms": at_ms})
    found = []
    for kind in kinds:
        try:
            count = len(preview.preview_announcement(shown, kind, town, at_ms))
        except RasterError as error:
            found.append(PreviewLinks(kind, kind.width, kind.height, problem=raster_error_text(error)))
        else:
            pages = [_page_address(ANNOUNCEMENT, kind, page, text) for page in range(count)]
            told = legibility_text(preview.preview_readability(shown, kind, town, at_ms))
            found.append(PreviewLinks(kind, kind.width, kind.height, pages, legibility=told))
    return found


def alert_previews(alert: content.Alert, kinds: Iterable[ScreenClass], town: Town) -> list[PreviewLinks]:
    """Return the pictures of an alert on some kinds of screens."""
    text = _sign_values(ALERT, alert.model_dump(mode="json"))
    form = preview.alert_form(alert.level)
    found = []
    for kind in kinds:
        canvas = preview.alert_canvas(alert.level, form, preview.class_settings(kind, town))
        count = len(preview.preview_alert(alert, form, kind, town))
        found.append(
            PreviewLinks(kind, *canvas.size, [_page_address(ALERT, kind, page, text) for page in range(count)])
        )
    return found


def announcement_page_response(request: HttpRequest, town: Town) -> HttpResponse:
    """Answer the address of a page of an announcement."""
    kind, values = _read_request(request, ANNOUNCEMENT)
    try:
        slide = content.Slide.model_validate({"id": "preview", "name": "", "content": values})
        if not isinstance(slide.content, content.AnnouncementContent | content.WidgetContent):
            raise Http404
        shown = (
            slide.content.announcement
            if isinstance(slide.content, content.AnnouncementContent)
            else slide.content.widget
        )
        pages = preview.preview_announcement(shown, kind, town, values.get("at_ms"))
    except (RasterError, ValueError) as error:
        raise Http404 from error
    return _png_response(request, pages)


def alert_page_response(request: HttpRequest, town: Town) -> HttpResponse:
    """Answer the address of a page of an alert."""
    kind, values = _read_request(request, ALERT)
    try:
        alert = content.Alert.model_validate(values)
    except ValueError as error:
        raise Http404 from error
    return _png_response(request, preview.preview_alert(alert, preview.alert_form(alert.level), kind, town))


def legibility_text(appraisal: ReadabilityReport) -> str:
    """Return from where and in which time pages are read."""
    if not appraisal.capital:
        return ""
    sentence = _("Its smallest letters are read from %(distance)s m; a page takes %(seconds)d seconds to read.")
    return sentence % {"distance": number_format(appraisal.distance_m, 1), "seconds": appraisal.reading_seconds}


def raster_error_text(error: RasterError) -> str:
    """Return why something cannot be drawn, and what to do."""
    if error.code == "text-does-not-fit":
        sentence = _("The text needs %(pages)s pages here, and %(most)s are the most. Shorten it by about %(part)d %%.")
        pages, most = int(error.detail["pages"]), int(error.detail["most"])
        return sentence % {"pages": pages, "most": most, "part": round(100 * (1 - most / pages)) or 1}
    if error.code == "picture-unusable":
        return _("The picture cannot be read. Upload it again, or choose another.")
    return str(error)


def _largest_classes(kinds: set[ScreenClass]) -> list[ScreenClass]:
    return sorted(kinds, key=lambda kind: (-kind.width * kind.height, kind.name))[:CLASSES_SHOWN]


def _sign_values(what: str, values: dict[str, Any]) -> str:
    # Without the time of signing: the same drawing has the same address, which browsers may keep.
    return signing.Signer(salt=what).sign_object(values, compress=True)


def _page_address(what: str, kind: ScreenClass, number: int, text: str) -> str:
    return f"{reverse(what)}?{urlencode({'class': kind.pk, 'page': number, 'text': text})}"


def _read_request(request: HttpRequest, what: str) -> tuple[ScreenClass, Any]:
    kind = get_object_or_404(ScreenClass, pk=_parse_number(request.GET.get("class", "")))
    try:
        return kind, signing.Signer(salt=what).unsign_object(request.GET.get("text", ""))
    except signing.BadSignature as error:
        raise Http404 from error


def _png_response(request: HttpRequest, pages: PngPages) -> HttpResponse:
    number = _parse_number(request.GET.get("page", ""))
    if number >= len(pages):
        raise Http404
    response = HttpResponse(pages[number], content_type="image/png")
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _parse_number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
