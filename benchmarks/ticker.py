"""What a step of messages costs that glide over a ribbon of 1920 x 360 pixels, sixty times a second.

A stage runs in a process of its own for a minute, as on a player, with a window of SDL's dummy display. The processor
time is that of the whole process. Late is a step that comes more than half a sixtieth of a second after it is due.

The limit is the bare work: the same two pictures laid side by side and handed to the same window, at the same pace and
with the same pauses, by a program that does nothing else. The goal is one and a half times that.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pygame

from beffroi_content import model, rendering
from beffroi_content.model.widgets import TickerMessage, TickerWidget
from benchmarks.form import Options, Result, number, percentile
from benchmarks.stage import observed

SIZE = (1920, 360)
MESSAGES = (
    "Marché de Noël samedi 12 et dimanche 13 décembre, place de la République",
    "Collecte des sapins le 8 janvier : déposez-les la veille au soir",
)
STEPS = 60


def measure(options: Options) -> Result:
    """Measure the stage and the bare work."""
    seconds = options.repetitions(60, 3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        strips = _prepare(folder)
        gliding = observed(folder, seconds)
        bare = _bare(strips, seconds)
    intervals = [1000 * (after - before) for before, after in itertools.pairwise(gliding["presented"])]
    steps = max(1, len(intervals))
    return Result(
        value=1000 * gliding["processor_s"] / steps,
        unit="ms",
        goal=1.5 * bare,
        limit=bare,
        value_is="processor time of a step of the stage",
        limit_is="processor time of its bare blits",
        heading=("", "value"),
        rows=[
            ("% of a core", number(100 * gliding["processor_s"] / seconds)),
            ("steps a second", number(steps / seconds)),
            ("steps late", str(gliding["late"])),
            ("interval p50, ms", number(percentile(intervals, 0.5))),
            ("interval p99, ms", number(percentile(intervals, 0.99))),
            ("longest interval, ms", number(max(intervals))),
        ],
    )


def _prepare(folder: Path) -> list[Path]:
    """Write the state directory of a player that has one ticker; return the pictures of its messages."""
    from beffroi_player.state.directories import (  # noqa: PLC0415
        ActiveProgramme,
        FrameSet,
        RuntimeDirectory,
        StateDirectory,
        frame_table,
    )

    state, runtime = StateDirectory(folder / "state"), RuntimeDirectory(folder / "run")
    state.create_folders()
    runtime.create_folder()
    widget = TickerWidget(title="Infos", messages=tuple(TickerMessage(text=text) for text in MESSAGES))
    slide = model.Slide(id="ticker", name="ticker", content=model.WidgetContent(widget=widget), duration_ms=60_000)
    screen = model.ScreenClass(
        name="ribbon", width=SIZE[0], height=SIZE[1], physical_height_mm=600, viewing_distance_mm=20_000
    )
    settings = model.ScreenSettings(screen_class=screen, town=model.Town(name="Saint-Martin"))
    manifest = model.Manifest(
        screen="hall",
        settings=settings,
        layout=model.Layout.full_screen(SIZE),
        slides=(slide,),
        playlists=(model.Playlist(id="all", name="all", slides=("ticker",)),),
        rules=(model.ScheduleRule(id="always", name="always", playlist="all"),),
        idle=slide.replace(id="idle"),
    )
    canvas = rendering.Canvas.for_screen(settings)
    rendering.draw_slide(slide, canvas, lambda _: b"")[0].save(state.frames / "page.png")
    strips = []
    for at, image in enumerate(rendering.draw_marquee_strips(slide, canvas)):
        strips.append(state.frames / f"strip-{at}.png")
        image.save(strips[-1])
    names = tuple(path.name for path in strips)
    frames = frame_table(
        FrameSet(slide=name, size=SIZE, pages=("page.png",), strips=names if name == "ticker" else ())
        for name in ("ticker", "idle")
    )
    state.programme.write(ActiveProgramme(sequence=1, manifest=manifest, frames=frames))
    return strips


def _bare(strips: list[Path], seconds: int) -> float:
    """Return the processor time in milliseconds of a step of a program that only lays pictures side by side."""
    command = [sys.executable, "-m", "benchmarks.ticker", str(seconds), *map(str, strips)]
    environment = os.environ | {"SDL_VIDEODRIVER": "dummy"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=seconds + 60)
    return float(json.loads(done.stdout.splitlines()[-1]))


def _child(seconds: float, paths: list[str]) -> float:
    """Be the bare program."""
    pygame.display.init()
    window: Any = pygame.display.set_mode(SIZE)
    strips = [pygame.image.load(path).convert(32) for path in paths]
    canvas = pygame.Surface(SIZE, depth=32)
    whole = sum(strip.get_width() for strip in strips)
    steps, before, begin = 0, time.process_time(), time.perf_counter()
    while (now := time.perf_counter() - begin) < seconds:
        left = -(round(now * 1080) % whole)
        for strip in itertools.cycle(strips):
            if left >= SIZE[0]:
                break
            canvas.blit(strip, (left, 0))
            left += strip.get_width()
        window.blit(canvas, (0, 0))
        pygame.display.flip()
        steps += 1
        time.sleep(max(0.0, steps / STEPS - (time.perf_counter() - begin)))
    return 1000 * (time.process_time() - before) / steps


if __name__ == "__main__":
    print(json.dumps(_child(float(sys.argv[1]), sys.argv[2:])))
