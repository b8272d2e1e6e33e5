"""From a scene to the frames that make it, with what is shown instead where a frame is broken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import pygame

from beffroi_content.model import Rectangle, WidgetContent
from beffroi_content.timeline import ReasonKind, Scene, Showing
from beffroi_content.wire.reports import ShownPart
from beffroi_player.stage.frame_cache import BrokenFrame, FrameCache
from beffroi_player.stage.state_reader import StateReader
from beffroi_player.state.directories import (
    FrameFault,
    alert_set_key,
    frame_set_key,
    is_live_frame_name,
    live_frame_name,
    strip_set_key,
)


class MarqueeStrip(NamedTuple):
    """A message that glides."""

    frame: str
    until_ms: int | None
    """First instant at which it is over."""


@dataclass(frozen=True, slots=True)
class PlacedFrame:
    """A frame at its place, and what is said of it."""

    frame: str
    rectangle: Rectangle
    shown: ShownPart | None = None
    strips: tuple[MarqueeStrip, ...] = ()
    """Messages that glide over it."""
    ticks: bool = False
    """Whether it changes by itself: what follows it may be the same showing, a moment later."""


@dataclass(frozen=True, slots=True)
class SceneFrames:
    """What is to be on the glass."""

    placed: tuple[PlacedFrame, ...]
    surfaces: tuple[pygame.Surface, ...]
    faults: tuple[FrameFault, ...]
    is_overlay: bool = False
    beneath: frozenset[str] = frozenset()
    """The frames of what it lies over, which is on again in a moment."""

    @property
    def frame_names(self) -> frozenset[str]:
        """The frames that it needs, with those of messages that glide."""
        glide = {strip.frame for piece in self.placed for strip in piece.strips}
        return self.beneath | glide | {piece.frame for piece in self.placed}

    @property
    def placed_surfaces(self) -> list[tuple[pygame.Surface, Rectangle]]:
        """Surfaces with their places, in drawing order."""
        return [(s, piece.rectangle) for s, piece in zip(self.surfaces, self.placed, strict=True)]


class FrameLookup:
    """Finds the frames of scenes."""

    def __init__(self, reader: StateReader, frames: FrameCache) -> None:
        self._reader = reader
        self._frames = frames

    def find_frames(self, scene: Scene) -> SceneFrames:
        """Return the picture of a scene. Where a frame is broken the idle slide takes its place, or nothing does."""
        found: list[tuple[PlacedFrame, pygame.Surface]] = []
        faults: list[FrameFault] = []
        for showing in scene.showings:
            for piece in self._candidate_frames(showing):
                try:
                    found.append((piece, self._frames.load_frame(piece.frame, piece.rectangle.size)))
                    break
                except BrokenFrame as error:
                    # A live frame that is late is no fault: the one that was prepared is shown until it comes.
                    if not is_live_frame_name(piece.frame):
                        faults.append(FrameFault(frame=piece.frame, detail=str(error)))
        return SceneFrames(tuple(piece for piece, _ in found), tuple(surface for _, surface in found), tuple(faults))

    def load_ahead(self, scene: Scene) -> None:
        """Read the frames of a scene that is due next, but for those that are drawn only then."""
        wanted: list[str] = []
        for showing in scene.showings:
            piece = next((each for each in self._candidate_frames(showing) if not is_live_frame_name(each.frame)), None)
            wanted += [piece.frame, *(strip.frame for strip in piece.strips)] if piece else []
        self._frames.load_ahead(wanted)

    def lay_over(self, picture: SceneFrames, frame: str, rectangle: Rectangle) -> SceneFrames:
        """Return the frame that lies over everything, or the picture itself if the frame is broken."""
        try:
            surface = self._frames.load_frame(frame, rectangle.size)
        except BrokenFrame as error:
            fault = FrameFault(frame=frame, detail=str(error))
            return SceneFrames(picture.placed, picture.surfaces, (*picture.faults, fault))
        return SceneFrames(
            (PlacedFrame(frame, rectangle),), (surface,), picture.faults, is_overlay=True, beneath=picture.frame_names
        )

    def _candidate_frames(self, showing: Showing) -> list[PlacedFrame]:
        """Return the frame of a showing, and then what may stand in for it."""
        shown = _shown_of(showing)
        names = self._frame_names(showing)
        name, ticks = names[min(showing.page, len(names) - 1)] if names else "", showing.at_ms is not None
        wanted = [PlacedFrame(name, showing.rectangle, shown, ticks=ticks)]
        programme = self._reader.programme
        if showing.zone is None or programme is None:
            return wanted
        strips = self._marquee_strips(showing)
        if strips:
            wanted = [replace(wanted[0], strips=strips)]
        elif showing.slide is not None and showing.at_ms is not None:
            name = live_frame_name(programme.sequence, showing.slide, showing.rectangle.size, showing.at_ms)
            wanted.insert(0, PlacedFrame(name, showing.rectangle, shown, ticks=True))
        idle = programme.frames.get(frame_set_key(programme.manifest.idle.id, showing.rectangle.size), ())
        instead = ShownPart(
            zone=showing.zone, slide=programme.manifest.idle.id, reason=ReasonKind.IDLE, since_ms=showing.since_ms,
            until_ms=showing.until_ms,
        )  # fmt: skip
        return wanted + [PlacedFrame(name, showing.rectangle, instead) for name in idle[:1]]

    def _marquee_strips(self, showing: Showing) -> tuple[MarqueeStrip, ...]:
        programme, slide = self._reader.programme, showing.slide
        names = programme.frames.get(strip_set_key(slide.id, showing.rectangle.size)) if programme and slide else None
        if not names or slide is None or not isinstance(slide.content, WidgetContent):
            return ()
        messages = getattr(slide.content.widget, "messages", ())
        return tuple(MarqueeStrip(name, each.until_ms) for name, each in zip(names, messages, strict=False))

    def _frame_names(self, showing: Showing) -> tuple[str, ...]:
        if showing.alert is not None and showing.form is not None:
            record = self._reader.alerts
            return record.frames.get(alert_set_key(showing.alert, showing.form), ()) if record else ()
        programme = self._reader.programme
        if showing.slide is None or programme is None:
            return ()
        return programme.frames.get(frame_set_key(showing.slide.id, showing.rectangle.size), ())


def _shown_of(showing: Showing) -> ShownPart:
    return ShownPart(
        zone=showing.zone,
        slide=showing.slide.id if showing.slide else None,
        alert=showing.alert.id if showing.alert else None,
        form=showing.form,
        page=showing.page,
        reason=showing.reason.kind,
        rule=showing.reason.rule,
        playlist=showing.reason.playlist,
        since_ms=showing.since_ms,
        until_ms=showing.until_ms,
    )
