"""The town itself: river, belfry, market, street works, park."""

from __future__ import annotations

import random

from demo.pictures.scenery import clouds, draw_belfry, flowers, houses, shadow
from demo.pictures.sheet import (
    BLUE,
    BRICK,
    CORAL,
    CREAM,
    GREEN,
    INK,
    LEAF,
    MUSTARD,
    NIGHT,
    PALE,
    ROSE,
    SKINS,
    SLATE,
    WHITE,
    WOOD,
    Sheet,
    mixed,
    person,
    tree,
)  # fmt: skip


def quays() -> Sheet:
    """The river bank with the belfry, early in the evening."""
    sheet = Sheet(1920, 1280, "#f7c59f", "#fde8c8")
    sheet.fade(0, 760, "#6fa8c7", "#fde3c0")
    sheet.glow(1440, 560, 520, "#fff1d0", 0.9)
    sheet.disc(1440, 560, 74, "#fff3d6")
    clouds(sheet, WHITE, 0.55, ((330, 210, 1.0), (1130, 150, 0.8), (1690, 300, 0.6)))
    sheet.hill(700, 90, 0.1, 1.2, "#9db9b5")
    sheet.hill(745, 60, 0.45, 1.7, "#7fa596")
    houses(sheet, 800, 1920, 5)
    draw_belfry(sheet, 640, 800, 560)
    _embankment(sheet, 800)
    _bridge(sheet, 1250, 800)
    sheet.mirror(846, 434, "#5d93ab", 0.42)
    _ripples(sheet, 860, 1270, WHITE)
    _boat(sheet, 420, 1090)
    return sheet


def belfry() -> Sheet:
    """The belfry on the square, upright."""
    sheet = Sheet(1600, 2000, "#4f86a8", "#fbe6c6")
    sheet.glow(1180, 980, 760, "#fff0cf", 0.8)
    clouds(sheet, WHITE, 0.6, ((300, 360, 1.2), (1290, 250, 0.9), (1200, 720, 0.7)))
    sheet.hill(1420, 70, 0.2, 1.1, "#9fb9b0")
    houses(sheet, 1640, 1600, 11, 1.55)
    draw_belfry(sheet, 800, 1640, 1340)
    sheet.fade(1640, 2000, "#e2cba0", "#cbb083")
    for row in range(9):
        level = 1650 + row * row * 4.6
        sheet.line([(0, level), (1600, level)], "#c3a878", 2 + row * 0.3)
    tree(sheet, 230, 1720, 330, LEAF)
    tree(sheet, 1390, 1730, 360, GREEN)
    for x, foot, height, coat, skin in (
        (520, 1800, 215, CORAL, 0),
        (600, 1806, 170, MUSTARD, 3),
        (1120, 1850, 240, BLUE, 1),
    ):
        shadow(sheet, x, foot, height)
        person(sheet, x, foot, height, coat, SKINS[skin], WOOD)
    return sheet


def market() -> Sheet:
    """Stalls under striped awnings."""
    sheet = Sheet(1920, 1280, "#8cc4dd", "#fdf0d8")
    clouds(sheet, WHITE, 0.7, ((420, 180, 0.9), (1480, 130, 1.1)))
    houses(sheet, 820, 1920, 21, 1.35)
    sheet.fade(820, 1280, "#ead2a4", "#cfb182")
    for x in (120, 1815):
        tree(sheet, x, 930, 520, LEAF)
    for x, colour, seed in ((330, CORAL, 1), (960, GREEN, 2), (1590, MUSTARD, 3)):
        _stall(sheet, x, 1060, colour, seed)
    customers = (
        (650, 1165, 400, BLUE, 1, NIGHT), (760, 1180, 300, ROSE, 0, WOOD),
        (1275, 1170, 410, SLATE, 2, NIGHT), (1840, 1200, 420, BRICK, 3, "#d8d2c8"), (70, 1200, 420, GREEN, 0, MUSTARD),
    )  # fmt: skip
    for x, foot, height, coat, skin, hair in customers:
        shadow(sheet, x, foot, height)
        person(sheet, x, foot, height, coat, SKINS[skin], hair)
    sheet.box(688, 1010, 66, 70, "#c9a46a", 8)
    sheet.arc(721, 1012, 26, 180, 360, "#a8834c", 8)
    for dx in (8, 26, 46):
        sheet.disc(692 + dx, 1006, 15, LEAF if dx != 26 else CORAL)
    return sheet


