"""Operations on screens: what each shows and why, its state, its settings, its player."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Status
from PIL import Image

from beffroi_content.wire.reports import PlayerReport
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import not_found
from beffroi_server.api.screen_models import (
    READ,
    TAG,
    WRITE,
    EnrolmentAnswer,
    ImageQuery,
    MachineAnswer,
    NewScreen,
    NowAnswer,
    ScreenAnswer,
    ScreenChange,
    ScreenQuery,
    ScreenWithState,
    ShownAnswer,
    screen_values,
    state_answer,
    stored_hours,
    with_state,
)
from beffroi_server.api.values import (
    PageOf,
    Slug,
    find_row,
    named_row,
    named_rows,
    page_of,
)
from beffroi_server.core import formatting
from beffroi_server.fleet import captures, player_boxes, screen_scopes, screenshots, services, sound_trials
from beffroi_server.fleet.box_models import PlayerBox
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.slugs import free_slug
from beffroi_server.library.preview import encode_png
from beffroi_server.monitoring import expected_frames, screen_overview, status_text
from beffroi_server.monitoring.screen_selection import filter_screens, overviews_in_scope
from beffroi_server.schedule import queries as schedule

CHANGES_SHOWN = 8
THUMBNAIL_SIZE = (640, 640)


@operation("GET", "/screens", scope=READ, returns=PageOf[ScreenWithState], tag=TAG)
def list_screens(request: ApiRequest, query: Query[ScreenQuery]) -> PageOf[ScreenWithState]:
    """List screens with their settings and states."""
    found = filter_screens(
        overviews_in_scope(timezone.now(), request.user), search=query.search, group=query.group or "",
        state=query.state or "",
    )  # fmt: skip
    return page_of(query, found, with_state, complete=screen_overview.with_whole_screens)


@operation("POST", "/screens", scope=WRITE, returns=ScreenAnswer, status=201, tag=TAG)
def create_screen(request: ApiRequest, body: NewScreen) -> Status[ScreenAnswer]:
    """Add a screen; its player is enrolled afterwards."""
    return Status(201, _save(Screen(slug=free_slug(Screen, body.name)), body, request))


@operation("GET", "/screens/{slug}", scope=READ, returns=ScreenAnswer, tag=TAG)
def read_screen(request: ApiRequest, slug: Slug) -> ScreenAnswer:
    """Return the settings of a screen."""
    return ScreenAnswer.model_validate(screen_values(_screen(slug, request)))


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


@operation("POST", "/screens/{slug}/trial-sound", scope=WRITE, status=202, tag=TAG)
def play_trial_sound(request: ApiRequest, slug: Slug) -> Status[None]:
    """Have a screen play a chime and say that it is a trial, at the volume of its alerts."""
    sound_trials.play_trial(_screen(slug, request), user=request.user)
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


@operation("GET", "/screens/{slug}/machines", scope=READ, returns=list[MachineAnswer], tag=TAG)
def list_machines(request: ApiRequest, slug: Slug) -> list[MachineAnswer]:
    """List the machines that have used the identity of a screen, the first one first: more than one after a copy."""
    rows, now = player_boxes.boxes_of([(screen := _screen(slug, request)).pk])[screen.pk], timezone.now()
    keeper = player_boxes.keeper_of(rows, now)
    return [
        MachineAnswer(
            box=each.box, address=each.address, first_seen_at=each.first_seen_at, last_seen_at=each.last_seen_at,
            is_player=each == keeper,
        )
        for each in rows
    ]  # fmt: skip


@operation("POST", "/screens/{slug}/machines/{box}/choose", scope=WRITE, status=204, tag=TAG)
def choose_machine(request: ApiRequest, slug: Slug, box: Slug) -> Status[None]:
    """Make one of several machines the player of a screen; the others are shut out."""
    screen = _screen(slug, request)
    find_row(PlayerBox.objects.filter(screen=screen), box=box)
    player_boxes.choose_box(screen, box, user=request.user)
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
    stored_hours(values)
    for name, value in values.items():
        setattr(row, name, value)
    services.save_screen(row, user=request.user, groups=chosen)
    return ScreenAnswer.model_validate(screen_values(_screen(row.slug, request)))
