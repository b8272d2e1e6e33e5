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
from beffroi_content.wire.reports import Capture
from beffroi_server.alerts import queries as alerts
from beffroi_server.broadcast.heard import instant
from beffroi_server.programme import now as expected
from beffroi_server.programme.compile import CompileProblem
from beffroi_server.screens import captures, in_words, queries, services
from beffroi_server.screens.models import Group, Screen
from beffroi_server.screens.queries import ScreenOverview
from beffroi_server.web import words
from beffroi_server.web.access import PersonRequest, for_people, is_htmx

CARDS = 24
SMALL = (640, 640)
"""Pixels of a picture for a card, at most."""
CAPTURE_S = 60
"""How long a page waits for an exact picture."""
LATENESS = dt.timedelta(seconds=5)
"""By how much a screenshot may seem older than what it shows, since two clocks are known."""


@dataclass(frozen=True)
class Card:
    """A screen with what is on it."""

    known: ScreenOverview
    state: dict[str, str]
    reasons: list[str]
    live_at: dt.datetime | None
    """When the picture of the glass arrived; None where what it must show stands in."""
    mark: str
    """Changes with the picture."""
    what: str
    why: str
    until: dt.datetime | None
    following: str
    problem: str = ""

    @property
    def screen(self) -> Screen:
        """The screen."""
        return self.known.screen


@dataclass(frozen=True)
class CaptureState:
    """An exact picture of a glass, or that it is on its way."""

    kept: captures.Kept | None
    waits: bool
    """Whether somebody has asked for another one, which is not here yet."""
    query: str
    """What a page that waits has to ask with."""
    is_late: bool
    """Whether it should be here by now."""
    verdict: dict[str, str]
    shows: str

    @property
    def taken_at(self) -> dt.datetime | None:
        """When it was taken, by the clock of the player."""
        return instant(self.kept.said.taken_at_ms, timezone.now()) if self.kept else None

    @property
    def presented_at(self) -> dt.datetime | None:
        """Since when it was on the glass, by the clock of the player."""
        presented = self.kept.said.presented_at_ms if self.kept else None
        return instant(presented, timezone.now()) if presented is not None else None


@for_people("GET")
def now(request: PersonRequest) -> HttpResponse:
    """Show every screen as it is now; the cards alone, or 204 when they have not changed, for a page that is open."""
    at = timezone.now()
    known = queries.overview(at)
    page = Paginator(_chosen(known, request), CARDS).get_page(request.GET.get("page"))
    context = {
        "cards": [card(one, at) for one in queries.with_pictures(page, at)],
        "page": page,
        "summary": _summary(known),
        "groups": Group.objects.all(),
        "states": [in_words.state_of(code) for code in in_words.STATES],
        "search": request.GET.get("search", ""),
        "group": request.GET.get("group", ""),
        "state": request.GET.get("state", ""),
        "filtered": any(request.GET.get(name) for name in ("search", "group", "state")),
    }
    _ask_for_pictures(page)
    cards = render_to_string("screens/now_cards.html", context, request)
    mark = hashlib.sha256(cards.encode()).hexdigest()[:16]
    if is_htmx(request):
        if request.GET.get("mark") == mark:
            return HttpResponse(status=204)
        return render(request, "screens/now_live.html", context | {"cards_html": cards, "mark": mark})
    return render(request, "screens/now.html", context | {"cards_html": cards, "mark": mark})


@for_people("GET")
def screen_screenshot(request: PersonRequest, slug: str) -> HttpResponse:
    """Return the newest picture of the glass."""
    found = queries.screenshot(get_object_or_404(Screen, slug=slug))
    if found is None:
        raise Http404
    return _image(request, found[0], "image/jpeg", f'"{hashlib.sha256(found[0]).hexdigest()[:32]}"')


@for_people("GET")
def screen_capture_picture(request: PersonRequest, slug: str) -> HttpResponseBase:
    """Return the newest exact picture of the glass."""
    kept = captures.of(get_object_or_404(Screen, slug=slug))
    if kept is None:
        raise Http404
    tag = f'"{kept.mark}"'
    unchanged = request.headers.get("If-None-Match") == tag
    response: HttpResponseBase = (
        HttpResponse(status=304)
        if unchanged
        else FileResponse(kept.path.open("rb"), content_type="image/png", filename=f"{slug}.png")
    )
    response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    return response


@for_people("GET")
def screen_capture_state(request: PersonRequest, slug: str) -> HttpResponse:
    """Return the part of a page that waits for an exact picture, once there is something to say: otherwise 204."""
    found = get_object_or_404(Screen.objects.select_related("screen_class", "state"), slug=slug)
    state = capture_state(found, request)
    if state.waits and not state.is_late:
        return HttpResponse(status=204)
    return render(request, "screens/capture.html", {"screen": found, "capture": state, "arrived": not state.waits})


def waiting_for_capture(screen: Screen) -> str:
    """Return the address of a page that waits for another exact picture than there is now."""
    kept = captures.of(screen)
    query = urlencode({"before": kept.mark if kept else "none", "until": round(time.time()) + CAPTURE_S})
    return f"{reverse('screen', args=[screen.slug])}?{query}#capture"


