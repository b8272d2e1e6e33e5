"""What several pictures have in common: clouds, houses, the belfry."""

from __future__ import annotations

import random

from demo.pictures.sheet import (
    BLUE,
    BRICK,
    CORAL,
    GREEN,
    INK,
    LEAF,
    MUSTARD,
    ROSE,
    SAND,
    SLATE,
    WHITE,
    WOOD,
    Sheet,
    mixed,
)  # fmt: skip


def clouds(sheet: Sheet, colour: str, strength: float, places: tuple[tuple[float, float, float], ...]) -> None:
    """Draw clouds; a place is x, y and size."""
    with sheet.tint(strength) as veil:
        for x, y, size in places:
            for dx, dy, radius in ((-90, 10, 44), (-35, -18, 62), (40, -6, 54), (100, 14, 38)):
                veil.disc(x + dx * size, y + dy * size, radius * size, colour)
            veil.box(x - 130 * size, y + 8 * size, 265 * size, 44 * size, colour, 22 * size)


def houses(sheet: Sheet, foot: float, width: float, seed: int, size: float = 1) -> None:
    """Draw a row of houses with slate and tile roofs."""
    chance = random.Random(seed)  # noqa: S311 - always the same street
    walls = ("#f3dfbd", "#ecc9a0", "#f7ead2", "#e3b795", "#d9c3a5", "#f0d3b8", "#cfd8d3")
    x = -40.0
    while x < width:
        wide, tall = chance.uniform(110, 175) * size, chance.uniform(150, 250) * size
        wall = chance.choice(walls)
        roof = chance.choice((SLATE, "#5b6b86", BRICK, "#c46b4c"))
        _house(sheet, x, foot, wide, tall, wall, roof, chance)
        x += wide


def _house(
    sheet: Sheet, x: float, foot: float, wide: float, tall: float, wall: str, roof: str, chance: random.Random
) -> None:
    pitch = wide * 0.42
    sheet.box(x, foot - tall, wide + 1, tall, wall)
    sheet.box(x + wide * 0.82, foot - tall, wide * 0.18 + 1, tall, mixed(wall, INK, 0.08))
    sheet.box(x + wide * 0.68, foot - tall - pitch * 1.05, wide * 0.11, pitch * 0.8, mixed(wall, BRICK, 0.5))
    sheet.polygon(
        [
            (x - 4, foot - tall + 2),
            (x + wide * 0.16, foot - tall - pitch),
            (x + wide * 0.84, foot - tall - pitch),
            (x + wide + 4, foot - tall + 2),
        ],
        roof,
    )
    columns, rows = 3, max(2, int(tall / (wide * 0.42)))
    shutter = chance.choice((BLUE, GREEN, "#8d6a9f", "#c0715a", "#5f8fa8"))
    for row in range(rows):
        for column in range(columns):
            _window(
                sheet,
                x + wide * (0.2 + 0.3 * column),
                foot - tall + tall * (row + 0.42) / rows,
                wide * 0.13,
                shutter,
                chance,
            )


def _window(sheet: Sheet, x: float, y: float, wide: float, shutter: str, chance: random.Random) -> None:
    glass = "#fbe3a1" if chance.random() < 0.28 else "#54718d"
    for side in (-1, 1):
        sheet.box(x + side * wide * 0.8 - wide * 0.22, y - wide * 0.75, wide * 0.44, wide * 1.5, shutter)
    sheet.box(x - wide * 0.52, y - wide * 0.75, wide * 1.04, wide * 1.5, WHITE)
    sheet.box(x - wide * 0.4, y - wide * 0.62, wide * 0.8, wide * 1.24, glass)


