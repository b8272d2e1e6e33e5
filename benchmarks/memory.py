"""How much memory a running player needs: with pictures, and with films.

A whole player, as the unit of the service starts it, fills an Xvfb of 1920 x 1080 pixels and is connected to a real
server and a real Mosquitto: once with six photographs, and once with a film of H.264 at 30 frames a second. After it
has shown them for a while, the memory of each of its processes is read every second; the table has the median. PSS is
the proportional set size: a page of memory that several processes share counts as a part of each. USS is what would be
free if the process ended, RSS counts what is shared in full. Server and broker run on the same machine and share
libraries with the player; on a player of its own that part would be in its PSS, and with other programs of Python
beside it the PSS is lower.

The limit is what two processes that do nothing need, side by side: one with Python, pygame and a window of that size,
one that has imported what the agent imports.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.waiting import until

from benchmarks.display import Display, open_display
from benchmarks.form import Options, Result, Row, number
from benchmarks.kiosk import SECONDS, WARM_S
from benchmarks.measured_town import MeasuredTown, open_measured_town
from benchmarks.process_usage import Memory, find, memory, tree
from benchmarks.slideshow import make_pictures, programme
from benchmarks.stage import make_film

PYGAME = """
import pygame
from tests.support.waiting import until
pygame.display.init()
window = pygame.display.set_mode((1920, 1080))
window.fill((40, 90, 160))
pygame.display.flip()
"""
AGENT = "import beffroi_player.__main__, beffroi_player.agent.main"
READY = "\nprint('ready', flush=True)\ninput()\n"
Parts = dict[str, list[int]]
"""Processes by what they are."""
CONVERTED_S = 300


def measure(options: Options) -> Result:
    """Measure a player with pictures and one with a film, and the bare processes.

    Raises:
        OSError: something that is needed is not installed, or the player does not show what it is to show.
    """
    warm, looks = options.repetitions(WARM_S, 2), options.repetitions(30, 2)
    with TemporaryDirectory(prefix="beffroi-memory-") as name:
        folder = Path(name)
        stills = _player(programme(make_pictures(folder, 6), SECONDS), lambda _: True, warm, looks)
        film = folder / "film.mp4"
        make_film(film)
        films = _player(programme([film]), _has_film, warm, looks)
    bare = _bare(looks)
    return Result(
        value=stills["player"].pss,
        unit="MB",
        goal=110.0,
        limit=sum(each.pss for each in bare.values()),
        value_is="PSS of a whole player that shows pictures",
        limit_is="PSS of bare pygame and of bare imports",
        heading=("MB", "PSS", "USS", "RSS"),
        rows=[
            *_rows("pictures, ", stills),
            *_rows("film, ", films),
            *_rows("bare: ", bare),
        ],
    )


def _rows(before: str, found: dict[str, Memory]) -> Iterator[Row]:
    for name, each in found.items():
        yield before + name, number(each.pss), number(each.uss), number(each.rss)


def _player(content: str, ready: Callable[[MeasuredTown], bool], warm: float, looks: int) -> dict[str, Memory]:
    with open_display() as display, open_measured_town(content, display.name) as house:
        until("the player has its programme", lambda: ready(house), seconds=CONVERTED_S)
        time.sleep(warm)
        return _observed(lambda: _parts(house), looks)


def _has_film(house: MeasuredTown) -> bool:
    """Tell whether the film is prepared, fetched and on."""
    return b'"video/mp4"' in house.active_programme()


def _parts(house: MeasuredTown) -> Parts:
    runtime = str(house.runtime)
    stage, agent, above = (find("beffroi_player", what, runtime) for what in ("stage", "agent", "run"))
    workers = [each for each in tree(*agent) if each not in agent]
    return {"stage": stage, "agent": agent, "supervisor": above, "drawing worker": workers, "player": tree(*above)}


def _bare(looks: int) -> dict[str, Memory]:
    with ExitStack() as started, open_display() as display:
        names = {"pygame, with a window": PYGAME, "what the agent imports": AGENT}
        parts = {name: [started.enter_context(_running(code, display))] for name, code in names.items()}
        return _observed(lambda: parts, looks)


@contextmanager
def _running(code: str, display: Display) -> Iterator[int]:
    """Run a program of which nothing is wanted but that it is there."""
    environment = os.environ | {"DISPLAY": display.name, "SDL_FRAMEBUFFER_ACCELERATION": "0"}
    environment["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
    command = [sys.executable, "-c", code + READY]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def _observed(parts: Callable[[], Parts], looks: int) -> dict[str, Memory]:
    """Return the medians of several looks, a second apart."""
    found: dict[str, list[Memory]] = {}
    for _ in range(looks):
        for name, numbers in parts().items():
            found.setdefault(name, []).append(memory(numbers))
        time.sleep(1)
    return {name: _median(each) for name, each in found.items()}


def _median(found: Sequence[Memory]) -> Memory:
    columns = [[each.rss for each in found], [each.pss for each in found], [each.uss for each in found]]
    return Memory(*(statistics.median(column) for column in columns))
