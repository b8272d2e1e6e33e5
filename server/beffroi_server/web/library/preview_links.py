"""Links to drawings of announcements and alerts that are not saved yet.

The address of each page holds everything that is drawn, signed by the server. Nothing is stored, the same drawing has
the same address, which browsers may cache, and nobody can have anything drawn that the server did not sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.rendering import RasterError, ReadabilityReport
from beffroi_server.accounts.models import Town
from beffroi_server.core.formatting import format_number
from beffroi_server.core.languages import language_name
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen, ScreenClass
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library import preview
from beffroi_server.library.slide_content import DrawnContent, slide_content
from beffroi_server.library.town_branding import local_town
from beffroi_server.schedule import layouts
from beffroi_server.web.requests import parse_number

CLASSES_SHOWN = 4
ALERT_CLASSES_SHOWN = 12
"""An alert is looked at on every class of the screens that it reaches: the smallest have the least room for it."""
GLANCE_SECONDS = 10
MINUTE_MS = 60_000
ANNOUNCEMENT, ALERT = "announcement-page", "alert-page"
"""Kinds of drawings: the name of their URL pattern, which is also the salt of the signature."""


@dataclass(frozen=True)
class PreviewLinks:
    """An announcement or an alert as screens of a class draw it: one link for each page."""

    screen_class: ScreenClass
    width: int
    height: int
    pages: list[str] = field(default_factory=list)
    """Addresses of the pages, in order."""
    problem: str = ""
    """Reason why it cannot be drawn for this class."""
    languages: list[str] = field(default_factory=list)
    """The name of the language of each page; none where all are in one."""
    legibility: str = ""
    """Sentence with the distance and the time in which it is read; of an alert, what is read of it in ten seconds."""
    left_out: str = ""
    """What of an alert has no room for this class."""
    is_beside_bands: bool = False
    """True if it is the loop beside bands that is drawn, and not the whole screen."""

    @property
    def named_pages(self) -> list[tuple[str, str]]:
        """The address of each page with the name of its language, which is empty where all are in one."""
        return list(zip(self.pages, self.languages or [""] * len(self.pages), strict=True))


def classes_of(screens: Iterable[Screen], most: int = CLASSES_SHOWN) -> list[ScreenClass]:
    """Return the classes of some screens, the largest first, so many at most; by one query if those are a query."""
    if isinstance(screens, QuerySet):
        keys: Any = screens.order_by().values("screen_class")
    else:
        keys = {screen.screen_class_id for screen in screens}
    return classes_with(keys, most)


def classes_with(keys: Any, most: int = CLASSES_SHOWN) -> list[ScreenClass]:
    """Return the classes with some keys, or those of a query, the largest first, so many at most."""
    return _largest_classes(ScreenClass.objects.filter(pk__in=keys), most)


def classes_in_use() -> list[ScreenClass]:
    """Return the classes of the town's screens; all classes where there is no screen yet."""
    used = ScreenClass.objects.filter(screen__isnull=False).distinct()
    return _largest_classes(set(used) or set(ScreenClass.objects.all()))


def announcement_previews(
    shown: DrawnContent, screen_classes: Iterable[ScreenClass], town: Town, municipality: Municipality | None = None
) -> list[PreviewLinks]:
    """Return the links of an announcement for some classes; a widget is drawn as it is in this minute.

    Where screens of a class show bands beside the loop, it is drawn in the room that they leave.

    Args:
        shown: The announcement or widget.
        screen_classes: The classes.
        town: The town.
        municipality: The one whose screens are drawn; None for screens of none.
    """
    # Whole minutes, so that a widget keeps its address, and its cached drawing, for a while.
    at_ms = unix_ms(timezone.now()) // MINUTE_MS * MINUTE_MS
    values = slide_content(shown).model_dump(mode="json")
    if not isinstance(shown, content.Announcement):
        values |= {"at_ms": at_ms}
    if municipality is not None:
        values, town = values | {"municipality": municipality.pk}, local_town(town, municipality)
    chosen = list(screen_classes)
    # The town says whether there are any, so that towns without bands are asked nothing more.
    sizes = layouts.loop_sizes(chosen) if getattr(town, "has_bands", True) else {}
    loops = [(each, size) for each in chosen for size in sizes.get(each.pk, [(each.width, each.height)])]
    return [_preview_in_loop(shown, values, *loop, town, at_ms) for loop in loops[:CLASSES_SHOWN]]


def _preview_in_loop(
    shown: DrawnContent, values: dict[str, Any], screen_class: ScreenClass, size: layouts.Size, town: Town, at_ms: int
) -> PreviewLinks:
    is_beside = size != (screen_class.width, screen_class.height)
    found = PreviewLinks(screen_class, *size, is_beside_bands=is_beside)
    try:
        drawn = preview.preview_announcement(shown, screen_class, town, at_ms, size)
    except RasterError as error:
        return replace(found, problem=raster_error_text(error))
    text = _sign_values(ANNOUNCEMENT, {**values, "size": size} if is_beside else values)
    pages = [_page_address(ANNOUNCEMENT, screen_class, page, text) for page in range(len(drawn.pages))]
    languages = [language_name(code) for code in drawn.drawing.languages]
    return replace(found, pages=pages, languages=languages, legibility=legibility_text(drawn.readability()))