def draw_belfry(sheet: Sheet, x: float, foot: float, tall: float) -> None:
    """Draw the belfry: shaft, clock, bell chamber, spire."""
    wide, light, dark = tall * 0.215, "#efd9b4", "#d3b78c"
    top = foot - tall * 0.66
    sheet.box(x - wide / 2, top, wide, tall * 0.66, light)
    sheet.box(x + wide * 0.2, top, wide * 0.3, tall * 0.66, dark)
    for level in (0.0, 0.2, 0.42):
        sheet.box(x - wide * 0.56, top + tall * 0.66 * level, wide * 1.12, tall * 0.018, "#c3a477")
    for side in (-1, 1):
        sheet.box(x + side * wide * 0.5 - wide * 0.06, top - tall * 0.075, wide * 0.12, tall * 0.075, dark)
        sheet.polygon(
            [
                (x + side * wide * 0.5 - wide * 0.09, top - tall * 0.075),
                (x + side * wide * 0.5 + wide * 0.09, top - tall * 0.075),
                (x + side * wide * 0.5, top - tall * 0.15),
            ],
            SLATE,
        )
    _bell_chamber(sheet, x, top, wide, tall)
    sheet.disc(x, top + tall * 0.075, wide * 0.31, "#b8955f")
    sheet.disc(x, top + tall * 0.075, wide * 0.27, WHITE)
    sheet.line([(x, top + tall * 0.075), (x, top + tall * 0.075 - wide * 0.2)], INK, wide * 0.035)
    sheet.line([(x, top + tall * 0.075), (x + wide * 0.13, top + tall * 0.075 + wide * 0.06)], INK, wide * 0.045)
    for level in (0.27, 0.47):
        sheet.box(x - wide * 0.08, foot - tall * 0.66 + tall * level, wide * 0.16, tall * 0.07, SLATE, wide * 0.08)
    sheet.box(x - wide * 0.16, foot - tall * 0.11, wide * 0.32, tall * 0.11, WOOD)
    sheet.half_disc(x, foot - tall * 0.11, wide * 0.16, WOOD)


def _bell_chamber(sheet: Sheet, x: float, top: float, wide: float, tall: float) -> None:
    high = tall * 0.13
    sheet.box(x - wide * 0.34, top - high, wide * 0.68, high, "#efd9b4")
    sheet.box(x + wide * 0.14, top - high, wide * 0.2, high, "#d3b78c")
    for dx in (-0.16, 0.16):
        sheet.box(x + (dx - 0.09) * wide, top - high * 0.62, wide * 0.18, high * 0.62, INK)
        sheet.half_disc(x + dx * wide, top - high * 0.6, wide * 0.09, INK)
    sheet.polygon([(x - wide * 0.42, top - high), (x + wide * 0.42, top - high), (x, top - tall * 0.315)], SLATE)
    sheet.polygon([(x, top - tall * 0.315), (x + wide * 0.42, top - high), (x + wide * 0.12, top - high)], "#3c4a66")
    sheet.line([(x, top - tall * 0.31), (x, top - tall * 0.338)], "#b8955f", wide * 0.03)
    sheet.disc(x, top - tall * 0.338, wide * 0.04, MUSTARD)


def shadow(sheet: Sheet, x: float, foot: float, size: float) -> None:
    """Draw the shadow of something that stands there."""
    with sheet.tint(0.22) as veil:
        veil.disc(x, foot, size * 0.3, INK, 0.14)


def flowers(sheet: Sheet, top: float = 1170) -> None:
    """Draw flowers in both lower corners."""
    chance = random.Random(8)  # noqa: S311 - always the same meadow
    for _ in range(120):
        x, y = chance.choice((chance.uniform(0, 480), chance.uniform(1500, 1920))), chance.uniform(top, 1275)
        colour = chance.choice((CORAL, MUSTARD, WHITE, ROSE))
        sheet.line([(x, y), (x + 2, y + 26)], GREEN, 4)
        sheet.disc(x, y, 9, colour)
        sheet.disc(x, y, 3.5, SAND)


def apple(sheet: Sheet, x: float, y: float) -> None:
    """Draw an apple."""
    for side in (-1, 1):
        sheet.disc(x + side * 27, y, 58, CORAL, 1.06)
    sheet.disc(x - 40, y - 18, 17, ROSE)
    sheet.line([(x, y - 46), (x + 9, y - 84)], WOOD, 9)
    sheet.disc(x + 42, y - 78, 32, LEAF, 0.45)
