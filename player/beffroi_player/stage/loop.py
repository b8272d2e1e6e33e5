"""The frame loop: look, present, write down what was presented, sleep until something else is due.

Nothing is polled: the loop sleeps on its socket until the scene ends or somebody says “look again”, with an idle
tick in case a word was lost. A still picture costs one tick every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import pygame

from beffroi_content.digest import frame_digest
from beffroi_content.model import AlertForm, Manifest, PowerState, Rectangle, Transition
from beffroi_content.timeline import Moment, Scene, resolve
from beffroi_content.timeline.display import Display, display
from beffroi_player import machine, notify
from beffroi_player.files import stamp, write_file
from beffroi_player.nudge import CAPTURE, Bell, ring
from beffroi_player.outputs.base import Lit, Output
from beffroi_player.outputs.canvas import painter_of
from beffroi_player.outputs.composition import Composition, Layer
from beffroi_player.outputs.gpu import GpuLost
from beffroi_player.outputs.mounting import Mounting
from beffroi_player.pictures import to_ppm
from beffroi_player.stage import cinema
from beffroi_player.stage.cinema import Cinema
from beffroi_player.stage.composer import Blend, Composer
from beffroi_player.stage.daylight import Daylight
from beffroi_player.stage.frames import BrokenFrame, Frames, compose, panel_size, upright_rgb
from beffroi_player.stage.pace import Pace
from beffroi_player.stage.playlog import PlayLog
from beffroi_player.stage.reader import Reader
from beffroi_player.stage.safety import WITHIN_MS, Safety
from beffroi_player.stage.scenery import Picture, Scenery
from beffroi_player.stage.sound import Bellringer, Speaker
from beffroi_player.stage.teller import Presented, Teller
from beffroi_player.store import SAFE_MODE, Fault, Runtime, Size, State

log = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""How often the loop looks unasked; well within the watchdog's patience."""
LOOK_MS = 1_000.0
"""How often it looks unasked while something moves."""
PAUSE_SECONDS = 1.0
"""After an error that should not happen."""
NOTICE, REST = "notice", "rest"
"""What is on the glass while there is nothing to show, and in its hours of rest."""
COLOUR = (29, 79, 145)
"""What a fresh player shows until the agent has drawn the notice: not black, which looks broken."""


_SAFE = {
    Safety.FULL: (),
    Safety.SIMPLE: (Fault(frame=SAFE_MODE, detail="it crashed again and again: no films, no transitions"),),
    Safety.BARE: (Fault(frame=SAFE_MODE, detail="it crashed again and again: only the idle slide and alerts"),),
}
"""What is said while something is left out."""


@dataclass(frozen=True, slots=True)
class Steady:
    """A picture that is on while something on it moves."""

    picture: Picture
    size: Size
    until_uptime_ms: float
    """When the stage has to look again, unless somebody rings before."""


