"""What a step of a crossfade costs at 1920 x 1080, where no GPU does it.

A step is what the stage does sixty times a second for six tenths of a second: mix two pictures and hand the result to
the window, here of SDL's dummy display. The rows have the other transitions.

The limit is the bare work of a crossfade: one picture copied, the other laid over it with the same alpha as in the step
before it, and the copy into the window. The two take turns, so that neither has the quieter machine. (An alpha of one
half would be no measure: SDL has a shorter way for just that one.) The goal is one and a half times the bare work.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial

import pygame
from PIL import Image

from beffroi_content.model import SlideTransition
from beffroi_player.outputs.drawing.composition import DrawingLayer, PanelComposition
from beffroi_player.outputs.drawing.cpu_painter import CpuPainter
from beffroi_player.outputs.window import WindowOutput
from beffroi_player.stage.compositor.transition import RunningTransition
from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary

SIZE = (1920, 1080)
STEPS = 36
"""Of six tenths of a second."""
KINDS = (SlideTransition.CROSSFADE, SlideTransition.PUSH, SlideTransition.WIPE, SlideTransition.ZOOM)


class _DummyOutput(WindowOutput):
    def desktop_size(self) -> tuple[int, int]:
        return SIZE


def measure(options: Options) -> Result:
    """Measure each transition, and the bare work of a crossfade."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    output = _DummyOutput()
    output.start()
    output.open(SIZE)
    before, after = _picture(40), _picture(90)
    steps = options.repetitions(1_000, 20)
    painter, first, second = (
        CpuPainter(output),
        *(PanelComposition(SIZE, (DrawingLayer.full_panel(each),)) for each in (before, after)),
    )
    taken: dict[SlideTransition, list[float]] = {kind: [] for kind in KINDS}
    canvas, raw = before.copy(), []

    def bare(alpha: int) -> None:
        canvas.blit(before, (0, 0))
        after.set_alpha(alpha)
        canvas.blit(after, (0, 0))
        after.set_alpha(None)
        output.present_image(canvas)

    for number in range(steps):
        for kind in KINDS:
            blend = RunningTransition(kind, first, 0.0)
            step = blend.composition_at(second, number % STEPS / STEPS * blend.duration_ms)
            taken[kind].append(_timed(partial(painter.draw_composition, step)))
            if kind is SlideTransition.CROSSFADE:
                raw.append(_timed(partial(bare, round(255 * step.progress))))
    output.close()
    return Result(
        value=percentile(taken[SlideTransition.CROSSFADE], 0.95),
        unit="ms",
        goal=1.5 * percentile(raw, 0.95),
        limit=percentile(raw, 0.95),
        value_is="p95 of a step of a crossfade",
        limit_is="p95 of its bare blits",
        heading=("ms", *SUMMARY_HEADING),
        rows=[*((str(kind), *summary(times)) for kind, times in taken.items()), ("bare blits", *summary(raw))],
    )


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1_000


def _picture(noise: int) -> pygame.Surface:
    image = Image.effect_noise(SIZE, noise).convert("RGB")
    return pygame.image.frombytes(image.tobytes(), SIZE, "RGB").convert()
