"""Program that shows frames, received as DDP from the stage of this machine, on HUB75 panels at its pins.

The library rpi-rgb-led-matrix needs root and is licensed under the GPL 2 only. Therefore it has a process of its own,
which accepts pixels from this machine only and has no other access to the player.

    python -m beffroi_player.outputs.led.hub75 --rows 32 --columns 64 --chain 2
    beffroi-player run --output "ddp://127.0.0.1?gamma=1"
"""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

from beffroi_player.outputs.led.protocols import DDP_PORT, parse_ddp

log = logging.getLogger(__name__)

_MAX_DATAGRAM_BYTES = 2048
"""Largest datagram, in bytes; those of DDP have 1450 at most."""
RECEIVE_TIMEOUT_S = 1.0
EPILOGUE = """\
The library is not on PyPI: build it with its Python bindings, see https://github.com/hzeller/rpi-rgb-led-matrix. It
applies a gamma of its own: let the stage send to ddp://127.0.0.1?gamma=1.

Exit codes: 0 ended, 1 the library is missing or refuses, 2 the command line is wrong.
"""


class PanelFrame:
    """The pixels of a panel, assembled from datagrams."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.pixels = bytearray(size[0] * size[1] * 3)

    def add_datagram(self, datagram: bytes) -> bool:
        """Store the pixels of a datagram and tell whether the frame is complete; other data are ignored."""
        part = parse_ddp(datagram)
        if part is None:
            return False
        if part.offset + len(part.pixels) <= len(self.pixels):
            self.pixels[part.offset : part.offset + len(part.pixels)] = part.pixels
        return part.is_last


def serve_panel(
    port: socket.socket, frame: PanelFrame, show: Callable[[bytes], None], blank: Callable[[], None],
    blank_after_s: float | None, stopped: Callable[[], bool],
) -> None:  # fmt: skip
    """Receive frames and show them until stopped.

    Args:
        port: A bound UDP socket.
        frame: Assembles the datagrams.
        show: Shows RGB pixels on the panel.
        blank: Switches every LED off.
        blank_after_s: Seconds without a datagram after which the panel is blanked; None: the last frame stays.
        stopped: Tells whether to end.
    """
    port.settimeout(RECEIVE_TIMEOUT_S)
    silent_s = 0.0
    while not stopped():
        try:
            datagram = port.recv(_MAX_DATAGRAM_BYTES)
        except TimeoutError:
            before, silent_s = silent_s, silent_s + RECEIVE_TIMEOUT_S
            if blank_after_s is not None and before < blank_after_s <= silent_s:
                blank()
            continue
        silent_s = 0.0
        if frame.add_datagram(datagram):
            show(bytes(frame.pixels))


def run_hub75(argv: Sequence[str] | None = None) -> int:
    """Run the program and return the exit code."""
    options = _argument_parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        matrix = _create_matrix(options)
    except ImportError:
        log.error("the Python module rgbmatrix is not installed: see https://github.com/hzeller/rpi-rgb-led-matrix")
        return 1
    except Exception as error:  # noqa: BLE001 -- the library's errors have no common class
        log.error("the panels cannot be driven: %s", error)
        return 1
    frame = PanelFrame((matrix.width, matrix.height))
    ended: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda which, _frame: ended.append(which))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", options.port))
        log.info("%d x %d pixels, waiting at ddp://127.0.0.1:%d", *frame.size, options.port)
        serve_panel(port, frame, _frame_writer(matrix), matrix.Clear, options.dark_after, lambda: bool(ended))
    matrix.Clear()
    return 0


def _frame_writer(matrix: Any) -> Callable[[bytes], None]:
    from PIL import Image  # noqa: PLC0415 -- only where there is a panel

    canvas = [matrix.CreateFrameCanvas()]

    def show(pixels: bytes) -> None:
        canvas[0].SetImage(Image.frombytes("RGB", (matrix.width, matrix.height), pixels))
        # The swap waits for the end of a refresh, so that no frame tears.
        canvas[0] = matrix.SwapOnVSync(canvas[0])

    return show


def _create_matrix(options: argparse.Namespace) -> Any:
    from rgbmatrix import RGBMatrix, RGBMatrixOptions  # type: ignore[import-not-found]  # noqa: PLC0415

    wanted = RGBMatrixOptions()
    wanted.rows, wanted.cols = options.rows, options.columns
    wanted.chain_length, wanted.parallel = options.chain, options.parallel
    wanted.brightness, wanted.hardware_mapping = options.brightness, options.mapping
    wanted.gpio_slowdown = options.slowdown
    return RGBMatrix(options=wanted)


def _argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m beffroi_player.outputs.led.hub75",
        description="Shows the frames that a stage of this machine sends as DDP on HUB75 panels. Start it as root.",
        epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--rows", type=int, default=32, help="rows of a panel (default: 32)")
    parser.add_argument("--columns", type=int, default=64, help="columns of a panel (default: 64)")
    parser.add_argument("--chain", type=int, default=1, help="panels in a chain (default: 1)")
    parser.add_argument("--parallel", type=int, default=1, choices=(1, 2, 3), help="chains side by side (default: 1)")
    parser.add_argument("--brightness", type=int, default=70, metavar="PERCENT", help="1 to 100 (default: 70)")
    parser.add_argument("--mapping", default="regular", help="how the panels are wired (default: regular)")
    parser.add_argument("--slowdown", type=int, default=2, help="for fast machines with slow panels (default: 2)")
    parser.add_argument(
        "--port", type=int, default=DDP_PORT, help=f"UDP port on which frames are received (default: {DDP_PORT})"
    )
    parser.add_argument(
        "--dark-after", type=float, metavar="SECONDS",
        help="switch the LEDs off after so many seconds without data (default: the last frame stays)",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(run_hub75())
