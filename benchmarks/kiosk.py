"""What the same slideshow costs a player, and a browser in kiosk mode, on the same display.

Six photographs of 1920 x 1080 pixels, five seconds each, with a cut and with a crossfade of six tenths of a second, and
one that stays, fill an Xvfb of that size. Once a player shows them: the stage, and the whole of it, with the agent that
is connected to a real server and a real Mosquitto, the supervisor, and the worker that draws. Once Chromium does, with
the switches that those who install kiosks use, on a page of the same files with a timer of twelve lines and CSS
transitions. Neither has a GPU, and Chromium runs as it does without one; what the X server needs for either is not
counted. Both have shown each picture once before they are measured, for half a minute each, and a look at the pixels
proves that both show them.

Processor time is that of all processes, memory the proportional set size (PSS): a page of memory that several processes
share counts as a part of each. Memory that only they have is USS. The limit is Chromium, so the ratio should be far
below one; the goal is a quarter of what Chromium needs.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.waiting import until

from benchmarks.display import Display, open_display
from benchmarks.form import Options, Result, Row, number
from benchmarks.measured_town import MeasuredTown, open_measured_town
from benchmarks.process_usage import Memory, find, memory, percent_of_a_core, processor_s, tree
from benchmarks.slideshow import make_pictures, programme, shows_one

SECONDS = 5
VARIATIONS = {"still": (1, "cut"), "cut": (6, "cut"), "crossfade": (6, "crossfade")}
WARM_S = 6 * SECONDS
"""Every picture has been shown once."""
FLAGS = (
    "--kiosk", "--incognito", "--no-first-run", "--noerrdialogs", "--disable-infobars", "--disable-translate",
    "--disable-session-crashed-bubble", "--disable-component-update", "--disable-breakpad", "--password-store=basic",
    "--check-for-update-interval=31536000", "--window-position=0,0", "--window-size=1920,1080",
)  # fmt: skip
PAGE = """<!doctype html><meta charset="utf-8"><title>Slideshow</title>
<style>
  html, body {{ margin: 0; background: #000; overflow: hidden; cursor: none }}
  img {{ position: absolute; inset: 0; width: 100vw; height: 100vh; object-fit: contain; opacity: 0;
        transition: opacity {fade}s }}
  img.on {{ opacity: 1 }}
</style>
{images}
<script>
  const pictures = document.querySelectorAll("img")
  let number = 0
  if (pictures.length > 1) setInterval(() => {{
    pictures[number].classList.remove("on")
    number = (number + 1) % pictures.length
    pictures[number].classList.add("on")
  }}, {ms})
</script>
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one of them takes: percent of a core, and memory."""

    processor: float
    memory: Memory


Costs = dict[str, dict[str, list[Cost]]]
"""By variation and by who shows it, one of each round."""


def measure(options: Options) -> Result:
    """Measure the player and Chromium with each variation.

    Raises:
        OSError: something that is needed is not installed, or does not show the pictures.
    """
    rounds, seconds = options.repetitions(1, 1), options.repetitions(30, 5)
    warm = options.repetitions(WARM_S, 2)
    costs: Costs = {name: {"stage": [], "player": [], "Chromium": []} for name in VARIATIONS}
    with TemporaryDirectory(prefix="beffroi-kiosk-") as name:
        pictures = make_pictures(Path(name), 6)
        for _ in range(rounds):
            for variation, (count, transition) in VARIATIONS.items():
                found = costs[variation]
                _measure_player(pictures[:count], transition, warm, seconds, found)
                found["Chromium"].append(_chromium(Path(name), pictures[:count], transition, warm, seconds))
    player, peer = (_median(costs["cut"][who]).processor for who in ("player", "Chromium"))
    return Result(
        value=player,
        unit="% of a core",
        goal=peer / 4,
        limit=peer,
        value_is="processor of a whole player that shows a slideshow with cuts",
        limit_is="that of Chromium in kiosk mode with the same pictures",
        heading=("", "% of a core", "PSS, MB", "USS, MB"),
        rows=list(_rows(costs)),
    )


def _rows(costs: Costs) -> Iterator[Row]:
    for variation, each in costs.items():
        for who, found in each.items():
            cost = _median(found)
            figures = cost.processor, cost.memory.pss, cost.memory.uss
            yield f"{variation}, {who}", *map(number, figures)


def _median(costs: Sequence[Cost]) -> Cost:
    def middle(values: Iterator[float]) -> float:
        return statistics.median(values)

    memories = [cost.memory for cost in costs]
    found = Memory(
        middle(each.rss for each in memories),
        middle(each.pss for each in memories),
        middle(each.uss for each in memories),
    )
    return Cost(middle(cost.processor for cost in costs), found)


def _measure_player(
    pictures: Sequence[Path], transition: str, warm: float, seconds: float, costs: Mapping[str, list[Cost]]
) -> None:
    """Add what stage and player need."""
    with open_display() as display, open_measured_town(programme(pictures, SECONDS, transition), display.name) as house:
        until("the player shows the pictures", lambda: shows_one(display, pictures))
        time.sleep(warm)
        stage, player = processes_of(house)
        before, begin = processor_s(tree(stage)), time.perf_counter()
        whole = percent_of_a_core([player], seconds)
        alone = 100 * (processor_s(tree(stage)) - before) / (time.perf_counter() - begin)
        costs["stage"].append(Cost(alone, memory(tree(stage))))
        costs["player"].append(Cost(whole, memory(tree(player))))
        until("the player still shows the pictures", lambda: shows_one(display, pictures), pause_s=0.2)


def processes_of(house: MeasuredTown) -> tuple[int, int]:
    """Return the stage of the player of a house, and the supervisor above it."""
    runtime = str(house.runtime)
    return find("beffroi_player", "stage", runtime)[0], find("beffroi_player", "run", runtime)[0]


def _chromium(folder: Path, pictures: Sequence[Path], transition: str, warm: float, seconds: float) -> Cost:
    page = folder / "page.html"
    images = "\n".join(f'<img src="{path.name}"{"" if n else " class=on"}>' for n, path in enumerate(pictures))
    fade = 0.6 if transition == "crossfade" else 0
    page.write_text(PAGE.format(images=images, fade=fade, ms=1000 * SECONDS), encoding="utf-8")
    with open_display() as display, _browser(display, page) as browser:
        until("Chromium shows the pictures", lambda: shows_one(display, pictures))
        time.sleep(warm)
        cost = Cost(percent_of_a_core([browser], seconds), memory(tree(browser)))
        until("Chromium still shows the pictures", lambda: shows_one(display, pictures), pause_s=0.2)
    return cost


@contextmanager
def _browser(display: Display, page: Path) -> Iterator[int]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise FileNotFoundError("Chromium is not installed: run scripts/prepare test")
    # Root has no sandbox; the page is our own.
    flags = [*FLAGS, "--no-sandbox", "--test-type"] if os.getuid() == 0 else FLAGS
    with TemporaryDirectory(prefix="beffroi-chromium-", ignore_cleanup_errors=True) as profile:
        command = [program, *flags, f"--user-data-dir={profile}", page.as_uri()]
        running = subprocess.Popen(
            command, env=os.environ | {"DISPLAY": display.name}, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield running.pid
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(20)
