"""Compositions drawn with the renderer of a GPU: layers are textures, turns and fades cost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pygame

from beffroi_player.outputs.base import Size
from beffroi_player.outputs.sdl import Area, Renderer, Texture
from beffroi_player.outputs.textures import Textures

if TYPE_CHECKING:  # The first picture is shown before these are loaded.
    from beffroi_player.outputs.composition import Composition, Layer


class Brush:
    """Draws on a window, or on a texture."""

    def __init__(self, renderer: Renderer) -> None:
        self.renderer = renderer
        self._textures = Textures(renderer)
        self._targets: dict[tuple[str, Size], Texture] = {}
        self._target: Texture | None = None

    @property
    def textures(self) -> int:
        """How many pictures the GPU keeps."""
        return len(self._textures)

    def holds(self, size: Size) -> bool:
        """Tell whether a texture may have that size."""
        return self._textures.holds(size)

    def forget(self) -> None:
        """Give back, once all is drawn, what is not needed any more."""
        self._textures.forget()

    def compose(self, composition: Composition) -> None:
        """Draw a composition."""
        from beffroi_content.model import Transition  # noqa: PLC0415 -- after the first picture

        renderer, before = self.renderer, composition.before
        if before is None:
            self._layers(composition.layers)
        elif composition.kind in (Transition.PUSH, Transition.WIPE):
            leaving, coming, seen = (0, 0), (0, 0), composition.wiped()
            if composition.kind is Transition.PUSH:
                (leaving, coming), seen = composition.push(), composition.entered()
            self._layers_before(composition, before, leaving)
            renderer.clip(seen)
            self._layers(composition.layers, coming, within=seen)
            renderer.clip(None)
        else:
            self._fade(composition, before, composition.zoom() if composition.kind is Transition.ZOOM else 1.0)
        if composition.brightness < 100:
            renderer.darken(1 - composition.brightness / 100)

    def _fade(self, composition: Composition, before: Composition, factor: float) -> None:
        after = self.room("after", composition.size)
        target, where = self._target, composition.where
        self.on(after)
        self._layers(composition.layers)
        self.on(target)
        self._layers_before(composition, before)
        left, top, width, height = where
        larger = width * factor, height * factor
        area = left + (width - larger[0]) / 2, top + (height - larger[1]) / 2, *larger
        self.renderer.clip(where)
        self.renderer.copy(after, area, where, opacity=min(254, round(255 * composition.done)))
        self.renderer.clip(None)

    def _layers_before(self, composition: Composition, before: Composition, offset: tuple[int, int] = (0, 0)) -> None:
        """Draw what gives way, where it does, and the new picture around it."""
        if composition.changing is not None:
            self._layers(composition.layers)
        self.renderer.clip(composition.where)
        self._layers(before.layers, offset, within=composition.where, gives_way=True)
        self.renderer.clip(None)

    def _layers(
        self,
        layers: tuple[Layer, ...],
        offset: tuple[int, int] = (0, 0),
        within: tuple[int, int, int, int] | None = None,
        *,
        gives_way: bool = False,
    ) -> None:
        """Draw layers, moved by an offset, where a part of the panel is set as the one to draw in."""
        for number, layer in enumerate(layers):
            left, top, width, height = layer.area
            across, down = layer.shift
            area: Area = (left + offset[0] + across, top + offset[1] + down, width, height)
            if layer.clip is not None:
                seen = pygame.Rect(layer.clip).move(offset)
                self.renderer.clip((*seen.clip(within),) if within else (*seen,))
            if isinstance(layer.picture, pygame.Surface):
                # What has its own size is shown to the pixel, unless it lies between pixels.
                self.picture(layer.picture, area, layer.source, smooth=layer.shift != (0.0, 0.0))
            else:
                # A film that gives way to another has a texture of its own: its last frame is given once.
                texture = self._textures.film(~number if gives_way else number, layer.picture.frame)
                smooth = texture.size != (width, height)
                self.renderer.copy(texture, area, layer.source, layer.rotation, smooth=smooth)
            if layer.clip is not None:
                self.renderer.clip(within)

    def picture(
        self, surface: pygame.Surface, area: Area, source: tuple[int, int, int, int] | None = None, *, smooth: bool
    ) -> None:
        """Draw a picture, or a part of it, so that it fills an area."""
        source = source or (0, 0, *surface.get_size())
        left, top, width, height = area
        across, down = width / source[2], height / source[3]
        for tile in self._textures.tiles(surface, source):
            x, y, wide, high = tile.part
            place = left + (x - source[0]) * across, top + (y - source[1]) * down, wide * across, high * down
            self.renderer.copy(tile.texture, place, tile.source, smooth=smooth or (across, down) != (1, 1))

    def room(self, name: str, size: Size) -> Texture:
        """Return a texture of that name to draw on."""
        if (name, size) not in self._targets:
            self._targets[name, size] = self.renderer.target(size)
        return self._targets[name, size]

    def give_back(self, name: str, size: Size) -> None:
        """Give the texture of that name back."""
        self._targets.pop((name, size)).destroy()

    def on(self, target: Texture | None) -> None:
        """Draw on a texture from now on; None: on the window."""
        self.renderer.draw_on(target)
        self._target = target
