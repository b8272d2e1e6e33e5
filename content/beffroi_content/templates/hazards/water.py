"""Water: it must not be drunk."""

from __future__ import annotations

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    body.polygon([(50, 6), (70, 38), (50, 60), (30, 38)])
    body.circle(50, 60, 30)
    hollow.stroke([(14, 92), (88, 14)], 9)


HAZARD = HazardDeclaration(
    name="water",
    position=100,
    label=LocalisedText(en="Do not drink the water", fr="Eau non potable"),
    pictogram=Pictogram("water", _draw),
)
