"""Expected frames: the pixels that a screen must be showing at an instant.

The scene is resolved by the timeline and drawn by the raster, as the player does both, so the digest of the expected
frame equals the one that a correct player reports.
"""

from __future__ import annotations

import datetime as dt
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence

from PIL import Image

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_content.timeline import Moment, Scene, Showing, resolve_scene, scene_changes
from beffroi_server.alerts import alert_reach
from beffroi_server.alerts import queries as alerts
from beffroi_server.alerts.models import Alert
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen
from beffroi_server.library import preview
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule import publication
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.layouts import BAND_PREFIX

MAX_CACHED_DIGESTS = 5_000
SCENES_LOOKED_AT = 25
"""Scenes that are looked at for each one that is asked for: bands and clocks change more often than the loop."""
_digests: dict[tuple[object, ...], str] = {}


class ExpectedContents:
    """What screens must show: the manifests and the running alerts, read once for many screens and instants."""

    def __init__(self, screens: Iterable[Screen]) -> None:
        known = list(screens)
        self._published = publication.published_manifests(known)
        self._compiled: dict[str, content.Manifest] = {}
        self._running = alerts.running_alerts()
        _reach, self._seen = alert_reach.reach_and_seen(self._running)

    def manifest_of(self, screen: Screen) -> content.Manifest:
        """Return the manifest of a screen: the one that was sent, or the coming one if something was changed since.

        Raises:
            CompileError: nothing was sent yet, and no manifest can be compiled.
        """
        published = self._published[screen.slug]
        if published is not None and screen.programme_due_at is None:
            return published
        if screen.slug not in self._compiled:
            self._compiled[screen.slug] = self._compile(screen, published)
        return self._compiled[screen.slug]

    def active_alerts(self, now: dt.datetime) -> list[Alert]:
        """Return the alerts of all screens that are active at an instant, without reading them again."""
        return alerts.active_alerts(now, self._running)

    def scene_at(self, screen: Screen, now: dt.datetime) -> Scene:
        """Return the scene of a screen at an instant, given that it has received everything."""
        manifest = self.manifest_of(screen)
        size = manifest.settings.screen_class.size
        return resolve_scene(manifest, self._held_alerts(screen, manifest, now), _trusted_moment(now), size)

    def digests_at(self, screen: Screen, moments: Iterable[dt.datetime]) -> Iterator[str]:
        """Yield the digest of the expected frame at each of some instants; known scenes are not drawn again."""
        settings = self.manifest_of(screen).settings
        for moment in moments:
            scene = self.scene_at(screen, moment)
            key = _scene_key(scene, settings)
            if key not in _digests:
                _digests[key] = frame_of_scene(scene, settings)[1]
                # The oldest are dropped; pop with a default, since other threads do the same.
                while len(_digests) > MAX_CACHED_DIGESTS:
                    _digests.pop(next(iter(_digests)), None)
            yield _digests[key]

    def upcoming_scenes(self, screen: Screen, now: dt.datetime, count: int = 10) -> list[tuple[int, Scene]]:
        """Return the scene at ``now`` and those that follow it, each with the instant (Unix ms) at which it begins.

        What only a band changes, or a slide that changes by itself, is no other scene.
        """
        manifest = self.manifest_of(screen)
        held, size = self._held_alerts(screen, manifest, now), manifest.settings.screen_class.size
        scenes = scene_changes(manifest, held, _trusted_moment(now), size)
        found: list[tuple[int, Scene]] = []
        begins, known = unix_ms(now), None
        for scene in itertools.islice(scenes, SCENES_LOOKED_AT * count):
            content_key = _content_key(scene)
            if content_key != known:
                found.append((begins, scene))
                known = content_key
            if len(found) == count:
                break
            begins = scene.until_ms or begins
        return found

    def _compile(self, screen: Screen, published: content.Manifest | None) -> content.Manifest:
        try:
            return compiling.compile_manifest(load_inputs(screen)).manifest
        except compiling.CompileError:
            if published is None:
                raise
            return published

    def _held_alerts(self, screen: Screen, manifest: content.Manifest, now: dt.datetime) -> Sequence[content.HeldAlert]:
        settings, loop_size = manifest.settings, manifest.layout.zones[0].rectangle.size
        found = []
        seen = self._seen.get(screen.pk, frozenset())
        for held in alert_reach.held_alerts(alerts.alerts_for(screen, now, self._running), seen):
            alert, form = held.alert, preview.alert_form(held.alert.level)
            times = preview.alert_page_ms(alert, form, preview.alert_canvas(alert.level, form, settings, loop_size))
            found.append(held.replace(pages=len(times), page_ms=times))
        return found


