"""From a scene to the frames that make it, with what is shown instead where a frame is broken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import pygame

from beffroi_content.model import Rectangle, WidgetContent
from beffroi_content.timeline import ReasonKind, Scene, Showing
from beffroi_content.wire.reports import Shown
from beffroi_player.stage.frames import BrokenFrame, Frames
from beffroi_player.stage.reader import Reader
from beffroi_player.store import Fault, alert_set, frame_set, is_live_frame, live_frame, strip_set


class Strip(NamedTuple):
    """A message that glides."""

    frame: str
    until_ms: int | None
    """First instant at which it is over."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A frame at its place, and what is said of it."""

    frame: str
    rectangle: Rectangle
    shown: Shown | None = None
    strips: tuple[Strip, ...] = ()
    """Messages that glide over it."""
    ticks: bool = False
    """Whether it changes by itself: what follows it may be the same showing, a moment later."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is to be on the glass."""

    pieces: tuple[Piece, ...]
    surfaces: tuple[pygame.Surface, ...]
    faults: tuple[Fault, ...]
    overlay: bool = False
    beneath: frozenset[str] = frozenset()
    """The frames of what it lies over, which is on again in a moment."""

    @property
    def frames(self) -> frozenset[str]:
        """The frames that it needs, with those of messages that glide."""
        glide = {strip.frame for piece in self.pieces for strip in piece.strips}
        return self.beneath | glide | {piece.frame for piece in self.pieces}

    @property
    def parts(self) -> list[tuple[pygame.Surface, Rectangle]]:
        """Surfaces with their places, in drawing order."""
        return [(s, piece.rectangle) for s, piece in zip(self.surfaces, self.pieces, strict=True)]


class Scenery:
    """Finds the frames of scenes."""

    def __init__(self, reader: Reader, frames: Frames) -> None:
        self._reader = reader
        self._frames = frames

    def picture(self, scene: Scene) -> Picture:
        """Return the picture of a scene. Where a frame is broken the idle slide takes its place, or nothing does."""
        found: list[tuple[Piece, pygame.Surface]] = []
        faults: list[Fault] = []
        for showing in scene.showings:
            for piece in self._candidates(showing):
                try:
                    found.append((piece, self._frames.load(piece.frame, piece.rectangle.size)))
                    break
                except BrokenFrame as error:
                    # A live frame that is late is no fault: the one that was prepared is shown until it comes.
                    if not is_live_frame(piece.frame):
                        faults.append(Fault(frame=piece.frame, detail=str(error)))
        return Picture(tuple(piece for piece, _ in found), tuple(surface for _, surface in found), tuple(faults))

    def load_ahead(self, scene: Scene) -> None:
        """Read the frames of a scene that is due next, but for those that are drawn only then."""
        wanted: list[str] = []
        for showing in scene.showings:
            piece = next((each for each in self._candidates(showing) if not is_live_frame(each.frame)), None)
            wanted += [piece.frame, *(strip.frame for strip in piece.strips)] if piece else []
        self._frames.load_ahead(wanted)

    def overlaid(self, picture: Picture, frame: str, rectangle: Rectangle) -> Picture:
        """Return the frame that lies over everything, or the picture itself if the frame is broken."""
        try:
            surface = self._frames.load(frame, rectangle.size)
        except BrokenFrame as error:
            fault = Fault(frame=frame, detail=str(error))
            return Picture(picture.pieces, picture.surfaces, (*picture.faults, fault))
        return Picture((Piece(frame, rectangle),), (surface,), picture.faults, overlay=True, beneath=picture.frames)

    def _candidates(self, showing: Showing) -> list[Piece]:
        """Return the frame of a showing, and then what may stand in for it."""
        shown = _shown(showing)
        names = self._names(showing)
        name, ticks = names[min(showing.page, len(names) - 1)] if names else "", showing.at_ms is not None
        wanted = [Piece(name, showing.rectangle, shown, ticks=ticks)]
        programme = self._reader.programme
        if showing.zone is None or programme is None:
            return wanted
        strips = self._strips(showing)
        if strips:
            wanted = [replace(wanted[0], strips=strips)]
        elif showing.slide is not None and showing.at_ms is not None:
            name = live_frame(programme.sequence, showing.slide, showing.rectangle.size, showing.at_ms)
            wanted.insert(0, Piece(name, showing.rectangle, shown, ticks=True))
        idle = programme.frames.get(frame_set(programme.manifest.idle.id, showing.rectangle.size), ())
        instead = Shown(
            zone=showing.zone, slide=programme.manifest.idle.id, reason=ReasonKind.IDLE, since_ms=showing.since_ms,
            until_ms=showing.until_ms,
        )  # fmt: skip
        return wanted + [Piece(name, showing.rectangle, instead) for name in idle[:1]]

    def _strips(self, showing: Showing) -> tuple[Strip, ...]:
        programme, slide = self._reader.programme, showing.slide
        names = programme.frames.get(strip_set(slide.id, showing.rectangle.size)) if programme and slide else None
        if not names or slide is None or not isinstance(slide.content, WidgetContent):
            return ()
        messages = getattr(slide.content.widget, "messages", ())
        return tuple(Strip(name, each.until_ms) for name, each in zip(names, messages, strict=False))

    def _names(self, showing: Showing) -> tuple[str, ...]:
        if showing.alert is not None and showing.form is not None:
            record = self._reader.alerts
            return record.frames.get(alert_set(showing.alert, showing.form), ()) if record else ()
        programme = self._reader.programme
        if showing.slide is None or programme is None:
            return ()
        return programme.frames.get(frame_set(showing.slide.id, showing.rectangle.size), ())


def _shown(showing: Showing) -> Shown:
    return Shown(
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
