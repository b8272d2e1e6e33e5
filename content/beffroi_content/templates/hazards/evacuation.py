"""Evacuation: people must leave."""

from __future__ import annotations

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen, draw_person
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    draw_person(body, 26, 16, 74)
    body.stroke([(50, 52), (82, 52)], 10)
    body.polygon([(76, 32), (98, 52), (76, 72)])


HAZARD = HazardDeclaration(
    name="evacuation",
    position=80,
    label=LocalisedText(en="Evacuation", fr="Évacuation"),
    pictogram=Pictogram("evacuation", _draw),
)
