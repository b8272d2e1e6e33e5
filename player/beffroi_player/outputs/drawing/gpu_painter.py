"""Drawing of compositions with the renderer of a GPU: layers are textures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pygame

from beffroi_player.outputs.base import Size
from beffroi_player.outputs.drawing.gpu_textures import TextureCache
from beffroi_player.outputs.drawing.sdl import Area, SdlRenderer, SdlTexture

if TYPE_CHECKING:  # The first frame is shown before these are loaded.
    from beffroi_player.outputs.drawing.composition import DrawingLayer, PanelComposition


class GpuPainter:
    """Painter that draws on a window, or on a texture."""

    def __init__(self, renderer: SdlRenderer) -> None:
        self.renderer = renderer
        self._textures = TextureCache(renderer)
        self._targets: dict[tuple[str, Size], SdlTexture] = {}
        self._target: SdlTexture | None = None

    @property
    def texture_count(self) -> int:
        """Number of images and video frames cached on the GPU."""
        return len(self._textures)

    def supports_size(self, size: Size) -> bool:
        """Tell whether a texture may have that size."""
        return self._textures.supports_size(size)

    def evict_textures(self) -> None:
        """Release, after drawing, the textures that are no longer needed."""
        self._textures.evict_unused()

    def draw_composition(self, composition: PanelComposition) -> None:
        """Draw a composition."""
        from beffroi_content.model import SlideTransition  # noqa: PLC0415 -- after the first frame

        renderer, before = self.renderer, composition.previous
        if before is None:
            self._draw_layers(composition.layers)
        elif composition.transition in (SlideTransition.PUSH, SlideTransition.WIPE):
            leaving, coming, seen = (0, 0), (0, 0), composition.wiped_area()
            if composition.transition is SlideTransition.PUSH:
                (leaving, coming), seen = composition.push_offsets(), composition.pushed_in_area()
            self._draw_previous_layers(composition, before, leaving)
            renderer.set_clip(seen)
            self._draw_layers(composition.layers, coming, within=seen)
            renderer.set_clip(None)
        else:
            self._draw_fade(
                composition,
                before,
                composition.zoom_factor() if composition.transition is SlideTransition.ZOOM else 1.0,
            )
        if composition.brightness < 100:
            renderer.darken(1 - composition.brightness / 100)

    def _draw_fade(self, composition: PanelComposition, before: PanelComposition, factor: float) -> None:
        # The new layers are drawn on a texture first: fading each layer by itself would let the lower ones shine
        # through.
        after = self.target_texture("after", composition.size)
        target, where = self._target, composition.transition_area
        self.set_target(after)
        self._draw_layers(composition.layers)
        self.set_target(target)
        self._draw_previous_layers(composition, before)
        left, top, width, height = where
        larger = width * factor, height * factor
        area = left + (width - larger[0]) / 2, top + (height - larger[1]) / 2, *larger
        self.renderer.set_clip(where)
        self.renderer.draw_texture(after, area, where, opacity=min(254, round(255 * composition.progress)))
        self.renderer.set_clip(None)

    def _draw_previous_layers(
        self, composition: PanelComposition, before: PanelComposition, offset: tuple[int, int] = (0, 0)
    ) -> None:
        """Draw the previous layers in the area of the transition, and the new layers around it."""
        if composition.changing_area is not None:
            self._draw_layers(composition.layers)
        self.renderer.set_clip(composition.transition_area)
        self._draw_layers(before.layers, offset, within=composition.transition_area, gives_way=True)
        self.renderer.set_clip(None)

    def _draw_layers(
        self,
        layers: tuple[DrawingLayer, ...],
        offset: tuple[int, int] = (0, 0),
        within: tuple[int, int, int, int] | None = None,
        *,
        gives_way: bool = False,
    ) -> None:
        """Draw layers, moved by an offset.

        Args:
            layers: The layers, the lowest first.
            offset: Pixels right and down.
            within: The clip area that is set in the renderer, to which it is reset after each layer.
            gives_way: Whether the layers are those that a transition replaces.
        """
        for number, layer in enumerate(layers):
            left, top, width, height = layer.area
            across, down = layer.shift
            area: Area = (left + offset[0] + across, top + offset[1] + down, width, height)
            if layer.clip is not None:
                seen = pygame.Rect(layer.clip).move(offset)
                self.renderer.set_clip((*seen.clip(within),) if within else (*seen,))
            if isinstance(layer.content, pygame.Surface):
                # An unscaled image is drawn to the pixel, unless it is shifted by a fraction of one.
                self.draw_image(layer.content, area, layer.source, smooth=layer.shift != (0.0, 0.0))
            else:
                # In a transition, the previous video has a texture of its own: both frames are drawn each time.
                texture = self._textures.video_texture(~number if gives_way else number, layer.content.frame)
                smooth = texture.size != (width, height)
                self.renderer.draw_texture(texture, area, layer.source, layer.rotation, smooth=smooth)
            if layer.clip is not None:
                self.renderer.set_clip(within)

    def draw_image(
        self, surface: pygame.Surface, area: Area, source: tuple[int, int, int, int] | None = None, *, smooth: bool
    ) -> None:
        """Draw an image, or a part of it, scaled to an area."""
        source = source or (0, 0, *surface.get_size())
        left, top, width, height = area
        across, down = width / source[2], height / source[3]
        for tile in self._textures.image_tiles(surface, source):
            x, y, wide, high = tile.part
            place = left + (x - source[0]) * across, top + (y - source[1]) * down, wide * across, high * down
            self.renderer.draw_texture(tile.texture, place, tile.source, smooth=smooth or (across, down) != (1, 1))

    def target_texture(self, name: str, size: Size) -> SdlTexture:
        """Return the texture of that name and size to draw on."""
        if (name, size) not in self._targets:
            self._targets[name, size] = self.renderer.create_target(size)
        return self._targets[name, size]

    def release_target(self, name: str, size: Size) -> None:
        """Release the texture of that name and size."""
        self._targets.pop((name, size)).release()

    def set_target(self, target: SdlTexture | None) -> None:
        """Draw on a texture from now on; None: on the window."""
        self.renderer.set_target(target)
        self._target = target
