"""The whole display: of a desktop where one runs, otherwise without any (KMS)."""

from __future__ import annotations

import contextlib
import os

import pygame

from beffroi_player.outputs.base import OutputError, Size, start_display
from beffroi_player.outputs.window import Window


class Fullscreen(Window):
    """A window without borders over everything; on KMS, the mode of the picture's own size if the display has it."""

    flags = pygame.FULLSCREEN

    def start(self) -> None:
        """Take the display.

        Raises:
            OutputError: there is no display, or it belongs to another program.
        """
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            super().start()
            return
        # KMS has no window surface without acceleration.
        os.environ.pop("SDL_FRAMEBUFFER_ACCELERATION", None)
        start_display("kmsdrm")

    def _mode(self, size: Size) -> pygame.Surface:
        kms = pygame.display.get_driver().lower() == "kmsdrm"
        for wanted in (size, self.desktop()) if kms else (self.desktop(),):
            with contextlib.suppress(pygame.error):
                return pygame.display.set_mode(wanted, self.flags)
        raise OutputError(f"no display of {size[0]}x{size[1]} pixels or any other size: {pygame.get_error()}")
