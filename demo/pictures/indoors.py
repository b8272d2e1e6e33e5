"""Indoors: the library, and lunch at the canteen."""

from __future__ import annotations

import math
import random

from demo.pictures.scenery import apple, shadow
from demo.pictures.sheet import (
    BLUE,
    BRICK,
    CORAL,
    CREAM,
    GREEN,
    INK,
    LEAF,
    MINT,
    MUSTARD,
    NIGHT,
    PALE,
    ROSE,
    SAND,
    SKY,
    SLATE,
    WHITE,
    WOOD,
    Sheet,
    mixed,
)


def library() -> Sheet:
    """Shelves, an armchair and a cat."""
    sheet = Sheet(1920, 1280, "#2f5d62", "#274d55")
    sheet.box(0, 1050, 1920, 230, "#b07a4f")
    for x in range(-60, 1920, 240):
        sheet.line([(x + 60, 1050), (x - 60, 1280)], "#9c6a42", 4)
    chance = random.Random(3)  # noqa: S311 - always the same books
    for row in range(4):
        _shelf(sheet, 90, 150 + row * 225, 1060, chance)
    sheet.glow(1505, 470, 560, "#ffe2a0", 0.55)
    sheet.disc(1390, 1170, 430, CORAL, 0.2)
    sheet.disc(1390, 1170, 370, ROSE, 0.2)
    _armchair(sheet, 1370, 1150)
    _lamp(sheet, 1700, 1150)
    _cat(sheet, 1375, 935)
    for level, (colour, wide) in enumerate(((BLUE, 190), (MUSTARD, 170), (BRICK, 200))):
        sheet.box(950 - wide / 2, 1170 - level * 34, wide, 34, colour, 5)
        sheet.box(950 - wide / 2 + 8, 1177 - level * 34, wide - 20, 20, CREAM, 3)
    return sheet


def canteen() -> Sheet:
    """A plate from above, with what the season has."""
    sheet = Sheet(1920, 1280, "#f6c667")
    for x in range(0, 1920, 160):
        sheet.box(x, 0, 80, 1280, "#f3bd55")
    with sheet.tint(0.25, 14) as veil:
        veil.box(330, 150, 1290, 1010, WOOD, 70)
    sheet.box(310, 125, 1300, 1010, "#4f9d8f", 70)
    sheet.box(338, 153, 1244, 954, "#62b3a3", 50)
    with sheet.tint(0.25, 12) as veil:
        veil.disc(845, 700, 372, NIGHT)
    sheet.disc(835, 680, 370, WHITE)
    sheet.disc(835, 680, 290, "#f3eee2")
    _meal(sheet)
    for x, head in ((392, "fork"), (1262, "knife")):
        _cutlery(sheet, x, 680, head)
    sheet.disc(1440, 360, 118, "#d7eef2")
    sheet.disc(1440, 360, 94, "#8fcbdc")
    sheet.disc(1412, 332, 26, WHITE)
    sheet.box(1330, 560, 210, 250, CREAM, 16)
    for row, wide in enumerate((150, 120, 140, 100)):
        sheet.box(1360, 600 + row * 48, wide, 12, SAND, 6)
    apple(sheet, 1440, 960)
    return sheet


def _shelf(sheet: Sheet, left: float, top: float, wide: float, chance: random.Random) -> None:
    sheet.box(left - 20, top - 20, wide + 40, 225, "#8a5a3b")
    sheet.box(left, top, wide, 186, "#5c3b2a")
    colours = (CORAL, MUSTARD, PALE, BLUE, MINT, CREAM, BRICK, LEAF, ROSE, SLATE, SAND, "#6f4a6b")
    x = left + 8
    while x < left + wide - 70:
        thick, tall = chance.uniform(22, 50), chance.uniform(115, 170)
        if chance.random() < 0.09:
            _ornament(sheet, x, top + 186, chance)
            x += 96
            continue
        colour = chance.choice(colours)
        sheet.box(x, top + 186 - tall, thick - 3, tall, colour, 4)
        sheet.box(x + thick * 0.2, top + 206 - tall, thick * 0.5, 7, mixed(colour, INK, 0.35), 3)
        sheet.box(x + thick * 0.2, top + 172, thick * 0.5, 5, mixed(colour, INK, 0.35), 2)
        x += thick


