"""Frame loop: read the state, present, report what was presented, sleep until something else is due.

Nothing is polled: the loop sleeps on its socket until the scene ends or a wake-up arrives, with an idle iteration every
few seconds in case a wake-up was lost. A still image costs nothing in between.

While something moves there are two kinds of iterations. :meth:`FrameLoop.refresh_screen` does all of it;
:meth:`FrameLoop.advance_motion` only draws the next step over the plan that is on, as long as that plan holds.
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
from beffroi_player.outputs.audio_device import AudioDevice
from beffroi_player.outputs.base import DisplayResult, Output
from beffroi_player.outputs.display_mounting import DisplayMounting
from beffroi_player.outputs.drawing.cpu_painter import painter_of
from beffroi_player.outputs.drawing.gpu_compositor import GpuLostError
from beffroi_player.stage.compositor.frame_compositor import FrameCompositor
from beffroi_player.stage.compositor.marquee import MarqueeAnimation
from beffroi_player.stage.compositor.presenter import ScreenPresenter
from beffroi_player.stage.crash_fallback import CrashFallback
from beffroi_player.stage.display_scheduler import DisplayPlan, DisplayScheduler
from beffroi_player.stage.frame_cache import FrameCache
from beffroi_player.stage.frame_lookup import FrameLookup, SceneFrames
from beffroi_player.stage.light_sensor import LightSensor
from beffroi_player.stage.output_setting import OutputSetting
from beffroi_player.stage.play_log.showings import ShowingTracker
from beffroi_player.stage.play_log.status_writer import PlaybackCounts, StatusWriter
from beffroi_player.stage.screen_capture import ScreenCapture
from beffroi_player.stage.state_reader import StateReader
from beffroi_player.stage.video import playback
from beffroi_player.stage.video.decoders import DecoderSelection
from beffroi_player.stage.video.playback import VideoPlayback
from beffroi_player.state.directories import (
    CRASH_FALLBACK,
    OUTPUT_FAULT,
    CaptureInfo,
    FrameFault,
    RuntimeDirectory,
    Size,
    StateDirectory,
)
from beffroi_player.wakeup import CAPTURE_REQUESTED, WakeupSocket, send_wakeup

log = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""Longest sleep; well within the time that the watchdog allows."""
MOTION_REFRESH_MS = 1_000.0
"""Longest time without a full iteration while something moves."""
ERROR_PAUSE_SECONDS = 1.0
"""Pause after an unexpected error."""

_FALLBACK_DETAILS = {
    CrashFallback.SIMPLE: "it crashed again and again: no videos, no transitions",
    CrashFallback.PROVEN: "it crashed again and again: only slides that were on before",
    CrashFallback.BARE: "it crashed again and again: only the idle slide and alerts",
}
"""Reported as a fault while something is left out."""
_FULL_LIGHT = DisplayPower(PowerState.ON, 100, None)


@dataclass(frozen=True, slots=True)
class MotionState:
    """The plan that is on while something moves over it."""

    plan: DisplayPlan
    size: Size
    until_uptime_ms: float
    """Uptime at which a full iteration is due, unless a wake-up arrives before."""


