"""What is to be on the glass, how light, and until when: from what is known to a picture."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from beffroi_content.model import AlertForm, Manifest, PowerState, Rectangle, UncertainClock
from beffroi_content.timeline import ClockState, Moment, Scene, resolve
from beffroi_content.timeline.display import Display, display
from beffroi_player.stage.daylight import Daylight
from beffroi_player.stage.reader import Reader
from beffroi_player.stage.safety import WITHIN_MS, Safety
from beffroi_player.stage.scenery import Picture, Scenery
from beffroi_player.store import ActiveProgramme, Size

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cue:
    """What is to be presented now."""

    scene: Scene
    picture: Picture
    light: Display
    until_uptime_ms: float | None
    """When something else is due; None: never, as far as is known."""

    @property
    def is_dark(self) -> bool:
        """Whether nothing is shown: in the hours of rest, unless somebody looks for the screen."""
        return self.light.state is PowerState.OFF and not self.picture.overlay


class Director:
    """Decides, by the timeline and by what the stage knows besides it.

    Args:
        reader: What is known.
        scenery: Finds the frames.
        daylight: How light it is around.
        safety: How much is left out after crash upon crash.
        uptime_ms: Now: after ten minutes without a crash all is shown again.
    """

    def __init__(self, reader: Reader, scenery: Scenery, daylight: Daylight, safety: Safety, uptime_ms: float) -> None:
        self.safety = safety
        self._safe_until_ms = uptime_ms + WITHIN_MS
        self._reader, self._scenery, self._daylight = reader, scenery, daylight
        self._less: tuple[ActiveProgramme, bool, Manifest] | None = None
        """A programme, whether only its idle slide is shown, and what is left of it."""

    def cue(self, moment: Moment, size: Size) -> Cue:
        """Return what is to be presented on a screen of that upright size."""
        if self.safety is not Safety.FULL and moment.uptime_ms >= self._safe_until_ms:
            log.info("ten minutes without a crash: everything is shown again")
            self.safety = Safety.FULL
        moment = self._believed(moment)
        scene = self.scene(moment, size)
        by_hours = display(self._reader.manifest, self._reader.held, moment)
        settings = self._reader.settings
        light = self._daylight.dimmed(by_hours, settings.darkest if settings else 100, moment.uptime_ms)
        picture, overlay_until = self._with_overlay(self._scenery.picture(scene), scene, moment, size)
        ends: list[float] = [moment.at(end).uptime_ms for end in (scene.until_ms, light.until_ms) if end is not None]
        ends += [overlay_until] if overlay_until is not None else []
        return Cue(scene, picture, light, min(ends, default=None))

    def scene(self, moment: Moment, size: Size) -> Scene:
        """Return what is on. Where the fallbacks say so that is the idle slide, and alerts as ever."""
        moment, programme = self._believed(moment), self._reader.programme
        manifest = self._left(programme, moment) if programme is not None else None
        return resolve(manifest, self._reader.held, moment, size)

    def ahead(self, moment: Moment, size: Size) -> Scene:
        """Let be read what is due at a moment to come, and return that."""
        scene = self.scene(moment, size)
        self._scenery.load_ahead(scene)
        return scene

    def _left(self, programme: ActiveProgramme, moment: Moment) -> Manifest:
        """Return what is left of a programme; the same object each time, which the timeline knows its tables by."""
        is_bare = self._is_bare(programme.manifest, moment)
        if not is_bare and self.safety is not Safety.PROVEN:
            return programme.manifest
        if self._less is None or self._less[0] is not programme or self._less[1] is not is_bare:
            whole = programme.manifest
            bare = whole.replace(rules=(), playlists=(), slides=())
            proven = whole.without({slide.id for slide in whole.slides} - programme.proven)
            self._less = programme, is_bare, bare if is_bare else proven
        return self._less[2]

    def _is_bare(self, manifest: Manifest, moment: Moment) -> bool:
        """Tell whether only the idle slide is shown: after many crashes, a long silence, or while time is unsure."""
        limit, doubt = manifest.settings.idle_after_hours, manifest.settings.uncertain_clock
        is_forsaken = limit is not None and self._reader.silent_hours() >= limit
        is_unsure = doubt is UncertainClock.IDLE and moment.clock is not ClockState.TRUSTED
        return self.safety is Safety.BARE or is_forsaken or is_unsure

    def _believed(self, moment: Moment) -> Moment:
        """Return the moment as far as the town wants its time to be believed."""
        settings = self._reader.settings
        doubts = settings is not None and settings.uncertain_clock is not UncertainClock.BELIEVED
        if doubts and moment.clock is ClockState.CARRIED:
            return replace(moment, clock=ClockState.UNKNOWN)
        return moment

    def _with_overlay(self, picture: Picture, scene: Scene, moment: Moment, size: Size) -> tuple[Picture, float | None]:
        """Lay the overlay over the picture, unless it would hide an alert. Return also until what uptime it stays."""
        overlay = self._reader.overlay
        hides = any(showing.form is AlertForm.TAKEOVER for showing in scene.showings)
        if overlay is None or hides or overlay.until_uptime_ms <= moment.uptime_ms:
            return picture, None
        full = Rectangle(width=size[0], height=size[1])
        return self._scenery.overlaid(picture, overlay.frame, full), overlay.until_uptime_ms
