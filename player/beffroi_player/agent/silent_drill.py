"""The silent drill: an alert is drawn by the same code and for the same display as in earnest, and is not shown."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from beffroi_content import rendering
from beffroi_content.model import Alert
from beffroi_content.wire.reports import DrillResult
from beffroi_player.agent.held_alerts import AlertDrawingContext, main_form
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.page_images import SUFFIX, page_header

log = logging.getLogger(__name__)

MAX_PROBLEM = 300


def run_drill(alert: Alert, context: AlertDrawingContext, folder: Path, clock: AgentClock) -> DrillResult:
    """Draw the main form of an alert, put each page where the stage would read it, and take it away again.

    Args:
        alert: The alert that is drilled.
        context: Of this screen.
        folder: The runtime directory.
        clock: Of this player.
    """
    started = clock.now()
    drawing_ms, frames, problem = 0.0, [], ""
    form = main_form(alert.level)
    try:
        for image in _drawn_pages(alert, context):
            _try_file(folder / f"drill{SUFFIX}", image)
            drawing_ms = drawing_ms or clock.now().uptime_ms - started.uptime_ms
            frames.append(rendering.image_digest(image))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the drill is there to find
        problem = f"{type(error).__name__}: {error}"[:MAX_PROBLEM]
        log.warning("silent drill: alert %s cannot be drawn as %s: %s", alert.id, form, problem)
    return DrillResult(
        alert=alert.id, received_at_ms=max(0, started.unix_ms), drawing_ms=max(0.0, round(drawing_ms, 3)),
        frames=tuple(frames), problem=problem,
    )  # fmt: skip


def _drawn_pages(alert: Alert, context: AlertDrawingContext) -> Iterable[Image.Image]:
    form = main_form(alert.level)
    return rendering.draw_alert(alert, form, context.canvas_for(alert.level, form))


def _try_file(path: Path, image: Image.Image) -> None:
    try:
        write_file(path, page_header(image.size), rendering.rgbx_bytes(image), durable=False)
    finally:
        path.unlink(missing_ok=True)
