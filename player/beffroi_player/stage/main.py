"""Start and end of the stage. The last good frame is on the display before anything else is even imported."""

from __future__ import annotations

import gc
import json
import logging
import signal
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import pygame

from beffroi_player import systemd_notify
from beffroi_player.outputs import Output, OutputError, choose_drawing, choose_output
from beffroi_player.stage.crash_fallback import CrashFallback, note_end, note_start
from beffroi_player.stage.output_setting import OutputSetting
from beffroi_player.state.default_paths import COPIES_FOLDER, DARKNESS_FILE
from beffroi_player.wakeup import WakeupSocket, send_wakeup

if TYPE_CHECKING:
    from beffroi_player.stage.frame_loop import FrameLoop

log = logging.getLogger(__name__)


OTHER_OUTPUT = 3
"""Exit code of a stage whose programme names another output: its supervisor starts it again, on that one."""


def run_stage(state: Path, runtime: Path, output_name: str, drawing: str = "auto") -> int:
    """Show what the state directory says until SIGTERM, or until a person closes the window.

    The output that the programme names comes before the one given here, which is used where that one cannot be opened.

    Args:
        state: The state directory.
        runtime: The runtime directory; it exists.
        output_name: One of ``outputs.NAMES``, or the address of a LED controller.
        drawing: One of ``outputs.DRAWINGS``.

    Returns:
        The exit code: 0, 1 if there is no display, or none any more, or ``OTHER_OUTPUT``.
    """
    socket_path = runtime / "stage.sock"
    stopped = _listen_for_stop(socket_path)
    fallback = note_start(runtime)
    with ExitStack() as undo:
        socket = undo.enter_context(WakeupSocket(socket_path))
        wanted = str(_stored_settings(state)["output"])
        try:
            output, fault = _start_output(wanted, output_name, state, runtime, stopped)
            undo.callback(output.close)
            # The cause of repeated crashes may well be the driver of a GPU.
            output = choose_drawing(output, drawing if fallback is CrashFallback.FULL else "software")
            splash = _show_last_frame(state, output)
            systemd_notify.notify_ready()
            loop = _create_loop(state, runtime, output, splash, fallback, OutputSetting(wanted, fault))
            # It takes as much memory as the screen, and is not needed once another image is on.
            del splash
            loop.run(socket, lambda: bool(stopped))
        except OutputError as error:
            # A loose cable, or another program, is no crash: the next start shall not show less.
            log.error("the stage has no display: %s", error)
            note_end(runtime)
            return 1
    note_end(runtime)
    return OTHER_OUTPUT if loop.wants_other_output and not stopped else 0


def _start_output(wanted: str, own: str, state: Path, runtime: Path, stopped: list[int]) -> tuple[Output, str]:
    """Return a started output, and why it is not the one that the programme names; empty where it is.

    Raises:
        OutputError: that of the machine cannot be opened either.
    """
    fault = ""
    if wanted:
        output = None
        try:
            output = choose_output(wanted, state, runtime, lambda: bool(stopped))
            output.start()
            return output, ""
        except OutputError as error:
            log.warning("the output %s of the programme cannot be opened, %s is used: %s", wanted, own, error)
            fault = f"{wanted} cannot be opened, {own} is used: {error}"
            if output is not None:
                output.close()
    output = choose_output(own, state, runtime, lambda: bool(stopped))
    try:
        output.start()
    except OutputError:
        output.close()
        raise
    return output, fault


def _create_loop(
    state: Path,
    runtime: Path,
    output: Output,
    splash: pygame.Surface | None,
    fallback: CrashFallback,
    setting: OutputSetting,
) -> FrameLoop:
    from beffroi_player.stage.frame_loop import FrameLoop  # noqa: PLC0415 -- after the first image
    from beffroi_player.state.directories import RuntimeDirectory, StateDirectory  # noqa: PLC0415

    folders = StateDirectory(state), RuntimeDirectory(runtime)
    loop = FrameLoop(*folders, output, splash, fallback=fallback, output_setting=setting)
    # The objects that exist now live as long as the process: no collection needs to look at them again.
    gc.collect()
    gc.freeze()
    return loop


def _listen_for_stop(socket_path: Path) -> list[int]:
    stopped: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)
        send_wakeup(socket_path)

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stopped


def _show_last_frame(state: Path, output: Output) -> pygame.Surface | None:
    """Present the last image of the process before, if there is one, and return it turned for the panel."""
    try:
        if (state / DARKNESS_FILE).exists():
            raise FileNotFoundError  # it is a picture of the town
        last = pygame.image.load(state / "last-frame.png")
    except (OSError, pygame.error):
        output.open(output.desktop_size())
        return None
    settings = _stored_settings(state)
    splash = pygame.transform.rotate(last, -settings["rotation"]).convert(32)
    if settings["overscan_percent"] or settings["viewports"]:
        _present_mounted(splash, settings, output)
    else:
        output.open(splash.get_size())
        output.present_image(splash)
    output.finish_present()
    return splash


def _present_mounted(image: pygame.Surface, settings: dict[str, Any], output: Output) -> None:
    from beffroi_content.model import Viewport  # noqa: PLC0415 -- few screens need it
    from beffroi_player.outputs.display_mounting import DisplayMounting  # noqa: PLC0415
    from beffroi_player.outputs.drawing.cpu_painter import CompositionPainter  # noqa: PLC0415

    viewports = tuple(Viewport.model_validate(each) for each in settings["viewports"])
    mounting = DisplayMounting(settings["overscan_percent"], viewports)
    output.open(mounting.display_size(image.get_size()))
    if isinstance(output, CompositionPainter):
        output.set_mounting(mounting)
        output.present_image(image)
    else:
        output.present_image(mounting.mount_image(image))


def _stored_settings(state: Path) -> dict[str, Any]:
    """Return rotation, overscan, viewports and output from the stored programme.

    It is read as plain JSON: to import the models takes longer than to show the first image.
    """
    found: dict[str, Any] = {"rotation": 0, "overscan_percent": 0, "viewports": [], "output": ""}
    for path in (state / "programme.json", state / COPIES_FOLDER / "programme.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            stored = json.loads(path.read_bytes())["manifest"]["settings"]
            return found | {name: stored[name] for name in found if name in stored}
    return found