def roadworks() -> Sheet:
    """A closed street."""
    sheet = Sheet(1920, 1280, "#a8d3e6", "#fdf1dc")
    clouds(sheet, WHITE, 0.75, ((520, 190, 1.1), (1500, 240, 0.9)))
    houses(sheet, 690, 1920, 33, 1.15)
    sheet.fade(690, 1280, "#8b93a1", "#6f7787")
    sheet.polygon([(0, 690), (620, 690), (0, 1010)], "#d9cbb0")
    sheet.polygon([(1920, 690), (1300, 690), (1920, 1010)], "#d9cbb0")
    for near, far in ((1240, 1120), (1050, 960), (910, 850), (815, 775)):
        width = (near - 640) * 0.055
        sheet.polygon(
            [(960 - width, near), (960 + width, near), (960 + width * 0.72, far), (960 - width * 0.72, far)], CREAM
        )
    _digger(sheet, 1240, 905)
    _heap(sheet, 690, 915)
    _barrier(sheet, 420, 1010, 1.0)
    _barrier(sheet, 960, 1060, 1.15)
    _barrier(sheet, 1500, 1010, 1.0)
    for x, foot, size in ((180, 1120, 150), (690, 1190, 180), (1230, 1190, 180), (1745, 1120, 150)):
        _cone(sheet, x, foot, size)
    return sheet


def park() -> Sheet:
    """A path under trees, with a bench and a cyclist."""
    sheet = Sheet(1920, 1280, "#a6d8e8", "#f4f6dc")
    sheet.glow(380, 260, 420, "#fff8dc", 0.9)
    sheet.disc(380, 260, 80, "#fff6d2")
    clouds(sheet, WHITE, 0.7, ((900, 200, 1.0), (1600, 160, 0.8)))
    sheet.hill(700, 70, 0.15, 1.4, "#b9dcae")
    sheet.hill(790, 60, 0.62, 1.1, "#94c58a")
    for x, foot, size, leaf in (
        (170, 800, 360, GREEN),
        (560, 770, 250, LEAF),
        (1380, 770, 300, "#5c9c63"),
        (1050, 762, 200, GREEN),
    ):
        tree(sheet, x, foot, size, leaf)
    sheet.hill(930, 40, 0.3, 0.9, "#79b46c")
    sheet.polygon([(930, 905), (1015, 905), (1500, 1280), (520, 1280)], "#f1dfb4")
    sheet.polygon([(930, 905), (950, 905), (690, 1280), (520, 1280)], "#e4cd9a")
    _bench(sheet, 360, 1120)
    tree(sheet, 1700, 1150, 760, LEAF)
    _cyclist(sheet, 1120, 1130)
    flowers(sheet)
    return sheet


def _embankment(sheet: Sheet, foot: float) -> None:
    sheet.box(0, foot - 4, 1920, 50, "#cdb68f")
    sheet.box(0, foot - 4, 1920, 10, "#e6d2ac")
    for x in range(60, 1920, 150):
        sheet.box(x, foot + 10, 90, 4, "#b89f76")
    for x, size in ((90, 150), (250, 120), (930, 140), (1060, 110)):
        tree(sheet, x, foot, size, GREEN if size > 130 else LEAF)


def _bridge(sheet: Sheet, x: float, foot: float) -> None:
    sheet.polygon([(x, foot + 46), (x, foot - 22), (1920, foot - 66), (1920, foot + 46)], "#d9c096")
    sheet.line([(x, foot - 22), (1920, foot - 66)], "#efdcb6", 10)
    for centre, radius in ((x + 140, 58), (x + 320, 66), (x + 520, 74)):
        sheet.half_disc(centre, foot + 46, radius, "#5d7f8f")


def _ripples(sheet: Sheet, top: float, bottom: float, colour: str) -> None:
    chance = random.Random(4)  # noqa: S311 - always the same water
    with sheet.tint(0.28) as veil:
        for _ in range(90):
            y = chance.uniform(top, bottom)
            length = 30 + (y - top) * chance.uniform(0.15, 0.5)
            x = chance.uniform(-50, sheet.width)
            veil.line([(x, y), (x + length, y)], colour, 2 + (y - top) * 0.008)


