"""The films that are on and those that come next."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from beffroi_content.model import Rectangle, VideoContent
from beffroi_content.timeline import Scene, Showing
from beffroi_player.outputs.composition import Layer, Planes
from beffroi_player.stage.decoders import Decoder, Decoders, FfmpegDecoder
from beffroi_player.stage.film import Film
from beffroi_player.stage.frames import turned_area
from beffroi_player.stage.sound import Playing, Speaker, Track, pieces_of
from beffroi_player.store import Fault, Size, State

AHEAD_MS = 10_000
"""How long before its beginning a film is opened."""
FIRST_FRAME_MS = 2_000
"""After which a film that shows nothing is given up."""
HARDWARE_SILENT_S, SILENT_S = 2.0, 10.0
"""How long the decoder of the hardware, and that of the processor, may be at work without giving a frame."""

READ_S = 0.2
"""How long at least it is waited for what is known of the hardware."""


class Key(NamedTuple):
    """A showing of a film."""

    slide: str
    sha256: str
    rectangle: Rectangle
    begun_ms: int
    """When it began; 0: longer ago than anybody looks back."""


@dataclass(slots=True)
class _Rolling:
    film: Film
    showing: Showing
    opened_ms: int
    patience_s: float
    """How long it may wait until it is known what the hardware can do."""
    picture: Planes | None = None
    """The frame that is on."""
    is_second: bool = False
    """Whether it was opened anew because the hardware stopped."""


class Cinema:
    """Opens films before they are due and closes them when they are over.

    Args:
        decoders: Gives them their decoders; without, the processor decodes.
        speaker: Where their sound goes.
    """

    def __init__(self, state: State, decoders: Decoders | None = None, speaker: Speaker | None = None) -> None:
        self._state, self._decoders, self._speaker = state, decoders, speaker
        self._sounding: tuple[Key, Playing] | None = None
        self._stepped: tuple[int, float] = (0, 0.0)
        """The instant of the last step, and when that was on the clock that nobody sets."""
        self._rolling: dict[Key, _Rolling] = {}
        self._dropped = self._errors = 0
        self._failed: dict[Key, str] = {}
        """Showings of which the film is given up, with the reason."""

    @property
    def dropped(self) -> int:
        """How many frames of films came too late, since the start."""
        return self._dropped + sum(rolling.film.dropped for rolling in self._rolling.values())

    @property
    def decode_errors(self) -> int:
        """How many pieces of films could not be decoded, or not well, since the start."""
        return self._errors + sum(rolling.film.errors for rolling in self._rolling.values())

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The films that are not shown."""
        return tuple(Fault(frame=f"film {key.sha256[:12]}", detail=why) for key, why in self._failed.items())

    def prepare(self, now: Scene, soon: Scene | None, now_ms: int) -> None:
        """Open the films of two scenes, and close all others."""
        wanted: dict[Key, Showing] = {}
        for scene in (now, soon):
            wanted |= {key: each for each in (scene.showings if scene else ()) if (key := _key(each))}
        for key in [key for key in self._rolling if key not in wanted]:
            self._close(key)
        self._failed = {key: why for key, why in self._failed.items() if key in wanted}
        if wanted and self._decoders is not None:
            self._decoders.prepare()
        for key, showing in wanted.items():
            if key not in self._rolling and key not in self._failed:
                # What is known since an earlier start is read within a moment.
                patience_s = max(READ_S, (key.begun_ms - now_ms - FIRST_FRAME_MS) / 1000)
                opener = partial(self._decoders.open, patience_s=patience_s) if self._decoders else FfmpegDecoder
                self._rolling[key] = _Rolling(self._open(key, showing, now_ms, opener), showing, now_ms, patience_s)

    def step(self, now_ms: int) -> bool:
        """Take the frames that are due; tell whether any is new, or gone."""
        found = False
        for key, rolling in list(self._rolling.items()):
            self._do_without_hardware(key, rolling, now_ms)
            if now_ms < key.begun_ms:
                continue
            picture = rolling.film.frame((now_ms - key.begun_ms) / 1000)
            if picture is not None:
                rolling.picture, found = picture, True
            if why := self._fault(key, rolling, now_ms):
                self._failed[key] = why
                self._close(key)
                found = True
        self._stepped = now_ms, time.monotonic()
        self._sound(now_ms)
        return found

    @property
    def rolls(self) -> bool:
        """Whether a film is open."""
        return bool(self._rolling)

    def due_ms(self, now_ms: int) -> float | None:
        """Return in how many milliseconds a frame is due; None: no film is on."""
        on = [(key, rolling.film) for key, rolling in self._rolling.items() if now_ms >= key.begun_ms]
        return min((film.due_s((now_ms - key.begun_ms) / 1000) * 1000 for key, film in on), default=None)

    def layer(self, slide: str | None, rectangle: Rectangle, now_ms: int, size: Size, rotation: int) -> Layer | None:
        """Return what is on of the film of a slide at its upright place; None where that is its poster."""
        on = [
            (key.begun_ms, rolling)
            for key, rolling in self._rolling.items()
            if key.slide == slide and key.rectangle == rectangle and key.begun_ms <= now_ms
        ]
        _, rolling = max(on, key=lambda each: each[0], default=(0, None))
        if rolling is None or rolling.picture is None:
            return None
        left, top = rolling.film.corner()
        width, height = rolling.film.size
        seen = Rectangle(x=rectangle.x + left, y=rectangle.y + top, width=width, height=height)
        return Layer(rolling.picture, turned_area(seen, size, rotation), rolling.film.source, rotation)

    def close(self) -> None:
        """Close every film."""
        for key in list(self._rolling):
            self._close(key)
        if self._decoders is not None:
            self._decoders.close()

    def _sound(self, now_ms: int) -> None:
        """Let the first film that is on be heard."""
        loud = self._speaker is not None and self._speaker.volume > 0
        on = [key for key, rolling in self._rolling.items() if loud and key.begun_ms <= now_ms and rolling.picture]
        if self._sounding is not None and self._sounding[0] not in on:
            self._sounding[1].close()
            self._sounding = None
        if on and self._sounding is None and self._speaker is not None:
            key = on[0]
            track = Track(partial(pieces_of, self._state.assets / key.sha256), self._speaker, partial(self._at_s, key))
            self._sounding = key, Playing(track, self._speaker)

    def _at_s(self, key: Key) -> float:
        """Return where a film is now, in seconds; asked by the thread of its sound."""
        now_ms, then = self._stepped
        return (now_ms - key.begun_ms) / 1000 + time.monotonic() - then

    def _fault(self, key: Key, rolling: _Rolling, now_ms: int) -> str:
        """Return why a film that is on is given up; empty: it is not."""
        waited_ms = now_ms - max(key.begun_ms, rolling.opened_ms)
        if rolling.film.fault:
            return rolling.film.fault
        if rolling.picture is None and waited_ms > FIRST_FRAME_MS:
            return "it did not begin within two seconds"
        return "its decoder gives nothing any more" if rolling.film.silent_s() > SILENT_S else ""

    def _do_without_hardware(self, key: Key, rolling: _Rolling, now_ms: int) -> None:
        """Let the processor go on with a film if the hardware stopped; its last frame stands meanwhile."""
        film = rolling.film
        if self._decoders is None or not (why := self._hardware_fault(rolling)):
            return
        self._decoders.failed(why)
        self._count(film)
        film.close()
        rolling.film = self._open(key, rolling.showing, now_ms, FfmpegDecoder)
        rolling.film.size, rolling.film.source = film.size, film.source
        rolling.opened_ms, rolling.is_second = now_ms, True

    def _hardware_fault(self, rolling: _Rolling) -> str:
        """Return what is wrong with the hardware that decodes a film, or is asked to; empty: nothing."""
        film = rolling.film
        asked = film.is_hardware is None and self._decoders is not None and self._decoders.uses_hardware
        if rolling.is_second or not (film.is_hardware or asked):
            return ""
        if film.is_hardware and film.fault:
            return film.fault
        # While it is not open, it may be waiting until it is known what the hardware can do.
        patience_s = HARDWARE_SILENT_S + (rolling.patience_s if asked else 0)
        return f"it gave no frame for {film.silent_s():.1f} seconds" if film.silent_s() > patience_s else ""

    def _close(self, key: Key) -> None:
        if self._sounding is not None and self._sounding[0] == key:
            self._sounding[1].close()
            self._sounding = None
        film = self._rolling.pop(key).film
        self._count(film)
        film.close()

    def _count(self, film: Film) -> None:
        self._dropped += film.dropped
        self._errors += film.errors

    def _open(self, key: Key, showing: Showing, now_ms: int, opener: Callable[[Any], Decoder]) -> Film:
        assert showing.slide is not None
        content = showing.slide.content
        assert isinstance(content, VideoContent)
        position_s = max(0.0, (now_ms - key.begun_ms) / 1000)
        return Film(self._state.assets / key.sha256, key.rectangle.size, content.fit, position_s, opener)


def _key(showing: Showing) -> Key | None:
    content = showing.slide.content if showing.slide else None
    if showing.slide is None or not isinstance(content, VideoContent):
        return None
    return Key(showing.slide.id, content.video.sha256, showing.rectangle, showing.since_ms or 0)