def _ornament(sheet: Sheet, x: float, foot: float, chance: random.Random) -> None:
    if chance.random() < 0.5:
        sheet.polygon([(x + 18, foot - 54), (x + 76, foot - 54), (x + 66, foot), (x + 28, foot)], CORAL)
        for angle in (-60, -30, 0, 30, 60):
            tip = math.radians(angle - 90)
            sheet.line([(x + 47, foot - 54), (x + 47 + 60 * math.cos(tip), foot - 54 + 70 * math.sin(tip))], LEAF, 12)
    else:
        sheet.box(x + 38, foot - 34, 18, 30, MUSTARD)
        sheet.box(x + 20, foot - 12, 54, 12, MUSTARD, 6)
        sheet.disc(x + 47, foot - 82, 48, SKY)
        sheet.disc(x + 36, foot - 92, 20, LEAF, 0.7)
        sheet.disc(x + 62, foot - 66, 15, LEAF, 0.8)


def _armchair(sheet: Sheet, x: float, foot: float) -> None:
    shadow(sheet, x, foot + 6, 900)
    for side in (-1, 1):
        sheet.line([(x + side * 170, foot - 60), (x + side * 190, foot)], WOOD, 24)
    sheet.box(x - 200, foot - 480, 400, 430, "#d9583f", 90)
    sheet.box(x - 160, foot - 440, 320, 300, CORAL, 70)
    sheet.box(x - 175, foot - 215, 350, 110, "#f07a55", 46)
    for side in (-1, 1):
        sheet.box(x + side * 215 - 50, foot - 290, 100, 250, "#c94d36", 46)


def _lamp(sheet: Sheet, x: float, foot: float) -> None:
    sheet.box(x - 70, foot - 16, 140, 18, NIGHT, 9)
    sheet.box(x - 7, foot - 640, 14, 630, NIGHT)
    sheet.polygon([(x - 70, foot - 790), (x + 70, foot - 790), (x + 140, foot - 610), (x - 140, foot - 610)], "#fbd98c")
    sheet.polygon([(x + 20, foot - 790), (x + 70, foot - 790), (x + 140, foot - 610), (x + 60, foot - 610)], "#f2c56a")


def _cat(sheet: Sheet, x: float, y: float) -> None:
    sheet.line([(x + 110, y + 28), (x + 150, y - 10), (x + 120, y - 46)], SLATE, 22)
    sheet.disc(x + 20, y + 8, 118, SLATE, 0.5)
    sheet.disc(x - 84, y - 22, 52, SLATE)
    for side in (-1, 1):
        sheet.polygon([(x - 84 + side * 46, y - 84), (x - 84 + side * 8, y - 62), (x - 84 + side * 48, y - 40)], SLATE)
        sheet.arc(x - 84 + side * 20, y - 30, 10, 20, 160, CREAM, 4)
    sheet.disc(x - 84, y - 12, 6, ROSE)


def _meal(sheet: Sheet) -> None:
    chance = random.Random(2)  # noqa: S311 - always the same meal
    for _ in range(150):
        angle, distance = chance.uniform(0, 6.3), 150 * math.sqrt(chance.random())
        x, y = 730 + distance * math.cos(angle), 790 + distance * 0.72 * math.sin(angle)
        sheet.line([(x, y), (x + chance.uniform(-9, 9), y + 15)], mixed(SAND, WHITE, chance.uniform(0.2, 0.8)), 9)
    for number in range(7):
        angle = number * 0.9
        x, y = 985 + 82 * math.cos(angle), 800 + 70 * math.sin(angle)
        sheet.disc(x, y, 43, "#ef8a35")
        sheet.disc(x, y, 31, "#f7a552")
        sheet.disc(x, y, 12, "#ef8a35")
    for x, y, size in ((690, 560, 74), (790, 505, 82), (770, 620, 66), (660, 640, 56)):
        for dx, dy in ((-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.4)):
            sheet.disc(x + dx * size, y + dy * size, size * 0.55, GREEN)
        sheet.disc(x - size * 0.15, y - size * 0.2, size * 0.5, LEAF)
    sheet.disc(960, 580, 132, "#e7b271", 0.72)
    sheet.disc(954, 572, 118, "#f2c88b", 0.70)
    for dx in (-60, -12, 36):
        sheet.line([(940 + dx, 534), (965 + dx, 612)], "#b97a3e", 10)


def _cutlery(sheet: Sheet, x: float, y: float, head: str) -> None:
    sheet.line([(x, y), (x, y + 290)], "#e9eef0", 28)
    if head == "fork":
        sheet.box(x - 44, y - 130, 88, 120, "#e9eef0", 40)
        for dx in (-35, -12, 12, 35):
            sheet.line([(x + dx, y - 250), (x + dx, y - 90)], "#e9eef0", 14)
    else:
        sheet.polygon(
            [(x - 16, y + 20), (x - 16, y - 250), (x + 16, y - 262), (x + 40, y - 160), (x + 30, y + 20)], "#e9eef0"
        )
