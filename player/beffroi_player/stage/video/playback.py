"""Video playback: opens the videos that are on and those that come next, and gives their frames as layers.

A video is opened some seconds before it begins, so that its first frame is there in time, and is closed when it is no
longer on. Where it cannot be shown its poster stays, which is the prepared frame of its slide.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from beffroi_content.model import Rectangle, VideoContent
from beffroi_content.timeline import Moment, Scene, Showing
from beffroi_player.outputs.audio_device import AudioDevice
from beffroi_player.outputs.drawing.composition import DrawingLayer, YuvFrame
from beffroi_player.stage.compositor.animation import AnimatedLayers, AnimationStep
from beffroi_player.stage.frame_lookup import PlacedFrame
from beffroi_player.stage.panel_geometry import panel_area, panel_size
from beffroi_player.stage.video.audio import AudioChunk, AudioThread, AudioTrack, audio_chunks
from beffroi_player.stage.video.decoders import DecoderSelection, FfmpegDecoder, PacketDecoder
from beffroi_player.stage.video.video_decoder import VideoDecoder
from beffroi_player.state.directories import FrameFault, StateDirectory

OPEN_AHEAD_MS = 10_000
"""Time before its beginning at which a video is opened."""
FIRST_FRAME_LIMIT_MS = 2_000
"""Time after which a video without a first frame is given up."""
HARDWARE_STALL_S, DECODER_STALL_S = 2.0, 10.0
"""Time for which the hardware's decoder, and any decoder, may be at work without giving a frame."""
VERDICT_WAIT_S = 0.2
"""Least time to wait for what is known of the hardware: after an earlier start that is read within a moment."""


class VideoShowing(NamedTuple):
    """Key of one showing of a video."""

    slide: str
    sha256: str
    rectangle: Rectangle
    started_ms: int
    """Unix time of its beginning; 0: longer ago than the timeline looks back."""


@dataclass(slots=True)
class _OpenVideo:
    decoder: VideoDecoder
    showing: Showing
    opened_ms: int
    patience_s: float
    """Time that its thread may wait until it is known what the hardware can do."""
    frame: YuvFrame | None = None
    """The frame that is on."""
    is_fallback: bool = False
    """Whether it was opened again without the hardware, which had stopped."""


