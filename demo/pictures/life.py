"""Life in the town: swimming pool, concert, recycling, school."""

from __future__ import annotations

import math
import random

from demo.pictures.scenery import apple, clouds, flowers, shadow
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
    SAND,
    SKINS,
    SKY,
    SLATE,
    STONE,
    WHITE,
    WOOD,
    Sheet,
    mixed,
    person,
    tree,
)  # fmt: skip


def pool() -> Sheet:
    """The swimming pool from above: lanes, and two swimmers."""
    sheet = Sheet(1920, 1280, "#f3e4c8")
    for x in range(0, 1920, 96):
        sheet.box(x, 0, 3, 1280, "#e6d3b0")
    for y in range(0, 1280, 96):
        sheet.box(0, y, 1920, 3, "#e6d3b0")
    sheet.box(0, 168, 1920, 944, "#fffaf0")
    sheet.fade(196, 1084, "#4db3cf", "#2f8fb8")
    for lane in range(4):
        sheet.box(120, 196 + 222 * lane + 102, 1680, 18, "#2a7fa6", 9)
    _glints(sheet)
    for row in range(1, 4):
        _rope(sheet, 196 + 222 * row)
    _swimmer(sheet, 620, 527, CORAL, SKINS[0])
    _swimmer(sheet, 1290, 971, MUSTARD, SKINS[2])
    sheet.disc(1500, 305, 78, WHITE)
    for turn in range(4):
        sheet.arc(1500, 305, 78, turn * 90 + 10, turn * 90 + 45, CORAL, 34)
    sheet.disc(1500, 305, 43, "#48abc9")
    for x, colour in ((210, CORAL), (520, BLUE), (1710, MUSTARD)):
        sheet.box(x, 34, 250, 100, colour, 12)
        for stripe in range(4):
            sheet.box(x + 30 + stripe * 56, 34, 20, 100, CREAM)
    for x in (860, 1090):
        sheet.box(x, 1122, 110, 90, SLATE, 14)
        sheet.box(x + 14, 1134, 82, 66, PALE, 8)
    return sheet


def concert() -> Sheet:
    """A stage in the evening, upright."""
    sheet = Sheet(1600, 2000, "#14203f", "#6d3f6d")
    chance = random.Random(5)  # noqa: S311 - always the same stars
    for _ in range(90):
        sheet.disc(chance.uniform(0, 1600), chance.uniform(0, 620), chance.uniform(1.5, 4), "#f8e7c4")
    _garlands(sheet)
    sheet.glow(800, 1080, 700, "#ff9f6b", 0.55)
    sheet.half_disc(800, 1330, 610, "#e9d4b0")
    for radius, colour in ((560, "#7c2f45"), (450, "#973b4c"), (340, "#b54a52"), (230, "#d2614f")):
        sheet.half_disc(800, 1330, radius, colour)
    _beams(sheet)
    sheet.box(160, 1320, 1280, 120, "#3b2a3f")
    sheet.box(160, 1320, 1280, 16, "#d9a066")
    _musicians(sheet)
    for x in (215, 1265):
        for level in range(3):
            sheet.box(x, 1180 - level * 128, 120, 122, NIGHT, 12)
            sheet.disc(x + 60, 1241 - level * 128, 44, SLATE)
            sheet.disc(x + 60, 1241 - level * 128, 20, NIGHT)
    _crowd(sheet)
    return sheet


