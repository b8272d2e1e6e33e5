"""Full-screen output: on a desktop where one runs, otherwise directly on the display (KMS)."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pygame

from beffroi_player import systemd_notify
from beffroi_player.outputs.base import DisplayResult, OutputError, Size, SwitchResult, start_display
from beffroi_player.outputs.display_control import kms
from beffroi_player.outputs.window import WindowOutput

if TYPE_CHECKING:  # The first frame is shown before this is loaded.
    from beffroi_player.outputs.display_control.control import DisplayAnswer, DisplayControl

log = logging.getLogger(__name__)

_POSSIBLE_CAUSE = "Another program may have it, such as a desktop or another player"
CONNECTOR_CHECK_S = 1.0
"""Interval between checks of the connectors, which read one file of the kernel each."""


class FullscreenOutput(WindowOutput):
    """A full-screen window; on KMS, in the mode of the image's size if the display has it.

    Args:
        stopped: Tells whether the stage is to end while no display is plugged in.
        control: Creates the controller of power and brightness; None: the display is not controlled.
    """

    flags = pygame.FULLSCREEN
    event_interval_s: float | None = CONNECTOR_CHECK_S

    def __init__(
        self, stopped: Callable[[], bool] = lambda: False, control: Callable[[], DisplayControl] | None = None
    ) -> None:
        super().__init__()
        self._stopped = stopped
        self._make_control = control
        self._control: DisplayControl | None = None
        self._connectors: tuple[kms.DisplayConnector, ...] = ()
        self._is_unplugged = False
        """Whether no display is plugged in any more."""
        self._is_on, self._signal = True, SwitchResult.UNKNOWN
        """Whether the signal was switched on, and the result of switching it."""
        self._checked_s = 0.0
        self._size: Size = (0, 0)

    def start(self) -> None:
        """Open the display; without a desktop, wait until one is plugged in.

        Raises:
            OutputError: another program has the display, or the wait was ended.
        """
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            super().start()
            return
        # KMS has no window surface without acceleration.
        os.environ.pop("SDL_FRAMEBUFFER_ACCELERATION", None)
        for card in kms.display_cards():
            if found := kms.card_problem(card):
                raise OutputError(found)
        self._connectors = self._wait_for_display()
        # On some machines the numbers of the cards change at each start.
        os.environ["SDL_KMSDRM_DEVICE_INDEX"] = str(self._connectors[0].card)
        if not _has_desktop_opengl():
            # On KMS, SDL gives its renderer for desktop OpenGL a context of OpenGL ES, which draws nothing but black.
            os.environ["SDL_RENDER_DRIVER"] = os.environ["SDL_FRAMEBUFFER_ACCELERATION"] = "opengles2"
        self._start_kms()

    def process_events(self) -> bool:
        """Process the events of the window system, and reopen the display when another one is plugged in."""
        if self.is_display_changed():
            # The image may be the window's own frame buffer, which is released with the window.
            image = self._image.copy() if self._image is not None else None
            self.reopen_display()
            self.open(self._size)
            if image is not None:
                self.present_image(image)
        return super().process_events()

    def is_display_changed(self) -> bool:
        """Tell whether another display is plugged in than the one in use, or it has other modes."""
        now = time.monotonic()
        if not self._connectors or now - self._checked_s < CONNECTOR_CHECK_S:
            return False
        self._checked_s = now
        found = kms.connected_displays()
        if self._is_unplugged and found:
            # It may be another display of the same kind, or have missed the last request.
            self._repeat_request()
        self._is_unplugged = not found
        if not found or found == self._connectors:
            return False
        log.warning("another display is plugged in, or it has other modes: %s", ", ".join(each.name for each in found))
        self._connectors = found
        return True

    def reopen_display(self) -> None:
        """Open the display that is plugged in now; the former window is released."""
        os.environ["SDL_KMSDRM_DEVICE_INDEX"] = str(self._connectors[0].card)
        pygame.display.quit()
        self._start_kms()
        # Opening a display switches its signal on.
        self._is_on, self._signal = True, SwitchResult.UNKNOWN

    def open(self, size: Size) -> None:
        """Open the window, or give it another size; see :meth:`Output.open`."""
        self._size = size
        super().open(size)
        self.check_ownership()

    def check_ownership(self) -> None:
        """Check that frames reach the display.

        Raises:
            OutputError: another program has the display.
        """
        if self._connectors and not kms.is_drm_master(self._connectors[0].card):
            raise OutputError(f"the display at {self._connectors[0].name} cannot be taken: {_POSSIBLE_CAUSE}")

    def control_display(self, on: bool, brightness: int) -> DisplayResult:
        """Switch the signal, and request power and brightness; see :meth:`Output.control_display`."""
        if not self._connectors:
            return DisplayResult()
        display = self._connectors[0]
        if on != self._is_on:
            self._is_on, self._signal = on, _switch_signal(display, on)
        if self._control is None and self._make_control is not None:
            self._control = self._make_control()
        if self._control is None:
            return DisplayResult(self._signal)
        self._control.request_state(display, on, brightness)
        return _combine_results(self._signal, self._control.last_answer)

    def close(self) -> None:
        """Release the display; its brightness stays as it is."""
        if self._control is not None:
            self._control.close()
        super().close()

    def _repeat_request(self) -> None:
        if self._control is not None:
            self._control.repeat_request()

    def _wait_for_display(self) -> tuple[kms.DisplayConnector, ...]:
        """Wait until a display is plugged in and return the connectors with displays."""
        is_logged = False
        while not (found := kms.connected_displays()):
            if not is_logged:
                log.warning("no display is plugged in: waiting for one")
                # The service counts as ready: systemd must not kill it because a technician unplugged the display.
                systemd_notify.notify_ready()
                is_logged = True
            systemd_notify.notify_alive()
            if self._stopped():
                raise OutputError("no display was plugged in")
            time.sleep(CONNECTOR_CHECK_S)
        return found

    def _start_kms(self) -> None:
        try:
            start_display("kmsdrm")
        except OutputError as error:
            name = self._connectors[0].name
            raise OutputError(
                f"the display at {name} cannot be taken: {error}. {_POSSIBLE_CAUSE}, or the packages libgbm1, libegl1, "
                "libgles2, libgl1 and libgl1-mesa-dri are missing"
            ) from error

    def _set_mode(self, size: Size) -> pygame.Surface:
        kms_driver = pygame.display.get_driver().lower() == "kmsdrm"
        for wanted in (size, self.desktop_size()) if kms_driver else (self.desktop_size(),):
            with contextlib.suppress(pygame.error):
                return pygame.display.set_mode(wanted, self.flags)
        raise OutputError(f"no display of {size[0]}x{size[1]} pixels or any other size: {pygame.get_error()}")


def _switch_signal(connector: kms.DisplayConnector, on: bool) -> SwitchResult:
    """Switch the signal and return the result that the kernel confirms."""
    if problem := kms.switch_signal(connector, on):
        log.warning("the display %s is not switched: %s", connector.name, problem)
        return SwitchResult.UNKNOWN
    return SwitchResult.CONFIRMED if kms.is_signal_on(connector) is on else SwitchResult.SENT


def _combine_results(signal: SwitchResult, answer: DisplayAnswer) -> DisplayResult:
    """Combine two results: a display that answers outranks the kernel, which knows only the signal."""
    if answer.switched is not SwitchResult.UNKNOWN:
        return DisplayResult(answer.switched, answer.dims_itself)
    pending = signal is SwitchResult.CONFIRMED and not answer.is_answered
    return DisplayResult(SwitchResult.SENT if pending else signal, answer.dims_itself)


def _has_desktop_opengl() -> bool:
    try:
        ctypes.CDLL("libGL.so.1")
    except OSError:
        return False
    return True
