"""What is on now, on every screen."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from PIL import Image

from beffroi_content.timeline import Scene
from beffroi_content.wire.reports import CaptureLabel
from beffroi_server.alerts import queries as alerts
from beffroi_server.fleet import captures, services
from beffroi_server.fleet.inbound_messages import bounded_instant
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.monitoring import expected_frames as expected
from beffroi_server.monitoring import screen_overview, status_text
from beffroi_server.monitoring.screen_overview import ScreenOverview
from beffroi_server.schedule.manifest_compiler import CompileError
from beffroi_server.web import wording
from beffroi_server.web.access import UserRequest, for_users, is_htmx

CARDS_PER_PAGE = 24
THUMBNAIL_SIZE = (640, 640)
"""Pixels of a picture for a card, at most."""
CAPTURE_WAIT_S = 60
"""How long a page waits for an exact picture."""
CLOCK_TOLERANCE = dt.timedelta(seconds=5)
"""By how much a screenshot may seem older than what it shows, since two clocks are known."""


@dataclass(frozen=True)
class ScreenCard:
    """A screen with what is on it."""

    overview: ScreenOverview
    state: dict[str, str]
    reasons: list[str]
    live_at: dt.datetime | None
    """When the picture of the glass arrived; None where what it must show stands in."""
    image_mark: str
    """Changes with the picture."""
    on_now: str
    reason: str
    until: dt.datetime | None
    on_next: str
    problem: str = ""

    @property
    def screen(self) -> Screen:
        """The screen."""
        return self.overview.screen


@dataclass(frozen=True)
class CapturePanel:
    """An exact picture of a glass, or that it is on its way."""

    stored: captures.StoredCapture | None
    waits: bool
    """Whether somebody has asked for another one, which is not here yet."""
    query: str
    """What a page that waits has to ask with."""
    is_late: bool
    """Whether it should be here by now."""
    verdict: dict[str, str]
    shown_text: str

    @property
    def taken_at(self) -> dt.datetime | None:
        """When it was taken, by the clock of the player."""
        return bounded_instant(self.stored.details.taken_at_ms, timezone.now()) if self.stored else None

    @property
    def presented_at(self) -> dt.datetime | None:
        """Since when it was on the glass, by the clock of the player."""
        presented = self.stored.details.presented_at_ms if self.stored else None
        return bounded_instant(presented, timezone.now()) if presented is not None else None


@for_users("GET")
def overview_page(request: UserRequest) -> HttpResponse:
    """Show every screen as it is now; the cards alone, or 204 when they have not changed, for a page that is open."""
    at = timezone.now()
    known = screen_overview.overview_all(at)
    page = Paginator(_filter_screens(known, request), CARDS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "cards": [build_card(one, at) for one in screen_overview.compare_frames(page, at)],
        "page": page,
        "summary": _fleet_summary(known),
        "groups": ScreenGroup.objects.all(),
        "states": [status_text.state_text(code) for code in status_text.STATE_TEXTS],
        "search": request.GET.get("search", ""),
        "group": request.GET.get("group", ""),
        "state": request.GET.get("state", ""),
        "filtered": any(request.GET.get(name) for name in ("search", "group", "state")),
    }
    _request_screenshots(page)
    cards = render_to_string("fleet/now_cards.html", context, request)
    mark = hashlib.sha256(cards.encode()).hexdigest()[:16]
    if is_htmx(request):
        if request.GET.get("mark") == mark:
            return HttpResponse(status=204)
        return render(request, "fleet/now_live.html", context | {"cards_html": cards, "mark": mark})
    return render(request, "fleet/now.html", context | {"cards_html": cards, "mark": mark})


@for_users("GET")
def screen_screenshot(request: UserRequest, slug: str) -> HttpResponse:
    """Return the newest picture of the glass."""
    found = screen_overview.newest_screenshot(get_object_or_404(Screen, slug=slug))
    if found is None:
        raise Http404
    return _image_response(request, found[0], "image/jpeg", f'"{hashlib.sha256(found[0]).hexdigest()[:32]}"')


@for_users("GET")
def screen_capture_image(request: UserRequest, slug: str) -> HttpResponseBase:
    """Return the newest exact picture of the glass."""
    kept = captures.newest_capture(get_object_or_404(Screen, slug=slug))
    if kept is None:
        raise Http404
    tag = f'"{kept.version}"'
    unchanged = request.headers.get("If-None-Match") == tag
    response: HttpResponseBase = (
        HttpResponse(status=304)
        if unchanged
        else FileResponse(kept.path.open("rb"), content_type="image/png", filename=f"{slug}.png")
    )
    response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    return response


@for_users("GET")
def screen_capture_state(request: UserRequest, slug: str) -> HttpResponse:
    """Return the part of a page that waits for an exact picture, once there is something to say: otherwise 204."""
    found = get_object_or_404(Screen.objects.select_related("screen_class", "state"), slug=slug)
    state = capture_panel(found, request)
    if state.waits and not state.is_late:
        return HttpResponse(status=204)
    return render(request, "fleet/capture.html", {"screen": found, "capture": state, "arrived": not state.waits})


def capture_waiting_address(screen: Screen) -> str:
    """Return the address of a page that waits for another exact picture than there is now."""
    kept = captures.newest_capture(screen)
    query = urlencode({"before": kept.version if kept else "none", "until": round(time.time()) + CAPTURE_WAIT_S})
    return f"{reverse('screen', args=[screen.slug])}?{query}#capture"


def capture_panel(screen: Screen, request: HttpRequest) -> CapturePanel:
    """Return what there is to say of the exact picture of a screen's glass on a page that may wait for another."""
    kept = captures.newest_capture(screen)
    before, until = request.GET.get("before", ""), request.GET.get("until", "")
    end = int(until) if until.isdecimal() and len(until) < 12 else 0
    return CapturePanel(
        kept,
        waits=bool(before) and before == (kept.version if kept else "none"),
        query=urlencode({"before": before, "until": end}),
        is_late=time.time() >= end,
        verdict=status_text.verdict_text(captures.capture_verdict(screen, kept.details), kept.details.brightness)
        if kept
        else {},
        shown_text=status_text.shown_names(kept.details.shown, *_shown_names(screen, kept.details)) if kept else "",
    )


