"""Drawing of compositions by the processor, for every output that takes images."""

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
    """Interface of a painter, which draws compositions and presents them."""

    has_subpixel_shift: bool
    """Whether layers may be shifted by less than a pixel."""

    def set_mounting(self, mounting: DisplayMounting) -> None:
        """Set the arrangement of the panel's image on the display for all following compositions."""

    def draw_composition(self, composition: PanelComposition) -> None:
        """Draw a composition and present it."""

    def copy_presented(self, reusable: pygame.Surface | None = None) -> Iterator[pygame.Surface | None]:
        """Copy the panel's image that was presented last, before mounting, in steps so short that no frame is late.

        Each step yields None, and the last one the copy.

        Args:
            reusable: A surface that may be reused for the copy.
        """


@runtime_checkable
class DirectBuffer(Protocol):
    """An output whose frame buffer can be drawn on directly, which saves a copy of each frame."""

    def borrow_surface(self, size: Size) -> pygame.Surface | None:
        """Return the frame buffer, to be presented after drawing; None if it has another size."""


class ImageSink(Protocol):
    """The part of an output that a CPU painter needs."""

    def present_image(self, image: pygame.Surface) -> None:
        """Show an image."""

    def last_presented(self) -> pygame.Surface:
        """Return the image that was presented last."""


def painter_of(output: Output) -> CompositionPainter:
    """Return the output itself if it is a painter, otherwise a CPU painter for it."""
    return output if isinstance(output, CompositionPainter) else CpuPainter(output)


class CpuPainter:
    """Painter that draws with the processor, on surfaces that are reused for each frame."""

    has_subpixel_shift = False

    def __init__(self, output: ImageSink) -> None:
        self._output = output
        self._mounting = DisplayMounting()
        self._surfaces: dict[str, pygame.Surface] = {}
        self._videos: dict[int, _VideoLayerCache] = {}
        self._drawn_videos: set[int] = set()
        """Numbers of the layers of the current composition that are videos."""
        self._previous: tuple[PanelComposition, pygame.Surface] | None = None
        self._last_image: pygame.Surface | None = None

    def set_mounting(self, mounting: DisplayMounting) -> None:
        """Set the arrangement of the panel's image on the display for all following compositions."""
        self._mounting = mounting

    def draw_composition(self, composition: PanelComposition) -> None:
        """Draw a composition and present it."""
        # Memory bandwidth is the limit here: at 1920 by 1080, each copy of a frame takes some milliseconds. A single
        # image is presented as it is; several layers are drawn into the output's own buffer where there is no
        # transition; only a transition and darkening need surfaces of their own.
        self._drawn_videos.clear()
        borrowed = self._borrow_surface(composition)
        if borrowed is not None:
            self._blit_layers(composition.layers, borrowed)
        surface = borrowed or self._flatten_layers(composition, "flat")
        if composition.previous is not None:
            surface = self._blend_transition(composition, composition.previous, surface)
        else:
            self._release_transition()
        if composition.brightness < 100:
            surface = self._dim_surface(
                surface if borrowed else self._copy_to_scratch("dark", surface), composition.brightness
            )
        self._videos = {number: video for number, video in self._videos.items() if number in self._drawn_videos}
        self._last_image = surface
        self._output.present_image(self._mounting.mount_image(surface))

    def presented_image(self) -> pygame.Surface:
        """Return the panel's image that was presented last; without mounting, as the display has it."""
        assert self._last_image is not None
        plain = not self._mounting.mounted_parts(self._last_image.get_size())
        return self._output.last_presented() if plain else self._last_image

    def copy_presented(self, reusable: pygame.Surface | None = None) -> Iterator[pygame.Surface | None]:
        """Copy the presented image in a single step, which takes no longer than drawing it."""
        surface = self.presented_image()
        copy = scratch_surface(surface.get_size(), reusable)
        copy.blit(surface, (0, 0))
        yield copy

    def _borrow_surface(self, composition: PanelComposition) -> pygame.Surface | None:
        """Return the output's frame buffer, if it can be drawn on directly: no transition, no mounting.

        A single image is presented as it is, without drawing.
        """
        is_image = len(composition.layers) == 1 and isinstance(composition.layers[0].content, pygame.Surface)
        is_plain = composition.previous is None and not self._mounting.mounted_parts(composition.size)
        if is_image or not is_plain or not isinstance(self._output, DirectBuffer):
            return None
        return self._output.borrow_surface(composition.size)

    def _flatten_layers(self, composition: PanelComposition, memory: str) -> pygame.Surface:
        """Return the layers as one surface; a single image that covers the panel is returned itself."""
        lowest = composition.layers[0]
        if (
            len(composition.layers) == 1
            and isinstance(lowest.content, pygame.Surface)
            and lowest.area == (0, 0, *composition.size)
            and lowest.source is None
        ):
            return lowest.content
        surface = self._scratch_surface(memory, composition.size)
        self._blit_layers(composition.layers, surface)
        return surface

    def _blit_layers(self, layers: tuple[DrawingLayer, ...], surface: pygame.Surface) -> None:
        for number, layer in enumerate(layers):
            if isinstance(layer.content, pygame.Surface):
                surface.blit(layer.content, layer.area[:2], layer.source)
            else:
                video = self._videos.setdefault(number, _VideoLayerCache())
                video.blit_frame(layer, layer.content, surface)
                self._drawn_videos.add(number)

    def _blend_transition(
        self, composition: PanelComposition, before: PanelComposition, after: pygame.Surface
    ) -> pygame.Surface:
        # The previous composition does not change during a transition: it is flattened once.
        if self._previous is None or self._previous[0] is not before:
            self._previous = before, self._flatten_layers(before, "before")
        where, flat = composition.transition_area, self._previous[1]
        if composition.changing_area is None:
            target = self._copy_to_scratch("blend", flat)
        else:
            # Outside of the changing area the new layers are visible at once.
            target = self._copy_to_scratch("blend", after)
            target.blit(flat, where[:2], where)
        target.set_clip(where)
        if composition.transition is SlideTransition.PUSH:
            leaving, coming = composition.push_offsets()
            target.blit(flat, leaving)
            target.set_clip(composition.pushed_in_area())
            target.blit(after, coming)
        elif composition.transition is SlideTransition.WIPE:
            area = composition.wiped_area()
            target.blit(after, area[:2], area)
        else:
            new = after.subsurface(where)
            if composition.transition is SlideTransition.ZOOM:
                new = self._zoom_surface(new, composition.zoom_factor())
            new.set_alpha(round(255 * composition.progress))
            target.blit(new, where[:2])
            new.set_alpha(None)
        target.set_clip(None)
        return target

    def _release_transition(self) -> None:
        """Release the surfaces of a transition: the memory of two or three frames."""
        self._previous = None
        for name in ("before", "blend", "zoom"):
            self._surfaces.pop(name, None)

    def _zoom_surface(self, surface: pygame.Surface, factor: float) -> pygame.Surface:
        # Scaling the middle part up to the full size avoids a surface that is larger than the panel.
        size = surface.get_size()
        part = pygame.Rect(0, 0, round(size[0] / factor), round(size[1] / factor))
        part.center = size[0] // 2, size[1] // 2
        return pygame.transform.smoothscale(surface.subsurface(part), size, self._scratch_surface("zoom", size))

    def _dim_surface(self, surface: pygame.Surface, brightness: int) -> pygame.Surface:
        level = round(255 * brightness / 100)
        surface.fill((level, level, level), special_flags=pygame.BLEND_RGB_MULT)
        return surface

    def _copy_to_scratch(self, name: str, surface: pygame.Surface) -> pygame.Surface:
        """Return a copy of a surface, in the scratch surface of that name."""
        target = self._scratch_surface(name, surface.get_size())
        target.blit(surface, (0, 0))
        return target

    def _scratch_surface(self, name: str, size: Size) -> pygame.Surface:
        """Return the scratch surface of that name; it still has its former pixels."""
        target = self._surfaces.get(name)
        if target is None or target.get_size() != size:
            target = self._surfaces[name] = pygame.Surface(size, depth=32)
        return target


