"""Take the pictures of README and documentation from the running demo: ``python -m scripts.screenshots FOLDER``.

The overview and the writing of an announcement are taken from a browser; the street screens are the very pixels that
the demo's players presented. They stay true because nobody draws them by hand.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.demo_town import DEMO_SCREENS, DemoTown
from PIL import Image
from tests.support.browser import open_browser, signed_in

from beffroi_player.state.default_paths import default_runtime

PAGES = {"overview": "/", "announcement": "/announcements/new/"}
PAGE_SIZE = {"width": 1280, "height": 860}
SETTLE_S = 6
"""How long the overview may take to have a picture of each screen."""
GAP, BACKGROUND, HEIGHT = 24, "#e2e8f0", 620


def main(folder: Path) -> None:
    """Start the demo without windows, and write the pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as state, ExitStack() as started:
        town = DemoTown(Path(state), "localhost", windows=False)
        town.lock(started)
        town.prepare()
        town.start_server(started)
        town.enrol_players()
        town.start_players(started)
        for _ in town.confirmations():
            pass
        _take_pages(town, folder)
        _take_screens(Path(state), folder)


def _take_pages(town: DemoTown, folder: Path) -> None:
    with open_browser() as browser:
        page = browser.new_page(viewport=PAGE_SIZE, locale="en-GB")  # type: ignore[arg-type]
        signed_in(page, town.sign_in_link())
        page.get_by_role("button", name="Hide this list").click()
        for name, path in PAGES.items():
            page.goto(town.url + path)
            if name == "announcement":
                page.locator("[name=title]").fill("La médiathèque ferme à 17 h ce samedi")
                page.locator("[name=body]").fill("Inventaire annuel. Les retours se font dans la boîte, à l’entrée.")
            page.wait_for_load_state("networkidle")
            time.sleep(SETTLE_S)
            page.screenshot(path=str(folder / f"{name}.png"))


def _take_screens(state: Path, folder: Path) -> None:
    """Put what the three players presented side by side; an LED panel is enlarged without smoothing."""
    images = []
    for slug in DEMO_SCREENS:
        image = Image.open(default_runtime(state / "players" / slug) / "headless.png").convert("RGB")
        scale = HEIGHT / image.height
        if scale > 1:
            factor = 4
            images.append(image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST))
        else:
            images.append(image.resize((round(image.width * scale), HEIGHT), Image.Resampling.LANCZOS))
    width = sum(image.width for image in images) + GAP * (len(images) + 1)
    sheet = Image.new("RGB", (width, HEIGHT + 2 * GAP), BACKGROUND)
    left = GAP
    for image in images:
        sheet.paste(image, (left, GAP + (HEIGHT - image.height) // 2))
        left += image.width + GAP
    sheet.save(folder / "screens.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
