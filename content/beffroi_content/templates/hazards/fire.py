"""Fire: of a building, of a forest."""

from __future__ import annotations

from beffroi_content.raster.graphics.pictograms import Pictogram, PictogramPen
from beffroi_content.templates.declarations import HazardDeclaration, LocalisedText


def _draw(body: PictogramPen, hollow: PictogramPen) -> None:
    body.polygon(
        [
            (52, 4),
            (60, 26),
            (74, 38),
            (82, 58),
            (76, 80),
            (60, 95),
            (38, 95),
            (22, 80),
            (18, 60),
            (28, 42),
            (34, 54),
            (44, 30),
        ]
    )
    hollow.polygon([(52, 52), (62, 68), (60, 84), (50, 92), (40, 84), (38, 72), (46, 66)])


HAZARD = HazardDeclaration(
    name="fire",
    position=20,
    label=LocalisedText(en="Fire", fr="Incendie"),
    pictogram=Pictogram("fire", _draw),
)
