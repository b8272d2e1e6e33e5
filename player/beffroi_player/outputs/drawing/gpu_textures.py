"""Cache of the images and video frames on a GPU. An image larger than the largest texture is kept in tiles."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pygame

from beffroi_player.outputs.base import Size
from beffroi_player.outputs.drawing.sdl import SdlRenderer, SdlTexture

MAX_IDLE_TEXTURES = 12
"""Images that are cached although they are not drawn; one of 1920 by 1080 pixels takes 8 MB."""
TILE_MARGIN = 1
"""Pixels by which a tile overlaps its neighbours: interpolation at its edge reads the pixels beyond."""

PixelArea = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


class TextureTile(NamedTuple):
    """A texture with a part of an image."""

    texture: SdlTexture
    source: PixelArea
    """Area of the texture that is drawn."""
    part: PixelArea
    """Area of the image that it shows."""


@dataclass(slots=True)
class _CachedImage:
    surface: weakref.ref[pygame.Surface]
    tiles: dict[tuple[int, int], SdlTexture] = field(default_factory=dict)
    """Textures by column and row; only those that were drawn."""


class TextureCache:
    """Cache of a renderer's textures, by surface and by video frame."""

    def __init__(self, renderer: SdlRenderer) -> None:
        self._renderer = renderer
        self._images: dict[int, _CachedImage] = {}
        self._videos: dict[tuple[int, object], tuple[Any, SdlTexture]] = {}
        self._used: set[object] = set()

    def __len__(self) -> int:
        return len(self._images) + len(self._videos)

    def supports_size(self, size: Size) -> bool:
        """Tell whether a texture may have that size."""
        return all(side <= most for side, most in zip(size, self._max_size, strict=True))

    def image_tiles(self, surface: pygame.Surface, source: PixelArea) -> Iterator[TextureTile]:
        """Yield the tiles of a part of an image, uploading those that are not cached."""
        kept = self._images.pop(id(surface), None)
        if kept is None or kept.surface() is not surface:
            kept = _CachedImage(weakref.ref(surface))
        # Insertion order is the order of use, for eviction.
        self._images[id(surface)] = kept
        self._used.add(id(surface))
        # Tiles lie on a fixed grid of the image, so that a scrolling strip reuses those that it has uploaded. Each is
        # uploaded with a margin of its neighbours, but only its own part is drawn: interpolation at the edge of a tile
        # then reads the true neighbour, and no seam is visible between two tiles.
        whole, wanted, steps = surface.get_rect(), pygame.Rect(source), self._tile_steps(surface.get_size())
        columns, rows = (
            range(begin // step, -(-(begin + length) // step))
            for begin, length, step in zip(wanted.topleft, wanted.size, steps, strict=True)
        )
        for column, row in ((column, row) for row in rows for column in columns):
            own = pygame.Rect(column * steps[0], row * steps[1], *steps)
            held, part = own.inflate(2 * TILE_MARGIN, 2 * TILE_MARGIN).clip(whole), own.clip(wanted)
            texture = kept.tiles.get((column, row))
            if texture is None:
                texture = kept.tiles[column, row] = self._renderer.create_texture(surface.subsurface(held))
            yield TextureTile(texture, (*part.move(-held.left, -held.top),), (*part,))

    def video_texture(self, number: int, frame: Any) -> SdlTexture:
        """Return the texture with a video frame, by the number of its layer; a new frame reuses the texture."""
        place = number, (frame.width, frame.height, frame.format.name)
        shown, texture = self._videos.get(place) or (None, self._renderer.create_video_texture(frame))
        if shown is not frame:
            texture.upload_frame(frame)
        self._videos[place] = frame, texture
        self._used.add(place)
        return texture

    def evict_unused(self) -> None:
        """Release, after drawing, textures of surfaces that are gone, the least recently used, and ended videos."""
        for place in self._videos.keys() - self._used:
            self._videos.pop(place)[1].release()
        for key, kept in list(self._images.items()):
            if kept.surface() is None or (len(self._images) > MAX_IDLE_TEXTURES and key not in self._used):
                for texture in self._images.pop(key).tiles.values():
                    texture.release()
        self._used.clear()

    @property
    def _max_size(self) -> Size:
        """Largest size of a texture, in pixels; a renderer that reports 0 has no limit."""
        across, down = self._renderer.max_texture_size
        return across or 1 << 30, down or 1 << 30

    def _tile_steps(self, size: Size) -> Size:
        across, down = (
            side if side <= most else most - 2 * TILE_MARGIN for side, most in zip(size, self._max_size, strict=True)
        )
        return across, down
