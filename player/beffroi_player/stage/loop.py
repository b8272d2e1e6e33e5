"""The frame loop: look, present, write down what was presented, sleep until something else is due.

Nothing is polled: the loop sleeps on its socket until the scene ends or somebody says “look again”, with an idle
tick in case a word was lost. A still picture costs one tick every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import pygame

from beffroi_content.model import PowerState, Transition
from beffroi_content.timeline import Moment, Scene
from beffroi_content.timeline.display import Display
from beffroi_player import machine, notify
from beffroi_player.nudge import CAPTURE, Bell, ring
from beffroi_player.outputs.base import Light, Output
from beffroi_player.outputs.canvas import painter_of
from beffroi_player.outputs.gpu import GpuLost
from beffroi_player.outputs.mounting import Mounting
from beffroi_player.stage import cinema
from beffroi_player.stage.camera import Camera, View
from beffroi_player.stage.cinema import Cinema
from beffroi_player.stage.composer import Composer
from beffroi_player.stage.daylight import Daylight
from beffroi_player.stage.decoders import Decoders
from beffroi_player.stage.director import Cue, Director
from beffroi_player.stage.frames import Frames
from beffroi_player.stage.presenter import Presenter
from beffroi_player.stage.reader import Reader
from beffroi_player.stage.safety import Safety
from beffroi_player.stage.scenery import Picture, Scenery
from beffroi_player.stage.showings import Showings
from beffroi_player.stage.sound import Bellringer, Speaker
from beffroi_player.stage.teller import Counts, Teller
from beffroi_player.store import SAFE_MODE, Fault, Runtime, Size, State, Taken

log = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""How often the loop looks unasked; well within the watchdog's patience."""
LOOK_MS = 1_000.0
"""How often it looks unasked while something moves."""
PAUSE_SECONDS = 1.0
"""After an error that should not happen."""


_SAFE = {
    Safety.FULL: (),
    Safety.SIMPLE: (Fault(frame=SAFE_MODE, detail="it crashed again and again: no films, no transitions"),),
    Safety.PROVEN: (Fault(frame=SAFE_MODE, detail="it crashed again and again: only slides that were on before"),),
    Safety.BARE: (Fault(frame=SAFE_MODE, detail="it crashed again and again: only the idle slide and alerts"),),
}
"""What is said while something is left out."""
_FULL = Display(PowerState.ON, 100, None)


@dataclass(frozen=True, slots=True)
class Steady:
    """A picture that is on while something on it moves."""

    cue: Cue
    size: Size
    until_uptime_ms: float
    """When the stage has to look again, unless somebody rings before."""


