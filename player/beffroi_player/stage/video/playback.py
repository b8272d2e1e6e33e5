"""The films that are on and those that come next."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from beffroi_content.model import Rectangle, VideoContent
from beffroi_content.timeline import Scene, Showing
from beffroi_player.outputs.drawing.composition import DrawingLayer, YuvFrame
from beffroi_player.stage.frame_cache import panel_area
from beffroi_player.stage.video.audio import AudioDevice, AudioThread, AudioTrack, audio_chunks
from beffroi_player.stage.video.decoders import DecoderSelection, FfmpegDecoder, PacketDecoder
from beffroi_player.stage.video.video_decoder import VideoDecoder
from beffroi_player.state.directories import FrameFault, Size, StateDirectory

OPEN_AHEAD_MS = 10_000
"""How long before its beginning a film is opened."""
FIRST_FRAME_LIMIT_MS = 2_000
"""After which a film that shows nothing is given up."""
HARDWARE_STALL_S, DECODER_STALL_S = 2.0, 10.0
"""How long the decoder of the hardware, and that of the processor, may be at work without giving a frame."""

VERDICT_WAIT_S = 0.2
"""How long at least it is waited for what is known of the hardware."""


class VideoShowing(NamedTuple):
    """A showing of a film."""

    slide: str
    sha256: str
    rectangle: Rectangle
    started_ms: int
    """When it began; 0: longer ago than anybody looks back."""


@dataclass(slots=True)
class _OpenVideo:
    decoder: VideoDecoder
    showing: Showing
    opened_ms: int
    patience_s: float
    """How long it may wait until it is known what the hardware can do."""
    frame: YuvFrame | None = None
    """The frame that is on."""
    is_fallback: bool = False
    """Whether it was opened anew because the hardware stopped."""


class VideoPlayback:
    """Opens films before they are due and closes them when they are over.

    Args:
        decoders: Gives them their decoders; without, the processor decodes.
        speaker: Where their sound goes.
    """

    def __init__(
        self, state: StateDirectory, decoders: DecoderSelection | None = None, speaker: AudioDevice | None = None
    ) -> None:
        self._state, self._decoders, self._speaker = state, decoders, speaker
        self._audio: tuple[VideoShowing, AudioThread] | None = None
        self._last_step: tuple[int, float] = (0, 0.0)
        """The instant of the last step, and when that was on the clock that nobody sets."""
        self._open_videos: dict[VideoShowing, _OpenVideo] = {}
        self._dropped = self._errors = 0
        self._failed: dict[VideoShowing, str] = {}
        """Showings of which the film is given up, with the reason."""

    @property
    def dropped_frames(self) -> int:
        """How many frames of films came too late, since the start."""
        return self._dropped + sum(rolling.decoder.dropped_frames for rolling in self._open_videos.values())

    @property
    def decode_errors(self) -> int:
        """How many pieces of films could not be decoded, or not well, since the start."""
        return self._errors + sum(rolling.decoder.decode_errors for rolling in self._open_videos.values())

    @property
    def video_faults(self) -> tuple[FrameFault, ...]:
        """The films that are not shown."""
        return tuple(FrameFault(frame=f"film {key.sha256[:12]}", detail=why) for key, why in self._failed.items())

    def open_upcoming(self, now: Scene, soon: Scene | None, now_ms: int) -> None:
        """Open the films of two scenes, and close all others."""
        wanted: dict[VideoShowing, Showing] = {}
        for scene in (now, soon):
            wanted |= {key: each for each in (scene.showings if scene else ()) if (key := _video_showing(each))}
        for key in [key for key in self._open_videos if key not in wanted]:
            self._close_video(key)
        self._failed = {key: why for key, why in self._failed.items() if key in wanted}
        if wanted and self._decoders is not None:
            self._decoders.start_trial()
        for key, showing in wanted.items():
            if key not in self._open_videos and key not in self._failed:
                # What is known since an earlier start is read within a moment.
                patience_s = max(VERDICT_WAIT_S, (key.started_ms - now_ms - FIRST_FRAME_LIMIT_MS) / 1000)
                opener = (
                    partial(self._decoders.open_decoder, patience_s=patience_s) if self._decoders else FfmpegDecoder
                )
                self._open_videos[key] = _OpenVideo(
                    self._open_decoder(key, showing, now_ms, opener), showing, now_ms, patience_s
                )

    def take_due_frames(self, now_ms: int) -> bool:
        """Take the frames that are due; tell whether any is new, or gone."""
        found = False
        for key, rolling in list(self._open_videos.items()):
            self._fall_back_to_software(key, rolling, now_ms)
            if now_ms < key.started_ms:
                continue
            picture = rolling.decoder.take_frame((now_ms - key.started_ms) / 1000)
            if picture is not None:
                rolling.frame, found = picture, True
            if why := self._fault_of(key, rolling, now_ms):
                self._failed[key] = why
                self._close_video(key)
                found = True
        self._last_step = now_ms, time.monotonic()
        self._update_audio(now_ms)
        return found

    @property
    def is_open(self) -> bool:
        """Whether a film is open."""
        return bool(self._open_videos)

    def due_ms(self, now_ms: int) -> float | None:
        """Return in how many milliseconds a frame is due; None: no film is on."""
        on = [(key, rolling.decoder) for key, rolling in self._open_videos.items() if now_ms >= key.started_ms]
        return min((film.due_s((now_ms - key.started_ms) / 1000) * 1000 for key, film in on), default=None)

    def layer_of(
        self, slide: str | None, rectangle: Rectangle, now_ms: int, size: Size, rotation: int
    ) -> DrawingLayer | None:
        """Return what is on of the film of a slide at its upright place; None where that is its poster."""
        on = [
            (key.started_ms, rolling)
            for key, rolling in self._open_videos.items()
            if key.slide == slide and key.rectangle == rectangle and key.started_ms <= now_ms
        ]
        _, rolling = max(on, key=lambda each: each[0], default=(0, None))
        if rolling is None or rolling.frame is None:
            return None
        left, top = rolling.decoder.frame_corner()
        width, height = rolling.decoder.size
        seen = Rectangle(x=rectangle.x + left, y=rectangle.y + top, width=width, height=height)
        return DrawingLayer(rolling.frame, panel_area(seen, size, rotation), rolling.decoder.source, rotation)

    def close(self) -> None:
        """Close every film."""
        for key in list(self._open_videos):
            self._close_video(key)
        if self._decoders is not None:
            self._decoders.close()

    def _update_audio(self, now_ms: int) -> None:
        """Let the first film that is on be heard."""
        loud = self._speaker is not None and self._speaker.volume > 0
        on = [key for key, rolling in self._open_videos.items() if loud and key.started_ms <= now_ms and rolling.frame]
        if self._audio is not None and self._audio[0] not in on:
            self._audio[1].close()
            self._audio = None
        if on and self._audio is None and self._speaker is not None:
            key = on[0]
            track = AudioTrack(
                partial(audio_chunks, self._state.assets / key.sha256), self._speaker, partial(self._position_s, key)
            )
            self._audio = key, AudioThread(track, self._speaker)

    def _position_s(self, key: VideoShowing) -> float:
        """Return where a film is now, in seconds; asked by the thread of its sound."""
        now_ms, then = self._last_step
        return (now_ms - key.started_ms) / 1000 + time.monotonic() - then

    def _fault_of(self, key: VideoShowing, rolling: _OpenVideo, now_ms: int) -> str:
        """Return why a film that is on is given up; empty: it is not."""
        waited_ms = now_ms - max(key.started_ms, rolling.opened_ms)
        if rolling.decoder.fault:
            return rolling.decoder.fault
        if rolling.frame is None and waited_ms > FIRST_FRAME_LIMIT_MS:
            return "it did not begin within two seconds"
        return "its decoder gives nothing any more" if rolling.decoder.stalled_s() > DECODER_STALL_S else ""

    def _fall_back_to_software(self, key: VideoShowing, rolling: _OpenVideo, now_ms: int) -> None:
        """Let the processor go on with a film if the hardware stopped; its last frame stands meanwhile."""
        film = rolling.decoder
        if self._decoders is None or not (why := self._hardware_fault(rolling)):
            return
        self._decoders.note_failure(why)
        self._add_counts(film)
        film.close()
        rolling.decoder = self._open_decoder(key, rolling.showing, now_ms, FfmpegDecoder)
        rolling.decoder.size, rolling.decoder.source = film.size, film.source
        rolling.opened_ms, rolling.is_fallback = now_ms, True

    def _hardware_fault(self, rolling: _OpenVideo) -> str:
        """Return what is wrong with the hardware that decodes a film, or is asked to; empty: nothing."""
        film = rolling.decoder
        asked = film.is_hardware is None and self._decoders is not None and self._decoders.uses_hardware
        if rolling.is_fallback or not (film.is_hardware or asked):
            return ""
        if film.is_hardware and film.fault:
            return film.fault
        # While it is not open, it may be waiting until it is known what the hardware can do.
        patience_s = HARDWARE_STALL_S + (rolling.patience_s if asked else 0)
        return f"it gave no frame for {film.stalled_s():.1f} seconds" if film.stalled_s() > patience_s else ""

    def _close_video(self, key: VideoShowing) -> None:
        if self._audio is not None and self._audio[0] == key:
            self._audio[1].close()
            self._audio = None
        film = self._open_videos.pop(key).decoder
        self._add_counts(film)
        film.close()

    def _add_counts(self, film: VideoDecoder) -> None:
        self._dropped += film.dropped_frames
        self._errors += film.decode_errors

    def _open_decoder(
        self, key: VideoShowing, showing: Showing, now_ms: int, opener: Callable[[Any], PacketDecoder]
    ) -> VideoDecoder:
        assert showing.slide is not None
        content = showing.slide.content
        assert isinstance(content, VideoContent)
        position_s = max(0.0, (now_ms - key.started_ms) / 1000)
        return VideoDecoder(self._state.assets / key.sha256, key.rectangle.size, content.fit, position_s, opener)


def _video_showing(showing: Showing) -> VideoShowing | None:
    content = showing.slide.content if showing.slide else None
    if showing.slide is None or not isinstance(content, VideoContent):
        return None
    return VideoShowing(showing.slide.id, content.video.sha256, showing.rectangle, showing.since_ms or 0)
