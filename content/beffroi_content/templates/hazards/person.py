"""Person: somebody is looked for."""

from __future__ import annotations

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    body.circle(42, 42, 34)
    hollow.circle(42, 42, 26)
    hollow.circle(42, 34, 9, 0)
    hollow.polygon([(27, 60), (31, 46), (53, 46), (57, 60)], 0)
    body.stroke([(68, 68), (90, 90)], 13)


HAZARD = HazardDeclaration(
    name="person",
    position=120,
    label=LocalisedText(en="Missing person", fr="Personne disparue"),
    pictogram=Pictogram("person", _draw),
)