class FrameLoop:
    """Shows on one display what the state directory says.

    Args:
        state: The documents and frames that the agent has prepared.
        runtime: The same of this boot; what is presented is reported there.
        output: A started one.
        splash: What is on the display already.
        uptime: Returns milliseconds since boot.
        system: Returns the system clock in Unix milliseconds.
        fallback: How much is left out after repeated crashes.
        light_sensor: Dims the display; None: the one of this machine.
        output_setting: The output that the programme named, which the loop was started for.
    """

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
        output_setting: OutputSetting = OutputSetting(),  # noqa: B008 - it cannot be changed
    ) -> None:
        self._state, self._runtime, self._output, self._uptime = state, runtime, output, uptime
        self._reader = StateReader(state, runtime, uptime, system)
        self._frames = FrameCache(state, runtime)
        lookup = FrameLookup(self._reader, self._frames)
        self._scheduler = DisplayScheduler(self._reader, lookup, light_sensor or LightSensor(), fallback, uptime())
        self._audio = AudioDevice()
        self._videos = VideoPlayback(state, DecoderSelection(runtime.folder), self._audio)
        compositor = FrameCompositor((self._videos, MarqueeAnimation(self._frames)))
        self._presenter = ScreenPresenter(output, painter_of(output), compositor, self._frames, uptime, splash)
        self._screen_capture = ScreenCapture(runtime, self._presenter, self._capture_info)
        self._showings = ShowingTracker(state, runtime, uptime)
        self._status_writer = StatusWriter(runtime, self._showings, self._reader.current_moment().unix_ms)
        self._reader.seen_alerts = self._status_writer.seen_alerts
        self._cached_records: tuple[object, object] = (None, None)
        """The programme and the alerts of which frames are in memory."""
        self._light = DisplayResult()
        """The result of the last order to the display itself."""
        self._motion: MotionState | None = None
        self._is_healthy = True
        self._output_setting = output_setting
        self.wants_other_output = False
        """Whether a newer programme names another output: the loop has ended for that."""
        self.is_reported = True
        """Whether what is presented is reported. While something moves that takes a moment: see :meth:`_report`."""

    @property
    def counts(self) -> PlaybackCounts:
        """What was dropped, late or damaged since the start."""
        return PlaybackCounts(self._videos.dropped_frames, self._presenter.pacer.late_steps, self._videos.decode_errors)

    # --- the loop

    def run(self, socket: WakeupSocket, is_stopped: Callable[[], bool]) -> None:
        """Present until told to stop, or until a person closes the window."""
        messages: frozenset[bytes] | None = frozenset()
        while not is_stopped():
            seconds = self.refresh_screen() if messages else self.advance_motion()
            if self.wants_other_output:
                break
            if self._is_healthy:
                systemd_notify.notify_alive()
            messages = self._sleep_until_woken(socket, seconds)
            if messages is None:
                break
            if CAPTURE_REQUESTED in messages:
                self.request_capture()
        self.shut_down()

    def shut_down(self) -> None:
        """End what is on in the play log, and every thread."""
        self._showings.end_all()
        self._screen_capture.close()
        self._videos.close()
        self._frames.close()
        self._audio.close()

    def refresh_screen(self) -> float:
        """Make a full iteration. Return the seconds until something else is due."""
        return self._run_guarded(self._show_current)

    def advance_motion(self) -> float:
        """Draw the next step if nothing else is due; otherwise make a full iteration.

        Returns:
            The seconds until something else is due.
        """
        motion = self._motion
        if motion is None or self._uptime() >= motion.until_uptime_ms:
            return self.refresh_screen()
        return self._run_guarded(lambda: self._continue_motion(motion))

    def request_capture(self) -> None:
        """Write a copy of what is presented, for a screenshot, as soon as that makes nothing late."""
        self._screen_capture.request_capture(self._uptime())

    def _run_guarded(self, iterate: Callable[[], float]) -> float:
        try:
            seconds = iterate()
            self._is_healthy = True
            return self._continue_capture(seconds)
        except GpuLostError:
            # The process ends; the next start opens the GPU again, or draws without it.
            raise
        except Exception:
            # Whatever it was: the last image stays on the display, and everything in memory is read again.
            self._is_healthy = False
            log.exception("the last image stays on")
            self._reader.drop_stamps()
            self._frames.keep_only(())
            self._motion = None
            return ERROR_PAUSE_SECONDS

    def _sleep_until_woken(self, socket: WakeupSocket, seconds: float) -> frozenset[bytes] | None:
        """Sleep until a wake-up arrives; return its messages. None: a person has closed the window."""
        end = self._uptime() + 1000 * seconds
        while True:
            left = max(0.0, (end - self._uptime()) / 1000)
            interval = self._output.event_interval_s
            messages = socket.wait(left if interval is None else min(left, interval))
            if interval is not None and not self._output.process_events():
                return None
            if messages or self._uptime() >= end:
                return messages

    def _seconds_until(self, due_uptime_ms: float) -> float:
        """Return the seconds until a new plan is due, or a step, or the next frame of a video."""
        now = self._reader.current_moment()
        if self._presenter.has_motion:
            frame_ms: float | None = self._presenter.pacer.left_ms(self._uptime())
        else:
            frame_ms = self._videos.due_ms(now.unix_ms)
        left_ms = due_uptime_ms - now.uptime_ms
        return min(IDLE_SECONDS, max(0.0, (left_ms if frame_ms is None else min(left_ms, frame_ms)) / 1000))

    # --- a full iteration

    def _show_current(self) -> float:
        self._refresh_state()
        size = self._reader.screen_size(otherwise=self._presenter.natural_size(self._reader.rotation))
        moment = self._reader.current_moment()
        plan = self._scheduler.plan_display(moment, size)
        self._present_plan(plan, moment, size)
        self._audio.is_muted = self._shows_audible_alert(plan)
        self._prepare_upcoming(plan, moment, size)
        self._frames.evict_frames(plan.frames.frame_names)
        due = moment.uptime_ms + 1000 * IDLE_SECONDS if plan.until_uptime_ms is None else plan.until_uptime_ms
        refresh = min(due, moment.uptime_ms + MOTION_REFRESH_MS)
        self._motion = MotionState(plan, size, refresh) if self._has_motion else None
        return self._seconds_until(due)

    def _refresh_state(self) -> None:
        """Read what has changed, and pass on the settings."""
        self._reader.refresh_files()
        self._drop_stale_frames()
        self._frames.set_rotation(self._reader.rotation)
        settings = self._reader.settings
        self._presenter.set_mounting(DisplayMounting.of_screen(settings))
        self._audio.volume = settings.volume if settings else 0
        self.wants_other_output = settings is not None and settings.output != self._output_setting.name

    def _shows_audible_alert(self, plan: DisplayPlan) -> bool:
        """Tell whether an alert is shown that may be heard: videos fall silent for it."""
        sound = self._reader.settings.alert_sound if self._reader.settings else None
        levels = (showing.alert.level for showing in plan.scene.showings if showing.alert)
        return sound is not None and any(sound.is_audible(level) for level in levels)

    def _drop_stale_frames(self) -> None:
        """Keep no frames in memory of programmes and alerts that are gone."""
        records = self._reader.programme, self._reader.alerts
        if all(one is other for one, other in zip(records, self._cached_records, strict=True)):
            return
        self._cached_records = records
        self._frames.keep_only({name for record in records if record is not None for name in record.frame_names})

    def _present_plan(self, plan: DisplayPlan, moment: Moment, size: Size) -> None:
        if plan.is_standby:
            self._presenter.show_black(size)
            self._light = self._output.control_display(False, 0)
            self._report(plan, SceneFrames((), (), ()), moment)
            return
        self._light = self._output.control_display(True, _full_in_standby(plan.light).brightness)
        has_new_frame = self._videos.take_due_frames(moment.unix_ms)
        if plan.frames.placed:
            light, transition = self._drawn_light(plan.light), self._transition_for(plan)
            self._presenter.show_frames(plan.frames, moment, size, light, transition)
        elif self._needs_notice:
            self._presenter.show_notice(self._state.notice_image, size)
        self._advance_layers(plan, moment, size, has_new_frame)
        if not self._presenter.is_in_transition:
            self._report(plan, plan.frames, moment)

    def _prepare_upcoming(self, plan: DisplayPlan, moment: Moment, size: Size) -> None:
        """Have the frames read that are due next, and open their videos when that is soon."""
        until_ms = plan.scene.until_ms
        upcoming = self._scheduler.load_ahead(moment.at(until_ms), size) if until_ms is not None else None
        is_soon = until_ms is not None and until_ms - moment.unix_ms < playback.OPEN_AHEAD_MS
        plays = plan.light.state is not PowerState.OFF and self._scheduler.fallback is CrashFallback.FULL
        current = plan.scene if plays else Scene((), None)
        self._videos.open_upcoming(current, upcoming if is_soon and plays else None, moment.unix_ms)

    def _transition_for(self, plan: DisplayPlan) -> SlideTransition:
        """Return the transition to the frames of a plan: alerts and overlays cut, and so does what follows an alert."""
        settings, was_alert = self._reader.settings, self._status_writer.shows_alert
        is_alert = any(placed.shown and placed.shown.alert for placed in plan.frames.placed)
        is_reduced = self._scheduler.fallback is not CrashFallback.FULL
        if settings is None or is_alert or was_alert or plan.frames.is_overlay or is_reduced:
            return SlideTransition.CUT
        return settings.transition

    @property
    def _needs_notice(self) -> bool:
        """True if a notice is better than what is on: nothing, a notice, or an alert that is over."""
        shows_less = not self._presenter.shows_anything or self._presenter.shows_notice
        return shows_less or self._status_writer.shows_alert or self._reader.is_dark

    # --- motion

    @property
    def _has_motion(self) -> bool:
        return self._presenter.has_motion or self._videos.is_open

    def _continue_motion(self, motion: MotionState) -> float:
        """Draw the next step of a plan that still holds: a change would have been a wake-up."""
        was_in_transition = self._presenter.is_in_transition
        moment = self._reader.current_moment()
        self._advance_layers(motion.plan, moment, motion.size, self._videos.take_due_frames(moment.unix_ms))
        if self._has_motion and was_in_transition == self._presenter.is_in_transition:
            return self._seconds_until(motion.until_uptime_ms)
        # A transition is over, or everything is: the next iteration has to report it.
        self._motion = None
        return 0.0

    def _advance_layers(self, plan: DisplayPlan, moment: Moment, size: Size, has_new_frame: bool) -> None:
        animations = self._scheduler.fallback is CrashFallback.FULL
        light = self._drawn_light(plan.light)
        self._presenter.advance_motion(plan.frames, moment, size, light, videos=has_new_frame, animations=animations)

    def _drawn_light(self, light: DisplayPower) -> DisplayPower:
        """Return the light to draw with: full where the display dims itself, since its image must not be darker too."""
        return _FULL_LIGHT if self._light.dims_itself else _full_in_standby(light)

    # --- reporting

    def _report(self, plan: DisplayPlan, frames: SceneFrames, moment: Moment) -> None:
        """Report what is presented, once its digest is known.

        While something moves the digest is made by a thread, since it takes longer than a step; that wakes the loop,
        and the report follows then.
        """
        presented = self._presenter.presented_frame(self._wake_loop if self._has_motion else None)
        self.is_reported = presented is not None
        if presented is None:
            return
        programme = self._reader.programme
        self._status_writer.write_status(
            frames, presented, moment, plan.light, programme.sequence if programme else None,
            (*self._videos.video_faults, *self._fallback_faults), self.counts, self._light.switched,
            self._reader.held_alerts,
        )  # fmt: skip
        self._reader.seen_alerts = self._status_writer.seen_alerts

    @property
    def _fallback_faults(self) -> tuple[FrameFault, ...]:
        detail = _FALLBACK_DETAILS.get(self._scheduler.fallback)
        named = {CRASH_FALLBACK: detail, OUTPUT_FAULT: self._output_setting.fault}
        return tuple(FrameFault(frame=frame, detail=detail) for frame, detail in named.items() if detail)

    def _wake_loop(self) -> None:
        send_wakeup(self._runtime.stage_socket)

    def _continue_capture(self, seconds: float) -> float:
        """Make a step of the capture that was requested. Return the seconds that are left to sleep."""
        before = self._uptime()
        is_done = self._screen_capture.continue_capture(before, in_motion=self._has_motion)
        return max(0.0, seconds - (self._uptime() - before) / 1000) if is_done else seconds

    def _capture_info(self) -> CaptureInfo:
        moment, status = self._reader.current_moment(), self._status_writer.last_status
        return CaptureInfo(at_ms=moment.unix_ms, uptime_ms=moment.uptime_ms, moves=self._has_motion, presented=status)


def _full_in_standby(light: DisplayPower) -> DisplayPower:
    """Return the light of something that is shown: full for an overlay in standby."""
    return _FULL_LIGHT if light.state is PowerState.OFF else light
