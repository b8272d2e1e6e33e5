"""A window on a desktop. A picture larger than the desktop is made smaller at the last moment."""

from __future__ import annotations

import os

import pygame

from beffroi_player.outputs.base import DisplayResult, OutputError, Size, fit_size, start_display
from beffroi_player.outputs.drawing.sdl import display_rate


class WindowOutput:
    """A plain window; Escape or its close button end the stage."""

    event_interval_s: float | None = 0.25
    flags = 0

    def __init__(self) -> None:
        self._image: pygame.Surface | None = None
        self._window: pygame.Surface | None = None

    def start(self) -> None:
        """Find the desktop.

        Raises:
            OutputError: there is none.
        """
        # On X11 the default copies every frame through OpenGL, in software where there is no GPU.
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        start_display()

    def desktop_size(self) -> Size:
        """Return the size of the first desktop."""
        width, height = pygame.display.get_desktop_sizes()[0]
        return width, height

    def refresh_rate(self) -> float:
        """Return how many pictures a second the display shows."""
        return display_rate()

    def open(self, size: Size) -> None:
        """Open the window, or give it another size.

        Raises:
            OutputError: the desktop does not let us.
        """
        self._window = self._set_mode(size)
        pygame.display.set_caption("Beffroi")
        pygame.mouse.set_visible(False)

    def borrow_surface(self, size: Size) -> pygame.Surface | None:
        """Return the window's own memory, to be presented when it is drawn; None if it has another size."""
        return self._window if self._window is not None and self._window.get_size() == size else None

    def present_image(self, image: pygame.Surface) -> None:
        """Show a picture."""
        assert self._window is not None
        self._image = image
        room = self._window.get_size()
        if image.get_width() > room[0] or image.get_height() > room[1]:
            image = pygame.transform.smoothscale(image, fit_size(image.get_size(), room))
        if image is not self._window:
            self._window.blit(image, (0, 0))
        pygame.display.flip()

    def finish_present(self) -> None:
        """Nothing is left to do."""

    def last_presented(self) -> pygame.Surface:
        """Return what is in the window, at the size at which it was composed; it changes with the next picture."""
        assert self._image is not None
        assert self._window is not None
        return self._image if self._image.get_size() != self._window.get_size() else self._window

    def process_events(self) -> bool:
        """Answer the window system."""
        closed, exposed = poll_window_events()
        if exposed:
            pygame.display.flip()
        return not closed

    def is_display_changed(self) -> bool:
        """Tell whether another display has taken the place of the one that is drawn on: a desktop sees to that."""
        return False

    def check_ownership(self) -> None:
        """See to it that what is drawn is shown; a desktop does."""

    def reopen_display(self) -> None:
        """Begin anew with another display."""

    def control_display(self, on: bool, brightness: int) -> DisplayResult:
        """Do nothing: the desktop decides."""
        return DisplayResult()

    def close(self) -> None:
        """Close the window."""
        pygame.display.quit()

    def _set_mode(self, size: Size) -> pygame.Surface:
        try:
            return pygame.display.set_mode(fit_size(size, self.desktop_size()), self.flags)
        except pygame.error as error:
            raise OutputError(f"no window: {error}") from error


def poll_window_events() -> tuple[bool, bool]:
    """Return whether a person has closed the window since the last time, and whether it was uncovered."""
    closed = exposed = False
    for event in pygame.event.get():
        closed |= event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE)
        exposed |= event.type == pygame.WINDOWEXPOSED
    return closed, exposed
