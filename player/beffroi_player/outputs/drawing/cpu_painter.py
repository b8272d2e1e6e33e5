"""Compositions drawn by the processor, for every output that takes pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import pygame

from beffroi_content.model import SlideTransition
from beffroi_player.outputs.base import Output, Size, scratch_surface
from beffroi_player.outputs.display_mounting import DisplayMounting
from beffroi_player.outputs.drawing.composition import Area, DrawingLayer, PanelComposition, YuvFrame
from beffroi_player.outputs.drawing.yuv_conversion import YuvConverter, can_convert_into, padded_size


@runtime_checkable
class CompositionPainter(Protocol):
    """Whoever brings compositions to a display."""

    has_subpixel_shift: bool
    """Whether layers may be shifted by less than a pixel."""

    def set_mounting(self, mounting: DisplayMounting) -> None:
        """Lay the picture on the display like this from now on."""

    def draw_composition(self, composition: PanelComposition) -> None:
        """Draw and present."""

    def copy_presented(self, reusable: pygame.Surface | None = None) -> Iterator[pygame.Surface | None]:
        """Copy the panel's picture that was presented last, before it was mounted, in steps that make nothing late.

        Each of them yields None, and the last one the copy.

        Args:
            room: A surface that may be drawn in.
        """


@runtime_checkable
class DirectBuffer(Protocol):
    """An output of which the memory can be drawn in: what is drawn there need not be copied to it."""

    def borrow_surface(self, size: Size) -> pygame.Surface | None:
        """Return its memory, to be presented when it is drawn; None if it has another size."""


class ImageSink(Protocol):
    """What a canvas needs of an output."""

    def present_image(self, image: pygame.Surface) -> None:
        """Show a picture."""

    def last_presented(self) -> pygame.Surface:
        """Return what was presented last."""


def painter_of(output: Output) -> CompositionPainter:
    """Return the output itself if it draws, otherwise a canvas in front of it."""
    return output if isinstance(output, CompositionPainter) else CpuPainter(output)


class CpuPainter:
    """Draws with the processor, in the same memory for each frame."""

    has_subpixel_shift = False

    def __init__(self, output: ImageSink) -> None:
        self._output = output
        self._mounting = DisplayMounting()
        self._surfaces: dict[str, pygame.Surface] = {}
        self._videos: dict[int, _VideoLayerCache] = {}
        self._drawn_videos: set[int] = set()
        """Layers that are films in the composition that is drawn."""
        self._previous: tuple[PanelComposition, pygame.Surface] | None = None
        self._last_image: pygame.Surface | None = None

    def set_mounting(self, mounting: DisplayMounting) -> None:
        """Lay the picture on the display like this from now on."""
        self._mounting = mounting

    def draw_composition(self, composition: PanelComposition) -> None:
        """Draw and present."""
        self._drawn_videos.clear()
        lent = self._borrow_surface(composition)
        if lent is not None:
            self._blit_layers(composition.layers, lent)
        picture = lent or self._flatten_layers(composition, "flat")
        if composition.previous is not None:
            picture = self._blend_transition(composition, composition.previous, picture)
        else:
            self._release_transition()
        if composition.brightness < 100:
            picture = self._dim_surface(
                picture if lent else self._copy_to_scratch("dark", picture), composition.brightness
            )
        self._videos = {number: film for number, film in self._videos.items() if number in self._drawn_videos}
        self._last_image = picture
        self._output.present_image(self._mounting.mount_image(picture))

    def presented_image(self) -> pygame.Surface:
        """Return the panel's picture that was presented last; where it is the display's, as the display has it."""
        assert self._last_image is not None
        plain = not self._mounting.mounted_parts(self._last_image.get_size())
        return self._output.last_presented() if plain else self._last_image

    def copy_presented(self, reusable: pygame.Surface | None = None) -> Iterator[pygame.Surface | None]:
        """Make a copy of that, at once: it takes no longer than to draw it."""
        picture = self.presented_image()
        copy = scratch_surface(picture.get_size(), reusable)
        copy.blit(picture, (0, 0))
        yield copy

    def _borrow_surface(self, composition: PanelComposition) -> pygame.Surface | None:
        """Return the memory of the output, where more than a picture is drawn and nothing gives way to it."""
        is_picture = len(composition.layers) == 1 and isinstance(composition.layers[0].content, pygame.Surface)
        is_plain = composition.previous is None and not self._mounting.mounted_parts(composition.size)
        if is_picture or not is_plain or not isinstance(self._output, DirectBuffer):
            return None
        return self._output.borrow_surface(composition.size)

    def _flatten_layers(self, composition: PanelComposition, memory: str) -> pygame.Surface:
        """Return the layers as one picture; where one covers all of it, that itself."""
        lowest = composition.layers[0]
        if (
            len(composition.layers) == 1
            and isinstance(lowest.content, pygame.Surface)
            and lowest.area == (0, 0, *composition.size)
            and lowest.source is None
        ):
            return lowest.content
        picture = self._scratch_surface(memory, composition.size)
        self._blit_layers(composition.layers, picture)
        return picture

    def _blit_layers(self, layers: tuple[DrawingLayer, ...], picture: pygame.Surface) -> None:
        for number, layer in enumerate(layers):
            if isinstance(layer.content, pygame.Surface):
                picture.blit(layer.content, layer.area[:2], layer.source)
            else:
                film = self._videos.setdefault(number, _VideoLayerCache())
                film.blit_frame(layer, layer.content, picture)
                self._drawn_videos.add(number)

    def _blend_transition(
        self, composition: PanelComposition, before: PanelComposition, after: pygame.Surface
    ) -> pygame.Surface:
        if self._previous is None or self._previous[0] is not before:
            self._previous = before, self._flatten_layers(before, "before")
        where, flat = composition.transition_area, self._previous[1]
        if composition.changing_area is None:
            canvas = self._copy_to_scratch("blend", flat)
        else:
            canvas = self._copy_to_scratch("blend", after)
            canvas.blit(flat, where[:2], where)
        canvas.set_clip(where)
        if composition.transition is SlideTransition.PUSH:
            leaving, coming = composition.push_offsets()
            canvas.blit(flat, leaving)
            canvas.set_clip(composition.pushed_in_area())
            canvas.blit(after, coming)
        elif composition.transition is SlideTransition.WIPE:
            area = composition.wiped_area()
            canvas.blit(after, area[:2], area)
        else:
            new = after.subsurface(where)
            if composition.transition is SlideTransition.ZOOM:
                new = self._zoom_surface(new, composition.zoom_factor())
            new.set_alpha(round(255 * composition.progress))
            canvas.blit(new, where[:2])
            new.set_alpha(None)
        canvas.set_clip(None)
        return canvas

    def _release_transition(self) -> None:
        """Give back what only a transition needs: as much memory as two or three pictures."""
        self._previous = None
        for name in ("before", "blend", "zoom"):
            self._surfaces.pop(name, None)

    def _zoom_surface(self, picture: pygame.Surface, factor: float) -> pygame.Surface:
        size = picture.get_size()
        part = pygame.Rect(0, 0, round(size[0] / factor), round(size[1] / factor))
        part.center = size[0] // 2, size[1] // 2
        return pygame.transform.smoothscale(picture.subsurface(part), size, self._scratch_surface("zoom", size))

    def _dim_surface(self, picture: pygame.Surface, brightness: int) -> pygame.Surface:
        level = round(255 * brightness / 100)
        picture.fill((level, level, level), special_flags=pygame.BLEND_RGB_MULT)
        return picture

    def _copy_to_scratch(self, name: str, picture: pygame.Surface) -> pygame.Surface:
        """Return a copy of a picture, in memory of that name."""
        canvas = self._scratch_surface(name, picture.get_size())
        canvas.blit(picture, (0, 0))
        return canvas

    def _scratch_surface(self, name: str, size: Size) -> pygame.Surface:
        """Return memory of that name; what was drawn there before is there still."""
        canvas = self._surfaces.get(name)
        if canvas is None or canvas.get_size() != size:
            canvas = self._surfaces[name] = pygame.Surface(size, depth=32)
        return canvas


class _VideoLayerCache:
    """What is kept of the film of a layer."""

    def __init__(self) -> None:
        self._converter = YuvConverter()
        self._upright = self._converted = pygame.Surface((0, 0), depth=32)
        self._converted_from: tuple[object, tuple[object, ...]] = (None, ())
        """The frame that was made, and how."""

    def blit_frame(self, layer: DrawingLayer, planes: YuvFrame, picture: pygame.Surface) -> None:
        """Draw a frame at its place, once more if need be."""
        source = layer.source or (0, 0, *planes.size)
        _, _, width, height = layer.area
        size = (width, height) if layer.rotation in (0, 180) else (height, width)
        if layer.rotation == 0 and layer.area == (0, 0, *picture.get_size()) and can_convert_into(picture, size):
            self._converter.convert_frame(planes, source, picture, size)
            return
        how = (source, size, layer.rotation)
        if self._converted_from[0] is not planes.frame or self._converted_from[1] != how:
            self._convert_frame(planes, source, size, layer.rotation)
            self._converted_from = planes.frame, how
        picture.blit(self._converted, layer.area[:2], (0, 0, width, height))

    def _convert_frame(self, planes: YuvFrame, source: Area, size: Size, rotation: int) -> None:
        room = padded_size(size)
        if self._upright.get_size() != room:
            self._upright = pygame.Surface(room, depth=32)
        self._converter.convert_frame(planes, source, self._upright, size)
        seen = self._upright.subsurface((0, 0, *size))
        self._converted = pygame.transform.rotate(seen, -rotation) if rotation else seen
