"""Where pictures go: a window, a whole display, a LED controller, or nowhere but a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from beffroi_player.outputs.base import Output, OutputError

if TYPE_CHECKING:
    from beffroi_player.outputs.control import Control

__all__ = ["DRAWINGS", "NAMES", "Output", "OutputError", "choose", "drawn_by"]

NAMES = ("auto", "window", "fullscreen", "headless")
DRAWINGS = ("auto", "gpu", "software")
_CARDS = Path("/dev/dri")


def choose(name: str, state: Path, runtime: Path, stopped: Callable[[], bool] = lambda: False) -> Output:
    """Return the output of that name, not yet started.

    ``auto`` is a window where a desktop runs, otherwise the whole display if there is a graphics card, otherwise
    headless. A card without a display is not headless: the stage then waits until one is plugged in. A LED controller
    is named by its address, such as ``ddp://192.168.1.40``. ``state`` and ``runtime`` are the player's
    directories, and ``stopped`` tells whether it is time to end all the same.

    Raises:
        OutputError: the address of the controller is none.
    """
    if "://" in name:
        from beffroi_player.outputs.led import Led, Target  # noqa: PLC0415 -- only the one that is used

        return Led(Target.parse(name))
    if name == "auto":
        name = _automatic()
    if name == "headless":
        from beffroi_player.outputs.headless import Headless  # noqa: PLC0415 -- only the one that is used

        return Headless(runtime / "headless.png")
    if name == "fullscreen":
        from beffroi_player.outputs.fullscreen import Fullscreen  # noqa: PLC0415

        return Fullscreen(stopped, lambda: _control(state, runtime))
    from beffroi_player.outputs.window import Window  # noqa: PLC0415

    return Window()


def drawn_by(output: Output, drawing: str) -> Output:
    """Return an output that is drawn by the GPU, or the output itself where the processor does better.

    Args:
        output: A started one.
        drawing: ``gpu``, ``software``, or ``auto``: a GPU if there is one that passes its self-test.

    Raises:
        OutputError: a GPU is asked for, and there is none that works.
    """
    from beffroi_player.outputs.window import Window  # noqa: PLC0415 -- only the one that is used

    if drawing == "software" or not isinstance(output, Window):
        return output
    from beffroi_player.outputs import gpu  # noqa: PLC0415

    return gpu.over(output, forced=drawing == "gpu")


def _control(state: Path, runtime: Path) -> Control:
    from beffroi_player.outputs.control import control  # noqa: PLC0415 -- after the first picture

    return control(state, runtime)


def _automatic() -> str:
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return "window"
    return "fullscreen" if any(_CARDS.glob("card*")) else "headless"
