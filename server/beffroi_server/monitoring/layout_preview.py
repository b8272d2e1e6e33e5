"""Preview of a layout that is not saved yet: the frame that a screen would show with it, bands and loop."""

from __future__ import annotations

import datetime as dt

from PIL import Image

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_content.timeline import Moment, Showing, resolve_scene
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen
from beffroi_server.monitoring import expected_frames
from beffroi_server.schedule import manifest_compiler
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.layout_models import LayoutChoice


def layout_frame(screen: Screen, choice: LayoutChoice, now: dt.datetime) -> Image.Image:
    """Return what a screen would show at an instant with a layout; messages that scroll begin at the left.

    Raises:
        CompileError: no programme can be compiled for the screen.
    """
    # Pages are not counted: that would draw every slide of the loop in its new size, and one is seen.
    manifest = manifest_compiler.compile_manifest(load_inputs(screen, choice), lambda _slide, _settings: 1).manifest
    size = manifest.settings.screen_class.size
    moment = Moment(unix_ms=unix_ms(now), uptime_ms=unix_ms(now))
    scene = resolve_scene(manifest, (), moment, size)
    frame, _digest = expected_frames.frame_of_scene(scene, manifest.settings)
    for showing in scene.showings:
        _lay_messages(frame, showing, manifest.settings)
    return frame


def _lay_messages(frame: Image.Image, showing: Showing, settings: content.ScreenSettings) -> None:
    """Lay the messages that scroll through a zone over its frame, as a player does."""
    place, slide = showing.rectangle, showing.slide
    if slide is None:
        return
    canvas = rendering.Canvas.for_screen(settings, place.size)
    x = 0
    for strip in rendering.draw_marquee_strips(slide, canvas):
        if x >= place.width:
            break
        frame.paste(strip.crop((0, 0, min(strip.width, place.width - x), place.height)), (place.x + x, place.y))
        x += strip.width
