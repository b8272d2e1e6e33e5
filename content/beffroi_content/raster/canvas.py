"""Canvas: all that decides the pixels of a drawing besides the content itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from beffroi_content.model import AlertForm, AssetReference, ScreenAppearance, ScreenClass, ScreenSettings, Town

__all__ = ["AlertForm", "AssetReader", "Canvas"]

AssetReader = Callable[[AssetReference], bytes]
"""Returns the content of a file, or raises OSError."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A zone of a screen that a drawing is made for."""

    size: tuple[int, int]
    """Width and height of the zone in pixels."""
    screen_class: ScreenClass
    town: Town
    time_zone: str
    locale: str
    appearance: ScreenAppearance = ScreenAppearance.DAY
    languages: tuple[str, ...] = ()
    """Those in which an alert is drawn, in order, where it has them; none: all of them."""

    @classmethod
    def for_screen(cls, settings: ScreenSettings, size: tuple[int, int] | None = None) -> Self:
        """Return the canvas of a zone of that size, or of the whole screen."""
        return cls(
            size=size or settings.screen_class.size,
            screen_class=settings.screen_class,
            town=settings.town,
            time_zone=settings.time_zone,
            locale=settings.locale,
            appearance=settings.appearance,
            languages=settings.languages,
        )
