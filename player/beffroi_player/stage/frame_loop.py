"""The frame loop: look, present, write down what was presented, sleep until something else is due.

Nothing is polled: the loop sleeps on its socket until the scene ends or somebody says “look again”, with an idle
tick in case a word was lost. A still picture costs one tick every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import pygame

from beffroi_content.model import PowerState, SlideTransition
from beffroi_content.timeline import Moment, Scene
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_player import system_clock, systemd_notify
from beffroi_player.outputs.base import DisplayResult, Output
from beffroi_player.outputs.display_mounting import DisplayMounting
from beffroi_player.outputs.drawing.cpu_painter import painter_of
from beffroi_player.outputs.drawing.gpu_compositor import GpuLostError
from beffroi_player.stage.compositor import FrameCompositor
from beffroi_player.stage.crash_fallback import CrashFallback
from beffroi_player.stage.display_scheduler import DisplayPlan, DisplayScheduler
from beffroi_player.stage.frame_cache import FrameCache
from beffroi_player.stage.frame_lookup import FrameLookup, SceneFrames
from beffroi_player.stage.light_sensor import LightSensor
from beffroi_player.stage.play_log.showings import ShowingTracker
from beffroi_player.stage.play_log.status_writer import PlaybackCounts, StatusWriter
from beffroi_player.stage.presenter import ScreenPresenter
from beffroi_player.stage.screen_capture import CaptureSource, ScreenCapture
from beffroi_player.stage.state_reader import StateReader
from beffroi_player.stage.video import playback
from beffroi_player.stage.video.audio import AudioDevice, EmergencyChime
from beffroi_player.stage.video.decoders import DecoderSelection
from beffroi_player.stage.video.playback import VideoPlayback
from beffroi_player.state.directories import (
    CRASH_FALLBACK,
    CaptureInfo,
    FrameFault,
    RuntimeDirectory,
    Size,
    StateDirectory,
)
from beffroi_player.wakeup import CAPTURE_REQUESTED, WakeupSocket, send_wakeup

log = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""How often the loop looks unasked; well within the watchdog's patience."""
MOTION_REFRESH_MS = 1_000.0
"""How often it looks unasked while something moves."""
ERROR_PAUSE_SECONDS = 1.0
"""After an error that should not happen."""


_FALLBACK_FAULTS = {
    CrashFallback.FULL: (),
    CrashFallback.SIMPLE: (
        FrameFault(frame=CRASH_FALLBACK, detail="it crashed again and again: no films, no transitions"),
    ),
    CrashFallback.PROVEN: (
        FrameFault(frame=CRASH_FALLBACK, detail="it crashed again and again: only slides that were on before"),
    ),
    CrashFallback.BARE: (
        FrameFault(frame=CRASH_FALLBACK, detail="it crashed again and again: only the idle slide and alerts"),
    ),
}
"""What is said while something is left out."""
_FULL_LIGHT = DisplayPower(PowerState.ON, 100, None)


@dataclass(frozen=True, slots=True)
class AnimatedState:
    """A picture that is on while something on it moves."""

    plan: DisplayPlan
    size: Size
    until_uptime_ms: float
    """When the stage has to look again, unless somebody rings before."""


