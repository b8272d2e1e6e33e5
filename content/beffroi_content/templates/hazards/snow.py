"""Snow: snow or ice on the roads."""

from __future__ import annotations

import math

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    for turn in range(3):
        x, y = math.cos(turn * math.pi / 3 + math.pi / 2), math.sin(turn * math.pi / 3 + math.pi / 2)
        body.stroke([(50 - 42 * x, 50 - 42 * y), (50 + 42 * x, 50 + 42 * y)], 7)
        for side in (-1, 1):
            tip = (50 + side * 28 * x, 50 + side * 28 * y)
            for bend in (-0.6, 0.6):
                angle = math.atan2(side * y, side * x) + bend
                body.stroke([tip, (tip[0] + 15 * math.cos(angle), tip[1] + 15 * math.sin(angle))], 6)


HAZARD = HazardDeclaration(
    name="snow",
    position=40,
    label=LocalisedText(en="Snow or ice", fr="Neige ou verglas"),
    pictogram=Pictogram("snow", _draw),
)
