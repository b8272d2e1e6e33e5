"""What every output does."""

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
    """What became of the wish to switch a display."""

    UNKNOWN = ""
    """It cannot be switched, or nobody can tell."""
    SENT = "sent"
    CONFIRMED = "confirmed"


class DisplayResult(NamedTuple):
    """What became of the light that was asked for, so far."""

    switched: SwitchResult = SwitchResult.UNKNOWN
    dims_itself: bool = False
    """Whether the display sees to the brightness itself, so that the picture is not to be darkened as well."""


class ControlError(Exception):
    """A display cannot be switched or dimmed in one way; the message says why."""


class UnsupportedError(ControlError):
    """The display knows no such thing: there is no use in asking again."""


class Output(Protocol):
    """A place for pictures of one size, already turned as the panel hangs."""

    event_interval_s: float | None
    """How often ``pump`` wants to be called; None: never."""

    def start(self) -> None:
        """Find the display.

        Raises:
            OutputError: there is none.
        """

    def desktop_size(self) -> Size:
        """Return the size of the display, or of a usual one where there is none."""

    def refresh_rate(self) -> float:
        """Return how many pictures a second the display shows; 0 where nobody knows."""

    def open(self, size: Size) -> None:
        """Make ready for pictures of that size; may be called again for another size.

        Raises:
            OutputError: the display does not let us.
        """

    def present_image(self, image: pygame.Surface) -> None:
        """Show a picture and return when it has been handed to the display."""

    def finish_present(self) -> None:
        """Do what can wait until the picture is on the display; what is said of it is said afterwards."""

    def last_presented(self) -> pygame.Surface:
        """Return what was presented last, at its own size."""

    def process_events(self) -> bool:
        """Answer the window system. Return False once a person has closed the window."""

    def control_display(self, on: bool, brightness: int) -> DisplayResult:
        """Ask for light, if the display can be switched or dimmed, and return at once what became of it so far.

        May be asked again and again. Where an answer comes later, the stage is told to look again.

        Args:
            on: Whether the display is to be on.
            brightness: Percent, while it is.
        """

    def close(self) -> None:
        """Give the display back."""


def start_display(driver: str | None = None) -> None:
    """Start SDL's display and nothing else of pygame: sound alone would cost a tenth of a second.

    Raises:
        OutputError: there is no such display.
    """
    if driver:
        os.environ["SDL_VIDEODRIVER"] = driver
    try:
        pygame.display.init()
    except pygame.error as error:
        raise OutputError(f"no display: {error}") from error


def fit_size(size: Size, available: Size) -> Size:
    """Return the size at which a picture fits into a room: its own, or smaller in the same proportion."""
    ratio = min(1.0, available[0] / size[0], available[1] / size[1])
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def scratch_surface(size: Size, reusable: pygame.Surface | None = None) -> pygame.Surface:
    """Return a surface of that size to copy a picture to: that one if it has it, since to get another takes long."""
    return reusable if reusable is not None and reusable.get_size() == size else pygame.Surface(size, depth=32)
