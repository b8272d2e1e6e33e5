"""Interface of an output, its errors, and small helpers that all outputs share."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import NamedTuple, Protocol

import pygame

Size = tuple[int, int]
"""Width and height in pixels."""


class OutputError(Exception):
    """The output cannot be opened; the message says why."""


class SwitchResult(StrEnum):
    """Result of switching a display on or off."""

    UNKNOWN = ""
    """The display cannot be switched, or its state is not known."""
    SENT = "sent"
    CONFIRMED = "confirmed"


class DisplayResult(NamedTuple):
    """Result of a request for power and brightness, as far as it is known."""

    switched: SwitchResult = SwitchResult.UNKNOWN
    dims_itself: bool = False
    """Whether the display has dimmed itself, so that the frame must not be darkened as well."""


class ControlError(Exception):
    """A display cannot be switched or dimmed in one way; the message says why."""


class UnsupportedError(ControlError):
    """The display does not support the request: it is not sent again."""


class Output(Protocol):
    """A destination for frames of one size, already rotated as the panel is mounted."""

    event_interval_s: float | None
    """Longest interval between calls of ``process_events``; None: it need not be called."""

    def start(self) -> None:
        """Open the connection to the display.

        Raises:
            OutputError: there is none.
        """

    def desktop_size(self) -> Size:
        """Return the size of the display, or of a usual one where there is none."""

    def refresh_rate(self) -> float:
        """Return the frames per second of the display; 0 where they are not known."""

    def open(self, size: Size) -> None:
        """Prepare for frames of a size, in pixels; may be called again for another size.

        Raises:
            OutputError: the display refuses.
        """

    def present_image(self, image: pygame.Surface) -> None:
        """Show an image and return when it has been handed to the display."""

    def finish_present(self) -> None:
        """Do the slow part of presenting, after the image is on the display and before it is reported."""

    def last_presented(self) -> pygame.Surface:
        """Return the image that was presented last, at its own size."""

    def process_events(self) -> bool:
        """Process the events of the window system; return False once the window was closed."""

    def control_display(self, on: bool, brightness: int) -> DisplayResult:
        """Request power and brightness, and return at once the result that is known so far.

        May be called with the same values again. Where the display answers later, the stage is woken up.

        Args:
            on: Whether the display is to be on.
            brightness: Percent, while it is on.
        """

    def close(self) -> None:
        """Release the display."""


def start_display(driver: str | None = None) -> None:
    """Initialise SDL's video and nothing else of pygame: audio alone would cost a tenth of a second.

    Raises:
        OutputError: SDL has no such display.
    """
    if driver:
        os.environ["SDL_VIDEODRIVER"] = driver
    try:
        pygame.display.init()
    except pygame.error as error:
        raise OutputError(f"no display: {error}") from error


def fit_size(size: Size, available: Size) -> Size:
    """Return the size at which an image fits into an available size: its own, or scaled down in proportion."""
    ratio = min(1.0, available[0] / size[0], available[1] / size[1])
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def scratch_surface(size: Size, reusable: pygame.Surface | None = None) -> pygame.Surface:
    """Return a surface of that size to copy to: the reusable one if it has the size, since allocation is slow."""
    return reusable if reusable is not None and reusable.get_size() == size else pygame.Surface(size, depth=32)