class Stage:
    """One screen."""

    def __init__(
        self,
        state: State,
        runtime: Runtime,
        output: Output,
        splash: pygame.Surface | None = None,
        uptime: Callable[[], float] = machine.uptime,
        system: Callable[[], int] = machine.system_ms,
        safety: Safety = Safety.FULL,
        daylight: Daylight | None = None,
    ) -> None:
        self._state, self._runtime, self._output, self._uptime = state, runtime, output, uptime
        self._reader = Reader(state, runtime, uptime, system)
        self._frames = Frames(state, runtime)
        scenery = Scenery(self._reader, self._frames)
        self._director = Director(self._reader, scenery, daylight or Daylight(), safety, uptime())
        painter = painter_of(output)
        self._speaker = Speaker()
        self._bellringer = Bellringer(self._speaker)
        self._cinema = Cinema(state, Decoders(runtime.folder), self._speaker)
        composer = Composer(self._cinema, self._frames)
        self._presenter = Presenter(output, painter, composer, self._frames, uptime, splash)
        self._camera = Camera(runtime, lambda: self._presenter.panel, self._view)
        self._teller = Teller(runtime, Showings(state, runtime, uptime), self._reader.moment().unix_ms)
        self._framed: tuple[object, object] = (None, None)
        """The programme and the alerts of which frames are in memory."""
        self._light = Light()
        """What became of the light that the display was asked for."""
        self._steady: Steady | None = None
        self._healthy = True
        self.is_told = True
        """Whether what is on is written down; beside what moves that takes a moment."""

    @property
    def dropped_frames(self) -> int:
        """How many frames of films came too late to be shown, since the start."""
        return self._cinema.dropped

    @property
    def late_frames(self) -> int:
        """How many steps of transitions and of messages that glide came late, since the start."""
        return self._presenter.late

    # --- the loop

    def run(self, bell: Bell, stopping: Callable[[], bool]) -> None:
        """Present until told to stop, or until a person closes the window."""
        words: frozenset[bytes] | None = frozenset()
        while not stopping():
            wait = self.turn() if words else self.step()
            if self._healthy:
                notify.alive()
            words = self._sleep(bell, wait)
            if words is None:
                break
            if CAPTURE in words:
                self.capture()
        self.end()

    def end(self) -> None:
        """Close the play log: what is on now is not on any more."""
        self._teller.end()
        self._camera.close()
        self._cinema.close()
        self._frames.close()
        self._speaker.close()

    def turn(self) -> float:
        """Look and present. Return the seconds until something else is due."""
        return self._safely(self._look)

    def step(self) -> float:
        """Move what moves if nothing else is due, otherwise look. Return the seconds until something else is due."""
        steady = self._steady
        if steady is None or self._uptime() >= steady.until_uptime_ms:
            return self.turn()
        return self._safely(lambda: self._go_on(steady))

    def _safely(self, work: Callable[[], float]) -> float:
        try:
            wait = work()
            self._healthy = True
            return self._photographed(wait)
        except GpuLost:
            # A new start finds it again, or does without.
            raise
        except Exception:
            self._healthy = False
            # Whatever it was: what is on the glass stays there, and is better than nothing.
            log.exception("the picture stays as it is")
            self._reader.forget()
            self._frames.keep_only(())
            self._steady = None
            return PAUSE_SECONDS

    def _sleep(self, bell: Bell, seconds: float) -> frozenset[bytes] | None:
        """Sleep until somebody rings. None: a person has closed the window."""
        end = self._uptime() + 1000 * seconds
        while True:
            left = max(0.0, (end - self._uptime()) / 1000)
            pump = self._output.pump_seconds
            words = bell.wait(left if pump is None else min(left, pump))
            if pump is not None and not self._output.pump():
                return None
            if words or self._uptime() >= end:
                return words

    def _wait(self, due_uptime_ms: float) -> float:
        """Return the seconds until something is due: another picture, or a step of what moves."""
        now = self._reader.moment()
        moves = self._presenter.moves
        frame_ms = self._presenter.left_ms(self._uptime()) if moves else self._cinema.due_ms(now.unix_ms)
        left_ms = due_uptime_ms - now.uptime_ms
        return min(IDLE_SECONDS, max(0.0, (left_ms if frame_ms is None else min(left_ms, frame_ms)) / 1000))

    # --- what is done in a turn

    def _look(self) -> float:
        self._refresh()
        size = self._reader.size(otherwise=self._presenter.natural_size(self._reader.rotation))
        moment = self._reader.moment()
        cue = self._director.cue(moment, size)
        self._present(cue, moment, size)
        self._bellringer.look(cue.scene, self._speaker.volume)
        self._prepare(cue, moment, size)
        self._frames.make_room(cue.picture.frames)
        due = moment.uptime_ms + 1000 * IDLE_SECONDS if cue.until_uptime_ms is None else cue.until_uptime_ms
        self._steady = Steady(cue, size, min(due, moment.uptime_ms + LOOK_MS)) if self._moves else None
        return self._wait(due)

    def _refresh(self) -> None:
        """Take over what is known now."""
        self._reader.refresh()
        self._forget_frames()
        self._frames.turn(self._reader.rotation)
        settings = self._reader.settings
        self._presenter.mount(Mounting.of(settings))
        self._speaker.volume = settings.volume if settings else 0

    def _forget_frames(self) -> None:
        """Keep no frames in memory of programmes and alerts that are gone."""
        known = self._reader.programme, self._reader.alerts
        if all(one is other for one, other in zip(known, self._framed, strict=True)):
            return
        self._framed = known
        sets = [frames for record in known if record is not None for frames in record.frames.values()]
        self._frames.keep_only({name for frames in sets for name in frames})

    def _present(self, cue: Cue, moment: Moment, size: Size) -> None:
        if cue.is_dark:
            self._presenter.darken(size)
            self._light = self._output.light(False, 0)
            self._tell(cue, Picture((), (), ()), moment)
            return
        self._light = self._output.light(True, _shining(cue.light).brightness)
        films = self._cinema.step(moment.unix_ms)
        if cue.picture.pieces:
            self._presenter.show(cue.picture, moment, size, self._drawn(cue.light), self._transition(cue))
        elif self._shows_nothing_fit:
            self._presenter.show_notice(self._state.notice, size)
        self._move(cue, moment, size, films=films)
        if not self._presenter.blends:
            self._tell(cue, cue.picture, moment)

    def _prepare(self, cue: Cue, moment: Moment, size: Size) -> None:
        """Let be read what is due next, and open its films when that is soon."""
        until_ms = cue.scene.until_ms
        soon = self._director.ahead(moment.at(until_ms), size) if until_ms is not None else None
        near = until_ms is not None and until_ms - moment.unix_ms < cinema.AHEAD_MS
        rolls = cue.light.state is not PowerState.OFF and self._director.safety is Safety.FULL
        shown = cue.scene if rolls else Scene((), None)
        self._cinema.prepare(shown, soon if near and rolls else None, moment.unix_ms)

    def _go_on(self, steady: Steady) -> float:
        """Move what moves: nothing else has changed, or somebody would have rung."""
        blends = self._presenter.blends
        moment = self._reader.moment()
        self._move(steady.cue, moment, steady.size, films=self._cinema.step(moment.unix_ms))
        if self._moves and blends == self._presenter.blends:
            return self._wait(steady.until_uptime_ms)
        # What came to its end has to be told.
        self._steady = None
        return 0.0

    @property
    def _moves(self) -> bool:
        return self._presenter.moves or self._cinema.rolls

    def _move(self, cue: Cue, moment: Moment, size: Size, *, films: bool) -> None:
        glides = self._director.safety is Safety.FULL
        self._presenter.move(cue.picture, moment, size, self._drawn(cue.light), films=films, glides=glides)

    def _transition(self, cue: Cue) -> Transition:
        """Return how the picture takes the place of the one on the glass. Alerts cut, and after one nothing lingers."""
        settings, over = self._reader.settings, self._teller.shows_alert
        alert = any(piece.shown and piece.shown.alert for piece in cue.picture.pieces)
        cuts = alert or over or cue.picture.overlay or self._director.safety is not Safety.FULL
        return Transition.CUT if settings is None or cuts else settings.transition

    @property
    def _shows_nothing_fit(self) -> bool:
        """Whether what is on the glass is no better than a notice: nothing, a notice, or an alert that is over."""
        return not self._presenter.shows_anything or self._presenter.shows_notice or self._teller.shows_alert

    def _drawn(self, light: Display) -> Display:
        """Return with what light the picture is drawn: with all of it where the display dims itself."""
        return _FULL if self._light.dims else _shining(light)

    def _tell(self, cue: Cue, picture: Picture, moment: Moment) -> None:
        programme = self._reader.programme
        # Its digest: not before it is on the glass, nor while something gives way to it.
        presented = self._presenter.presented(self._look_again if self._moves else None)
        self.is_told = presented is not None
        if presented is None:
            return
        self._teller.tell(
            picture, presented, moment, cue.light, programme.sequence if programme else None,
            (*self._cinema.faults, *_SAFE[self._director.safety]),
            Counts(self._cinema.dropped, self._presenter.late, self._cinema.decode_errors),
            self._light.lit, self._reader.held,
        )  # fmt: skip

    def _look_again(self) -> None:
        ring(self._runtime.stage_bell)

    # --- pictures for people who are far away

    def capture(self) -> None:
        """Write down what is on the glass, for a screenshot, as soon as that makes nothing late."""
        self._camera.ask(self._uptime())

    def _photographed(self, wait: float) -> float:
        """Take the picture that was asked for. Return the seconds that are left to wait."""
        before = self._uptime()
        taken = self._camera.look(before, moves=self._moves)
        return max(0.0, wait - (self._uptime() - before) / 1000) if taken else wait

    def _view(self, room: pygame.Surface) -> View | None:
        steps, moment = self._presenter.photograph(room), self._reader.moment()
        if steps is None:
            return None
        taken = Taken(at_ms=moment.unix_ms, uptime_ms=moment.uptime_ms, moves=self._moves, glass=self._teller.glass)
        return View(steps, self._frames.rotation, taken)


def _shining(light: Display) -> Display:
    """Return the light of a picture that is shown: all of it if somebody looks for the screen in its hours of rest."""
    return _FULL if light.state is PowerState.OFF else light
