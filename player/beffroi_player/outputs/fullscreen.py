"""The whole display: of a desktop where one runs, otherwise without any (KMS)."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pygame

from beffroi_player import notify
from beffroi_player.outputs import kms
from beffroi_player.outputs.base import Light, Lit, OutputError, Size, start_display
from beffroi_player.outputs.window import Window

if TYPE_CHECKING:  # The first picture is shown before this is loaded.
    from beffroi_player.outputs.control import Control, Said

log = logging.getLogger(__name__)

_WHY_NOT = "Another program may have it, such as a desktop or another player"
LOOK_S = 1.0
"""How often it looks whether a display was plugged in or out: a file of the kernel, read."""


class Fullscreen(Window):
    """A window without borders over everything; on KMS, the mode of the picture's own size if the display has it.

    Args:
        stopped: Tells whether it is time to end, while no display is plugged in.
        control: Makes what tells the display to be on, off, or how bright; None: nothing does.
    """

    flags = pygame.FULLSCREEN
    pump_seconds: float | None = LOOK_S

    def __init__(
        self, stopped: Callable[[], bool] = lambda: False, control: Callable[[], Control] | None = None
    ) -> None:
        super().__init__()
        self._stopped = stopped
        self._make_control = control
        self._control: Control | None = None
        self._plugged: tuple[kms.Connector, ...] = ()
        self._is_gone = False
        """Whether the cable was pulled."""
        self._is_on, self._signal = True, Lit.UNKNOWN
        """Whether the signal is, and what the kernel says to that."""
        self._looked = 0.0
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
        for card in kms.cards():
            if found := kms.obstacle(card):
                raise OutputError(found)
        self._plugged = self._awaited()
        # Cards have other numbers at each start of some machines.
        os.environ["SDL_KMSDRM_DEVICE_INDEX"] = str(self._plugged[0].card)
        self._take()

    def pump(self) -> bool:
        """Answer the window system, and begin anew when another display is plugged in."""
        if self.replugged():
            # It may be the window's own memory, which is gone with the window.
            picture = self._picture.copy() if self._picture is not None else None
            self.retake()
            self.open(self._size)
            if picture is not None:
                self.present(picture)
        return super().pump()

    def replugged(self) -> bool:
        """Tell whether another display is plugged in than is drawn on, or it has other modes."""
        now = time.monotonic()
        if not self._plugged or now - self._looked < LOOK_S:
            return False
        self._looked = now
        found = kms.connected()
        if self._is_gone and found:
            # It may be another one that looks the same, or have heard nothing of what it was told.
            self._tell_again()
        self._is_gone = not found
        if not found or found == self._plugged:
            return False
        log.warning("another display is plugged in, or it has other modes: %s", ", ".join(each.name for each in found))
        self._plugged = found
        return True

    def retake(self) -> None:
        """Begin anew with the display that is plugged in now; what was drawn on is gone."""
        os.environ["SDL_KMSDRM_DEVICE_INDEX"] = str(self._plugged[0].card)
        pygame.display.quit()
        self._take()
        # The signal of a display that was taken anew is on.
        self._is_on, self._signal = True, Lit.UNKNOWN

    def open(self, size: Size) -> None:
        """Open the window, or give it another size; see :meth:`Output.open`."""
        self._size = size
        super().open(size)
        self.check()

    def check(self) -> None:
        """See to it that what is drawn is shown.

        Raises:
            OutputError: another program has the display.
        """
        if self._plugged and not kms.is_ours(self._plugged[0].card):
            raise OutputError(f"the display at {self._plugged[0].name} cannot be taken: {_WHY_NOT}")

    def light(self, on: bool, brightness: int) -> Light:
        """Switch the signal, and have the display told what it is to do; see :meth:`Output.light`."""
        if not self._plugged:
            return Light()
        display = self._plugged[0]
        if on != self._is_on:
            self._is_on, self._signal = on, _switched(display, on)
        if self._control is None and self._make_control is not None:
            self._control = self._make_control()
        if self._control is None:
            return Light(self._signal)
        self._control.want(display, on, brightness)
        return _worst(self._signal, self._control.said)

    def close(self) -> None:
        """Give the display back, as bright as it is."""
        if self._control is not None:
            self._control.close()
        super().close()

    def _tell_again(self) -> None:
        if self._control is not None:
            self._control.again()

    def _awaited(self) -> tuple[kms.Connector, ...]:
        """Return what is plugged in, as soon as something is."""
        said = False
        while not (found := kms.connected()):
            if not said:
                log.warning("no display is plugged in: waiting for one")
                # The service is as ready as it can be: it is not to be killed for what a technician unplugged.
                notify.ready()
                said = True
            notify.alive()
            if self._stopped():
                raise OutputError("no display was plugged in")
            time.sleep(LOOK_S)
        return found

    def _take(self) -> None:
        try:
            start_display("kmsdrm")
        except OutputError as error:
            name = self._plugged[0].name
            raise OutputError(
                f"the display at {name} cannot be taken: {error}. {_WHY_NOT}, or the packages libgbm1, libegl1, "
                "libgles2 and libgl1-mesa-dri are missing"
            ) from error

    def _mode(self, size: Size) -> pygame.Surface:
        kms_driver = pygame.display.get_driver().lower() == "kmsdrm"
        for wanted in (size, self.desktop()) if kms_driver else (self.desktop(),):
            with contextlib.suppress(pygame.error):
                return pygame.display.set_mode(wanted, self.flags)
        raise OutputError(f"no display of {size[0]}x{size[1]} pixels or any other size: {pygame.get_error()}")


def _switched(connector: kms.Connector, on: bool) -> Lit:
    """Switch the signal; return what the kernel says to that."""
    if problem := kms.switch(connector, on):
        log.warning("the display %s is not switched: %s", connector.name, problem)
        return Lit.UNKNOWN
    return Lit.CONFIRMED if kms.is_lit(connector) is on else Lit.SENT


def _worst(signal: Lit, said: Said) -> Light:
    """Return what is certain: a display that is reached knows more of itself than the kernel, which has the signal."""
    if said.lit is not Lit.UNKNOWN:
        return Light(said.lit, said.dims)
    pending = signal is Lit.CONFIRMED and not said.settled
    return Light(Lit.SENT if pending else signal, said.dims)
