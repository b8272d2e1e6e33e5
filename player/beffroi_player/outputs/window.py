"""Output to a window on a desktop; an image larger than the desktop is scaled down when it is presented."""

from __future__ import annotations

import os

import pygame

from beffroi_player.outputs.base import DisplayResult, OutputError, Size, fit_size, start_display
from beffroi_player.outputs.drawing.sdl import display_rate


class WindowOutput:
    """A window; Escape or its close button end the stage."""

    event_interval_s: float | None = 0.25
    flags = 0

    def __init__(self) -> None:
        self._image: pygame.Surface | None = None
        self._window: pygame.Surface | None = None

    def start(self) -> None:
        """Open the connection to the desktop.

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
        """Return the frames per second of the display."""
        return display_rate()

    def open(self, size: Size) -> None:
        """Open the window, or give it another size.

        Raises:
            OutputError: the desktop refuses.
        """
        self._window = self._set_mode(size)
        pygame.display.set_caption("Beffroi")
        pygame.mouse.set_visible(False)

    def borrow_surface(self, size: Size) -> pygame.Surface | None:
        """Return the window's frame buffer, to be presented after drawing; None if it has another size."""
        return self._window if self._window is not None and self._window.get_size() == size else None

    def present_image(self, image: pygame.Surface) -> None:
        """Show an image."""
        assert self._window is not None
        self._image = image
        available = self._window.get_size()
        if image.get_width() > available[0] or image.get_height() > available[1]:
            image = pygame.transform.smoothscale(image, fit_size(image.get_size(), available))
        if image is not self._window:
            self._window.blit(image, (0, 0))
        pygame.display.flip()

    def finish_present(self) -> None:
        """Do nothing: presenting is complete."""

    def last_presented(self) -> pygame.Surface:
        """Return the presented image at the size at which it was composed; it changes with the next one."""
        assert self._image is not None
        assert self._window is not None
        return self._image if self._image.get_size() != self._window.get_size() else self._window

    def process_events(self) -> bool:
        """Process the events of the window system; return False once the window was closed."""
        closed, exposed = poll_window_events()
        if exposed:
            pygame.display.flip()
        return not closed

    def is_display_changed(self) -> bool:
        """Return False: a desktop handles a change of displays."""
        return False

    def check_ownership(self) -> None:
        """Do nothing: a desktop shows every window."""

    def reopen_display(self) -> None:
        """Do nothing: a desktop handles a change of displays."""

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
    """Return whether the window was closed since the last call, and whether it was uncovered."""
    closed = exposed = False
    for event in pygame.event.get():
        closed |= event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE)
        exposed |= event.type == pygame.WINDOWEXPOSED
    return closed, exposed
