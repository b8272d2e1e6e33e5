"""Public pages: announcements on the screens now and those of the last days, each with an address of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from beffroi_server.alerts.models import Alert
from beffroi_server.channels import browser_subscribers, subscribers
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.fleet.targets import Targets
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.models import Announcement, PublicSettings
from beffroi_server.outlets import public_alerts, public_contents
from beffroi_server.outlets.subscriptions import public_settings
from beffroi_server.public.conditional import answer_conditionally
from beffroi_server.public.reader_language import for_reader, for_readers, offered_languages, reader_languages
from beffroi_server.public.shown_alerts import shown_alerts

MAX_AGE_S = 60
"""Seconds for which caches may hand out the same: so long may something stay that was taken off."""
_IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
PublicView = Callable[..., HttpResponse]


def for_anybody(view: Callable[..., HttpResponse]) -> PublicView:
    """Return a view for everybody while the public page is on, which is handed the settings; 404 while it is off.

    The answer is the same for all who read the same language, sets no cookie, and may be kept for a minute, or for as
    long as the view says.
    """

    @csrf_exempt
    @require_safe
    @wraps(view)
    def open_view(request: HttpRequest, **values: uuid.UUID | str) -> HttpResponse:
        settings = public_settings()
        if settings is None:
            raise Http404
        with timezone.override(ZoneInfo(settings.town.time_zone)):
            response = view(request, settings, **values)
        response.setdefault("Cache-Control", f"public, max-age={MAX_AGE_S}")
        response["Vary"] = "Accept-Language"
        return answer_conditionally(request, response)

    return open_view


def municipality_of(slug: str) -> Municipality | None:
    """Return the municipality that an address names; None for one of all screens.

    Raises:
        Http404: there is no such municipality.
    """
    if not slug:
        return None
    found = Municipality.objects.filter(group__slug=slug).select_related("group").first()
    if found is None:
        raise Http404
    return found


@for_anybody
def announcement_list(request: HttpRequest, settings: PublicSettings, slug: str = "") -> HttpResponse:
    """List what is on the screens of all or of one municipality, and what was within the last days."""
    now, municipality = timezone.now(), municipality_of(slug)
    alerts = [each for each in public_alerts.alerts_in_force(now) if _concerns(each, municipality)]
    context = {
        "settings": settings,
        "slug": slug,
        "name": municipality.name if municipality is not None else settings.town.name,
        "municipalities": () if slug else Municipality.objects.select_related("group"),
        "alerts": shown_alerts(request, settings, alerts),
        "current": for_readers(request, settings, public_contents.current_announcements(now, municipality)),
        "past": for_readers(request, settings, public_contents.past_announcements(settings, now, municipality)),
        "language": translation.get_language(),
        "offers_mail": subscribers.are_open(),
        "offers_browser": browser_subscribers.are_open(),
    }
    response = render(request, "public/announcements.html", context)
    response["Cache-Control"] = f"public, max-age={public_alerts.MAX_AGE_S}"
    return response


@for_anybody
def announcement_page(request: HttpRequest, settings: PublicSettings, pk: uuid.UUID) -> HttpResponse:
    """Show one announcement."""
    found = _announcement(settings, pk)
    context = {
        "settings": settings,
        "each": for_reader(found, reader_languages(request), settings.town.locale),
        "languages": offered_languages(found, settings.town.locale),
        "is_page": True,
    }
    return render(request, "public/announcement.html", context)


@for_anybody
def announcement_image(request: HttpRequest, settings: PublicSettings, pk: uuid.UUID) -> HttpResponse:
    """Return the image of an announcement."""
    found = _announcement(settings, pk)
    asset = found.picture.picture if found.picture is not None else None
    path = media_path(asset.sha256) if asset is not None else None
    if asset is None or path is None or asset.media_type not in _IMAGE_TYPES or not path.is_file():
        raise Http404
    return HttpResponse(path.read_bytes(), content_type=asset.media_type)


@for_anybody
def embedded_list(request: HttpRequest, settings: PublicSettings, slug: str = "") -> HttpResponse:
    """List what is on the screens in a page that the websites of the town may show in a frame."""
    found = public_contents.current_announcements(timezone.now(), municipality_of(slug))
    current = for_readers(request, settings, found)
    response = render(request, "public/embed.html", {"settings": settings, "current": current})
    origins = " ".join(settings.framed_by.split()) or "'none'"
    # Only this page is shown in frames, and only by the websites that the town has named.
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {origins}"
    )
    response.xframe_options_exempt = True
    return response


def _announcement(settings: PublicSettings, pk: uuid.UUID) -> Announcement:
    found = public_contents.public_announcement(settings, pk, timezone.now())
    if found is None:
        raise Http404
    return found


def _concerns(alert: Alert, municipality: Municipality | None) -> bool:
    """Tell whether an alert is for screens of a municipality; every one is for all of them together."""
    if municipality is None or alert.everywhere:
        return True
    return Targets.of(alert).reached_screens().filter(groups=municipality.group).exists()
