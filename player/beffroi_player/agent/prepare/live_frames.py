"""Live frames: slides that change by themselves, such as a clock, drawn one tick before they are shown.

What they show comes from the manifest and the time alone, so that they go on without a network.
"""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from collections.abc import Callable, Iterator

from beffroi_content import rendering
from beffroi_content.model import Slide
from beffroi_content.timeline import ClockState, Moment
from beffroi_player.agent.prepare.programme_preparation import slide_sizes
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.directories import (
    ActiveProgramme,
    RuntimeDirectory,
    Size,
    is_live_frame_name,
    live_frame_name,
)

log = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""The pause while there is nothing to draw."""


class LiveFrames:
    """The thread that draws live frames into the runtime directory.

    Args:
        runtime: The runtime directory.
        programme: Returns the active programme.
        now: Returns the present moment.
        drawn: Called when a frame was drawn that is to be shown at once.
    """

    def __init__(
        self,
        runtime: RuntimeDirectory,
        programme: Callable[[], ActiveProgramme | None],
        now: Callable[[], Moment],
        drawn: Callable[[], object],
    ) -> None:
        self._runtime, self._programme, self._now, self._drawn = runtime, programme, now, drawn
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join(10)

    def draw_due(self) -> float:
        """Draw the frames of this tick and the next, and remove older ones. Return the seconds until more is due."""
        programme, moment = self._programme(), self._now()
        wanted = list(_wanted_frames(programme, moment)) if programme else []
        names = {live_frame_name(programme.sequence, *one) for one in wanted} if programme else set()
        self._remove_others(names)
        if programme is None or not wanted:
            return IDLE_SECONDS
        for slide, size, at_ms in sorted(wanted, key=lambda one: one[2]):
            if self._stopping.is_set() or self._programme() is not programme:
                return 0.0
            if self._draw_frame(programme, slide, size, at_ms) and at_ms <= moment.unix_ms:
                self._drawn()
        due_ms = min(at_ms for _, _, at_ms in wanted if at_ms > moment.unix_ms)
        return min(IDLE_SECONDS, max(0.05, (due_ms - self._now().unix_ms) / 1000))

    def _draw_frame(self, programme: ActiveProgramme, slide: Slide, size: Size, at_ms: int) -> bool:
        """Draw a frame unless it is there already. Return whether it was drawn."""
        path = self._runtime.folder / live_frame_name(programme.sequence, slide, size, at_ms)
        if path.exists():
            return False
        try:
            canvas = rendering.Canvas.for_screen(programme.manifest.settings, size)
            buffer = io.BytesIO()
            rendering.draw_slide(slide, canvas, _no_file, at_ms)[0].save(buffer, "PNG", compress_level=1)
            write_file(path, buffer.getvalue(), durable=False)
        except Exception:
            # The frame that was prepared without the time is shown instead.
            log.exception("the live frame of “%s” is not drawn", slide.id)
            return False
        return True

    def _remove_others(self, names: set[str]) -> None:
        for path in self._runtime.folder.iterdir():
            if is_live_frame_name(path.name) and path.name not in names:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = self.draw_due()
            except Exception:
                log.exception("live frames are late")
                pause = IDLE_SECONDS
            self._stopping.wait(pause)


def _wanted_frames(programme: ActiveProgramme, moment: Moment) -> Iterator[tuple[Slide, Size, int]]:
    """Yield each slide that changes by itself with its size and the instant, for this tick and the next.

    A marquee is not among them: its strips are drawn once, and the stage moves them.
    """
    if moment.clock is ClockState.UNKNOWN:
        return
    for slide, size in slide_sizes(programme.manifest):
        if slide.tick_ms is not None and not programme.strips_of(slide.id, size):
            begun = moment.unix_ms - moment.unix_ms % slide.tick_ms
            yield slide, size, begun
            yield slide, size, begun + slide.tick_ms


def _no_file(asset: object) -> bytes:
    raise OSError(f"what changes by itself has no files, and {asset} was asked for")
