"""Lookup of the prepared frames of a scene, with a replacement for each that is broken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import pygame

from beffroi_content.model import Rectangle, WidgetContent
from beffroi_content.timeline import ReasonKind, Scene, Showing
from beffroi_content.wire.reports import ShownPart
from beffroi_player.stage.frame_cache import FrameCache
from beffroi_player.stage.frame_images import BrokenFrame
from beffroi_player.stage.state_reader import StateReader
from beffroi_player.state.directories import FrameFault, alert_set_key, is_live_frame_name, live_frame_name


class MarqueeStrip(NamedTuple):
    """A message of a marquee."""

    frame: str
    until_ms: int | None
    """First instant at which it is over."""


@dataclass(frozen=True, slots=True)
class PlacedFrame:
    """A frame at its place, with what is reported of it."""

    frame: str
    rectangle: Rectangle
    shown: ShownPart | None = None
    strips: tuple[MarqueeStrip, ...] = ()
    """Messages of a marquee over it."""
    ticks: bool = False
    """Whether it changes by itself, as a clock does: another frame is still the same showing."""


@dataclass(frozen=True, slots=True)
class SceneFrames:
    """The frames of a scene."""

    placed: tuple[PlacedFrame, ...]
    surfaces: tuple[pygame.Surface, ...]
    """Of the placed frames, in their order, turned for the panel."""
    faults: tuple[FrameFault, ...]
    """Frames that could not be read."""
    is_overlay: bool = False
    """Whether this is a frame that lies over everything, such as the name of the screen."""
    beneath: frozenset[str] = frozenset()
    """The names of the frames below an overlay, which are on again in a moment."""

    @property
    def frame_names(self) -> frozenset[str]:
        """The names of all frames that are needed in memory, with those of marquees."""
        strips = {strip.frame for placed in self.placed for strip in placed.strips}
        return self.beneath | strips | {placed.frame for placed in self.placed}

    @property
    def placed_surfaces(self) -> list[tuple[pygame.Surface, Rectangle]]:
        """Surfaces with their places, in drawing order."""
        return [(surface, placed.rectangle) for surface, placed in zip(self.surfaces, self.placed, strict=True)]


class FrameLookup:
    """Finds the frames of scenes.

    Args:
        reader: The documents, which name the frames.
        frames: Loads them.
    """

    def __init__(self, reader: StateReader, frames: FrameCache) -> None:
        self._reader = reader
        self._frames = frames

    def find_frames(self, scene: Scene) -> SceneFrames:
        """Return the frames of a scene. Where one is broken the idle slide takes its place, or nothing does."""
        found: list[tuple[PlacedFrame, pygame.Surface]] = []
        faults: list[FrameFault] = []
        for showing in scene.showings:
            for placed in self._candidate_frames(showing):
                try:
                    found.append((placed, self._frames.load_frame(placed.frame, placed.rectangle.size)))
                    break
                except BrokenFrame as error:
                    # A live frame that is late is no fault: the one that was prepared is shown until it comes.
                    if not is_live_frame_name(placed.frame):
                        faults.append(FrameFault(frame=placed.frame, detail=str(error)))
        return SceneFrames(tuple(placed for placed, _ in found), tuple(surface for _, surface in found), tuple(faults))

    def load_ahead(self, scene: Scene) -> None:
        """Have the frames of a scene read that is due next, except live frames, which are drawn only then."""
        wanted: list[str] = []
        for showing in scene.showings:
            candidates = self._candidate_frames(showing)
            placed = next((each for each in candidates if not is_live_frame_name(each.frame)), None)
            wanted += [placed.frame, *(strip.frame for strip in placed.strips)] if placed else []
        self._frames.load_ahead(wanted)

    def lay_over(self, frames: SceneFrames, frame: str, rectangle: Rectangle) -> SceneFrames:
        """Return an overlay that covers frames, or the frames themselves if it is broken."""
        try:
            surface = self._frames.load_frame(frame, rectangle.size)
        except BrokenFrame as error:
            fault = FrameFault(frame=frame, detail=str(error))
            return SceneFrames(frames.placed, frames.surfaces, (*frames.faults, fault))
        return SceneFrames(
            (PlacedFrame(frame, rectangle),), (surface,), frames.faults, is_overlay=True, beneath=frames.frame_names
        )

    def _candidate_frames(self, showing: Showing) -> list[PlacedFrame]:
        """Return the frames that may be shown for a showing, the best first.

        For a clock that is the live frame of the minute, then the prepared one without the time; in a zone the idle
        slide comes last. An alert has no replacement.
        """
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
        idle = programme.pages_of(programme.manifest.idle.id, showing.rectangle.size)
        instead = ShownPart(
            zone=showing.zone, slide=programme.manifest.idle.id, reason=ReasonKind.IDLE, since_ms=showing.since_ms,
            until_ms=showing.until_ms,
        )  # fmt: skip
        return wanted + [PlacedFrame(name, showing.rectangle, instead) for name in idle[:1]]

    def _marquee_strips(self, showing: Showing) -> tuple[MarqueeStrip, ...]:
        programme, slide = self._reader.programme, showing.slide
        names = programme.strips_of(slide.id, showing.rectangle.size) if programme and slide else ()
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
        return programme.pages_of(showing.slide.id, showing.rectangle.size)


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