def recycling() -> Sheet:
    """Four bins, each for its own."""
    sheet = Sheet(1920, 1280, "#bfe3dd", "#f5f3da")
    clouds(sheet, WHITE, 0.8, ((380, 200, 1.0), (1520, 170, 1.1)))
    sheet.hill(800, 60, 0.2, 1.3, "#a8d5a2")
    for x, size in ((140, 420), (1780, 460), (960, 330)):
        tree(sheet, x, 900, size, LEAF if size < 400 else GREEN)
    sheet.hill(910, 18, 0.5, 0.8, "#86bf7d")
    sheet.fade(1010, 1280, "#e5d8bd", "#d2c2a2")
    sheet.box(0, 1004, 1920, 12, "#c7b58f")
    for x, colour, kind in (
        (330, MUSTARD, "bottle"),
        (750, GREEN, "glass"),
        (1170, BLUE, "paper"),
        (1590, WOOD, "leaf"),
    ):
        _bin(sheet, x, 1130, colour)
        _waste(sheet, x, 860, kind)
    flowers(sheet, 1215)
    return sheet


def school() -> Sheet:
    """The school on the first day."""
    sheet = Sheet(1920, 1280, "#93cbe3", "#fdf3dc")
    clouds(sheet, WHITE, 0.75, ((300, 210, 1.0), (1610, 170, 1.1)))
    sheet.hill(820, 50, 0.4, 1.3, "#a9cfa0")
    _schoolhouse(sheet)
    for x, size in ((150, 560), (1770, 600)):
        tree(sheet, x, 1010, size, "#e0a33c" if x < 500 else LEAF)
    sheet.fade(985, 1280, "#ead7b2", "#d6bd90")
    for square in range(5):
        sheet.polygon(_tile(1330 + square * 78, 1165), CORAL if square % 2 else BLUE)
    children = (
        (520, 1180, 270, CORAL, 0, WOOD, MUSTARD), (660, 1200, 250, MUSTARD, 2, NIGHT, BLUE),
        (830, 1175, 280, BLUE, 1, NIGHT, CORAL), (1010, 1205, 245, GREEN, 3, "#c9803a", ROSE),
        (1150, 1180, 285, ROSE, 0, "#7a4a2c", GREEN),
    )  # fmt: skip
    for x, foot, height, coat, skin, hair, bag in children:
        shadow(sheet, x, foot, height * 1.2)
        sheet.box(x - height * 0.15, foot - height * 0.82, height * 0.30, height * 0.40, bag, height * 0.07)
        person(sheet, x, foot, height, coat, SKINS[skin], hair)
    return sheet


def _glints(sheet: Sheet) -> None:
    chance = random.Random(6)  # noqa: S311 - always the same water
    with sheet.tint(0.35) as veil:
        for _ in range(110):
            x, y = chance.uniform(20, 1880), chance.uniform(215, 1070)
            length = chance.uniform(14, 46)
            veil.line([(x, y), (x + length, y - 6), (x + length * 2, y)], WHITE, 4)


