"""Images of screens: screenshots, expected frames, and screen captures with the page that waits for one.

A technician asks for a capture; the page then asks every few seconds whether it has arrived. Its query says which
capture was there before (``before``) and until when it waits (``until``, Unix time in seconds), so that the page can be
reloaded meanwhile and nothing is stored for it on the server.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from beffroi_content.wire.reports import CaptureLabel
from beffroi_server.alerts import queries as alerts
from beffroi_server.core.timestamps import bounded_instant
from beffroi_server.fleet import captures, screenshots, services
from beffroi_server.fleet.models import Screen
from beffroi_server.library.preview import encode_png
from beffroi_server.monitoring import expected_frames, status_text
from beffroi_server.monitoring.capture_verdict import capture_verdict
from beffroi_server.schedule.manifest_compiler import CompileError
from beffroi_server.web.access import UserRequest, for_technicians, for_users
from beffroi_server.web.form_scopes import screen_of
from beffroi_server.web.responses import image_response

THUMBNAIL_SIZE = (640, 640)
"""Pixels of an expected frame on a card, at most."""
CAPTURE_WAIT_S = 60
"""How long a page waits for a capture before it says that none has arrived."""
MAX_SECOND_DIGITS = 11


@dataclass(frozen=True)
class CapturePanel:
    """The newest capture of a screen as its page shows it, and whether another one is awaited."""

    stored: captures.StoredCapture | None
    waits: bool
    """Whether a newer capture has been asked for and has not arrived yet."""
    query: str
    """Query with which the page asks again."""
    is_late: bool
    """Whether the awaited capture should have arrived by now."""
    verdict: dict[str, str]
    shown_text: str

    @property
    def taken_at(self) -> dt.datetime | None:
        """When it was taken, by the clock of the player."""
        return bounded_instant(self.stored.details.taken_at_ms, timezone.now()) if self.stored else None

    @property
    def presented_at(self) -> dt.datetime | None:
        """Since when the frame had been presented, by the clock of the player."""
        presented = self.stored.details.presented_at_ms if self.stored else None
        return bounded_instant(presented, timezone.now()) if presented is not None else None


@for_users("GET")
def screen_screenshot(request: UserRequest, slug: str) -> HttpResponseBase:
    """Return the newest screenshot of a screen."""
    found = screenshots.newest_screenshot(screen_of(slug))
    if found is None:
        raise Http404
    return image_response(request, found[0], "image/jpeg", hashlib.sha256(found[0]).hexdigest()[:32])


@for_users("GET")
def screen_expected(request: UserRequest, slug: str) -> HttpResponseBase:
    """Return the frame that a screen is expected to present now, to the pixel; smaller with ``?small``."""
    screen = screen_of(slug, Screen.objects.select_related("screen_class"))
    try:
        image, digest = expected_frames.expected_frame(screen, timezone.now())
    except CompileError as problem:
        raise Http404 from problem
    version = digest[:32]
    if "small" in request.GET:
        image.thumbnail(THUMBNAIL_SIZE, Image.Resampling.BOX)
        version += "-small"
    return image_response(request, encode_png(image), "image/png", version)


@for_users("GET")
def screen_capture_image(request: UserRequest, slug: str) -> HttpResponseBase:
    """Return the newest capture of a screen."""
    stored = captures.newest_capture(screen_of(slug))
    if stored is None:
        raise Http404
    return image_response(request, stored.path.open("rb"), "image/png", stored.version, f"{slug}.png")


@for_technicians("POST")
def screen_capture(request: UserRequest, slug: str) -> HttpResponse:
    """Ask a screen for a capture, and go to its page, which waits for it."""
    found = screen_of(slug)
    services.request_capture(found, user=request.user)
    return redirect(capture_waiting_address(found))


@for_users("GET")
def screen_capture_state(request: UserRequest, slug: str) -> HttpResponse:
    """Return the part of a page that waits for a capture once it has arrived or is late; until then 204."""
    found = screen_of(slug, Screen.objects.select_related("screen_class", "state"))
    panel = capture_panel(found, request)
    if panel.waits and not panel.is_late:
        return HttpResponse(status=204)
    return render(request, "fleet/capture.html", {"screen": found, "capture": panel, "arrived": not panel.waits})


def capture_waiting_address(screen: Screen) -> str:
    """Return the address of the page of a screen that waits for a newer capture than there is now."""
    stored = captures.newest_capture(screen)
    query = urlencode({"before": stored.version if stored else "none", "until": round(time.time()) + CAPTURE_WAIT_S})
    return f"{reverse('screen', args=[screen.slug])}?{query}#capture"


def capture_panel(screen: Screen, request: HttpRequest) -> CapturePanel:
    """Return the newest capture of a screen, for a page that may wait for another one."""
    stored = captures.newest_capture(screen)
    before, until = request.GET.get("before", ""), request.GET.get("until", "")
    end_s = int(until) if until.isdecimal() and len(until) <= MAX_SECOND_DIGITS else 0
    return CapturePanel(
        stored,
        waits=bool(before) and before == (stored.version if stored else "none"),
        query=urlencode({"before": before, "until": end_s}),
        is_late=time.time() >= end_s,
        verdict=_verdict_text(screen, stored.details) if stored else {},
        shown_text=status_text.shown_names(stored.details.shown, *_names_by_id(screen, stored.details))
        if stored
        else "",
    )


def _verdict_text(screen: Screen, label: CaptureLabel) -> dict[str, str]:
    return status_text.verdict_text(capture_verdict(screen, label), label.brightness)


def _names_by_id(screen: Screen, label: CaptureLabel) -> tuple[dict[str, str], dict[str, str]]:
    """Return the names of the slides and the titles of the alerts that a capture may show, by their identifiers."""
    try:
        slides = {slide.id: slide.name for slide in expected_frames.current_manifest(screen).slides}
    except CompileError:
        slides = {}
    return slides, alerts.alert_titles(each.alert for each in label.shown if each.alert)
