"""A real browser, and a real display for windows."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageGrab
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.waiting import PATIENCE_S

# Five seconds by default, which a browser on a busy machine needs for a single page.
expect.set_options(timeout=1000 * PATIENCE_S)
AXE = Path(__file__).parent.parent / "e2e" / "vendor" / "axe.min.js"


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is not installed: run scripts/prepare test"
    with sync_playwright() as playwright:
        # Root has no sandbox; the pages are our own.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def signed_in(page: Page, link: str) -> Page:
    """Sign somebody in with a link, as a person does."""
    page.goto(link)
    page.locator("main .button-primary").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    return page


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page: rule, reason, and where."""
    # The policy of the page forbids injected scripts; the debugger is not bound by it.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{rule['id']}: {rule['help']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


@dataclass(frozen=True)
class VirtualDisplay:
    """A display without a monitor."""

    name: str

    def screenshot(self) -> Image.Image:
        """Return every pixel of it."""
        return ImageGrab.grab(xdisplay=self.name).convert("RGB")


@contextlib.contextmanager
def open_display(width: int, height: int) -> Iterator[VirtualDisplay]:
    """Start Xvfb, which says itself which number is free."""
    program = shutil.which("Xvfb")
    assert program, "Xvfb is not installed: run scripts/prepare test"
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            yield VirtualDisplay(f":{json.loads(said.readline())}")
    finally:
        server.terminate()
        server.wait(PATIENCE_S)
