"""Road: a road is closed."""

from __future__ import annotations

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    body.circle(50, 50, 46)
    hollow.polygon([(20, 40), (80, 40), (80, 60), (20, 60)])


HAZARD = HazardDeclaration(
    name="road",
    position=110,
    label=LocalisedText(en="Road closed", fr="Route coupée"),
    pictogram=Pictogram("road", _draw),
)