def capture_state(screen: Screen, request: HttpRequest) -> CaptureState:
    """Return what there is to say of the exact picture of a screen's glass on a page that may wait for another."""
    kept = captures.of(screen)
    before, until = request.GET.get("before", ""), request.GET.get("until", "")
    end = int(until) if until.isdecimal() and len(until) < 12 else 0
    return CaptureState(
        kept,
        waits=bool(before) and before == (kept.mark if kept else "none"),
        query=urlencode({"before": before, "until": end}),
        is_late=time.time() >= end,
        verdict=in_words.verdict(captures.verdict(screen, kept.said), kept.said.brightness) if kept else {},
        shows=in_words.shown(kept.said.shown, *_names(screen, kept.said)) if kept else "",
    )


def _names(screen: Screen, said: Capture) -> tuple[dict[str, str], dict[str, str]]:
    """Return the names of the slides and of the alerts that a picture may show, by their identifiers."""
    try:
        slides = {slide.id: slide.name for slide in expected.current_manifest(screen).slides}
    except CompileProblem:
        slides = {}
    return slides, alerts.titles(each.alert for each in said.shown if each.alert)


@for_people("GET")
def screen_expected(request: PersonRequest, slug: str) -> HttpResponse:
    """Return what the glass must show, to the pixel; smaller with ``?small``."""
    screen = get_object_or_404(Screen.objects.select_related("screen_class"), slug=slug)
    try:
        picture, digest = expected.expected_picture(screen, timezone.now())
    except CompileProblem as problem:
        raise Http404 from problem
    small = "small" in request.GET
    if small:
        picture.thumbnail(SMALL, Image.Resampling.BOX)
    return _image(request, _png(picture), "image/png", f'"{digest[:32]}{"-small" if small else ""}"')


def _chosen(known: list[ScreenOverview], request: HttpRequest) -> list[ScreenOverview]:
    search, group, state = (request.GET.get(name, "") for name in ("search", "group", "state"))
    return [
        one
        for one in known
        if search.casefold() in f"{one.screen.name} {one.screen.place}".casefold()
        and (not group or group in {each.slug for each in one.screen.groups.all()})
        and (not state or state == one.state)
    ]


def card(known: ScreenOverview, at: dt.datetime) -> Card:
    """Return what there is to say of a screen at an instant."""
    state = in_words.state_of(known.state)
    reasons = [str(in_words.REASONS[code]) for code in known.reasons]
    live_at = _live_at(known)
    try:
        manifest = expected.current_manifest(known.screen)
        scenes = expected.upcoming(known.screen, at, 2)
    except CompileProblem as problem:
        return Card(known, state, reasons, live_at, "", "", "", None, "", problem.message)
    scene = scenes[0][1]
    return Card(
        known, state, reasons, live_at,
        mark=f"{live_at.timestamp():.3f}" if live_at else _mark(scene, manifest.settings.model_dump_json()),
        what=in_words.what(scene),
        why=in_words.why(scene, manifest),
        until=words.from_milliseconds(scene.until_ms),
        following=in_words.what(scenes[1][1]) if len(scenes) > 1 else "",
    )  # fmt: skip


def _live_at(known: ScreenOverview) -> dt.datetime | None:
    """Return when the newest picture of the glass arrived, if what it shows is still on."""
    shot = queries.screenshot(known.screen)
    if shot is None or known.report is None or known.report.presented_at_ms is None or known.state == "offline":
        return None
    presented = dt.datetime.fromtimestamp(known.report.presented_at_ms / 1000, dt.UTC)
    return shot[1] if shot[1] >= presented - LATENESS else None


def _mark(scene: Scene, settings: str) -> str:
    shown = [(each.rectangle, each.slide, each.alert, each.form, each.page) for each in scene.showings]
    return hashlib.sha256(f"{shown}{settings}".encode()).hexdigest()[:12]


def _ask_for_pictures(page: Page[ScreenOverview]) -> None:
    for known in page:
        if known.screen.enrolled_at is not None and known.state != "offline":
            services.ask_screenshots(known.screen)


def _summary(known: list[ScreenOverview]) -> dict[str, str]:
    """Return the state of all screens in a sentence, with its colour."""
    amiss = [one for one in known if one.state != "right"]
    if not amiss:
        count = len(known)
        sentence = ngettext("The screen shows what it must.", "All %(count)d screens show what they must.", count)
        return {"words": sentence % {"count": count}, "colour": "success"}
    counted = {code: sum(one.state == code for one in amiss) for code in in_words.STATES}
    parts = [
        ngettext("%(count)d screen: %(state)s", "%(count)d screens: %(state)s", count)
        % {"count": count, "state": in_words.STATES[code][0]}
        for code, count in counted.items()
        if count
    ]
    grave = counted["wrong"] or counted["offline"]
    return {"words": " · ".join(parts), "colour": "error" if grave else "warning"}


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _image(request: HttpRequest, body: bytes, media_type: str, tag: str) -> HttpResponse:
    unchanged = request.headers.get("If-None-Match") == tag
    response = HttpResponse(status=304) if unchanged else HttpResponse(body, content_type=media_type)
    response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    return response
