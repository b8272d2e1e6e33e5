"""The Open Lighting Architecture as a receiver of sACN, where it is installed (on Debian: apt install ola)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pygame
import pytest
from tests.support.player_harness import until
from tests.support.processes import free_port

from beffroi_player.outputs.led.controller import LedOutput, LedTarget

pytestmark = pytest.mark.skipif(shutil.which("olad") is None, reason="OLA is not installed (apt install ola)")
SIZE = (16, 8)
Look = Callable[[], list[int]]


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Look]:
    """Run OLA and give what it has of universe 1."""
    folder = tmp_path / "ola"
    folder.mkdir(mode=0o777)
    # It refuses to run as root.
    owner: list[str] = []
    if os.geteuid() == 0:
        for each in (folder, *folder.parents[:3]):
            each.chmod(0o777)
        owner = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    port = free_port(19_090)
    options = ["-c", str(folder), "--http-port", str(port), "--rpc-port", str(free_port(19_010))]
    process = subprocess.Popen(
        [*owner, "olad", *options, "--no-register-with-dns-sd"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def ask(path: str, **sent: object) -> dict[str, list[int]]:
        body = urlencode(sent).encode() if sent else None
        return json.load(urlopen(f"http://127.0.0.1:{port}{path}", body, timeout=5))

    def inputs() -> list[str]:
        try:
            ports = ask("/json/get_ports")
        except (URLError, ConnectionError):
            return []
        return [each["id"] for each in ports if "E1.31" in each["device"] and not each["is_output"]]

    try:
        until("OLA has no input", lambda: bool(inputs()))
        ask("/new_universe", id=1, name="panel", add_ports=inputs()[0])
        yield lambda: ask("/get_dmx?u=1")["dmx"]
    finally:
        process.terminate()
        process.wait(10)


def start_panel() -> LedOutput:
    led = LedOutput(LedTarget.parse_address("sacn://127.0.0.1?gamma=1"))
    led.start()
    led.open(SIZE)
    return led


def plain(colour: tuple[int, int, int]) -> pygame.Surface:
    surface = pygame.Surface(SIZE)
    surface.fill(colour)
    return surface


def test_takes_a_player_that_was_killed_at_once_and_goes_dark_at_its_end(look, monkeypatch):
    for colour in ((250, 0, 0), (0, 250, 0), (0, 0, 250)):
        # The worst case: each start begins where the one before began.
        monkeypatch.setattr("beffroi_player.outputs.led.controller.starting_number", lambda: 0)
        led = start_panel()
        led.present_image(plain(colour))
        until(f"{colour} is not there", lambda colour=colour: tuple(look()[:3]) == colour)
        assert led._socket is not None
        led._socket.close()
    led = start_panel()
    led.present_image(plain((9, 9, 9)))
    until("9 is not there", lambda: look()[:3] == [9, 9, 9])
    led.close()
    until("it is not dark", lambda: look() == [0] * (3 * SIZE[0] * SIZE[1]))