def _boat(sheet: Sheet, x: float, y: float) -> None:
    sheet.polygon([(x - 150, y), (x + 150, y), (x + 105, y + 52), (x - 110, y + 52)], BRICK)
    sheet.polygon([(x - 150, y), (x + 150, y), (x + 143, y + 14), (x - 143, y + 14)], CREAM)
    sheet.line([(x, y), (x, y - 210)], WOOD, 9)
    sheet.polygon([(x + 12, y - 205), (x + 12, y - 24), (x + 125, y - 24)], WHITE)
    sheet.polygon([(x - 12, y - 175), (x - 12, y - 24), (x - 88, y - 24)], ROSE)


def _stall(sheet: Sheet, x: float, foot: float, colour: str, seed: int) -> None:
    """Draw a stall: posts, somebody behind the table, crates, awning."""
    shadow(sheet, x, foot + 8, 900)
    for side in (-1, 1):
        sheet.box(x + side * 245 - 8, foot - 520, 16, 520, WOOD)
    person(sheet, x + 40, foot - 60, 312, WHITE, SKINS[seed % 4], NIGHT if seed % 2 else WOOD)
    sheet.box(x + 12, foot - 262, 56, 110, colour, 10)
    sheet.box(x - 265, foot - 190, 530, 190, "#9b6b45")
    for plank in range(4):
        sheet.box(x - 265, foot - 190 + plank * 48, 530, 4, "#845836")
    _crates(sheet, x, foot - 190, seed)
    _awning(sheet, x, foot - 540, colour)


def _crates(sheet: Sheet, x: float, level: float, seed: int) -> None:
    fruit = ((CORAL, LEAF, MUSTARD), (LEAF, "#8e4a7a", CORAL), (MUSTARD, CORAL, GREEN))[seed - 1]
    for number, colour in enumerate(fruit):
        left = x - 250 + number * 170
        for row, count in ((0, 5), (1, 4)):
            for place in range(count):
                shade = mixed(colour, CREAM if (place + row) % 2 else INK, 0.10)
                sheet.disc(left + 24 + place * 27 + row * 13, level - 48 - row * 22, 18, shade)
        sheet.box(left, level - 44, 155, 44, "#d9b07a", 4)
        sheet.box(left, level - 26, 155, 4, "#b98d56")


def _awning(sheet: Sheet, x: float, top: float, colour: str) -> None:
    stripes, wide = 9, 600 / 9
    for stripe in range(stripes):
        shade = colour if stripe % 2 == 0 else CREAM
        left, upper = x - 300 + stripe * wide, x - 250 + stripe * 500 / stripes
        sheet.polygon([(upper, top), (upper + 500 / stripes, top), (left + wide, top + 120), (left, top + 120)], shade)
        sheet.box(left, top + 118, wide, 22, mixed(shade, INK, 0.08))
        sheet.disc(left + wide / 2, top + 138, wide / 2, mixed(shade, INK, 0.08), 0.7)


def _digger(sheet: Sheet, x: float, foot: float) -> None:
    """Draw an excavator that reaches to the left."""
    shadow(sheet, x, foot, 900)
    sheet.box(x - 150, foot - 78, 330, 78, NIGHT, 39)
    for dx in (-105, -40, 30, 95, 140):
        sheet.disc(x + dx, foot - 39, 22, SLATE)
    sheet.box(x - 120, foot - 190, 280, 112, MUSTARD, 18)
    sheet.box(x + 70, foot - 176, 90, 84, "#d79a20", 12)
    sheet.box(x - 110, foot - 320, 140, 150, MUSTARD, 16)
    sheet.box(x - 94, foot - 302, 108, 88, PALE, 8)
    sheet.line([(x - 90, foot - 190), (x - 250, foot - 400), (x - 410, foot - 320)], "#d79a20", 40)
    sheet.line([(x - 250, foot - 400), (x - 410, foot - 320), (x - 430, foot - 160)], MUSTARD, 32)
    sheet.disc(x - 250, foot - 400, 22, INK)
    sheet.disc(x - 410, foot - 320, 18, INK)
    sheet.polygon([(x - 475, foot - 175), (x - 385, foot - 175), (x - 400, foot - 80), (x - 490, foot - 110)], INK)


