"""Air: smoke, a chemical, or air that is bad to breathe."""

from __future__ import annotations

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    for x, y, radius in ((34, 40, 20), (56, 32, 24), (74, 46, 17), (48, 50, 18)):
        body.circle(x, y, radius)
    for x, y, radius in ((30, 76, 7), (50, 84, 9), (70, 76, 6)):
        body.circle(x, y, radius)


HAZARD = HazardDeclaration(
    name="air",
    position=60,
    label=LocalisedText(en="Smoke or air pollution", fr="Fumée ou air pollué"),
    pictogram=Pictogram("air", _draw),
)
