"""Power: electricity is cut."""

from __future__ import annotations

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    body.polygon([(60, 4), (22, 56), (46, 56), (38, 96), (78, 40), (53, 40)])


HAZARD = HazardDeclaration(
    name="power",
    position=90,
    label=LocalisedText(en="Power cut", fr="Coupure d’électricité"),
    pictogram=Pictogram("power", _draw),
)
