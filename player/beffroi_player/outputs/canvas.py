"""Compositions drawn by the processor, for every output that takes pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import pygame

from beffroi_content.model import Transition
from beffroi_player.outputs.base import Output, Size, memory
from beffroi_player.outputs.composition import Area, Composition, Layer, Planes
from beffroi_player.outputs.mounting import Mounting
from beffroi_player.outputs.planes import Converter, room_for, takes


@runtime_checkable
class Painter(Protocol):
    """Whoever brings compositions to a display."""

    between_pixels: bool
    """Whether layers may be shifted by less than a pixel."""

    def mount(self, mounting: Mounting) -> None:
        """Lay the picture on the display like this from now on."""

    def draw(self, composition: Composition) -> None:
        """Draw and present."""

    def photograph(self, room: pygame.Surface | None = None) -> Iterator[pygame.Surface | None]:
        """Copy the panel's picture that was presented last, before it was mounted, in steps that make nothing late.

        Each of them yields None, and the last one the copy.

        Args:
            room: A surface that may be drawn in.
        """


@runtime_checkable
class Lender(Protocol):
    """An output of which the memory can be drawn in: what is drawn there need not be copied to it."""

    def lent(self, size: Size) -> pygame.Surface | None:
        """Return its memory, to be presented when it is drawn; None if it has another size."""


class Easel(Protocol):
    """What a canvas needs of an output."""

    def present(self, picture: pygame.Surface) -> None:
        """Show a picture."""

    def capture(self) -> pygame.Surface:
        """Return what was presented last."""


def painter_of(output: Output) -> Painter:
    """Return the output itself if it draws, otherwise a canvas in front of it."""
    return output if isinstance(output, Painter) else Canvas(output)


class Canvas:
    """Draws with the processor, in the same memory for each frame."""

    between_pixels = False

    def __init__(self, output: Easel) -> None:
        self._output = output
        self._mounting = Mounting()
        self._memory: dict[str, pygame.Surface] = {}
        self._films: dict[int, _Screening] = {}
        self._rolling: set[int] = set()
        """Layers that are films in the composition that is drawn."""
        self._before: tuple[Composition, pygame.Surface] | None = None
        self._picture: pygame.Surface | None = None

    def mount(self, mounting: Mounting) -> None:
        """Lay the picture on the display like this from now on."""
        self._mounting = mounting

    def draw(self, composition: Composition) -> None:
        """Draw and present."""
        self._rolling.clear()
        lent = self._lent(composition)
        if lent is not None:
            self._lay(composition.layers, lent)
        picture = lent or self._flat(composition, "flat")
        if composition.before is not None:
            picture = self._blended(composition, composition.before, picture)
        else:
            self._forget_transition()
        if composition.brightness < 100:
            picture = self._dimmed(picture if lent else self._onto("dark", picture), composition.brightness)
        self._films = {number: film for number, film in self._films.items() if number in self._rolling}
        self._picture = picture
        self._output.present(self._mounting.mounted(picture))

    def shown(self) -> pygame.Surface:
        """Return the panel's picture that was presented last; where it is the display's, as the display has it."""
        assert self._picture is not None
        plain = not self._mounting.parts(self._picture.get_size())
        return self._output.capture() if plain else self._picture

    def photograph(self, room: pygame.Surface | None = None) -> Iterator[pygame.Surface | None]:
        """Make a copy of that, at once: it takes no longer than to draw it."""
        picture = self.shown()
        copy = memory(picture.get_size(), room)
        copy.blit(picture, (0, 0))
        yield copy

    def _lent(self, composition: Composition) -> pygame.Surface | None:
        """Return the memory of the output, where more than a picture is drawn and nothing gives way to it."""
        is_picture = len(composition.layers) == 1 and isinstance(composition.layers[0].picture, pygame.Surface)
        is_plain = composition.before is None and not self._mounting.parts(composition.size)
        if is_picture or not is_plain or not isinstance(self._output, Lender):
            return None
        return self._output.lent(composition.size)

    def _flat(self, composition: Composition, memory: str) -> pygame.Surface:
        """Return the layers as one picture; where one covers all of it, that itself."""
        lowest = composition.layers[0]
        if (
            len(composition.layers) == 1
            and isinstance(lowest.picture, pygame.Surface)
            and lowest.area == (0, 0, *composition.size)
            and lowest.source is None
        ):
            return lowest.picture
        picture = self._room(memory, composition.size)
        self._lay(composition.layers, picture)
        return picture

    def _lay(self, layers: tuple[Layer, ...], picture: pygame.Surface) -> None:
        for number, layer in enumerate(layers):
            if isinstance(layer.picture, pygame.Surface):
                picture.blit(layer.picture, layer.area[:2], layer.source)
            else:
                film = self._films.setdefault(number, _Screening())
                film.lay(layer, layer.picture, picture)
                self._rolling.add(number)

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
        level = round(255 * brightness / 100)
        picture.fill((level, level, level), special_flags=pygame.BLEND_RGB_MULT)
        return picture

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


class _Screening:
    """What is kept of the film of a layer."""

    def __init__(self) -> None:
        self._converter = Converter()
        self._upright = self._made = pygame.Surface((0, 0), depth=32)
        self._shown: tuple[object, tuple[object, ...]] = (None, ())
        """The frame that was made, and how."""

    def lay(self, layer: Layer, planes: Planes, picture: pygame.Surface) -> None:
        """Draw a frame at its place, once more if need be."""
        source = layer.source or (0, 0, *planes.size)
        _, _, width, height = layer.area
        size = (width, height) if layer.rotation in (0, 180) else (height, width)
        if layer.rotation == 0 and layer.area == (0, 0, *picture.get_size()) and takes(picture, size):
            self._converter.draw(planes, source, picture, size)
            return
        how = (source, size, layer.rotation)
        if self._shown[0] is not planes.frame or self._shown[1] != how:
            self._make(planes, source, size, layer.rotation)
            self._shown = planes.frame, how
        picture.blit(self._made, layer.area[:2], (0, 0, width, height))

    def _make(self, planes: Planes, source: Area, size: Size, rotation: int) -> None:
        room = room_for(size)
        if self._upright.get_size() != room:
            self._upright = pygame.Surface(room, depth=32)
        self._converter.draw(planes, source, self._upright, size)
        seen = self._upright.subsurface((0, 0, *size))
        self._made = pygame.transform.rotate(seen, -rotation) if rotation else seen
