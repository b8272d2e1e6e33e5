"""Cards of the overview: a screen with its state, what is on it, why, and until when."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.timeline import Scene
from beffroi_server.core import formatting
from beffroi_server.fleet import screenshots
from beffroi_server.fleet.models import Screen
from beffroi_server.monitoring import programme_calendar, status_text
from beffroi_server.monitoring.expected_frames import ExpectedContents
from beffroi_server.monitoring.programme_calendar import CalendarSlide
from beffroi_server.monitoring.screen_overview import ScreenOverview
from beffroi_server.schedule.compile_inputs import announcement_id_of
from beffroi_server.schedule.manifest_compiler import CompileError

CLOCK_TOLERANCE = dt.timedelta(seconds=5)
"""By how much a screenshot may seem older than the frame that it shows, since server and player have a clock each."""


@dataclass(frozen=True)
class ScreenCard:
    """A screen as its card shows it."""

    overview: ScreenOverview
    state: dict[str, str]
    reasons: list[str]
    live_at: dt.datetime | None
    """Arrival of the screenshot; None where the expected frame is shown instead."""
    image_mark: str
    """Changes with the image."""
    on_now: str
    reason: str
    why: CalendarSlide | None = None
    """The slide that is on, with its rule; None where none is."""
    announcements: tuple[tuple[str, str], ...] = ()
    """Identifier and title of each announcement that is on."""
    next_text: str = ""
    """What comes next, and when, as a phrase."""
    problem: str = ""
    """Reason why the programme cannot be compiled; the fields about what is on are empty then."""

    @property
    def screen(self) -> Screen:
        """The screen of the card."""
        return self.overview.screen

    @property
    def live_text(self) -> str:
        """When the screenshot was taken, as a phrase; empty where the expected frame is shown."""
        return _("The screen at %(time)s") % {"time": _clock_time(self.live_at)} if self.live_at is not None else ""


def build_card(
    overview: ScreenOverview,
    at: dt.datetime,
    contents: ExpectedContents | None = None,
    wrong_since: dt.datetime | None = None,
) -> ScreenCard:
    """Return the card of a screen at an instant.

    Args:
        overview: The screen and its state.
        at: The instant.
        contents: What its screen must show, where that was read for many screens before.
        wrong_since: Since when it needs attention, where that is known.
    """
    contents = contents or ExpectedContents([overview.screen])
    since = overview.silent_since or (wrong_since if overview.state == "wrong" else None)
    state = status_text.state_text(overview.state, since)
    reasons = [str(status_text.REASON_TEXTS[code]) for code in overview.reasons]
    live_at = _screenshot_time(overview)
    try:
        manifest = contents.manifest_of(overview.screen)
        scenes = contents.upcoming_scenes(overview.screen, at, 2)
    except CompileError as problem:
        return ScreenCard(overview, state, reasons, live_at, "", "", "", problem=problem.message)
    scene = scenes[0][1]
    until = formatting.from_milliseconds(scenes[1][0] if len(scenes) > 1 else scene.until_ms)
    on_next = status_text.scene_names(scenes[1][1]) if len(scenes) > 1 else ""
    return ScreenCard(
        overview, state, reasons, live_at,
        image_mark=f"{live_at.timestamp():.3f}" if live_at else _scene_mark(scene, manifest.settings.model_dump_json()),
        on_now=status_text.scene_names(scene),
        reason=status_text.scene_reason(scene, manifest),
        why=programme_calendar.shown_slide(scene, manifest),
        announcements=announcements_on(scene),
        next_text=_next_text(until, on_next),
    )  # fmt: skip


def announcements_on(scene: Scene) -> tuple[tuple[str, str], ...]:
    """Return identifier and title of each announcement in a scene, each once; none that an alert covers."""
    slides = [showing.slide for showing in scene.showings if showing.slide is not None and not showing.alert]
    found = {announcement_id_of(slide.id): slide.name for slide in slides}
    return tuple((key, name) for key, name in found.items() if key)


def upcoming_changes(
    screen: Screen, at: dt.datetime, count: int, contents: ExpectedContents
) -> list[dict[str, object]]:
    """Return the next changes on a screen, each with its instant, content and reason; none without a programme."""
    try:
        manifest = contents.manifest_of(screen)
        scenes = contents.upcoming_scenes(screen, at, count)
    except CompileError:
        return []
    return [
        {
            "at": formatting.from_milliseconds(begins_ms),
            "content": status_text.scene_names(scene),
            "reason": status_text.scene_reason(scene, manifest),
        }
        for begins_ms, scene in scenes
    ]


def _screenshot_time(overview: ScreenOverview) -> dt.datetime | None:
    """Return when the newest screenshot arrived, if the frame that it shows is still presented."""
    screenshot, report = screenshots.newest_screenshot(overview.screen), overview.report
    if screenshot is None or report is None or report.presented_at_ms is None or overview.state == "offline":
        return None
    presented = dt.datetime.fromtimestamp(report.presented_at_ms / 1000, dt.UTC)
    return screenshot[1] if screenshot[1] >= presented - CLOCK_TOLERANCE else None


def _next_text(until: dt.datetime | None, on_next: str) -> str:
    if until is None or not on_next:
        return ""
    return _("From %(time)s: %(next)s") % {"time": _clock_time(until), "next": on_next}


def _clock_time(instant: dt.datetime) -> str:
    return f"{timezone.localtime(instant):%H:%M:%S}"


def _scene_mark(scene: Scene, settings: str) -> str:
    # As JSON, which takes a tenth of the time of writing a model out by its fields.
    shown = [
        (each.rectangle, each.slide and each.slide.model_dump_json(), each.alert and each.alert.model_dump_json(),
         each.form, each.page)
        for each in scene.showings
    ]  # fmt: skip
    return hashlib.sha256(f"{shown}{settings}".encode()).hexdigest()[:12]