def _heap(sheet: Sheet, x: float, foot: float) -> None:
    sheet.polygon(
        [(x - 170, foot), (x - 60, foot - 90), (x + 20, foot - 110), (x + 90, foot - 66), (x + 180, foot)], "#a5774d"
    )
    sheet.polygon([(x - 170, foot), (x - 60, foot - 90), (x + 20, foot - 110), (x - 20, foot)], "#bd8e60")


def _barrier(sheet: Sheet, x: float, foot: float, size: float) -> None:
    """Draw a red and white barrier with a lamp."""
    wide = 400 * size
    for side in (-1, 1):
        sheet.box(x + side * wide * 0.4 - 9, foot - 170 * size, 18, 170 * size, SLATE)
        sheet.box(x + side * wide * 0.4 - 46 * size, foot - 10, 92 * size, 16, NIGHT, 6)
    for row in (0, 1):
        top = foot - 170 * size + row * 78 * size
        sheet.box(x - wide / 2, top, wide, 56 * size, WHITE, 6)
        for stripe in range(5):
            left = x - wide / 2 + (stripe + 0.12) * wide / 5
            sheet.polygon(
                [
                    (left + 28 * size, top),
                    (left + 66 * size, top),
                    (left + 38 * size, top + 56 * size),
                    (left, top + 56 * size),
                ],
                CORAL,
            )
    sheet.glow(x, foot - 196 * size, 90, "#ffd27a", 0.7)
    sheet.disc(x, foot - 196 * size, 22 * size, MUSTARD)


def _cone(sheet: Sheet, x: float, foot: float, size: float) -> None:
    shadow(sheet, x, foot, size * 1.6)
    sheet.box(x - size * 0.36, foot - size * 0.1, size * 0.72, size * 0.12, BRICK, size * 0.03)
    sheet.polygon(
        [
            (x - size * 0.25, foot - size * 0.1),
            (x + size * 0.25, foot - size * 0.1),
            (x + size * 0.05, foot - size),
            (x - size * 0.05, foot - size),
        ],
        CORAL,
    )
    for low, high in ((0.3, 0.48), (0.64, 0.8)):
        a, b = 0.25 - 0.222 * (low - 0.1), 0.25 - 0.222 * (high - 0.1)
        sheet.polygon(
            [
                (x - size * a, foot - size * low),
                (x + size * a, foot - size * low),
                (x + size * b, foot - size * high),
                (x - size * b, foot - size * high),
            ],
            WHITE,
        )


def _bench(sheet: Sheet, x: float, foot: float) -> None:
    shadow(sheet, x, foot, 900)
    for side in (-1, 1):
        sheet.line([(x + side * 190, foot - 230), (x + side * 190, foot)], INK, 18)
        sheet.line([(x + side * 190, foot - 100), (x + side * 150, foot)], INK, 14)
    for level in (-235, -190, -145, -100):
        sheet.box(x - 240, foot + level, 480, 30, WOOD if level > -120 else "#a06d49", 12)


def _cyclist(sheet: Sheet, x: float, foot: float) -> None:
    """Draw somebody on a bicycle who rides to the right."""
    shadow(sheet, x, foot, 800)
    for dx in (-120, 130):
        sheet.arc(x + dx, foot - 88, 88, 0, 360, INK, 11)
        sheet.disc(x + dx, foot - 88, 10, INK)
    sheet.line(
        [(x - 120, foot - 88), (x - 45, foot - 205), (x + 100, foot - 205), (x + 5, foot - 88), (x - 120, foot - 88)],
        CORAL,
        12,
    )
    sheet.line([(x - 45, foot - 205), (x + 5, foot - 88)], CORAL, 12)
    sheet.line([(x + 130, foot - 88), (x + 95, foot - 240), (x + 140, foot - 250)], CORAL, 12)
    sheet.line([(x - 55, foot - 225), (x + 45, foot - 165), (x + 10, foot - 62)], INK, 36)
    sheet.line([(x - 50, foot - 235), (x + 30, foot - 370)], BLUE, 74)
    sheet.line([(x + 25, foot - 355), (x + 75, foot - 280), (x + 135, foot - 255)], mixed(BLUE, CREAM, 0.15), 28)
    sheet.disc(x + 55, foot - 445, 42, SKINS[1])
    sheet.half_disc(x + 52, foot - 450, 48, MUSTARD)