def _shown_names(screen: Screen, said: CaptureLabel) -> tuple[dict[str, str], dict[str, str]]:
    """Return the names of the slides and of the alerts that a picture may show, by their identifiers."""
    try:
        slides = {slide.id: slide.name for slide in expected.current_manifest(screen).slides}
    except CompileError:
        slides = {}
    return slides, alerts.alert_titles(each.alert for each in said.shown if each.alert)


@for_users("GET")
def screen_expected(request: UserRequest, slug: str) -> HttpResponse:
    """Return what the glass must show, to the pixel; smaller with ``?small``."""
    screen = get_object_or_404(Screen.objects.select_related("screen_class"), slug=slug)
    try:
        picture, digest = expected.expected_frame(screen, timezone.now())
    except CompileError as problem:
        raise Http404 from problem
    small = "small" in request.GET
    if small:
        picture.thumbnail(THUMBNAIL_SIZE, Image.Resampling.BOX)
    return _image_response(request, _encode_png(picture), "image/png", f'"{digest[:32]}{"-small" if small else ""}"')


def _filter_screens(known: list[ScreenOverview], request: HttpRequest) -> list[ScreenOverview]:
    search, group, state = (request.GET.get(name, "") for name in ("search", "group", "state"))
    return [
        one
        for one in known
        if search.casefold() in f"{one.screen.name} {one.screen.place}".casefold()
        and (not group or group in {each.slug for each in one.screen.groups.all()})
        and (not state or state == one.state)
    ]


def build_card(known: ScreenOverview, at: dt.datetime) -> ScreenCard:
    """Return what there is to say of a screen at an instant."""
    state = status_text.state_text(known.state)
    reasons = [str(status_text.REASON_TEXTS[code]) for code in known.reasons]
    live_at = _screenshot_time(known)
    try:
        manifest = expected.current_manifest(known.screen)
        scenes = expected.upcoming_scenes(known.screen, at, 2)
    except CompileError as problem:
        return ScreenCard(known, state, reasons, live_at, "", "", "", None, "", problem.message)
    scene = scenes[0][1]
    return ScreenCard(
        known, state, reasons, live_at,
        image_mark=f"{live_at.timestamp():.3f}" if live_at else _scene_mark(scene, manifest.settings.model_dump_json()),
        on_now=status_text.scene_names(scene),
        reason=status_text.scene_reason(scene, manifest),
        until=wording.from_milliseconds(scene.until_ms),
        on_next=status_text.scene_names(scenes[1][1]) if len(scenes) > 1 else "",
    )  # fmt: skip


def _screenshot_time(known: ScreenOverview) -> dt.datetime | None:
    """Return when the newest picture of the glass arrived, if what it shows is still on."""
    shot = screen_overview.newest_screenshot(known.screen)
    if shot is None or known.report is None or known.report.presented_at_ms is None or known.state == "offline":
        return None
    presented = dt.datetime.fromtimestamp(known.report.presented_at_ms / 1000, dt.UTC)
    return shot[1] if shot[1] >= presented - CLOCK_TOLERANCE else None


def _scene_mark(scene: Scene, settings: str) -> str:
    shown = [(each.rectangle, each.slide, each.alert, each.form, each.page) for each in scene.showings]
    return hashlib.sha256(f"{shown}{settings}".encode()).hexdigest()[:12]


def _request_screenshots(page: Page[ScreenOverview]) -> None:
    for known in page:
        if known.screen.enrolled_at is not None and known.state != "offline":
            services.request_screenshots(known.screen)


def _fleet_summary(known: list[ScreenOverview]) -> dict[str, str]:
    """Return the state of all screens in a sentence, with its colour."""
    amiss = [one for one in known if one.state != "right"]
    if not amiss:
        count = len(known)
        sentence = ngettext("The screen shows what it must.", "All %(count)d screens show what they must.", count)
        return {"words": sentence % {"count": count}, "colour": "success"}
    counted = {code: sum(one.state == code for one in amiss) for code in status_text.STATE_TEXTS}
    parts = [
        ngettext("%(count)d screen: %(state)s", "%(count)d screens: %(state)s", count)
        % {"count": count, "state": status_text.STATE_TEXTS[code][0]}
        for code, count in counted.items()
        if count
    ]
    grave = counted["wrong"] or counted["offline"]
    return {"words": " · ".join(parts), "colour": "error" if grave else "warning"}


def _encode_png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _image_response(request: HttpRequest, body: bytes, media_type: str, tag: str) -> HttpResponse:
    unchanged = request.headers.get("If-None-Match") == tag
    response = HttpResponse(status=304) if unchanged else HttpResponse(body, content_type=media_type)
    response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    return response