def expected_scene(screen: Screen, now: dt.datetime) -> Scene:
    """Return the scene of a screen at an instant; see ``ExpectedContents.scene_at``."""
    return ExpectedContents([screen]).scene_at(screen, now)


def expected_frame(screen: Screen, now: dt.datetime) -> tuple[Image.Image, str]:
    """Return the frame that a screen must show at an instant, upright, and its digest as a player reports it.

    Raises:
        CompileError: the screen has no programme, and none can be compiled.
    """
    contents = ExpectedContents([screen])
    return frame_of_scene(contents.scene_at(screen, now), contents.manifest_of(screen).settings)


def frame_of_scene(scene: Scene, settings: content.ScreenSettings) -> tuple[Image.Image, str]:
    """Return the frame of a scene, upright, and its digest as a player reports it."""
    parts = [(showing.rectangle, _draw_showing(showing, settings)) for showing in scene.showings]
    frame = rendering.compose_frame(settings.screen_class.size, parts)
    return frame, rendering.image_digest(frame)


def upcoming_scenes(screen: Screen, now: dt.datetime, count: int = 10) -> list[tuple[int, Scene]]:
    """Return the coming scenes of one screen; see ``ExpectedContents.upcoming_scenes``."""
    return ExpectedContents([screen]).upcoming_scenes(screen, now, count)


def current_manifest(screen: Screen) -> content.Manifest:
    """Return the manifest of one screen; see ``ExpectedContents.manifest_of``."""
    return ExpectedContents([screen]).manifest_of(screen)


def _trusted_moment(now: dt.datetime) -> Moment:
    """Return an instant on a machine whose clock is trusted, and has run since 1970: uptime and time are equal."""
    return Moment(unix_ms=unix_ms(now), uptime_ms=unix_ms(now))


def _content_key(scene: Scene) -> tuple[object, ...]:
    """Return a key that is equal for scenes with the same slides and alerts, apart from those of bands."""
    return tuple(
        (showing.zone, showing.slide and showing.slide.id, showing.alert and showing.alert.id, showing.form,
         0 if showing.at_ms is not None else showing.page, None if showing.at_ms is not None else showing.since_ms)
        for showing in scene.showings
        if showing.slide is None or not showing.slide.id.startswith(BAND_PREFIX)
    )  # fmt: skip


def _scene_key(scene: Scene, settings: content.ScreenSettings) -> tuple[object, ...]:
    """Return a key that is equal for equal frames, without drawing them."""
    return (settings.screen_class.size, *(_showing_key(showing, settings) for showing in scene.showings))


def _showing_key(showing: Showing, settings: content.ScreenSettings) -> tuple[object, ...]:
    if showing.alert is not None and showing.form is not None:
        canvas = preview.alert_canvas(showing.alert.level, showing.form, settings, showing.rectangle.size)
        return showing.rectangle, showing.page, rendering.alert_key(showing.alert, showing.form, canvas)
    assert showing.slide is not None
    canvas = rendering.Canvas.for_screen(settings, showing.rectangle.size)
    return showing.rectangle, showing.page, rendering.slide_key(showing.slide, canvas, showing.at_ms)


def _draw_showing(showing: Showing, settings: content.ScreenSettings) -> Image.Image:
    if showing.alert is not None:
        assert showing.form is not None
        pages = _alert_pages(showing.alert, showing.form, settings, showing.rectangle.size)
    else:
        assert showing.slide is not None
        pages = _slide_pages(
            showing.slide, rendering.Canvas.for_screen(settings, showing.rectangle.size), showing.at_ms
        )
    return Image.open(io.BytesIO(pages[min(showing.page, len(pages) - 1)]))


def _alert_pages(
    alert: content.Alert, form: content.AlertForm, settings: content.ScreenSettings, loop_size: tuple[int, int]
) -> preview.PngPages:
    return preview.alert_pages(alert, form, preview.alert_canvas(alert.level, form, settings, loop_size))


def _slide_pages(slide: content.Slide, canvas: rendering.Canvas, at_ms: int | None) -> preview.PngPages:
    try:
        return preview.slide_pages(slide, canvas, at_ms)
    except rendering.RasterError:
        # The player shows the same in place of a slide that it cannot draw.
        return preview.page_cache.get_pages(
            f"notice/{rendering.slide_key(slide, canvas)}",
            lambda: (rendering.draw_idle_page(canvas.town.name, [], canvas),),
        )
