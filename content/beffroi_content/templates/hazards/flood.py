"""Flood: water in streets and cellars."""

from __future__ import annotations

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen, draw_waves
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    body.polygon([(50, 8), (88, 40), (80, 40), (80, 58), (20, 58), (20, 40), (12, 40)])
    hollow.polygon([(43, 58), (43, 38), (57, 38), (57, 58)])
    draw_waves(body, 70, 88)


HAZARD = HazardDeclaration(
    name="flood",
    position=10,
    label=LocalisedText(en="Flood", fr="Inondation"),
    pictogram=Pictogram("flood", _draw),
)
