"""Wind: a storm."""

from __future__ import annotations

import math

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    for y, end, turn in ((32, 66, -1), (52, 84, -1), (72, 60, 1)):
        arc = [
            (end + 12 * math.sin(a / 10 * math.pi), y + turn * 12 * (1 - math.cos(a / 10 * math.pi))) for a in range(9)
        ]
        body.stroke([(8, y), (end, y), *arc], 8)


HAZARD = HazardDeclaration(
    name="wind",
    position=30,
    label=LocalisedText(en="Storm", fr="Tempête"),
    pictogram=Pictogram("wind", _draw),
)