class VideoPlayback:
    """Plays the videos of scenes. Belongs to the frame loop. An :class:`~..compositor.animation.Animation`.

    Args:
        state: Holds the video files.
        decoders: Chooses decoders; None: the processor decodes.
        audio: Plays the sound of one video at a time; None: all are silent.
    """

    def __init__(
        self, state: StateDirectory, decoders: DecoderSelection | None = None, audio: AudioDevice | None = None
    ) -> None:
        self._state, self._decoders, self._audio = state, decoders, audio
        self._sounding: tuple[VideoShowing, AudioThread] | None = None
        self._last_step: tuple[int, float] = (0, 0.0)
        """Unix milliseconds of the last step, and the monotonic seconds at that instant."""
        self._open_videos: dict[VideoShowing, _OpenVideo] = {}
        self._dropped = self._errors = 0
        """Counts of videos that are closed."""
        self._failed: dict[VideoShowing, str] = {}
        """Showings that are given up, with the reason."""

    @property
    def dropped_frames(self) -> int:
        """Frames that came too late, since the start."""
        return self._dropped + sum(video.decoder.dropped_frames for video in self._open_videos.values())

    @property
    def decode_errors(self) -> int:
        """Packets and frames that could not be decoded, or not well, since the start."""
        return self._errors + sum(video.decoder.decode_errors for video in self._open_videos.values())

    @property
    def video_faults(self) -> tuple[FrameFault, ...]:
        """The videos that are given up while their slide is on."""
        return tuple(FrameFault(frame=f"video {key.sha256[:12]}", detail=why) for key, why in self._failed.items())

    @property
    def is_open(self) -> bool:
        """True if any video is open."""
        return bool(self._open_videos)

    def open_upcoming(self, current: Scene, upcoming: Scene | None, now_ms: int) -> None:
        """Open the videos of two scenes, and close all others."""
        wanted: dict[VideoShowing, Showing] = {}
        for scene in (current, upcoming):
            wanted |= {key: each for each in (scene.showings if scene else ()) if (key := _video_showing(each))}
        for key in [key for key in self._open_videos if key not in wanted]:
            self._close_video(key)
        self._failed = {key: why for key, why in self._failed.items() if key in wanted}
        if wanted and self._decoders is not None:
            self._decoders.start_trial()
        for key, showing in wanted.items():
            if key not in self._open_videos and key not in self._failed:
                patience_s = max(VERDICT_WAIT_S, (key.started_ms - now_ms - FIRST_FRAME_LIMIT_MS) / 1000)
                decoder = self._open_decoder(key, showing, now_ms, self._decoder_choice(patience_s))
                self._open_videos[key] = _OpenVideo(decoder, showing, now_ms, patience_s)

    def take_due_frames(self, now_ms: int) -> bool:
        """Take the frames that are due from their decoders; return whether any is new, or gone."""
        has_changed = False
        for key, video in list(self._open_videos.items()):
            self._fall_back_to_software(key, video, now_ms)
            if now_ms < key.started_ms:
                continue
            frame = video.decoder.take_frame((now_ms - key.started_ms) / 1000)
            if frame is not None:
                video.frame, has_changed = frame, True
            if why := self._fault_of(key, video, now_ms):
                self._failed[key] = why
                self._close_video(key)
                has_changed = True
        self._last_step = now_ms, time.monotonic()
        self._update_audio(now_ms)
        return has_changed

    def due_ms(self, now_ms: int) -> float | None:
        """Return the milliseconds until the next frame of any video is due; None: no video is on."""
        on = [(key, video.decoder) for key, video in self._open_videos.items() if now_ms >= key.started_ms]
        return min((decoder.due_s((now_ms - key.started_ms) / 1000) * 1000 for key, decoder in on), default=None)

    def needs_steps(self, _placed: PlacedFrame, _moment: Moment) -> bool:
        """Return False: a video is drawn when :meth:`take_due_frames` says so."""
        return False

    def layers_over(self, placed: PlacedFrame, step: AnimationStep) -> AnimatedLayers | None:
        """Return the frame of the video that is on in a place; None where its poster is to be seen.

        Where the next showing of a slide follows the last one, both may be open: the later one is shown once it has
        begun.
        """
        if not self._open_videos:
            return None
        slide, now_ms = placed.shown.slide if placed.shown else None, step.moment.unix_ms
        on = [
            (key.started_ms, video)
            for key, video in self._open_videos.items()
            if key.slide == slide and key.rectangle == placed.rectangle and key.started_ms <= now_ms
        ]
        _, video = max(on, key=lambda each: each[0], default=(0, None))
        if video is None or video.frame is None:
            return None
        left, top = video.decoder.frame_corner()
        width, height = video.decoder.size
        seen = Rectangle(x=placed.rectangle.x + left, y=placed.rectangle.y + top, width=width, height=height)
        area = panel_area(seen, step.size, step.rotation)
        layer = DrawingLayer(video.frame, area, video.decoder.source, step.rotation)
        return AnimatedLayers([layer], area == (0, 0, *panel_size(step.size, step.rotation)))

    def close(self) -> None:
        """Close every video."""
        for key in list(self._open_videos):
            self._close_video(key)
        if self._decoders is not None:
            self._decoders.close()

    def _update_audio(self, now_ms: int) -> None:
        """Play the sound of the first video that is on, and end it when that is no longer on."""
        audio = self._audio
        is_loud = audio is not None and audio.volume > 0
        on = [key for key, video in self._open_videos.items() if is_loud and key.started_ms <= now_ms and video.frame]
        if self._sounding is not None and self._sounding[0] not in on:
            self._sounding[1].close()
            self._sounding = None
        if on and self._sounding is None and audio is not None:
            key = on[0]
            source = _VideoAudio(self._state.assets / key.sha256, partial(self._position_s, key))
            self._sounding = key, AudioThread(AudioTrack(source, audio), audio)

    def _position_s(self, key: VideoShowing) -> float:
        """Return the present position in a video, in seconds. Called by the thread of its sound."""
        now_ms, then = self._last_step
        return (now_ms - key.started_ms) / 1000 + time.monotonic() - then

    def _fault_of(self, key: VideoShowing, video: _OpenVideo, now_ms: int) -> str:
        """Return the reason to give up a video that is on; empty: there is none."""
        waited_ms = now_ms - max(key.started_ms, video.opened_ms)
        if video.decoder.fault:
            return video.decoder.fault
        if video.frame is None and waited_ms > FIRST_FRAME_LIMIT_MS:
            return "it did not begin within two seconds"
        return "its decoder gives nothing any more" if video.decoder.stalled_s() > DECODER_STALL_S else ""

    def _fall_back_to_software(self, key: VideoShowing, video: _OpenVideo, now_ms: int) -> None:
        """Let the processor go on with a video if the hardware has stopped; its last frame stays on meanwhile."""
        stopped = video.decoder
        if self._decoders is None or not (why := self._hardware_fault(video)):
            return
        self._decoders.note_failure(why)
        self._add_counts(stopped)
        stopped.close()
        video.decoder = self._open_decoder(key, video.showing, now_ms, FfmpegDecoder)
        video.decoder.size, video.decoder.source = stopped.size, stopped.source
        video.opened_ms, video.is_fallback = now_ms, True

    def _hardware_fault(self, video: _OpenVideo) -> str:
        """Return what is wrong with the hardware that decodes a video, or is being opened; empty: nothing."""
        decoder = video.decoder
        is_opening = decoder.is_hardware is None and self._decoders is not None and self._decoders.uses_hardware
        if video.is_fallback or not (decoder.is_hardware or is_opening):
            return ""
        if decoder.is_hardware and decoder.fault:
            return decoder.fault
        # While it is not open, its thread may still be waiting for the verdict on the hardware.
        patience_s = HARDWARE_STALL_S + (video.patience_s if is_opening else 0)
        return f"it gave no frame for {decoder.stalled_s():.1f} seconds" if decoder.stalled_s() > patience_s else ""

    def _close_video(self, key: VideoShowing) -> None:
        if self._sounding is not None and self._sounding[0] == key:
            self._sounding[1].close()
            self._sounding = None
        decoder = self._open_videos.pop(key).decoder
        self._add_counts(decoder)
        decoder.close()

    def _add_counts(self, decoder: VideoDecoder) -> None:
        self._dropped += decoder.dropped_frames
        self._errors += decoder.decode_errors

    def _decoder_choice(self, patience_s: float) -> Callable[[Any], PacketDecoder]:
        return partial(self._decoders.open_decoder, patience_s=patience_s) if self._decoders else FfmpegDecoder

    def _open_decoder(
        self, key: VideoShowing, showing: Showing, now_ms: int, choose: Callable[[Any], PacketDecoder]
    ) -> VideoDecoder:
        assert showing.slide is not None
        content = showing.slide.content
        assert isinstance(content, VideoContent)
        position_s = max(0.0, (now_ms - key.started_ms) / 1000)
        return VideoDecoder(self._state.assets / key.sha256, key.rectangle.size, content.fit, position_s, choose)


class _VideoAudio:
    """The sound of a video, in step with its frames."""

    def __init__(self, path: Path, position_s: Callable[[], float]) -> None:
        self._path, self.position_s = path, position_s

    def chunks_from(self, position_s: float) -> Iterator[AudioChunk]:
        """Yield the sound from a position on, without end."""
        return audio_chunks(self._path, position_s)


def _video_showing(showing: Showing) -> VideoShowing | None:
    content = showing.slide.content if showing.slide else None
    if showing.slide is None or not isinstance(content, VideoContent):
        return None
    return VideoShowing(showing.slide.id, content.video.sha256, showing.rectangle, showing.since_ms or 0)
