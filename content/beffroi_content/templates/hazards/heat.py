"""Heat: a heatwave."""

from __future__ import annotations

import math

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    body.stroke([(34, 20), (34, 70)], 20)
    body.circle(34, 76, 18)
    hollow.stroke([(34, 34), (34, 74)], 7)
    hollow.circle(34, 76, 10)
    body.circle(74, 32, 13)
    for turn in range(8):
        x, y = math.cos(turn * math.pi / 4), math.sin(turn * math.pi / 4)
        body.stroke([(74 + 18 * x, 32 + 18 * y), (74 + 23 * x, 32 + 23 * y)], 5)


HAZARD = HazardDeclaration(
    name="heat",
    position=50,
    label=LocalisedText(en="Heat", fr="Canicule"),
    pictogram=Pictogram("heat", _draw),
)
