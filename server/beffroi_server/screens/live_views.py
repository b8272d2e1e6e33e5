"""What is on now, on every screen."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import ngettext
from PIL import Image

from beffroi_content.timeline import Scene
from beffroi_server.programme import now as expected
from beffroi_server.programme.compile import CompileProblem
from beffroi_server.screens import in_words, queries, services
from beffroi_server.screens.models import Group, Screen
from beffroi_server.screens.queries import ScreenOverview
from beffroi_server.web import words
from beffroi_server.web.access import PersonRequest, for_people, is_htmx

CARDS = 24
SMALL = (640, 640)
"""Pixels of a picture for a card, at most."""
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
