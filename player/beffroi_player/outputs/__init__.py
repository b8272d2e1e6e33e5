"""Outputs of the stage: a window, a full display, a LED controller, or a PNG file without any display."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from beffroi_player.outputs.base import Output, OutputError

if TYPE_CHECKING:
    from beffroi_player.outputs.display_control.control import DisplayControl

__all__ = ["DRAWING_NAMES", "OUTPUT_NAMES", "Output", "OutputError", "choose_drawing", "choose_output"]

OUTPUT_NAMES = ("auto", "window", "fullscreen", "headless")
DRAWING_NAMES = ("auto", "gpu", "software")
_CARD_FOLDER = Path("/dev/dri")


def choose_output(name: str, state: Path, runtime: Path, stopped: Callable[[], bool] = lambda: False) -> Output:
    """Return the output of that name, not yet started.

    ``auto`` is a window where a desktop runs, otherwise the full display if there is a graphics card, otherwise
    headless. A card without a display is not headless: the stage then waits until one is plugged in.

    Args:
        name: One of ``OUTPUT_NAMES``, or the address of a LED controller, such as ``ddp://192.168.1.40``.
        state: The state directory.
        runtime: The runtime directory.
        stopped: Tells whether the stage is to end while it waits for a display.

    Raises:
        OutputError: the address of the controller is not valid.
    """
    if "://" in name:
        from beffroi_player.outputs.led.controller import (  # noqa: PLC0415 -- only the one that is used
            LedOutput,
            LedTarget,
            machine_sender,
        )

        return LedOutput(LedTarget.parse_address(name), machine_sender(state))
    if name == "auto":
        name = _automatic_output()
    if name == "headless":
        from beffroi_player.outputs.headless import HeadlessOutput  # noqa: PLC0415 -- only the one that is used

        return HeadlessOutput(runtime / "headless.png")
    if name == "fullscreen":
        from beffroi_player.outputs.fullscreen import FullscreenOutput  # noqa: PLC0415

        return FullscreenOutput(stopped, lambda: _create_control(state, runtime))
    from beffroi_player.outputs.window import WindowOutput  # noqa: PLC0415

    return WindowOutput()


def choose_drawing(output: Output, drawing: str) -> Output:
    """Return the output drawn by the GPU, or the output itself where it is to be drawn by the processor.

    Args:
        output: A started output.
        drawing: ``gpu``, ``software``, or ``auto``: a GPU if there is one that passes its self-test.

    Raises:
        OutputError: ``gpu`` is asked for, and there is none that works.
    """
    from beffroi_player.outputs.window import WindowOutput  # noqa: PLC0415 -- only the one that is used

    if drawing == "software" or not isinstance(output, WindowOutput):
        return output
    from beffroi_player.outputs.drawing import gpu_compositor  # noqa: PLC0415

    return gpu_compositor.wrap_output(output, forced=drawing == "gpu")


def _create_control(state: Path, runtime: Path) -> DisplayControl:
    from beffroi_player.outputs.display_control.control import create_control  # noqa: PLC0415 -- after the first frame

    return create_control(state, runtime)


def _automatic_output() -> str:
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return "window"
    return "fullscreen" if any(_CARD_FOLDER.glob("card*")) else "headless"