def _rope(sheet: Sheet, y: float) -> None:
    for x in range(0, 1920, 30):
        sheet.disc(x + 15, y, 12, CORAL if (x // 150) % 2 else WHITE)


def _swimmer(sheet: Sheet, x: float, y: float, cap: str, skin: str) -> None:
    """Draw somebody who does the crawl to the right."""
    with sheet.tint(0.55) as veil:
        for dx, size in ((-300, 26), (-262, 34), (-225, 26)):
            veil.disc(x + dx, y + (14 if size == 26 else 0), size, WHITE)
        veil.arc(x + 120, y, 96, 300, 60, WHITE, 7)
        veil.arc(x + 150, y, 110, 310, 50, WHITE, 5)
    for side in (-1, 1):
        sheet.line([(x - 90, y + side * 17), (x - 225, y + side * 22)], skin, 30)
    sheet.line([(x - 70, y), (x + 60, y)], skin, 84)
    sheet.box(x - 124, y - 40, 74, 80, cap, 30)
    sheet.line([(x + 50, y - 36), (x + 120, y - 84), (x + 215, y - 66)], skin, 26)
    sheet.line([(x + 40, y + 38), (x - 30, y + 88), (x - 112, y + 82)], skin, 26)
    sheet.disc(x + 122, y, 42, skin)
    sheet.disc(x + 130, y, 40, cap)


def _garlands(sheet: Sheet) -> None:
    for left, right, level, dip in ((-40, 820, 250, 130), (780, 1640, 250, 130), (-40, 1640, 480, 200)):
        steps = [step / 24 for step in range(25)]
        points = [(left + (right - left) * t, level + dip * 4 * t * (1 - t)) for t in steps]
        sheet.line(points, "#2c2446", 5)
        for number, (x, y) in enumerate(points[1:-1:2]):
            sheet.glow(x, y + 18, 62, "#ffdd9a", 0.6)
            sheet.disc(x, y + 18, 13, (MUSTARD, "#ffe9b8", ROSE)[number % 3])


def _beams(sheet: Sheet) -> None:
    with sheet.tint(0.22, 6) as veil:
        for x, target, colour in ((300, 560, MUSTARD), (620, 740, ROSE), (980, 860, SKY), (1300, 1040, MUSTARD)):
            veil.polygon([(x - 12, 700), (x + 12, 700), (target + 130, 1330), (target - 130, 1330)], colour)
    sheet.line([(230, 700), (1370, 700)], NIGHT, 18)
    for x in (300, 620, 980, 1300):
        sheet.box(x - 32, 692, 64, 56, NIGHT, 14)
        sheet.disc(x, 744, 20, "#fff2c8")


def _musicians(sheet: Sheet) -> None:
    person(sheet, 800, 1326, 380, CREAM, SKINS[1], NIGHT)
    sheet.line([(840, 1326), (840, 1050)], SLATE, 7)
    sheet.disc(832, 1042, 14, NIGHT)
    person(sheet, 530, 1326, 370, MUSTARD, SKINS[0], WOOD)
    sheet.disc(520, 1165, 46, BRICK)
    sheet.disc(548, 1142, 34, BRICK)
    sheet.disc(528, 1158, 14, NIGHT)
    sheet.line([(560, 1135), (660, 1050)], WOOD, 13)
    person(sheet, 1075, 1326, 360, SKY, SKINS[2], NIGHT)
    sheet.disc(1075, 1270, 92, CORAL)
    sheet.disc(1075, 1270, 74, CREAM)
    for x in (970, 1180):
        sheet.line([(x, 1326), (x, 1150)], SLATE, 7)
        sheet.disc(x, 1146, 62, MUSTARD, 0.2)


def _crowd(sheet: Sheet) -> None:
    chance = random.Random(9)  # noqa: S311 - always the same people
    for row, (level, colour) in enumerate(((1560, "#4a2d5a"), (1690, "#33234c"), (1840, "#1b1836"))):
        size = 58 + row * 14
        x = -40.0
        while x < 1660:
            y = level + chance.uniform(-24, 24)
            if chance.random() < 0.35:
                side = chance.choice((-1, 1))
                sheet.line(
                    [(x + side * size, y + size * 1.6), (x + side * size * 1.3, y - size * 1.3)], colour, size * 0.36
                )
            sheet.disc(x, y, size * 0.72, colour)
            sheet.box(x - size * 1.15, y + size * 0.75, size * 2.3, 500, colour, size)
            x += size * chance.uniform(2.0, 2.7)


def _bin(sheet: Sheet, x: float, foot: float, colour: str) -> None:
    shadow(sheet, x, foot + 4, 640)
    for side in (-1, 1):
        sheet.disc(x + side * 108, foot - 14, 30, INK)
    dark = mixed(colour, INK, 0.22)
    sheet.polygon([(x - 165, foot - 400), (x + 165, foot - 400), (x + 138, foot - 12), (x - 138, foot - 12)], colour)
    sheet.polygon([(x + 80, foot - 400), (x + 165, foot - 400), (x + 138, foot - 12), (x + 70, foot - 12)], dark)
    sheet.box(x - 190, foot - 440, 380, 56, dark, 20)
    sheet.disc(x - 14, foot - 205, 82, CREAM)
    for turn in range(3):
        start = turn * 120 - 80
        sheet.arc(x - 14, foot - 205, 50, start, start + 84, colour, 15)
        tip = math.radians(start + 92)
        centre = (x - 14 + 43 * math.cos(tip), foot - 205 + 43 * math.sin(tip))
        points = [(centre[0] + 23 * math.cos(tip + a), centre[1] + 23 * math.sin(tip + a)) for a in (0.9, 3.4, 5.4)]
        sheet.polygon([*points], colour)


def _waste(sheet: Sheet, x: float, y: float, kind: str) -> None:
    """Draw what belongs into a bin, above it."""
    y -= 210
    if kind == "bottle":
        sheet.box(x - 42, y - 50, 84, 160, SKY, 24)
        sheet.polygon([(x - 42, y - 30), (x + 42, y - 30), (x + 16, y - 84), (x - 16, y - 84)], SKY)
        sheet.box(x - 20, y - 112, 40, 32, CORAL, 8)
        sheet.box(x - 42, y + 10, 84, 50, WHITE)
    elif kind == "glass":
        sheet.box(x - 44, y - 20, 88, 130, "#3f8f63", 20)
        sheet.box(x - 17, y - 116, 34, 120, "#3f8f63", 10)
        sheet.box(x - 44, y + 26, 88, 52, CREAM)
        sheet.box(x - 20, y - 122, 40, 24, BRICK, 6)
    elif kind == "paper":
        sheet.polygon([(x - 96, y - 70), (x + 60, y - 92), (x + 88, y + 92), (x - 68, y + 110)], WHITE)
        sheet.polygon([(x - 70, y - 44), (x + 44, y - 60), (x + 50, y - 18), (x - 64, y - 2)], SAND)
        for row in range(4):
            sheet.line([(x - 58 + row * 4, y + 22 + row * 22), (x + 56 + row * 4, y + 6 + row * 22)], STONE, 9)
    else:
        apple(sheet, x - 34, y + 50)
        sheet.disc(x + 66, y + 44, 58, LEAF, 0.5)
        sheet.line([(x + 14, y + 44), (x + 118, y + 44)], GREEN, 6)


def _schoolhouse(sheet: Sheet) -> None:
    sheet.box(330, 560, 1260, 430, "#f2d9b3")
    sheet.box(330, 930, 1260, 60, "#c9a982")
    sheet.polygon([(290, 565), (390, 440), (1530, 440), (1630, 565)], BRICK)
    sheet.box(780, 420, 360, 570, "#f7e6c8")
    sheet.polygon([(740, 425), (960, 270), (1180, 425)], "#9c4534")
    sheet.box(915, 190, 90, 120, "#f7e6c8")
    sheet.polygon([(895, 195), (960, 115), (1025, 195)], SLATE)
    sheet.disc(960, 268, 22, MUSTARD)
    sheet.disc(960, 385 + 110, 56, WHITE)
    sheet.arc(960, 495, 56, 0, 360, WOOD, 9)
    sheet.line([(960, 495), (960, 458)], INK, 7)
    sheet.line([(960, 495), (984, 508)], INK, 8)
    for x in (385, 515, 645, 1175, 1305, 1435):
        sheet.box(x, 625, 92, 240, WHITE)
        sheet.box(x + 9, 634, 74, 222, "#7fb2cc")
        sheet.box(x + 42, 634, 8, 222, WHITE)
        sheet.box(x + 9, 735, 74, 8, WHITE)
    for x in (850, 965):
        sheet.box(x, 690, 105, 300, GREEN)
        sheet.box(x + 18, 715, 70, 100, "#a9d3c2")
    sheet.box(830, 600, 260, 56, BLUE, 8)
    for letter in range(5):
        sheet.box(868 + letter * 38, 618, 24, 20, CREAM, 3)


def _tile(x: float, y: float) -> list[tuple[float, float]]:
    return [(x + 20, y - 24), (x + 92, y - 24), (x + 72, y + 24), (x, y + 24)]
