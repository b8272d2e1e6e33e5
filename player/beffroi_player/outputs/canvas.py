"""Compositions drawn by the processor, for every output that takes pictures."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import pygame

from beffroi_content.model import Transition
from beffroi_player.outputs.base import Output, Size
from beffroi_player.outputs.composition import Composition, Layer
from beffroi_player.outputs.mounting import Mounting


@runtime_checkable
class Painter(Protocol):
    """Whoever brings compositions to a display."""

    takes_planes: bool
    """Whether frames of films may come as they were decoded."""
    between_pixels: bool
    """Whether layers may be shifted by less than a pixel."""

    def mount(self, mounting: Mounting) -> None:
        """Lay the picture on the display like this from now on."""

    def draw(self, composition: Composition) -> None:
        """Draw and present."""

    def shown(self) -> pygame.Surface:
        """Return the panel's picture that was presented last, before it was mounted."""


def painter_of(output: Output) -> Painter:
    """Return the output itself if it draws, otherwise a canvas in front of it."""
    return output if isinstance(output, Painter) else Canvas(output)


class Canvas:
    """Draws with the processor, in the same memory for each frame."""

    takes_planes = False
    between_pixels = False

    def __init__(self, output: Output) -> None:
        self._output = output
        self._mounting = Mounting()
        self._memory: dict[str, pygame.Surface] = {}
        self._before: tuple[Composition, pygame.Surface] | None = None
        self._picture: pygame.Surface | None = None

    def mount(self, mounting: Mounting) -> None:
        """Lay the picture on the display like this from now on."""
        self._mounting = mounting

    def draw(self, composition: Composition) -> None:
        """Draw and present."""
        picture = self._flat(composition, "flat")
        if composition.before is not None:
            picture = self._blended(composition, composition.before, picture)
        else:
            self._forget_transition()
        if composition.brightness < 100:
            picture = self._dimmed(picture, composition.brightness)
        self._picture = picture
        self._output.present(self._mounting.mounted(picture))

    def shown(self) -> pygame.Surface:
        """Return the panel's picture that was presented last; where it is the display's, as the display has it."""
        assert self._picture is not None
        plain = not self._mounting.parts(self._picture.get_size())
        return self._output.capture() if plain else self._picture

    def _flat(self, composition: Composition, memory: str) -> pygame.Surface:
        """Return the layers as one picture; where one covers all of it, that itself."""
        lowest = composition.layers[0]
        if len(composition.layers) == 1 and lowest.area == (0, 0, *composition.size) and lowest.source is None:
            return _surface(lowest)
        picture = self._room(memory, composition.size)
        for layer in composition.layers:
            picture.blit(_surface(layer), layer.area[:2], layer.source)
        return picture

    def _blended(self, composition: Composition, before: Composition, after: pygame.Surface) -> pygame.Surface:
        if self._before is None or self._before[0] is not before:
            self._before = before, self._flat(before, "before")
        where, flat = composition.where, self._before[1]
        if composition.changing is None:
            canvas = self._onto("blend", flat)
        else:
            canvas = self._onto("blend", after)
            canvas.blit(flat, where[:2], where)
        canvas.set_clip(where)
        if composition.kind is Transition.PUSH:
            leaving, coming = composition.push()
            canvas.blit(flat, leaving)
            canvas.set_clip(composition.entered())
            canvas.blit(after, coming)
        elif composition.kind is Transition.WIPE:
            area = composition.wiped()
            canvas.blit(after, area[:2], area)
        else:
            new = after.subsurface(where)
            if composition.kind is Transition.ZOOM:
                new = self._enlarged(new, composition.zoom())
            new.set_alpha(round(255 * composition.done))
            canvas.blit(new, where[:2])
            new.set_alpha(None)
        canvas.set_clip(None)
        return canvas

    def _forget_transition(self) -> None:
        """Give back what only a transition needs: as much memory as two or three pictures."""
        self._before = None
        for name in ("before", "blend", "zoom"):
            self._memory.pop(name, None)

    def _enlarged(self, picture: pygame.Surface, factor: float) -> pygame.Surface:
        size = picture.get_size()
        part = pygame.Rect(0, 0, round(size[0] / factor), round(size[1] / factor))
        part.center = size[0] // 2, size[1] // 2
        return pygame.transform.smoothscale(picture.subsurface(part), size, self._room("zoom", size))

    def _dimmed(self, picture: pygame.Surface, brightness: int) -> pygame.Surface:
        dark = self._onto("dark", picture)
        level = round(255 * brightness / 100)
        dark.fill((level, level, level), special_flags=pygame.BLEND_RGB_MULT)
        return dark

    def _onto(self, name: str, picture: pygame.Surface) -> pygame.Surface:
        """Return a copy of a picture, in memory of that name."""
        canvas = self._room(name, picture.get_size())
        canvas.blit(picture, (0, 0))
        return canvas

    def _room(self, name: str, size: Size) -> pygame.Surface:
        """Return memory of that name; what was drawn there before is there still."""
        canvas = self._memory.get(name)
        if canvas is None or canvas.get_size() != size:
            canvas = self._memory[name] = pygame.Surface(size, depth=32)
        return canvas


def _surface(layer: Layer) -> pygame.Surface:
    assert isinstance(layer.picture, pygame.Surface)
    return layer.picture
