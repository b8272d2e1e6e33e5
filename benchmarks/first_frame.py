"""How long after its start a stage has a picture on the glass.

The state directory is one of a player that ran before, with a programme and what was on the glass last. A stage is
started as a service manager would, again and again, and the time counts from just before its process begins to exist
until the picture can be seen from outside: in a window and on the whole display as pixels of Xvfb's memory, which to
read costs the display nothing; headless as the picture's file. Everything that is read is in the disk's cache. The
ways take turns.

The limit is a program of a few lines that shows the same PNG file with pygame in a window, and nothing else. Beside it
stands the time in which Python starts and ends without doing anything. Half a millisecond lies between two looks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PIL import Image
from tests.support.waiting import until

from beffroi_content import model
from beffroi_player.agent.prepare.png_encoder import save_png
from beffroi_player.state.directories import ActiveProgramme, FrameSet, StateDirectory, frame_table
from benchmarks.display import SIZE, Display, open_display
from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary
from benchmarks.slideshow import make_pictures

POINTS = ((300, 300), (960, 540), (1900, 1070))
"""Looked at, the last one last: a picture that is half there does not count."""
TOLERANCE = 3
PAUSE_S = 0.0005
BARE = """
import sys, pygame
from tests.support.waiting import until
pygame.display.init()
picture = pygame.image.load(sys.argv[1])
window = pygame.display.set_mode(picture.get_size())
pygame.mouse.set_visible(False)
window.blit(picture.convert(), (0, 0))
pygame.display.flip()
pygame.time.wait(60_000)
"""
Command = Sequence[str]


def measure(options: Options) -> Result:
    """Start stages and the bare program.

    Raises:
        OSError: Xvfb is not installed, or a picture does not come.
    """
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="beffroi-start-") as name, open_display() as display:
        ways = _ways(Path(name), display)
        for count in range(1 + options.repetitions(30, 2)):
            for way, once in ways.items():
                taken = once()
                if count:
                    times.setdefault(way, []).append(taken)
    return Result(
        value=percentile(times["stage, window"], 0.95),
        unit="ms",
        goal=200.0,
        limit=percentile(times["bare pygame, window"], 0.95),
        value_is="p95 from the start of a stage to its picture in a window",
        limit_is="p95 of a bare pygame program with the same picture",
        heading=("ms", *SUMMARY_HEADING),
        rows=[(way, *summary(each)) for way, each in times.items()],
    )


def _ways(folder: Path, display: Display) -> dict[str, Callable[[], float]]:
    picture = _prepare(folder)
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    stage = [sys.executable, "-m", "beffroi_player", "stage", "--state", str(folder), "--runtime", str(runtime)]
    seen = partial(_shows, display, picture)
    shot = runtime / "headless.png"
    bare = [sys.executable, "-c", BARE, str(folder / "last-frame.png")]

    def started(command: Command, look: Callable[[], bool]) -> Callable[[], float]:
        return partial(_started, command, look, display, runtime)

    return {
        "stage, window": started([*stage, "--output", "window"], seen),
        "stage, window, software": started([*stage, "--output", "window", "--drawing", "software"], seen),
        "stage, whole display": started([*stage, "--output", "fullscreen"], seen),
        "stage, headless": started([*stage, "--output", "headless"], shot.exists),
        "bare pygame, window": started(bare, seen),
        "python -c pass": lambda: _timed([sys.executable, "-c", "pass"]),
    }


def _started(command: Command, look: Callable[[], bool], display: Display, runtime: Path) -> float:
    """Return the milliseconds after which ``look`` sees the picture of a program, and end it."""
    for path in runtime.iterdir():
        path.unlink()
    # As under systemd: nothing is set that a person's session might have set.
    environment = os.environ | {"DISPLAY": display.name, "SDL_FRAMEBUFFER_ACCELERATION": "0"}
    environment["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
    begin = time.perf_counter()
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until("the picture is on the glass", look, pause_s=PAUSE_S, seconds=20)
        return 1_000 * (time.perf_counter() - begin)
    finally:
        running.kill()
        running.wait()
        until("the display is black again", lambda: display.pixel(*POINTS[-1]) == (0, 0, 0), pause_s=0.01)


def _timed(command: Command) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True)
    return 1_000 * (time.perf_counter() - begin)


def _shows(display: Display, picture: Image.Image) -> bool:
    return all(_near(display.pixel(*point), picture.getpixel(point)) for point in POINTS)


def _near(one: Sequence[int], other: object) -> bool:
    assert isinstance(other, tuple)
    return all(abs(a - b) <= TOLERANCE for a, b in zip(one, other, strict=True))


def _prepare(folder: Path) -> Image.Image:
    """Write the state directory of a player with one picture, and return what was on its glass."""
    state = StateDirectory(folder)
    state.create_folders()
    picture = Image.open(make_pictures(folder, 1)[0]).convert("RGB")
    for path in (state.last_frame, state.frames / "picture-0.png"):
        save_png(picture, path)
    asset = model.AssetReference(sha256="1" * 64, size=1, media_type="image/jpeg")
    slide = model.Slide(id="slide", name="slide", content=model.ImageContent(picture=asset))
    screen = model.ScreenClass(name="1080p", width=1920, height=1080, physical_height_mm=600, viewing_distance_mm=5_000)
    manifest = model.Manifest(
        screen="hall",
        settings=model.ScreenSettings(screen_class=screen, town=model.Town(name="Saint-Martin")),
        layout=model.Layout.full_screen(SIZE),
        slides=(slide,),
        playlists=(model.Playlist(id="all", name="all", slides=("slide",)),),
        rules=(model.ScheduleRule(id="always", name="always", playlist="all"),),
        idle=slide.replace(id="idle"),
    )
    frames = frame_table(FrameSet(slide=name, size=SIZE, pages=("picture-0.png",)) for name in ("slide", "idle"))
    state.programme.write(ActiveProgramme(sequence=1, manifest=manifest, frames=frames))
    return picture
