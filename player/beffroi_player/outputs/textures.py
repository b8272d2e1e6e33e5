"""The pictures and the frames of films that a GPU keeps. What is larger than a texture may be lies in several."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pygame

from beffroi_player.outputs.base import Size
from beffroi_player.outputs.sdl import Renderer, Texture

KEPT = 12
"""Pictures, 8 MB each of 1920 by 1080 pixels, besides those that are drawn."""
MARGIN = 1
"""Pixels that a tile has of each of its neighbours: what lies between two pixels is mixed of both."""

Place = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


class Tile(NamedTuple):
    """A part of a picture that is to be drawn."""

    texture: Texture
    source: Place
    """The part of the texture."""
    part: Place
    """Where that lies in the picture."""


@dataclass(slots=True)
class _Kept:
    surface: weakref.ref[pygame.Surface]
    tiles: dict[tuple[int, int], Texture] = field(default_factory=dict)
    """By column and row; only those that were seen."""


class Textures:
    """What a renderer was given, until it is gone or not needed any more."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._pictures: dict[int, _Kept] = {}
        self._films: dict[tuple[int, object], tuple[Any, Texture]] = {}
        self._used: set[object] = set()

    def __len__(self) -> int:
        return len(self._pictures) + len(self._films)

    def holds(self, size: Size) -> bool:
        """Tell whether a texture may have that size."""
        return all(side <= most for side, most in zip(size, self._most, strict=True))

    def tiles(self, surface: pygame.Surface, source: Place) -> Iterator[Tile]:
        """Yield what makes a part of a picture."""
        kept = self._pictures.pop(id(surface), None)
        if kept is None or kept.surface() is not surface:
            kept = _Kept(weakref.ref(surface))
        # The last used one is the last in the order.
        self._pictures[id(surface)] = kept
        self._used.add(id(surface))
        whole, wanted, steps = surface.get_rect(), pygame.Rect(source), self._steps(surface.get_size())
        columns, rows = (
            range(begin // step, -(-(begin + length) // step))
            for begin, length, step in zip(wanted.topleft, wanted.size, steps, strict=True)
        )
        for column, row in ((column, row) for row in rows for column in columns):
            own = pygame.Rect(column * steps[0], row * steps[1], *steps)
            held, part = own.inflate(2 * MARGIN, 2 * MARGIN).clip(whole), own.clip(wanted)
            texture = kept.tiles.get((column, row))
            if texture is None:
                texture = kept.tiles[column, row] = self._renderer.texture(surface.subsurface(held))
            yield Tile(texture, (*part.move(-held.left, -held.top),), (*part,))

    def film(self, number: int, frame: Any) -> Texture:
        """Return the texture of a frame of the film of a layer."""
        place = number, (frame.width, frame.height, frame.format.name)
        shown, texture = self._films.get(place) or (None, self._renderer.planes(frame))
        if shown is not frame:
            texture.upload_planes(frame)
        self._films[place] = frame, texture
        self._used.add(place)
        return texture

    def forget(self) -> None:
        """Give back, once all is drawn, what is gone, pictures not used for longest, and films that ended."""
        for place in self._films.keys() - self._used:
            self._films.pop(place)[1].destroy()
        for key, kept in list(self._pictures.items()):
            if kept.surface() is None or (len(self._pictures) > KEPT and key not in self._used):
                for texture in self._pictures.pop(key).tiles.values():
                    texture.destroy()
        self._used.clear()

    @property
    def _most(self) -> Size:
        """Of a texture, in pixels; a renderer that says 0 has no limit."""
        across, down = self._renderer.largest
        return across or 1 << 30, down or 1 << 30

    def _steps(self, size: Size) -> Size:
        across, down = (
            side if side <= most else most - 2 * MARGIN for side, most in zip(size, self._most, strict=True)
        )
        return across, down
