"""What a screen must be showing, computed by the player's own resolver and drawn by its own functions."""

from __future__ import annotations

import datetime as dt
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence

from PIL import Image

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_content.timeline import Moment, Scene, Showing, resolve_scene, scene_changes
from beffroi_server.alerts import queries as alerts
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen
from beffroi_server.library import preview
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule import publication

MAX_CACHED_DIGESTS = 5_000
_digests: dict[tuple[object, ...], str] = {}


def expected_scene(screen: Screen, now: dt.datetime) -> Scene:
    """Return what a screen that has received everything shows at an instant."""
    manifest = current_manifest(screen)
    return resolve_scene(
        manifest,
        _held_alerts(screen, manifest.settings, now),
        _trusted_moment(now),
        manifest.settings.screen_class.size,
    )


def expected_frame(screen: Screen, now: dt.datetime) -> tuple[Image.Image, str]:
    """Return the picture on the glass, upright, and its digest as a player reports it."""
    manifest = current_manifest(screen)
    size = manifest.settings.screen_class.size
    scene = resolve_scene(manifest, _held_alerts(screen, manifest.settings, now), _trusted_moment(now), size)
    return frame_of_scene(scene, manifest.settings)


def expected_digests(screen: Screen, moments: Iterable[dt.datetime]) -> Iterator[str]:
    """Return the digest of what is on the glass at each of some instants. What is known is not drawn again."""
    manifest = current_manifest(screen)
    settings, size = manifest.settings, manifest.settings.screen_class.size
    for moment in moments:
        scene = resolve_scene(manifest, _held_alerts(screen, settings, moment), _trusted_moment(moment), size)
        key = _scene_key(scene, settings)
        if key not in _digests:
            _digests[key] = frame_of_scene(scene, settings)[1]
            while len(_digests) > MAX_CACHED_DIGESTS:
                _digests.pop(next(iter(_digests)), None)
        yield _digests[key]


def frame_of_scene(scene: Scene, settings: content.ScreenSettings) -> tuple[Image.Image, str]:
    """Return the picture of a scene, upright, and its digest as a player reports it."""
    parts = [(showing.rectangle, _draw_showing(showing, settings)) for showing in scene.showings]
    picture = rendering.compose_frame(settings.screen_class.size, parts)
    return picture, rendering.image_digest(picture)


def upcoming_scenes(screen: Screen, now: dt.datetime, count: int = 10) -> list[tuple[int, Scene]]:
    """Return the scene at ``now`` and those that follow it, each with the instant (Unix ms) at which it begins."""
    manifest = current_manifest(screen)
    held = _held_alerts(screen, manifest.settings, now)
    scenes = itertools.islice(
        scene_changes(manifest, held, _trusted_moment(now), manifest.settings.screen_class.size), count
    )
    found: list[tuple[int, Scene]] = []
    begins = unix_ms(now)
    for scene in scenes:
        found.append((begins, scene))
        begins = scene.until_ms or begins
    return found


def current_manifest(screen: Screen) -> content.Manifest:
    """Return what the screen was sent; or what it is about to be sent, where something was changed since.

    Raises:
        CompileProblem: it was sent nothing yet, and what it is to be sent cannot be compiled.
    """
    published = publication.published_manifest(screen)
    if published is not None and screen.programme_due_at is None:
        return published
    try:
        return compiling.compile_manifest(compiling.load_inputs(screen)).manifest
    except compiling.CompileError:
        if published is None:
            raise
        return published


def _held_alerts(screen: Screen, settings: content.ScreenSettings, now: dt.datetime) -> Sequence[content.HeldAlert]:
    return [
        content.HeldAlert(
            alert=alert,
            lapses_at_uptime_ms=alert.ends_at_ms,
            pages=len(_alert_pages(alert, preview.alert_form(alert.level), settings)),
        )
        for alert in alerts.alerts_for(screen, now)
    ]


def _trusted_moment(now: dt.datetime) -> Moment:
    """Return the instant on a machine whose clock was right since 1970: its uptime is the time."""
    return Moment(unix_ms=unix_ms(now), uptime_ms=unix_ms(now))


def _scene_key(scene: Scene, settings: content.ScreenSettings) -> tuple[object, ...]:
    """Return what tells two pictures apart without drawing them."""
    return (settings.screen_class.size, *(_showing_key(showing, settings) for showing in scene.showings))


def _showing_key(showing: Showing, settings: content.ScreenSettings) -> tuple[object, ...]:
    if showing.alert is not None and showing.form is not None:
        canvas = preview.alert_canvas(showing.alert.level, showing.form, settings)
        return showing.rectangle, showing.page, rendering.alert_key(showing.alert, showing.form, canvas)
    assert showing.slide is not None
    canvas = rendering.Canvas.for_screen(settings, showing.rectangle.size)
    return showing.rectangle, showing.page, rendering.slide_key(showing.slide, canvas, showing.at_ms)


def _draw_showing(showing: Showing, settings: content.ScreenSettings) -> Image.Image:
    if showing.alert is not None:
        assert showing.form is not None
        pages = _alert_pages(showing.alert, showing.form, settings)
    else:
        assert showing.slide is not None
        pages = _slide_pages(
            showing.slide, rendering.Canvas.for_screen(settings, showing.rectangle.size), showing.at_ms
        )
    return Image.open(io.BytesIO(pages[min(showing.page, len(pages) - 1)]))


def _alert_pages(alert: content.Alert, form: content.AlertForm, settings: content.ScreenSettings) -> preview.PngPages:
    return preview.alert_pages(alert, form, preview.alert_canvas(alert.level, form, settings))


def _slide_pages(slide: content.Slide, canvas: rendering.Canvas, at_ms: int | None) -> preview.PngPages:
    try:
        return preview.slide_pages(slide, canvas, at_ms)
    except rendering.RasterError:
        # As the player does: a zone is never black.
        return preview.page_cache.get_pages(
            f"notice/{rendering.slide_key(slide, canvas)}",
            lambda: (rendering.draw_idle_page(canvas.town.name, [], canvas),),
        )
