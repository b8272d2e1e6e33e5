"""Display scheduler: decides what is to be presented at an instant, how bright, and until when."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from beffroi_content.model import AlertForm, Manifest, PowerState, Rectangle, UncertainClock
from beffroi_content.timeline import ClockState, Moment, Scene, resolve_scene
from beffroi_content.timeline.display_power import DisplayPower, display_power
from beffroi_player.stage.crash_fallback import COUNTED_MS, CrashFallback
from beffroi_player.stage.frame_lookup import FrameLookup, SceneFrames
from beffroi_player.stage.light_sensor import LightSensor
from beffroi_player.stage.state_reader import StateReader
from beffroi_player.state.directories import ActiveProgramme, Size

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DisplayPlan:
    """Plan of what to present at an instant."""

    scene: Scene
    frames: SceneFrames
    light: DisplayPower
    until_uptime_ms: float | None
    """Uptime at which something else is due; None: never, as far as is known."""

    @property
    def is_standby(self) -> bool:
        """True if nothing is shown: the screen hours say so, and nobody asks the screen to identify itself."""
        return self.light.state is PowerState.OFF and not self.frames.is_overlay


class DisplayScheduler:
    """Applies the timeline, and what the stage knows besides it: overlay, light sensor and fallbacks.

    Args:
        reader: The documents and the clock.
        lookup: Finds the frames.
        light_sensor: Dims the display.
        fallback: How much is left out after repeated crashes.
        uptime_ms: Now. After ten minutes without a crash everything is shown again.
    """

    def __init__(
        self,
        reader: StateReader,
        lookup: FrameLookup,
        light_sensor: LightSensor,
        fallback: CrashFallback,
        uptime_ms: float,
    ) -> None:
        self.fallback = fallback
        self._reduced_until_ms = uptime_ms + COUNTED_MS
        self._reader, self._lookup, self._light_sensor = reader, lookup, light_sensor
        self._reduced: tuple[ActiveProgramme, bool, Manifest] | None = None
        """A programme, whether only its idle slide is shown, and the manifest reduced to that."""

    def plan_display(self, moment: Moment, size: Size) -> DisplayPlan:
        """Return the plan for an instant, on a screen of that upright size."""
        if self.fallback is not CrashFallback.FULL and moment.uptime_ms >= self._reduced_until_ms:
            log.info("ten minutes without a crash: everything is shown again")
            self.fallback = CrashFallback.FULL
        moment = self._trusted_moment(moment)
        scene = self.resolve_scene(moment, size)
        by_hours = display_power(self._reader.manifest, self._reader.held_alerts, moment)
        settings = self._reader.settings
        light = self._light_sensor.dim_display(by_hours, settings.darkest if settings else 100, moment.uptime_ms)
        frames, overlay_until = self._with_overlay(self._lookup.find_frames(scene), scene, moment, size)
        ends: list[float] = [moment.at(end).uptime_ms for end in (scene.until_ms, light.until_ms) if end is not None]
        ends += [overlay_until] if overlay_until is not None else []
        return DisplayPlan(scene, frames, light, min(ends, default=None))

    def resolve_scene(self, moment: Moment, size: Size) -> Scene:
        """Return the scene of an instant. Where a fallback says so that is the idle slide, with alerts as ever."""
        moment, programme = self._trusted_moment(moment), None if self._reader.is_dark else self._reader.programme
        manifest = self._reduced_manifest(programme, moment) if programme is not None else None
        return resolve_scene(manifest, self._reader.held_alerts, moment, size)

    def load_ahead(self, moment: Moment, size: Size) -> Scene:
        """Have the frames of a future instant read, and return its scene."""
        scene = self.resolve_scene(moment, size)
        self._lookup.load_ahead(scene)
        return scene

    def _reduced_manifest(self, programme: ActiveProgramme, moment: Moment) -> Manifest:
        """Return the manifest that the fallbacks leave of a programme.

        It is the same object each time, since the timeline keeps the tables of a manifest by its identity.
        """
        is_bare = self._shows_idle_only(programme.manifest, moment)
        if not is_bare and self.fallback is not CrashFallback.PROVEN:
            return programme.manifest
        if self._reduced is None or self._reduced[0] is not programme or self._reduced[1] is not is_bare:
            whole = programme.manifest
            bare = whole.replace(rules=(), playlists=(), slides=())
            proven = whole.without_slides({slide.id for slide in whole.slides} - programme.proven)
            self._reduced = programme, is_bare, bare if is_bare else proven
        return self._reduced[2]

    def _shows_idle_only(self, manifest: Manifest, moment: Moment) -> bool:
        """Tell whether only the idle slide is shown: after many crashes, a long silence, or on an uncertain clock."""
        limit, doubt = manifest.settings.idle_after_hours, manifest.settings.uncertain_clock
        is_silent = limit is not None and self._reader.silent_hours() >= limit
        is_unsure = doubt is UncertainClock.IDLE and moment.clock is not ClockState.TRUSTED
        return self.fallback is CrashFallback.BARE or is_silent or is_unsure

    def _trusted_moment(self, moment: Moment) -> Moment:
        """Return a moment with a carried clock taken for unknown, unless the settings say that it is believed."""
        settings = self._reader.settings
        doubts = settings is not None and settings.uncertain_clock is not UncertainClock.BELIEVED
        if doubts and moment.clock is ClockState.CARRIED:
            return replace(moment, clock=ClockState.UNKNOWN)
        return moment

    def _with_overlay(
        self, frames: SceneFrames, scene: Scene, moment: Moment, size: Size
    ) -> tuple[SceneFrames, float | None]:
        """Return the frames with the overlay, unless that would hide an alert, and the uptime until which it stays."""
        overlay = self._reader.overlay
        hides = any(showing.form is AlertForm.TAKEOVER for showing in scene.showings)
        if overlay is None or hides or overlay.until_uptime_ms <= moment.uptime_ms:
            return frames, None
        full = Rectangle(width=size[0], height=size[1])
        return self._lookup.lay_over(frames, overlay.frame, full), overlay.until_uptime_ms
