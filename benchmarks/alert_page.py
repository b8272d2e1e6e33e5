"""One page of an alert, from the model to RGB bytes at 1920 × 1080, in processor time.

Each alert is a new one, as on the day: nothing of it has been laid out or drawn before. ``BASE=PATH`` names another
checkout, whose code is measured in the same run by the same interpreter, in turns; the goal is then 0.4 of what that
state takes for the same alert, on as many pages as it makes of it.

The player hands its frames over in bands of rows; what it takes to draw and pack whole ones, as a preview does, is in
the table. The limit is a whole frame of the same size filled with one colour and packed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary

HERE = Path(__file__).parent.parent
ALLOWED_SHARE = 0.4
"""Of the time that the state before takes."""
USUAL_MS = 10.0
ROUNDS = 4

_DRAW = """
import itertools, json, sys, time
from PIL import Image
from beffroi_content import model
try:
    from beffroi_content import rendering
except ImportError:
    from beffroi_content import raster as rendering

HALL = model.ScreenClass(name="1080p", width=1920, height=1080, physical_height_mm=680, viewing_distance_mm=4_000)
TOWN = model.Town(name="Clairbourg-sur-Vive")
CANVAS = rendering.Canvas(size=HALL.size, screen_class=HALL, town=TOWN, time_zone="Europe/Paris", locale="fr")
FORM = model.AlertForm.TAKEOVER
number = itertools.count(1)
drawing = getattr(rendering, "AlertDrawing", None)
bands = next((name for name in ("rgbx_bands", "rgb_bands") if hasattr(drawing, name)), "")
pack = getattr(rendering, "rgb_bytes", Image.Image.tobytes)

def alert(in_bands=True):
    found = model.Alert(
        id="alert", level=model.AlertLevel.EMERGENCY, title=f"Crue : évacuez les quais ({next(number)})",
        description="La Vive déborde. Les quais, le camping et la rue Basse sont inondés.",
        instruction="Rejoignez à pied la salle des fêtes.\\nN'utilisez pas votre voiture.",
        source="Mairie de Clairbourg-sur-Vive", issued_at_ms=1_780_000_000_000, ends_at_ms=1_780_003_600_000,
        time_to_live_ms=3_600_000,
    )
    # As each state hands its frames to the stage: whole, or in bands, each of which is given up before the next.
    if not in_bands or not bands:
        return [len(pack(frame)) for frame in rendering.draw_alert(found, FORM, CANVAS)]
    drawing = rendering.lay_out_alert(found, FORM, CANVAS)
    return [sum(map(len, getattr(drawing, bands)(number))) for number in range(len(drawing.pages))]

def fill():
    return len(pack(Image.new("RGB", HALL.size, "#be0816")))

def times(draw, count):
    draw(), draw()
    found = []
    for _ in range(count):
        start = time.process_time()
        draw()
        found.append(1_000 * (time.process_time() - start))
    return found

count = int(sys.argv[1])
print(json.dumps({"pages": len(alert()), "alert": times(alert, count),
                  "whole": times(lambda: alert(in_bands=False), count), "fill": times(fill, count)}))
"""


def measure(options: Options) -> Result:
    """Draw alerts with this build, and in turns with the one of before.

    Raises:
        OSError: the other checkout is not there.
    """
    builds = {"now": HERE}
    if base := os.environ.get("BASE"):
        builds = {"before": Path(base).resolve()} | builds
    drawn: dict[str, list[float]] = {name: [] for name in builds}
    whole: list[float] = []
    filled: list[float] = []
    pages: dict[str, int] = {}
    for _ in range(options.repetitions(ROUNDS, 1)):
        for name, folder in builds.items():
            found = _run(folder, options.repetitions(60, 3))
            drawn[name] += found["alert"]
            pages[name] = found["pages"]
            if name == "now":
                whole += found["whole"]
                filled += found["fill"]
    value = percentile(drawn["now"], 0.5)
    before = percentile(drawn["before"], 0.5) if base else None
    rows = [(f"{name}: {pages[name]} page(s)", *summary(values)) for name, values in drawn.items()]
    return Result(
        value=value,
        unit="ms",
        goal=ALLOWED_SHARE * before if before else USUAL_MS,
        limit=percentile(filled, 0.5),
        value_is="median of an alert, from the model to RGB bytes",
        limit_is="median of filling such a frame and handing it over",
        heading=("ms", *SUMMARY_HEADING),
        rows=[*rows, ("now: whole frames", *summary(whole)), ("  least", *summary(filled))],
    )


def _run(folder: Path, count: int) -> dict[str, Any]:
    content = folder / "content"
    if not content.is_dir():
        raise OSError(f"there is no checkout at {folder}")
    answer = subprocess.run(
        [sys.executable, "-c", _DRAW, str(count)],
        env=os.environ | {"PYTHONPATH": str(content)}, stdout=subprocess.PIPE, cwd=folder, check=True, timeout=600,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(answer.stdout)
    return found
