"""The whole display: of a desktop where one runs, otherwise without any (KMS)."""

from __future__ import annotations

import contextlib
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

if TYPE_CHECKING:  # The first picture is shown before this is loaded.
    from beffroi_player.outputs.display_control.control import DisplayAnswer, DisplayControl

log = logging.getLogger(__name__)

_POSSIBLE_CAUSE = "Another program may have it, such as a desktop or another player"
CONNECTOR_CHECK_S = 1.0
"""How often it looks whether a display was plugged in or out: a file of the kernel, read."""


class FullscreenOutput(WindowOutput):
    """A window without borders over everything; on KMS, the mode of the picture's own size if the display has it.

    Args:
        stopped: Tells whether it is time to end, while no display is plugged in.
        control: Makes what tells the display to be on, off, or how bright; None: nothing does.
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
        """Whether the cable was pulled."""
        self._is_on, self._signal = True, SwitchResult.UNKNOWN
        """Whether the signal is, and what the kernel says to that."""
        self._checked_s = 0.0
        self._size: Size = (0, 0)

    def start(self) -> None:
        """Take the display; without a desktop, wait until one is plugged in.

        Raises:
            OutputError: it belongs to another program, or the wait was ended.
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
        # Cards have other numbers at each start of some machines.
        os.environ["SDL_KMSDRM_DEVICE_INDEX"] = str(self._connectors[0].card)
        self._start_kms()

    def process_events(self) -> bool:
        """Answer the window system, and begin anew when another display is plugged in."""
        if self.is_display_changed():
            # It may be the window's own memory, which is gone with the window.
            picture = self._image.copy() if self._image is not None else None
            self.reopen_display()
            self.open(self._size)
            if picture is not None:
                self.present_image(picture)
        return super().process_events()

    def is_display_changed(self) -> bool:
        """Tell whether another display is plugged in than is drawn on, or it has other modes."""
        now = time.monotonic()
        if not self._connectors or now - self._checked_s < CONNECTOR_CHECK_S:
            return False
        self._checked_s = now
        found = kms.connected_displays()
        if self._is_unplugged and found:
            # It may be another one that looks the same, or have heard nothing of what it was told.
            self._repeat_request()
        self._is_unplugged = not found
        if not found or found == self._connectors:
            return False
        log.warning("another display is plugged in, or it has other modes: %s", ", ".join(each.name for each in found))
        self._connectors = found
        return True

    def reopen_display(self) -> None:
        """Begin anew with the display that is plugged in now; what was drawn on is gone."""
        os.environ["SDL_KMSDRM_DEVICE_INDEX"] = str(self._connectors[0].card)
        pygame.display.quit()
        self._start_kms()
        # The signal of a display that was taken anew is on.
        self._is_on, self._signal = True, SwitchResult.UNKNOWN

    def open(self, size: Size) -> None:
        """Open the window, or give it another size; see :meth:`Output.open`."""
        self._size = size
        super().open(size)
        self.check_ownership()

    def check_ownership(self) -> None:
        """See to it that what is drawn is shown.

        Raises:
            OutputError: another program has the display.
        """
        if self._connectors and not kms.is_drm_master(self._connectors[0].card):
            raise OutputError(f"the display at {self._connectors[0].name} cannot be taken: {_POSSIBLE_CAUSE}")

    def control_display(self, on: bool, brightness: int) -> DisplayResult:
        """Switch the signal, and have the display told what it is to do; see :meth:`Output.light`."""
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
        """Give the display back, as bright as it is."""
        if self._control is not None:
            self._control.close()
        super().close()

    def _repeat_request(self) -> None:
        if self._control is not None:
            self._control.repeat_request()

    def _wait_for_display(self) -> tuple[kms.DisplayConnector, ...]:
        """Return what is plugged in, as soon as something is."""
        said = False
        while not (found := kms.connected_displays()):
            if not said:
                log.warning("no display is plugged in: waiting for one")
                # The service is as ready as it can be: it is not to be killed for what a technician unplugged.
                systemd_notify.notify_ready()
                said = True
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
                "libgles2 and libgl1-mesa-dri are missing"
            ) from error

    def _set_mode(self, size: Size) -> pygame.Surface:
        kms_driver = pygame.display.get_driver().lower() == "kmsdrm"
        for wanted in (size, self.desktop_size()) if kms_driver else (self.desktop_size(),):
            with contextlib.suppress(pygame.error):
                return pygame.display.set_mode(wanted, self.flags)
        raise OutputError(f"no display of {size[0]}x{size[1]} pixels or any other size: {pygame.get_error()}")


def _switch_signal(connector: kms.DisplayConnector, on: bool) -> SwitchResult:
    """Switch the signal; return what the kernel says to that."""
    if problem := kms.switch_signal(connector, on):
        log.warning("the display %s is not switched: %s", connector.name, problem)
        return SwitchResult.UNKNOWN
    return SwitchResult.CONFIRMED if kms.is_signal_on(connector) is on else SwitchResult.SENT


def _combine_results(signal: SwitchResult, said: DisplayAnswer) -> DisplayResult:
    """Return what is certain: a display that is reached knows more of itself than the kernel, which has the signal."""
    if said.switched is not SwitchResult.UNKNOWN:
        return DisplayResult(said.switched, said.dims_itself)
    pending = signal is SwitchResult.CONFIRMED and not said.is_answered
    return DisplayResult(SwitchResult.SENT if pending else signal, said.dims_itself)