def alert_previews(alert: content.Alert, screen_classes: Iterable[ScreenClass], town: Town) -> list[PreviewLinks]:
    """Return the links of an alert for some classes."""
    text = _sign_values(ALERT, alert.model_dump(mode="json"))
    form = preview.alert_form(alert.level)
    found = []
    for screen_class in screen_classes:
        canvas = preview.alert_canvas(alert.level, form, preview.class_settings(screen_class, town))
        drawing = preview.lay_out_alert(alert, form, canvas)
        pages = [_page_address(ALERT, screen_class, page, text) for page in range(len(drawing.pages))]
        said = _("In the first ten seconds people read: %(text)s") % {"text": drawing.said_within(GLANCE_SECONDS)}
        found.append(
            PreviewLinks(
                screen_class,
                *canvas.size,
                pages,
                languages=[language_name(code) for code in drawing.languages],
                legibility=said,
                left_out=" ".join(drawing.left_out),
            )
        )
    return found


def announcement_page_response(request: HttpRequest, town: Town) -> HttpResponse:
    """Return the page of an announcement that a link asks for, as PNG.

    Raises:
        Http404: the signature is wrong, there is no such page, or it cannot be drawn.
    """
    screen_class, values = _read_request(request, ANNOUNCEMENT)
    if "municipality" in values:
        town = local_town(town, Municipality.objects.filter(pk=values["municipality"]).first())
    try:
        slide = content.Slide.model_validate({"id": "preview", "name": "", "content": values})
        if not isinstance(slide.content, content.AnnouncementContent | content.WidgetContent):
            raise Http404
        shown = (
            slide.content.announcement
            if isinstance(slide.content, content.AnnouncementContent)
            else slide.content.widget
        )
        drawn = preview.preview_announcement(shown, screen_class, town, values.get("at_ms"), _loop_of(values))
        return _png_response(request, drawn.pages)
    except (RasterError, ValueError) as error:
        raise Http404 from error


def _loop_of(values: dict[str, Any]) -> layouts.Size | None:
    width, height = values.get("size") or (0, 0)
    return (width, height) if width and height else None


def alert_page_response(request: HttpRequest, town: Town) -> HttpResponse:
    """Return the page of an alert that a link asks for, as PNG.

    Raises:
        Http404: the signature is wrong, or there is no such page.
    """
    screen_class, values = _read_request(request, ALERT)
    try:
        alert = content.Alert.model_validate(values)
    except ValueError as error:
        raise Http404 from error
    return _png_response(request, preview.preview_alert(alert, preview.alert_form(alert.level), screen_class, town))


def legibility_text(report: ReadabilityReport) -> str:
    """Return the sentence that says at which distance and in which time pages are read; empty without text."""
    if not report.capital:
        return ""
    sentence = _("The smallest letters can be read from %(distance)s m; a page takes %(seconds)d seconds to read.")
    return sentence % {"distance": format_number(report.distance_m), "seconds": report.reading_seconds}


def raster_error_text(error: RasterError) -> str:
    """Return the sentence that says why something cannot be drawn, and what to do about it."""
    if error.code == "text-does-not-fit":
        sentence = _(
            "The text needs %(pages)s pages here, and the maximum is %(most)s. Shorten it by about %(part)d %%."
        )
        pages, most = int(error.detail["pages"]), int(error.detail["most"])
        return sentence % {"pages": pages, "most": most, "part": round(100 * (1 - most / pages)) or 1}
    if error.code == "picture-unusable":
        return _("The image cannot be read. Upload it again, or choose another.")
    return str(error)


def _largest_classes(screen_classes: Iterable[ScreenClass], most: int = CLASSES_SHOWN) -> list[ScreenClass]:
    return sorted(screen_classes, key=lambda each: (-each.width * each.height, each.name))[:most]


def _sign_values(drawing: str, values: dict[str, Any]) -> str:
    # Without the time of signing: the same drawing has the same address, which browsers may keep.
    return signing.Signer(salt=drawing).sign_object(values, compress=True)


def _page_address(drawing: str, screen_class: ScreenClass, number: int, text: str) -> str:
    return f"{reverse(drawing)}?{urlencode({'class': screen_class.pk, 'page': number, 'text': text})}"


def _read_request(request: HttpRequest, drawing: str) -> tuple[ScreenClass, Any]:
    screen_class = get_object_or_404(ScreenClass, pk=parse_number(request.GET.get("class")))
    try:
        return screen_class, signing.Signer(salt=drawing).unsign_object(request.GET.get("text", ""))
    except signing.BadSignature as error:
        raise Http404 from error


def _png_response(request: HttpRequest, pages: Sequence[bytes]) -> HttpResponse:
    number = parse_number(request.GET.get("page"))
    if number >= len(pages):
        raise Http404
    response = HttpResponse(pages[number], content_type="image/png")
    response["Cache-Control"] = "private, max-age=3600"
    return response