class _VideoLayerCache:
    """Cache of the converted frame of a video layer."""

    def __init__(self) -> None:
        self._converter = YuvConverter()
        self._upright = self._converted = pygame.Surface((0, 0), depth=32)
        self._converted_from: tuple[object, tuple[object, ...]] = (None, ())
        """The frame that was converted, and by which parameters."""

    def blit_frame(self, layer: DrawingLayer, planes: YuvFrame, surface: pygame.Surface) -> None:
        """Draw a frame at its place; a frame that was converted before is copied only."""
        # A video that fills an unpadded surface is converted in place; any other one into a padded surface first,
        # which is kept, since the same frame is drawn again while something above it is animated.
        source = layer.source or (0, 0, *planes.size)
        _, _, width, height = layer.area
        size = (width, height) if layer.rotation in (0, 180) else (height, width)
        if layer.rotation == 0 and layer.area == (0, 0, *surface.get_size()) and can_convert_into(surface, size):
            self._converter.convert_frame(planes, source, surface, size)
            return
        how = (source, size, layer.rotation)
        if self._converted_from[0] is not planes.frame or self._converted_from[1] != how:
            self._convert_frame(planes, source, size, layer.rotation)
            self._converted_from = planes.frame, how
        surface.blit(self._converted, layer.area[:2], (0, 0, width, height))

    def _convert_frame(self, planes: YuvFrame, source: Area, size: Size, rotation: int) -> None:
        padded = padded_size(size)
        if self._upright.get_size() != padded:
            self._upright = pygame.Surface(padded, depth=32)
        self._converter.convert_frame(planes, source, self._upright, size)
        seen = self._upright.subsurface((0, 0, *size))
        self._converted = pygame.transform.rotate(seen, -rotation) if rotation else seen
