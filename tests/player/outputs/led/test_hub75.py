"""HUB75 panels: the pixels that the stage sends reach the panel, whatever else is received."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_player.outputs.led.controller import LedOutput, LedTarget
from beffroi_player.outputs.led.hub75 import PanelFrame, run_hub75
from beffroi_player.outputs.led.protocols import ddp_datagrams

LIBRARY = """\
from pathlib import Path

class RGBMatrixOptions:
    pass

class Canvas:
    def SetImage(self, image):
        self.image = image

class RGBMatrix:
    def __init__(self, options):
        self.width, self.height = options.cols * options.chain_length, options.rows * options.parallel

    def CreateFrameCanvas(self):
        return Canvas()

    def SwapOnVSync(self, canvas):
        canvas.image.save("shown.new.png")
        Path("shown.new.png").rename("shown.png")
        return Canvas()

    def Clear(self):
        Path("cleared").touch()
"""
"""The part of the library's API that is used, on a panel of paper."""


def pixels(seed: int, count: int = 64 * 32) -> bytes:
    return bytes((seed + n * 7) % 256 for n in range(count * 3))


def test_a_frame_is_shown_once_it_is_whole():
    frame = PanelFrame((64, 32))
    assert [frame.add_datagram(part) for part in ddp_datagrams(pixels(1))] == [False, False, False, False, True]
    assert bytes(frame.pixels) == pixels(1)


def test_datagrams_may_come_in_another_order():
    frame = PanelFrame((64, 32))
    for part in reversed(list(ddp_datagrams(pixels(2)))):
        frame.add_datagram(part)
    assert bytes(frame.pixels) == pixels(2)


def test_what_is_larger_than_the_panel_is_passed_over():
    frame = PanelFrame((8, 8))
    for part in ddp_datagrams(pixels(3)):
        frame.add_datagram(part)
    assert len(frame.pixels) == 8 * 8 * 3


@given(st.binary(max_size=1600))
def test_no_datagram_does_harm(datagram):
    frame = PanelFrame((64, 32))
    frame.add_datagram(datagram)
    assert len(frame.pixels) == 64 * 32 * 3


def test_the_real_sender_is_shown_on_the_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "rgbmatrix.py").write_text(LIBRARY)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "beffroi_player.outputs.led.hub75", "--chain", "2", "--port", str(port)]
    panel = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, stderr=subprocess.DEVNULL
    )
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    sender = LedOutput(LedTarget.parse_address(f"ddp://127.0.0.1:{port}?gamma=1"))
    sender.start()
    try:
        picture = pygame.image.frombytes(pixels(5, 128 * 32), (128, 32), "RGB").convert(32)
        sender.open((128, 32))
        end = time.monotonic() + 20
        while not (tmp_path / "shown.png").exists():
            assert time.monotonic() < end
            sender.present_image(picture)
            time.sleep(0.05)
        shown = pygame.image.load(tmp_path / "shown.png")
        assert pygame.image.tobytes(shown, "RGB") == pixels(5, 128 * 32)
        panel.send_signal(signal.SIGTERM)
        assert panel.wait(10) == 0
        assert (tmp_path / "cleared").exists()
    finally:
        panel.kill()
        panel.wait()
        sender.close()


def test_without_the_library_it_says_where_it_is(caplog: pytest.LogCaptureFixture):
    assert run_hub75([]) == 1
    assert "rpi-rgb-led-matrix" in caplog.text


def test_a_wrong_command_line_is_a_usage_error():
    with pytest.raises(SystemExit) as stopped:
        run_hub75(["--parallel", "9"])
    assert stopped.value.code == 2
