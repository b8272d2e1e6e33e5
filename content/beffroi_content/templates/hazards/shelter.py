"""Shelter: people must stay inside."""

from __future__ import annotations

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen, draw_person
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw_house(pen: PictogramPen) -> None:
    pen.polygon([(50, 6), (96, 46), (84, 46), (84, 94), (16, 94), (16, 46), (4, 46)])


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    _draw_house(body)
    draw_person(hollow, 50, 42, 48)


HAZARD = HazardDeclaration(
    name="shelter",
    position=70,
    label=LocalisedText(en="Stay inside", fr="Confinement"),
    pictogram=Pictogram("shelter", _draw),
)
