"""What a step of a crossfade costs at 1920 x 1080, where no GPU does it.

A step is what the stage does sixty times a second for six tenths of a second: mix two pictures and hand the result to
the window, here of SDL's dummy display. The rows have the other transitions.

The limit is the bare work of a crossfade: one picture copied, the other laid over it with an alpha of one half, and the
copy into the window. The goal is one and a half times that.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pygame
from PIL import Image

from beffroi_content.memory import keep_freed_memory
from beffroi_content.model import Transition
from beffroi_player.outputs.canvas import Canvas
from beffroi_player.outputs.composition import Composition, Layer
from beffroi_player.outputs.window import Window
from beffroi_player.stage.composer import Blend
from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary

SIZE = (1920, 1080)
KINDS = (Transition.CROSSFADE, Transition.PUSH, Transition.WIPE, Transition.ZOOM)


class _Dummy(Window):
    def desktop(self) -> tuple[int, int]:
        return SIZE


def measure(options: Options) -> Result:
    """Measure each transition, and the bare work of a crossfade."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    keep_freed_memory()
    output = _Dummy()
    output.start()
    output.open(SIZE)
    before, after = _picture(40), _picture(90)
    steps = options.repetitions(1_000, 20)
    painter, first, second = Canvas(output), *(Composition(SIZE, (Layer.whole(each),)) for each in (before, after))
    taken = {kind: _steps(painter, Blend(kind, first, 0.0), second, steps) for kind in KINDS}
    canvas = before.copy()

    def bare() -> None:
        canvas.blit(before, (0, 0))
        after.set_alpha(128)
        canvas.blit(after, (0, 0))
        after.set_alpha(None)
        output.present(canvas)

    raw = [_timed(bare) for _ in range(steps)]
    output.close()
    return Result(
        value=percentile(taken[Transition.CROSSFADE], 0.95),
        unit="ms",
        goal=1.5 * percentile(raw, 0.95),
        limit=percentile(raw, 0.95),
        value_is="p95 of a step of a crossfade",
        limit_is="p95 of its bare blits",
        heading=("ms", *SUMMARY_HEADING),
        rows=[*((str(kind), *summary(times)) for kind, times in taken.items()), ("bare blits", *summary(raw))],
    )


def _steps(painter: Canvas, blend: Blend, after: Composition, count: int) -> list[float]:
    return [
        _timed(lambda number=number: painter.draw(blend.at(after, number % 36 / 36 * blend.lasts_ms)))  # type: ignore[misc]
        for number in range(count)
    ]


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1_000


def _picture(noise: int) -> pygame.Surface:
    image = Image.effect_noise(SIZE, noise).convert("RGB")
    return pygame.image.frombytes(image.tobytes(), SIZE, "RGB").convert()