def _plain(base: pygame.Surface) -> Composition:
    return Composition(base.get_size(), (Layer.whole(base),))


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
        self._safety, self._safe_until_ms = safety, uptime() + WITHIN_MS
        self._state = state
        self._runtime = runtime
        self._output = output
        self._uptime = uptime
        self._reader = Reader(state, runtime, uptime, system)
        self._frames = Frames(state, runtime)
        self._framed: tuple[object, object] = (None, None)
        self._scenery = Scenery(self._reader, self._frames)
        self._painter = painter_of(output)
        self._mounting = Mounting()
        self._speaker = Speaker()
        self._bellringer = Bellringer(self._speaker)
        self._cinema = Cinema(state, self._painter.takes_planes, self._speaker)
        self._light = Display(PowerState.ON, 100, None)
        self._daylight = daylight or Daylight()
        self._base: pygame.Surface | None = None
        self._top = Composition(splash.get_size(), (Layer.whole(splash),)) if splash else None
        """What was presented last."""
        self._blend: Blend | None = None
        self._glides = False
        """Whether messages glide over the picture."""
        self._pace = Pace()
        self._is_on = True
        self._lit = Lit.UNKNOWN
        """What became of the last wish to switch the display."""
        self._steady: Steady | None = None
        self._slides: tuple[object, ...] | None = None
        self._composer = Composer(self._cinema, self._frames)
        self._teller = Teller(runtime, PlayLog(state, uptime), self._reader.moment().unix_ms, uptime)
        self._bare: tuple[Manifest, Manifest] | None = None
        """A programme, and what is left of it when only the idle slide is shown."""
        self._number = 0
        self._healthy = True
        self._shows_anything = splash is not None
        self._panel: Size | None = splash.get_size() if splash else None
        self._size: Size = output.desktop()
        self._on_glass: tuple[object, ...] = ()
        self._digest = "0" * 64
        self._presented = self._uptime()

    @property
    def dropped_frames(self) -> int:
        """How many frames of films came too late to be shown, since the start."""
        return self._cinema.dropped

    @property
    def late_frames(self) -> int:
        """How many steps of transitions and of messages that glide came late, since the start."""
        return self._pace.late

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
        self._cinema.close()
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
            return wait
        except GpuLost:
            # A new start finds it again, or does without.
            raise
        except Exception:
            self._healthy = False
            # Whatever it was: what is on the glass stays there, and is better than nothing.
            log.exception("the picture stays as it is")
            self._reader.forget()
            self._steady = None
            return PAUSE_SECONDS

    def _look(self) -> float:
        self._reader.refresh()
        self._forget_frames()
        self._frames.turn(self._reader.rotation)
        settings = self._reader.manifest.settings if self._reader.manifest else None
        self._mount(Mounting.of(settings))
        self._speaker.volume = settings.volume if settings else 0
        size = self._reader.size(otherwise=self._natural_size())
        moment = self._reader.moment()
        if self._safety is not Safety.FULL and moment.uptime_ms >= self._safe_until_ms:
            log.info("ten minutes without a crash: everything is shown again")
            self._safety = Safety.FULL
        scene = self._scene(moment, size)
        by_hours = display(self._reader.manifest, self._reader.held, moment)
        self._light = self._daylight.dimmed(by_hours, settings.darkest if settings else 100, moment.uptime_ms)
        picture, until_ms = self._with_overlay(self._scenery.picture(scene), scene, moment, size)
        until_ms = _sooner(until_ms, self._light.until_ms, moment)
        if self._light.state is PowerState.OFF and not picture.overlay:
            self._show_nothing(moment, size)
        else:
            self._switch(on=True)
            self._show(picture, moment, size)
        self._bellringer.look(scene, self._speaker.volume)
        soon = self._load_ahead(moment.at(scene.until_ms), size) if scene.until_ms is not None else None
        near = scene.until_ms is not None and scene.until_ms - moment.unix_ms < cinema.AHEAD_MS
        rolls = self._light.state is not PowerState.OFF and self._safety is Safety.FULL
        shown = scene if rolls else Scene((), None)
        self._cinema.prepare(shown, soon if near and rolls else None, self._frames.rotation, moment.unix_ms)
        due = until_ms if until_ms is not None else moment.uptime_ms + 1000 * IDLE_SECONDS
        wait = self._wait(due)
        self._steady = Steady(picture, size, min(due, moment.uptime_ms + LOOK_MS)) if self._moves else None
        return wait

    def _go_on(self, steady: Steady) -> float:
        """Move what moves: nothing else has changed, or somebody would have rung."""
        blends = self._blend is not None
        moment = self._reader.moment()
        self._advance(steady.picture, moment, steady.size, films=self._cinema.step(moment.unix_ms))
        if self._moves and blends == (self._blend is not None):
            return self._wait(steady.until_uptime_ms)
        # What came to its end has to be told.
        self._steady = None
        return 0.0

    @property
    def _moves(self) -> bool:
        return self._blend is not None or self._glides or self._cinema.rolls

    def _wait(self, due_uptime_ms: float) -> float:
        """Return the seconds until something is due: another picture, or a step of what moves."""
        now = self._reader.moment()
        frame_ms = self._cinema.due_ms(now.unix_ms)
        if self._blend or self._glides:
            frame_ms = self._pace.left_ms(now.uptime_ms)
        left_ms = due_uptime_ms - now.uptime_ms
        return min(IDLE_SECONDS, max(0.0, (left_ms if frame_ms is None else min(left_ms, frame_ms)) / 1000))

    def _forget_frames(self) -> None:
        """Keep no frames in memory of programmes and alerts that are gone."""
        known = self._reader.programme, self._reader.alerts
        if all(one is other for one, other in zip(known, self._framed, strict=True)):
            return
        self._framed = known
        sets = [frames for record in known if record is not None for frames in record.frames.values()]
        self._frames.keep_only({name for frames in sets for name in frames})

    def _natural_size(self) -> Size:
        """Return the size to draw for while nothing says what the screen measures."""
        return panel_size(self._panel or self._output.desktop(), self._reader.rotation)

    def _with_overlay(self, picture: Picture, scene: Scene, moment: Moment, size: Size) -> tuple[Picture, float | None]:
        """Lay the overlay over the picture, unless it would hide an alert. Return also until what uptime it holds."""
        until = moment.uptime_ms + scene.until_ms - moment.unix_ms if scene.until_ms is not None else None
        overlay = self._reader.overlay
        hides = any(showing.form is AlertForm.TAKEOVER for showing in scene.showings)
        if overlay is None or hides or overlay.until_uptime_ms <= moment.uptime_ms:
            return picture, until
        full = Rectangle(width=size[0], height=size[1])
        end = overlay.until_uptime_ms if until is None else min(until, overlay.until_uptime_ms)
        return self._scenery.overlaid(picture, overlay.frame, full), end

    def _show(self, picture: Picture, moment: Moment, size: Size) -> None:
        films = self._cinema.step(moment.unix_ms)
        if picture.pieces:
            frames = tuple((piece.frame, piece.rectangle) for piece in picture.pieces)
            key = (frames, self._frames.rotation, size, self._light.brightness)
            dress = partial(self._dressed, picture=picture, moment=moment, size=size)
            self._blend = self._blend_to(key, picture) or self._blend
            self._put(key, lambda: compose(size, self._frames.rotation, picture.parts), size, dress)
        elif self._shows_nothing_fit():
            self._show_notice(size)
        self._advance(picture, moment, size, films=films)
        if self._blend is None:
            self._tell(picture, moment)

    def _advance(self, picture: Picture, moment: Moment, size: Size, *, films: bool) -> None:
        """Present what has moved: films, a transition, messages that glide."""
        self._glides = self._safety is Safety.FULL and self._composer.glides(picture, moment)
        if picture.pieces and self._base is not None and (self._blend or films or self._glides):
            self._move(self._dressed(self._base, picture, moment, size))

    def _mount(self, mounting: Mounting) -> None:
        """Lay the picture on the display in another way: all is drawn anew."""
        if mounting != self._mounting:
            self._mounting = mounting
            self._painter.mount(mounting)
            self._panel, self._on_glass = None, ()

    def _dressed(self, base: pygame.Surface, picture: Picture, moment: Moment, size: Size) -> Composition:
        return self._composer.composition(base, picture, moment, size, self._frames.rotation, self._light)

    def _blend_to(self, key: tuple[object, ...], picture: Picture) -> Blend | None:
        """Return how a new picture takes the place of the one on the glass; None: at once, or not at all."""
        if key == self._on_glass:
            return None
        self._blend = None
        slides = tuple((piece.shown.slide, piece.shown.page) if piece.shown else None for piece in picture.pieces)
        before, self._slides = self._slides, slides
        settings = self._reader.manifest.settings if self._reader.manifest else None
        alert = any(piece.shown and piece.shown.alert for piece in picture.pieces)
        if settings is None or alert or picture.overlay or self._top is None or self._on_glass[:1] == (REST,):
            return None
        # What changes by itself, such as a clock, does so at once; and after an alert nothing lingers.
        if slides == before or before is None or self._top.size != panel_size(self._size, self._frames.rotation):
            return None
        over = self._teller.glass is not None and self._teller.glass.shows_alert
        if settings.transition is Transition.CUT or over or self._safety is not Safety.FULL:
            return None
        return Blend(settings.transition, replace(self._top, before=None), self._uptime())

    def _move(self, dressed: Composition) -> None:
        """Present what has moved: a frame of a film, or a step of a transition."""
        now = self._uptime()
        self._pace.step(now, goes_on=self._blend is not None or self._glides)
        ends = self._blend is not None and self._blend.is_over(now)
        if ends:
            self._blend = None
        self._top = self._blend.at(dressed, now) if self._blend else dressed
        self._painter.draw(self._top)
        if ends:
            self._presented = self._uptime()
            self._output.settle()

    def _shows_nothing_fit(self) -> bool:
        """Whether what is on the glass is no better than a notice: nothing, a notice, or an alert that is over."""
        over = self._teller.glass is not None and self._teller.glass.shows_alert
        return not self._shows_anything or over or self._on_glass[:1] == (NOTICE,)

    def _show_notice(self, size: Size) -> None:
        key = (NOTICE, stamp(self._state.notice), self._frames.rotation)
        try:
            surface = self._frames.open(self._state.notice)
        except BrokenFrame:
            surface = pygame.Surface(panel_size(size, self._frames.rotation), depth=32)
            surface.fill(COLOUR)
        self._put(key, lambda: surface, panel_size(surface.get_size(), self._frames.rotation))

    def _show_nothing(self, moment: Moment, size: Size) -> None:
        """Darken the display, in its hours of rest."""

        def darkness() -> pygame.Surface:
            surface = pygame.Surface(panel_size(size, self._frames.rotation), depth=32)
            surface.fill((0, 0, 0))
            return surface

        self._blend, self._glides = None, False
        self._put((REST, self._frames.rotation, size), darkness, size)
        self._switch(on=False)
        self._tell(Picture((), (), ()), moment)

    def _switch(self, *, on: bool) -> None:
        """Switch the display after it was made dark, and before it is to show something."""
        if on != self._is_on:
            self._is_on = on
            self._lit = self._output.power(on)

    def _put(
        self,
        key: tuple[object, ...],
        build: Callable[[], pygame.Surface],
        size: Size,
        dress: Callable[[pygame.Surface], Composition] = _plain,
    ) -> None:
        """Present a picture with what moves on top of it, unless it is on the glass already.

        What is said of it is said of the picture: films are not counted frame by frame. A picture that takes the
        place of another by and by is presented by ``_move``.
        """
        if key == self._on_glass:
            return
        self._base = surface = build()
        panel = surface.get_size()
        if panel != self._panel:
            self._output.open(self._mounting.size(panel))
            self._panel = panel
        if self._blend is None:
            self._top = dress(surface)
            self._painter.draw(self._top)
            self._presented = self._uptime()
            self._output.settle()
        self._on_glass, self._shows_anything = key, True
        self._number += 1
        self._digest = ""
        self._size = size

    def _tell(self, picture: Picture, moment: Moment) -> None:
        programme = self._reader.programme
        if not self._digest and self._base is not None:
            # Not before it is on the glass, nor while something moves: it takes longer than a frame.
            self._digest = frame_digest(*upright_rgb(self._base, self._frames.rotation))
        presented = Presented(self._number, self._size, self._digest, self._presented)
        self._teller.tell(
            picture, presented, moment, self._light, programme.sequence if programme else None,
            (*self._cinema.faults, *_SAFE[self._safety]), self._cinema.dropped, self._pace.late, self._lit,
        )  # fmt: skip

    def _load_ahead(self, moment: Moment, size: Size) -> Scene:
        scene = self._scene(moment, size)
        self._scenery.picture(scene)
        return scene

    def _scene(self, moment: Moment, size: Size) -> Scene:
        """Return what is on; after many crashes or a long silence the idle slide, and alerts as ever."""
        manifest = self._reader.manifest
        if manifest is not None and (self._safety is Safety.BARE or self._is_forsaken(manifest)):
            if self._bare is None or self._bare[0] is not manifest:
                self._bare = manifest, manifest.replace(rules=(), playlists=(), slides=())
            manifest = self._bare[1]
        return resolve(manifest, self._reader.held, moment, size)

    def _is_forsaken(self, manifest: Manifest) -> bool:
        limit = manifest.settings.idle_after_hours
        return limit is not None and self._reader.silent_hours() >= limit

    def capture(self) -> None:
        """Write down what is on the glass, for a screenshot."""
        if not self._shows_anything:
            return
        try:
            picture = to_ppm(*upright_rgb(self._painter.shown(), self._frames.rotation))
            write_file(self._runtime.capture, *picture, durable=False)
        except OSError as error:
            log.warning("no screenshot: %s", error)
            return
        ring(self._runtime.agent_bell)

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


def _sooner(until_uptime_ms: float | None, other_ms: int | None, moment: Moment) -> float | None:
    """Return the earlier of an uptime and of an instant, as an uptime; None: neither is known."""
    other = moment.at(other_ms).uptime_ms if other_ms is not None else None
    return min((each for each in (until_uptime_ms, other) if each is not None), default=None)
