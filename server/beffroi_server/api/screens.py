"""Operations on screens: what each shows and why, its state, its settings, its player."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Status
from PIL import Image
from pydantic import Field

from beffroi_content.model import ScreenAppearance, SlideTransition, UncertainClock
from beffroi_content.wire.reports import PlayerReport
from beffroi_server.api.languages import Languages
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import not_found
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Line200,
    MinuteOfDay,
    Name80,
    PageOf,
    PageQuery,
    Search,
    Slug,
    Slugs,
    WarningText,
    find_row,
    named_row,
    named_rows,
    page_of,
)
from beffroi_server.core import formatting
from beffroi_server.fleet import captures, screen_scopes, screenshots, services, targets
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.slugs import free_slug
from beffroi_server.library.preview import encode_png
from beffroi_server.monitoring import expected_frames, screen_overview, status_text
from beffroi_server.monitoring.screen_overview import ScreenOverview
from beffroi_server.monitoring.screen_selection import filter_screens, overviews_in_scope
from beffroi_server.schedule import queries as schedule

TAG = "screens"
READ, WRITE = "screens:read", "screens:write"
CHANGES_SHOWN = 8
THUMBNAIL_SIZE = (640, 640)
ScreenState = Literal["right", "pending", "wrong", "offline", "new"]
PercentOfLight = Annotated[int, Field(ge=1, le=100)]


class StateAnswer(Answer):
    """State of a screen."""

    state: ScreenState
    sentence: str
    reasons: list[str]
    """Codes: why it is not “right”."""
    reason_sentences: list[str]
    seen_at: dt.datetime | None


class ScreenAnswer(Answer):
    """A screen with its settings."""

    slug: str
    name: str
    place: str
    screen_class: int
    rotation: int
    groups: list[str]
    appearance: ScreenAppearance
    transition: SlideTransition
    languages: list[str]
    """In which it shows announcements, in order; none: as its groups or the town say, otherwise all."""
    off_from: dt.time | None
    off_until: dt.time | None
    night_brightness: int
    darkest: int
    volume: int
    overscan_percent: float
    viewports: str
    download_limit: int | None
    download_from: dt.time | None
    download_until: dt.time | None
    neighbours: bool
    idle_after_hours: int | None
    uncertain_clock: UncertainClock
    enrolled_at: dt.datetime | None


class ScreenWithState(ScreenAnswer):
    """A screen with its settings and its state."""

    state: StateAnswer


class ScreenChange(Change):
    """Settings of a screen."""

    name: Name80 = ""
    place: Line200 = ""
    screen_class: Key = 1
    rotation: Literal[0, 90, 180, 270] = 0
    groups: Slugs = []
    appearance: ScreenAppearance = ScreenAppearance.DAY
    transition: SlideTransition = SlideTransition.CROSSFADE
    languages: Languages = []
    off_from: MinuteOfDay | None = None
    off_until: MinuteOfDay | None = None
    night_brightness: PercentOfLight = 100
    darkest: PercentOfLight = 100
    volume: Annotated[int, Field(ge=0, le=100)] = 0
    overscan_percent: Annotated[float, Field(ge=0, le=15)] = 0
    viewports: WarningText = ""
    download_limit: Annotated[int, Field(ge=8, le=1_000_000)] | None = None
    download_from: MinuteOfDay | None = None
    download_until: MinuteOfDay | None = None
    neighbours: bool = False
    idle_after_hours: Annotated[int, Field(ge=1, le=8760)] | None = None
    uncertain_clock: UncertainClock = UncertainClock.BELIEVED


class NewScreen(ScreenChange):
    """A new screen. Its identifier is made of its name."""

    name: Name80
    screen_class: Key


class ScreenQuery(PageQuery):
    """Which screens are wanted."""

    search: Search = ""
    group: Slug | None = None
    state: ScreenState | None = None


class ShownAnswer(Answer):
    """What is on a screen, and why."""

    at: dt.datetime
    content: str
    reason: str


class NowAnswer(Answer):
    """What a screen shows now, given that it has received everything, and what comes next."""

    state: StateAnswer
    is_verified: bool
    """Whether the player has reported exactly the pixels that are expected."""
    until: dt.datetime | None
    on: list[ShownAnswer]
    """The first is on now."""
    problems: list[str]
    """Slides that it does not show although a rule says so."""


class EnrolmentAnswer(Answer):
    """The code that enrols a player, once; it is not shown again."""

    code: str
    command: str
    """What to type on the player."""


class ImageQuery(Change):
    """How an image is wanted."""

    small: bool = False


def _screen_values(row: Screen) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ScreenAnswer.model_fields if name not in {"groups", "screen_class"}},
        "groups": list(targets.group_slugs_of(row)),
        "screen_class": row.screen_class_id,
    }


def state_answer(overview: ScreenOverview) -> StateAnswer:
    """Return the state of a screen as the API shows it."""
    return StateAnswer.model_validate(
        {
            "state": overview.state, "sentence": status_text.state_text(overview.state)["text"],
            "reasons": overview.reasons, "seen_at": overview.seen_at,
            "reason_sentences": [str(status_text.REASON_TEXTS[code]) for code in overview.reasons],
        }
    )  # fmt: skip


def _with_state(overview: ScreenOverview) -> ScreenWithState:
    return ScreenWithState.model_validate({**_screen_values(overview.screen), "state": state_answer(overview)})


@operation("GET", "/screens", scope=READ, returns=PageOf[ScreenWithState], tag=TAG)
def list_screens(request: ApiRequest, query: Query[ScreenQuery]) -> PageOf[ScreenWithState]:
    """List screens with their settings and states."""
    found = filter_screens(
        overviews_in_scope(timezone.now(), request.user), search=query.search, group=query.group or "",
        state=query.state or "",
    )  # fmt: skip
    return page_of(query, found, _with_state, complete=screen_overview.with_whole_screens)


@operation("POST", "/screens", scope=WRITE, returns=ScreenAnswer, status=201, tag=TAG)
def create_screen(request: ApiRequest, body: NewScreen) -> Status[ScreenAnswer]:
    """Add a screen; its player is enrolled afterwards."""
    return Status(201, _save(Screen(slug=free_slug(Screen, body.name)), body, request))


@operation("GET", "/screens/{slug}", scope=READ, returns=ScreenAnswer, tag=TAG)
def read_screen(request: ApiRequest, slug: Slug) -> ScreenAnswer:
    """Return the settings of a screen."""
    return ScreenAnswer.model_validate(_screen_values(_screen(slug, request)))


@operation("PATCH", "/screens/{slug}", scope=WRITE, returns=ScreenAnswer, tag=TAG)
def change_screen(request: ApiRequest, slug: Slug, body: ScreenChange) -> ScreenAnswer:
    """Change the settings of a screen."""
    return _save(_screen(slug, request), body, request)


@operation("GET", "/screens/{slug}/now", scope=READ, returns=NowAnswer, tag=TAG)
def read_screen_now(request: ApiRequest, slug: Slug) -> NowAnswer:
    """Return what is on a screen and why, what comes next, and its state."""
    row, now = _screen(slug, request), timezone.now()
    overview = screen_overview.overview_screen(row, now)
    manifest = expected_frames.current_manifest(row)
    scenes = expected_frames.upcoming_scenes(row, now, CHANGES_SHOWN)
    return NowAnswer(
        state=state_answer(overview), is_verified=overview.verified,
        until=formatting.from_milliseconds(scenes[0][1].until_ms),
        on=[
            ShownAnswer.model_validate(
                {
                    "at": formatting.from_milliseconds(begins_ms), "content": status_text.scene_names(scene),
                    "reason": status_text.scene_reason(scene, manifest),
                }
            )
            for begins_ms, scene in scenes
        ],
        problems=[f"{each.name}: {each.message}" for each in schedule.programme_problems(row)],
    )  # fmt: skip


@operation("GET", "/screens/{slug}/report", scope=READ, returns=PlayerReport, tag=TAG)
def read_report(request: ApiRequest, slug: Slug) -> PlayerReport:
    """Return the last report of a player, as it sent it."""
    report = screen_overview.report_of(_screen(slug, request))
    if report is None:
        raise not_found()
    return report


@operation("GET", "/screens/{slug}/expected", scope=READ, media_type="image/png", tag=TAG)
def draw_expected_frame(request: ApiRequest, slug: Slug, query: Query[ImageQuery]) -> HttpResponse:
    """Return the frame that a screen has to show now, to the pixel, as PNG."""
    image, _digest = expected_frames.expected_frame(_screen(slug, request), timezone.now())
    if query.small:
        image.thumbnail(THUMBNAIL_SIZE, Image.Resampling.BOX)
    return HttpResponse(encode_png(image), content_type="image/png")


@operation("GET", "/screens/{slug}/screenshot", scope=READ, media_type="image/jpeg", tag=TAG)
def read_screenshot(request: ApiRequest, slug: Slug) -> HttpResponse:
    """Return the newest screenshot of a screen as JPEG."""
    found = screenshots.newest_screenshot(_screen(slug, request))
    if found is None:
        raise not_found()
    return HttpResponse(found[0], content_type="image/jpeg")


@operation("POST", "/screens/{slug}/screenshot", scope=READ, status=202, tag=TAG)
def request_screenshot(request: ApiRequest, slug: Slug) -> Status[None]:
    """Ask a player for screenshots during the next minute."""
    services.request_screenshots_of([_screen(slug, request)])
    return Status(202, None)


@operation("GET", "/screens/{slug}/capture", scope=READ, media_type="image/png", tag=TAG)
def read_capture(request: ApiRequest, slug: Slug) -> HttpResponse:
    """Return the newest capture of a screen, to the pixel, as PNG."""
    stored = captures.newest_capture(_screen(slug, request))
    if stored is None:
        raise not_found()
    return HttpResponse(stored.path.read_bytes(), content_type="image/png")


@operation("POST", "/screens/{slug}/capture", scope=WRITE, status=202, tag=TAG)
def request_capture(request: ApiRequest, slug: Slug) -> Status[None]:
    """Ask a player for a capture."""
    services.request_capture(_screen(slug, request), user=request.user)
    return Status(202, None)


@operation("POST", "/screens/{slug}/identify", scope=WRITE, status=202, tag=TAG)
def identify_screen(request: ApiRequest, slug: Slug) -> Status[None]:
    """Have a screen show its name for 20 seconds."""
    services.identify_screen(_screen(slug, request), user=request.user)
    return Status(202, None)


@operation("POST", "/screens/{slug}/restart", scope=WRITE, status=202, tag=TAG)
def restart_player(request: ApiRequest, slug: Slug) -> Status[None]:
    """Restart the player of a screen."""
    services.restart_player(_screen(slug, request), user=request.user)
    return Status(202, None)


@operation(
    "POST", "/screens/{slug}/enrolment", scope=WRITE, returns=EnrolmentAnswer, status=201, tag=TAG,
    is_repeatable=False,
)  # fmt: skip
def open_enrolment(request: ApiRequest, slug: Slug) -> Status[EnrolmentAnswer]:
    """Make a code that enrols a player for a screen, once, within 24 hours."""
    code, command = services.open_enrolment(_screen(slug, request), user=request.user)
    return Status(201, EnrolmentAnswer(code=code, command=command))


@operation("DELETE", "/screens/{slug}/enrolment", scope=WRITE, status=204, tag=TAG)
def revoke_player(request: ApiRequest, slug: Slug) -> Status[None]:
    """Revoke the credentials of a screen's player."""
    services.revoke_player(_screen(slug, request), user=request.user)
    return Status(204, None)


def _screen(slug: str, request: ApiRequest) -> Screen:
    within = screen_scopes.screens_in_scope(request.user)
    return find_row(within.select_related("state", "screen_class").prefetch_related("groups"), slug=slug)


def _save(row: Screen, body: ScreenChange, request: ApiRequest) -> ScreenAnswer:
    values = body.given()
    groups = values.pop("groups", None)
    chosen = named_rows(ScreenGroup.objects.all(), groups, "groups", key="slug") if groups is not None else None
    if "screen_class" in values:
        values["screen_class"] = named_row(ScreenClass.objects.all(), body.screen_class, "screen_class")
    for name, value in values.items():
        setattr(row, name, value)
    services.save_screen(row, user=request.user, groups=chosen)
    return ScreenAnswer.model_validate(_screen_values(_screen(row.slug, request)))