class FrameLoop:
    """One screen."""

    def __init__(
        self,
        state: StateDirectory,
        runtime: RuntimeDirectory,
        output: Output,
        splash: pygame.Surface | None = None,
        uptime: Callable[[], float] = system_clock.uptime_ms,
        system: Callable[[], int] = system_clock.system_ms,
        fallback: CrashFallback = CrashFallback.FULL,
        light_sensor: LightSensor | None = None,
    ) -> None:
        self._state, self._runtime, self._output, self._uptime = state, runtime, output, uptime
        self._reader = StateReader(state, runtime, uptime, system)
        self._frames = FrameCache(state, runtime)
        scenery = FrameLookup(self._reader, self._frames)
        self._scheduler = DisplayScheduler(self._reader, scenery, light_sensor or LightSensor(), fallback, uptime())
        painter = painter_of(output)
        self._speaker = AudioDevice()
        self._chime = EmergencyChime(self._speaker)
        self._videos = VideoPlayback(state, DecoderSelection(runtime.folder), self._speaker)
        composer = FrameCompositor(self._videos, self._frames)
        self._presenter = ScreenPresenter(output, painter, composer, self._frames, uptime, splash)
        self._screen_capture = ScreenCapture(runtime, lambda: self._presenter.panel_pixels, self._capture_source)
        self._status_writer = StatusWriter(
            runtime, ShowingTracker(state, runtime, uptime), self._reader.current_moment().unix_ms
        )
        self._cached_records: tuple[object, object] = (None, None)
        """The programme and the alerts of which frames are in memory."""
        self._light = DisplayResult()
        """What became of the light that the display was asked for."""
        self._animated: AnimatedState | None = None
        self._healthy = True
        self.is_reported = True
        """Whether what is on is written down; beside what moves that takes a moment."""

    @property
    def dropped_frames(self) -> int:
        """How many frames of films came too late to be shown, since the start."""
        return self._videos.dropped_frames

    @property
    def late_frames(self) -> int:
        """How many steps of transitions and of messages that glide came late, since the start."""
        return self._presenter.late_steps

    # --- the loop

    def run(self, bell: WakeupSocket, stopping: Callable[[], bool]) -> None:
        """Present until told to stop, or until a person closes the window."""
        words: frozenset[bytes] | None = frozenset()
        while not stopping():
            wait = self.refresh_screen() if words else self.advance_motion()
            if self._healthy:
                systemd_notify.notify_alive()
            words = self._sleep_until_woken(bell, wait)
            if words is None:
                break
            if CAPTURE_REQUESTED in words:
                self.request_capture()
        self.shut_down()

    def shut_down(self) -> None:
        """Close the play log: what is on now is not on any more."""
        self._status_writer.end_plays()
        self._screen_capture.close()
        self._videos.close()
        self._frames.close()
        self._speaker.close()

    def refresh_screen(self) -> float:
        """Look and present. Return the seconds until something else is due."""
        return self._run_guarded(self._show_current)

    def advance_motion(self) -> float:
        """Move what moves if nothing else is due, otherwise look. Return the seconds until something else is due."""
        steady = self._animated
        if steady is None or self._uptime() >= steady.until_uptime_ms:
            return self.refresh_screen()
        return self._run_guarded(lambda: self._continue_motion(steady))

    def _run_guarded(self, work: Callable[[], float]) -> float:
        try:
            wait = work()
            self._healthy = True
            return self._capture_if_requested(wait)
        except GpuLostError:
            # A new start finds it again, or does without.
            raise
        except Exception:
            self._healthy = False
            # Whatever it was: what is on the glass stays there, and is better than nothing.
            log.exception("the picture stays as it is")
            self._reader.forget_stamps()
            self._frames.keep_only(())
            self._animated = None
            return ERROR_PAUSE_SECONDS

    def _sleep_until_woken(self, bell: WakeupSocket, seconds: float) -> frozenset[bytes] | None:
        """Sleep until somebody rings. None: a person has closed the window."""
        end = self._uptime() + 1000 * seconds
        while True:
            left = max(0.0, (end - self._uptime()) / 1000)
            pump = self._output.event_interval_s
            words = bell.wait(left if pump is None else min(left, pump))
            if pump is not None and not self._output.process_events():
                return None
            if words or self._uptime() >= end:
                return words

    def _seconds_until(self, due_uptime_ms: float) -> float:
        """Return the seconds until something is due: another picture, or a step of what moves."""
        now = self._reader.current_moment()
        moves = self._presenter.has_motion
        frame_ms = self._presenter.left_ms(self._uptime()) if moves else self._videos.due_ms(now.unix_ms)
        left_ms = due_uptime_ms - now.uptime_ms
        return min(IDLE_SECONDS, max(0.0, (left_ms if frame_ms is None else min(left_ms, frame_ms)) / 1000))

    # --- what is done in a turn

    def _show_current(self) -> float:
        self._refresh_state()
        size = self._reader.screen_size(otherwise=self._presenter.natural_size(self._reader.rotation))
        moment = self._reader.current_moment()
        cue = self._scheduler.plan_display(moment, size)
        self._present_plan(cue, moment, size)
        self._chime.chime_for(cue.scene, self._speaker.volume)
        self._prepare_upcoming(cue, moment, size)
        self._frames.evict_frames(cue.frames.frame_names)
        due = moment.uptime_ms + 1000 * IDLE_SECONDS if cue.until_uptime_ms is None else cue.until_uptime_ms
        self._animated = (
            AnimatedState(cue, size, min(due, moment.uptime_ms + MOTION_REFRESH_MS)) if self._has_motion else None
        )
        return self._seconds_until(due)

    def _refresh_state(self) -> None:
        """Take over what is known now."""
        self._reader.refresh_files()
        self._drop_stale_frames()
        self._frames.set_rotation(self._reader.rotation)
        settings = self._reader.settings
        self._presenter.set_mounting(DisplayMounting.of_screen(settings))
        self._speaker.volume = settings.volume if settings else 0

    def _drop_stale_frames(self) -> None:
        """Keep no frames in memory of programmes and alerts that are gone."""
        known = self._reader.programme, self._reader.alerts
        if all(one is other for one, other in zip(known, self._cached_records, strict=True)):
            return
        self._cached_records = known
        sets = [frames for record in known if record is not None for frames in record.frames.values()]
        self._frames.keep_only({name for frames in sets for name in frames})

    def _present_plan(self, cue: DisplayPlan, moment: Moment, size: Size) -> None:
        if cue.is_standby:
            self._presenter.show_black(size)
            self._light = self._output.control_display(False, 0)
            self._report_presented(cue, SceneFrames((), (), ()), moment)
            return
        self._light = self._output.control_display(True, _full_in_standby(cue.light).brightness)
        films = self._videos.take_due_frames(moment.unix_ms)
        if cue.frames.placed:
            self._presenter.show_frames(
                cue.frames, moment, size, self._drawn_light(cue.light), self._transition_for(cue)
            )
        elif self._needs_notice:
            self._presenter.show_notice(self._state.notice_image, size)
        self._move_layers(cue, moment, size, films=films)
        if not self._presenter.is_in_transition:
            self._report_presented(cue, cue.frames, moment)

    def _prepare_upcoming(self, cue: DisplayPlan, moment: Moment, size: Size) -> None:
        """Let be read what is due next, and open its films when that is soon."""
        until_ms = cue.scene.until_ms
        soon = self._scheduler.load_ahead(moment.at(until_ms), size) if until_ms is not None else None
        near = until_ms is not None and until_ms - moment.unix_ms < playback.OPEN_AHEAD_MS
        rolls = cue.light.state is not PowerState.OFF and self._scheduler.fallback is CrashFallback.FULL
        shown = cue.scene if rolls else Scene((), None)
        self._videos.open_upcoming(shown, soon if near and rolls else None, moment.unix_ms)

    def _continue_motion(self, steady: AnimatedState) -> float:
        """Move what moves: nothing else has changed, or somebody would have rung."""
        blends = self._presenter.is_in_transition
        moment = self._reader.current_moment()
        self._move_layers(steady.plan, moment, steady.size, films=self._videos.take_due_frames(moment.unix_ms))
        if self._has_motion and blends == self._presenter.is_in_transition:
            return self._seconds_until(steady.until_uptime_ms)
        # What came to its end has to be told.
        self._animated = None
        return 0.0

    @property
    def _has_motion(self) -> bool:
        return self._presenter.has_motion or self._videos.is_open

    def _move_layers(self, cue: DisplayPlan, moment: Moment, size: Size, *, films: bool) -> None:
        glides = self._scheduler.fallback is CrashFallback.FULL
        self._presenter.advance_motion(
            cue.frames, moment, size, self._drawn_light(cue.light), films=films, glides=glides
        )

    def _transition_for(self, cue: DisplayPlan) -> SlideTransition:
        """Return how the picture takes the place of the one on the glass. Alerts cut, and after one nothing lingers."""
        settings, over = self._reader.settings, self._status_writer.shows_alert
        alert = any(piece.shown and piece.shown.alert for piece in cue.frames.placed)
        cuts = alert or over or cue.frames.is_overlay or self._scheduler.fallback is not CrashFallback.FULL
        return SlideTransition.CUT if settings is None or cuts else settings.transition

    @property
    def _needs_notice(self) -> bool:
        """Whether what is on the glass is no better than a notice: nothing, a notice, or an alert that is over."""
        return not self._presenter.shows_anything or self._presenter.shows_notice or self._status_writer.shows_alert

    def _drawn_light(self, light: DisplayPower) -> DisplayPower:
        """Return with what light the picture is drawn: with all of it where the display dims itself."""
        return _FULL_LIGHT if self._light.dims_itself else _full_in_standby(light)

    def _report_presented(self, cue: DisplayPlan, picture: SceneFrames, moment: Moment) -> None:
        programme = self._reader.programme
        # Its digest: not before it is on the glass, nor while something gives way to it.
        presented = self._presenter.presented_frame(self._wake_loop if self._has_motion else None)
        self.is_reported = presented is not None
        if presented is None:
            return
        self._status_writer.write_status(
            picture, presented, moment, cue.light, programme.sequence if programme else None,
            (*self._videos.video_faults, *_FALLBACK_FAULTS[self._scheduler.fallback]),
            PlaybackCounts(self._videos.dropped_frames, self._presenter.late_steps, self._videos.decode_errors),
            self._light.switched, self._reader.held_alerts,
        )  # fmt: skip

    def _wake_loop(self) -> None:
        send_wakeup(self._runtime.stage_socket)

    # --- pictures for people who are far away

    def request_capture(self) -> None:
        """Write down what is on the glass, for a screenshot, as soon as that makes nothing late."""
        self._screen_capture.request_capture(self._uptime())

    def _capture_if_requested(self, wait: float) -> float:
        """Take the picture that was asked for. Return the seconds that are left to wait."""
        before = self._uptime()
        taken = self._screen_capture.continue_capture(before, moves=self._has_motion)
        return max(0.0, wait - (self._uptime() - before) / 1000) if taken else wait

    def _capture_source(self, room: pygame.Surface) -> CaptureSource | None:
        steps, moment = self._presenter.capture_steps(room), self._reader.current_moment()
        if steps is None:
            return None
        taken = CaptureInfo(
            at_ms=moment.unix_ms,
            uptime_ms=moment.uptime_ms,
            moves=self._has_motion,
            presented=self._status_writer.last_status,
        )
        return CaptureSource(steps, self._frames.rotation, taken)


def _full_in_standby(light: DisplayPower) -> DisplayPower:
    """Return the light of a picture that is shown: all of it if somebody looks for the screen in its hours of rest."""
    return _FULL_LIGHT if light.state is PowerState.OFF else light
