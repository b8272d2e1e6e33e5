"""Mapping of the panel's image to the display: overscan, and viewports for sending cards of LED panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pygame

from beffroi_content.model import ScreenSettings, Viewport
from beffroi_player.outputs.base import Size
from beffroi_player.outputs.drawing.composition import Area


@dataclass(frozen=True, slots=True)
class MountedPart:
    """A part of the panel's image and its place on the display."""

    source: Area
    target: Area
    """Its area on the display, after the rotation."""
    rotation: int = 0
    smooth: bool = False
    """Whether it is interpolated: it is not scaled by a whole number."""


@dataclass(frozen=True, slots=True)
class DisplayMounting:
    """Arrangement of a panel's image on its display."""

    overscan_percent: float = 0.0
    viewports: tuple[Viewport, ...] = ()

    @classmethod
    def of_screen(cls, settings: ScreenSettings | None) -> DisplayMounting:
        """Return the mounting of a screen; without settings the panel's image fills the display."""
        return cls(settings.overscan_percent, settings.viewports) if settings else cls()

    def display_size(self, panel: Size) -> Size:
        """Return the size in pixels that a display needs for a panel of that size."""
        targets = [part.target for part in self.mounted_parts(panel) if self.viewports]
        if not targets:
            return panel
        return max(left + width for left, _, width, _ in targets), max(top + high for _, top, _, high in targets)

    def mounted_parts(self, panel: Size) -> Sequence[MountedPart]:
        """Return the parts and their places; none where the panel's image is the display's."""
        if self.viewports:
            return [part for viewport in self.viewports if (part := _viewport_part(viewport, panel))]
        if not self.overscan_percent:
            return []
        across, down = (round(side * self.overscan_percent / 100) for side in panel)
        inner = across, down, panel[0] - 2 * across, panel[1] - 2 * down
        return [MountedPart((0, 0, *panel), inner, smooth=True)]

    def mount_image(self, image: pygame.Surface) -> pygame.Surface:
        """Return the display's image for a panel's image."""
        parts = self.mounted_parts(image.get_size())
        if not parts:
            return image
        display = pygame.Surface(self.display_size(image.get_size()))
        for part in parts:
            seen = image.subsurface(part.source)
            rotated = pygame.transform.rotate(seen, -part.rotation) if part.rotation else seen
            scale = pygame.transform.smoothscale if part.smooth else pygame.transform.scale
            display.blit(scale(rotated, part.target[2:]), part.target[:2])
        return display


def _viewport_part(viewport: Viewport, panel: Size) -> MountedPart | None:
    wanted = viewport.source
    source = pygame.Rect(wanted.x, wanted.y, wanted.width, wanted.height).clip((0, 0, *panel))
    if not source.width or not source.height:
        return None
    width, height = source.size if viewport.rotation in (0, 180) else source.size[::-1]
    target = viewport.x, viewport.y, width * viewport.scale, height * viewport.scale
    return MountedPart((*source.topleft, *source.size), target, viewport.rotation)
