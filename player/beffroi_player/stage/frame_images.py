"""Images of frames: read from files, turned for the panel, put together, and turned back to upright RGB bytes.

Most of this runs in threads beside the frame loop, and Python runs one thread at a time. So large images are worked on
in bands of rows, with a pause between two bands in which the frame loop gets its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pygame

from beffroi_content.model import Rectangle
from beffroi_player.stage.panel_geometry import panel_area, panel_size, rotate_area
from beffroi_player.state.directories import Size
from beffroi_player.state.page_images import map_page

BAND_PIXELS = 32 * 1024
"""Pixels of a band. Its conversion holds the interpreter lock, so it has to be over long before a step is due."""
BAND_PAUSE_S = 0.001
"""Pause between two bands, in a thread beside the frame loop."""

Pause = Callable[[], object]
"""Waits a little."""


class BrokenFrame(Exception):
    """The frame is missing or cannot be read; the message gives the reason."""


def load_image(path: Path) -> pygame.Surface:
    """Read an image file.

    Raises:
        BrokenFrame: there is none, or it cannot be read.
    """
    try:
        return pygame.image.load(path)
    except (OSError, pygame.error) as error:
        raise BrokenFrame(f"{path.name}: {error}") from error


def map_raw_frame(path: Path, rotation: int) -> pygame.Surface:
    """Return a page in memory as it lies on the panel: not read but mapped, unless it has to be turned.

    Raises:
        OSError: there is none.
        ValueError: it is no such page, or truncated.
    """
    size, pixels = map_page(path)
    image = pygame.image.frombuffer(pixels, size, "RGBX")
    return pygame.transform.rotate(image, -rotation) if rotation else image


def rotate_for_panel(image: pygame.Surface, rotation: int, pause: Pause | None = None) -> pygame.Surface:
    """Return an upright image as it lies on the panel, opaque, with 32 bits a pixel.

    Not ``convert()``, which takes the format of the window: with a GPU there is no window.
    """
    # Transparency is not wanted: the colours are what they are.
    image.set_alpha(None)
    image.set_colorkey(None)
    width, height = image.get_size()
    converted, rows = pygame.Surface((width, height), depth=32), max(1, BAND_PIXELS // width)
    for top in range(0, height, rows):
        converted.blit(image, (0, top), (0, top, width, rows))
        if pause is not None:
            pause()
    return pygame.transform.rotate(converted, -rotation) if rotation else converted


def compose_frame(size: Size, rotation: int, parts: Sequence[tuple[pygame.Surface, Rectangle]]) -> pygame.Surface:
    """Return one image of the whole panel.

    A part that covers everything is returned as it is: nothing is copied.

    Args:
        size: Of the upright screen.
        rotation: Degrees clockwise by which the panel hangs turned.
        parts: Images that are already turned, each with its upright place, in drawing order.
    """
    if parts and parts[-1][0].get_size() == panel_size(size, rotation):
        return parts[-1][0]
    image = pygame.Surface(panel_size(size, rotation), depth=32)
    image.fill((0, 0, 0))
    for surface, rectangle in parts:
        image.blit(surface, panel_area(rectangle, size, rotation))
    return image


def upright_bands(image: pygame.Surface, rotation: int, pause: Pause | None = None) -> Iterator[bytes]:
    """Yield the upright RGB bytes of an image of the panel, some rows at a time.

    Args:
        image: It does not change meanwhile.
        rotation: Degrees by which it is turned.
        pause: Called between two bands.
    """
    size = panel_size(image.get_size(), rotation)
    rows = max(1, BAND_PIXELS // size[0])
    for top in range(0, size[1], rows):
        area = rotate_area((0, top, size[0], min(rows, size[1] - top)), size, rotation)
        # A copy: while pygame turns a surface it is locked, and the frame loop may want to draw with it.
        band = pygame.Surface(area[2:], depth=32)
        band.blit(image, (0, 0), area)
        yield upright_rgb(band, rotation)
        if pause is not None:
            pause()


def upright_rgb(image: pygame.Surface, rotation: int) -> bytes:
    """Return the upright RGB bytes of an image of the panel."""
    return pygame.image.tobytes(pygame.transform.rotate(image, rotation) if rotation else image, "RGB")


def surface_bytes(surface: pygame.Surface) -> int:
    """Return the memory that the pixels of a surface take, in bytes."""
    return surface.get_width() * surface.get_height() * surface.get_bytesize()
