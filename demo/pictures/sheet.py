"""A sheet to draw on: flat shapes in a few colours, drawn twice as large and then reduced, so that edges are soft."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFilter

SCALE = 2
Point = tuple[float, float]

INK = "#1f2a44"
NIGHT = "#16213a"
BLUE = "#2f6690"
SKY = "#9fd0e2"
PALE = "#dceff2"
CREAM = "#fdf4e3"
SAND = "#f0d9a8"
STONE = "#dccdb4"
CORAL = "#e8613c"
ROSE = "#f2a48a"
MUSTARD = "#f2b134"
GREEN = "#2f7a4d"
LEAF = "#7bb069"
MINT = "#d3ead2"
BRICK = "#b4523b"
SLATE = "#4a5a78"
WOOD = "#8a5a3b"
WHITE = "#fffdf8"
SKINS = ("#f3c9a5", "#c98d62", "#8a5638", "#e8b48c")


class Sheet:
    """A picture that is being drawn. Coordinates are pixels of the finished picture."""

    def __init__(self, width: int, height: int, top: str, bottom: str | None = None) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * SCALE, height * SCALE), top)
        self._draw = ImageDraw.Draw(self._image)
        if bottom is not None:
            self.fade(0, height, top, bottom)

    def fade(self, top: float, bottom: float, first: str, last: str) -> None:
        """Fill a band from edge to edge with one colour that turns into another downwards."""
        size = (self.width * SCALE, round((bottom - top) * SCALE))
        mask = Image.linear_gradient("L").resize(size, Image.Resampling.BILINEAR)
        band = Image.composite(Image.new("RGB", size, last), Image.new("RGB", size, first), mask)
        self._image.paste(band, (0, round(top * SCALE)))

    def polygon(self, points: Sequence[Point], colour: str) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=colour)

    def box(self, x: float, y: float, width: float, height: float, colour: str, radius: float = 0) -> None:
        """Fill a rectangle, its corners rounded."""
        corners = [x * SCALE, y * SCALE, (x + width) * SCALE, (y + height) * SCALE]
        self._draw.rounded_rectangle(corners, radius * SCALE, fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: str, flatness: float = 1) -> None:
        """Fill an ellipse around a point; ``flatness`` is its height over its width."""
        tall = radius * flatness
        self._draw.ellipse(
            [(x - radius) * SCALE, (y - tall) * SCALE, (x + radius) * SCALE, (y + tall) * SCALE], fill=colour
        )

    def half_disc(self, x: float, y: float, radius: float, colour: str) -> None:
        """Fill the upper half of a disc."""
        corners = [(x - radius) * SCALE, (y - radius) * SCALE, (x + radius) * SCALE, (y + radius) * SCALE]
        self._draw.pieslice(corners, 180, 360, fill=colour)

    def arc(self, x: float, y: float, radius: float, start: float, end: float, colour: str, thickness: float) -> None:
        """Draw a part of a circle; angles in degrees, clockwise from the right."""
        corners = [(x - radius) * SCALE, (y - radius) * SCALE, (x + radius) * SCALE, (y + radius) * SCALE]
        self._draw.arc(corners, start, end, fill=colour, width=round(thickness * SCALE))

    def line(self, points: Sequence[Point], colour: str, thickness: float) -> None:
        """Draw a line with round ends and joints."""
        places = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(places, fill=colour, width=round(thickness * SCALE), joint="curve")
        for x, y in (points[0], points[-1]):
            self.disc(x, y, thickness / 2, colour)

    def hill(self, base: float, height: float, phase: float, waves: float, colour: str) -> None:
        """Fill everything under a wavy line from edge to edge."""
        steps = range(0, self.width + 16, 16)
        curve = [
            (x, base - height * (0.6 * wave(x / self.width * waves + phase) + 0.4 * wave(x / self.width * waves * 2.3)))
            for x in steps
        ]
        self.polygon([(0, self.height), *curve, (self.width, self.height)], colour)

    @contextmanager
    def tint(self, strength: float, blur: float = 0) -> Iterator[Sheet]:
        """Draw on a veil that is then laid over the sheet with a strength from 0 to 1."""
        veil = Sheet.__new__(Sheet)
        veil.width, veil.height = self.width, self.height
        veil._image = Image.new("RGBA", self._image.size, (0, 0, 0, 0))
        veil._draw = ImageDraw.Draw(veil._image)
        yield veil
        if blur:
            veil._image = veil._image.filter(ImageFilter.GaussianBlur(blur * SCALE))
        red, green, blue, alpha = veil._image.split()
        self._image.paste(Image.merge("RGB", (red, green, blue)), (0, 0), alpha.point(lambda a: round(a * strength)))

    def glow(self, x: float, y: float, radius: float, colour: str, strength: float = 0.6) -> None:
        """Add light around a point."""
        side = round(2 * radius * SCALE)
        mask = (
            Image.radial_gradient("L")
            .resize((side, side))
            .point(lambda v: round(max(0, 181 - v) / 181 * 255 * strength))
        )
        self._image.paste(
            Image.new("RGB", (side, side), colour), (round((x - radius) * SCALE), round((y - radius) * SCALE)), mask
        )

    def mirror(self, level: float, depth: float, colour: str, strength: float) -> None:
        """Show what is above a level upside down below it, as still water does."""
        height = round(depth * SCALE)
        above = self._image.crop((0, round(level * SCALE) - height, self.width * SCALE, round(level * SCALE)))
        image = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).filter(ImageFilter.GaussianBlur(3 * SCALE))
        water = Image.blend(Image.new("RGB", image.size, colour), image, strength)
        self._image.paste(water, (0, round(level * SCALE)))

    def finished(self) -> Image.Image:
        """Return the picture in its own size."""
        return self._image.resize((self.width, self.height), Image.Resampling.LANCZOS)

    def save(self, path: Path) -> None:
        """Write a JPEG."""
        self.finished().save(path, "JPEG", quality=86, optimize=True, progressive=True, subsampling=0)


def wave(turns: float) -> float:
    """Return the height of a wave of length 1, from -1 to 1."""
    return math.sin(turns * 2 * math.pi)


def mixed(first: str, second: str, share: float) -> str:
    """Return a colour between two others; a share of 0 is the first."""
    pairs = zip(ImageColor.getrgb(first), ImageColor.getrgb(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def person(
    sheet: Sheet, x: float, foot: float, height: float, coat: str, skin: str, hair: str, legs: str = INK
) -> None:
    """Draw somebody who stands there, seen from the front."""
    head, hip = height * 0.085, foot - height * 0.44
    neck = foot - height * 0.83
    for side in (-1, 1):
        sheet.line([(x + side * height * 0.045, hip), (x + side * height * 0.055, foot)], legs, height * 0.075)
        sheet.line(
            [(x + side * height * 0.10, neck + height * 0.06), (x + side * height * 0.145, hip)], coat, height * 0.065
        )
    shoulder, waist = height * 0.115, height * 0.095
    sheet.polygon(
        [(x - shoulder, neck + 4), (x + shoulder, neck + 4), (x + waist, hip + 6), (x - waist, hip + 6)], coat
    )
    sheet.disc(x, neck + height * 0.02, shoulder * 1.02, coat, 0.5)
    sheet.box(x - head * 0.4, neck - head * 0.7, head * 0.8, head * 1.1, skin)
    sheet.disc(x, foot - height * 0.915, head * 1.12, hair)
    sheet.disc(x, foot - height * 0.90, head, skin)
    sheet.half_disc(x, foot - height * 0.915, head * 1.1, hair)


def tree(sheet: Sheet, x: float, foot: float, size: float, leaf: str, trunk: str = WOOD) -> None:
    """Draw a round tree, lit from the left."""
    sheet.box(x - size * 0.05, foot - size * 0.7, size * 0.1, size * 0.7, trunk, size * 0.03)
    sheet.line([(x, foot - size * 0.42), (x + size * 0.16, foot - size * 0.6)], trunk, size * 0.045)
    dark, light = mixed(leaf, INK, 0.25), mixed(leaf, CREAM, 0.25)
    for dx, dy, radius in ((0.16, 0.78, 0.25), (-0.17, 0.76, 0.24), (0.02, 0.98, 0.29)):
        sheet.disc(x + dx * size, foot - dy * size, radius * size, dark)
    for dx, dy, radius in ((0.11, 0.80, 0.22), (-0.19, 0.79, 0.20), (-0.02, 1.01, 0.25)):
        sheet.disc(x + dx * size, foot - dy * size, radius * size, leaf)
    for dx, dy, radius in ((-0.22, 0.84, 0.10), (-0.09, 1.10, 0.11)):
        sheet.disc(x + dx * size, foot - dy * size, radius * size, light)
