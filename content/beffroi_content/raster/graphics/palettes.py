"""Colours that can be read.

Contrast is the ratio of WCAG 2.1: (lighter + 0.05) / (darker + 0.05) of relative luminances, from 1 to 21.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from beffroi_content.model import AlertLevel

Rgb = tuple[int, int, int]

WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (0, 0, 0)
INK: Rgb = (23, 27, 34)
"""Text on light paper."""
LEAST_CONTRAST = 4.5
"""The least contrast of text."""


def parse_colour(colour: str) -> Rgb:
    """Return the channels of ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix_colours(colour: Rgb, other: Rgb, share: float) -> Rgb:
    """Return ``colour`` with that share, 0 to 1, of ``other`` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def relative_luminance(colour: Rgb) -> float:
    """Return the relative luminance, 0 for black to 1 for white."""
    red, green, blue = (_linear_channel(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear_channel(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def contrast_ratio(colour: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of two colours."""
    darker, lighter = sorted((relative_luminance(colour), relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(ground: Rgb) -> Rgb:
    """Return white where it can be read on ``ground``, and near-black or black otherwise."""
    # White first: on saturated colours it is read better than the ratio says, and it is what people expect on a
    # dark band.
    for ink in (WHITE, INK):
        if contrast_ratio(ink, ground) >= LEAST_CONTRAST:
            return ink
    return BLACK


@lru_cache(maxsize=256)
def readable_colour(colour: Rgb, ground: Rgb) -> Rgb:
    """Return ``colour``, moved towards white or black as little as needed to be read on ``ground``."""
    # Towards whichever end is farther, in forty steps: the hue stays recognisable, and at least one end always
    # reaches the ratio.
    end = max((WHITE, BLACK), key=lambda candidate: contrast_ratio(candidate, ground))
    for step in range(41):
        moved = mix_colours(colour, end, step / 40)
        if contrast_ratio(moved, ground) >= LEAST_CONTRAST:
            return moved
    return end


@dataclass(frozen=True, slots=True)
class ColourPalette:
    """The colours of an announcement."""

    paper: Rgb
    ink: Rgb
    soft_ink: Rgb
    """Secondary text on paper."""
    accent: Rgb
    """The town's colour, as text on paper."""
    band: Rgb
    """The town's colour, as a field."""
    band_ink: Rgb
    band_soft: Rgb
    """Secondary text on the field."""
    tint: Rgb
    """A breath of the town's colour, for quiet fields under ``ink``."""


@lru_cache(maxsize=64)
def town_palette(colour: str) -> ColourPalette:
    """Return the palette of a town, on white paper."""
    own = parse_colour(colour)
    # A field that can hardly be told from the paper is no field: a pale town colour is deepened a little.
    band = _told_from_alerts(own, BLACK, WHITE)
    while contrast_ratio(band, WHITE) < 1.3:
        band = mix_colours(band, BLACK, 0.05)
    band = _told_from_alerts(band, BLACK)
    ink = ink_on(band)
    tint = mix_colours(WHITE, own, 0.07)
    return ColourPalette(
        paper=WHITE,
        ink=INK,
        soft_ink=(72, 80, 92),
        accent=readable_colour(own, mix_colours(WHITE, own, 0.07)),
        band=band,
        band_ink=ink,
        band_soft=readable_colour(mix_colours(ink, band, 0.22), band),
        tint=tint,
    )


@lru_cache(maxsize=64)
def dark_palette(colour: str) -> ColourPalette:
    """Return the palette of a town on dark paper, for a street at night."""
    paper: Rgb = (17, 22, 31)
    own = parse_colour(colour)
    tint = mix_colours(paper, own, 0.16)
    band = mix_colours(own, BLACK, 0.25)
    # The band of a page at night must not dazzle: a fifth of the luminance of white at most, yet still told from
    # the paper.
    while relative_luminance(band) > 0.2:
        band = mix_colours(band, BLACK, 0.1)
    while contrast_ratio(band, paper) < 1.3:
        band = mix_colours(band, WHITE, 0.05)
    band = _told_from_alerts(band, BLACK)
    ink = ink_on(band)
    return ColourPalette(
        paper=paper,
        ink=(240, 243, 247),
        soft_ink=(190, 198, 209),
        accent=_brighten_until_readable(own, tint, paper),
        band=band,
        band_ink=ink,
        band_soft=readable_colour(mix_colours(ink, band, 0.22), band),
        tint=tint,
    )


def _brighten_until_readable(colour: Rgb, *grounds: Rgb) -> Rgb:
    """Return a colour that can be read on each of some dark grounds."""
    while min(contrast_ratio(colour, ground) for ground in grounds) < LEAST_CONTRAST:
        colour = mix_colours(colour, WHITE, 0.06)
    return colour


@lru_cache(maxsize=64)
def panel_palette(colour: str, colour_depth: int) -> ColourPalette:
    """Return the palette of a town on a black panel; with one colour only, everything is white on black."""
    own = parse_colour(colour) if colour_depth > 1 else WHITE
    accent = readable_colour(own, BLACK)
    # Panels are read from farther than screens and blur at their dots, hence 7 : 1 (WCAG level AAA) instead of
    # 4.5.
    while contrast_ratio(accent, BLACK) < 7:
        accent = mix_colours(accent, WHITE, 0.08)
    accent = _told_from_alerts(accent, WHITE)
    soft = WHITE if colour_depth == 1 else (206, 212, 220)
    return ColourPalette(BLACK, WHITE, soft, accent, accent, BLACK, BLACK, BLACK)


@dataclass(frozen=True, slots=True)
class AlertPalette:
    """The colours of an alert, after ISO 22324."""

    ground: Rgb
    ink: Rgb
    card: Rgb
    """The field of what to do."""
    card_ink: Rgb
    card_accent: Rgb


_RED = AlertPalette((190, 8, 22), WHITE, WHITE, INK, (176, 6, 20))
_ORANGE = AlertPalette((250, 128, 0), BLACK, INK, WHITE, (255, 160, 40))
_YELLOW = AlertPalette((255, 216, 0), BLACK, INK, WHITE, (255, 216, 0))
_BLUE = AlertPalette((16, 78, 155), WHITE, WHITE, INK, (16, 78, 155))
_GREEN = AlertPalette((0, 106, 58), WHITE, WHITE, INK, (0, 106, 58))
_MONO = AlertPalette(BLACK, WHITE, BLACK, WHITE, WHITE)
_MONO_REVERSED = AlertPalette(WHITE, BLACK, WHITE, BLACK, BLACK)
_LEVELS = {
    AlertLevel.INFORMATION: _BLUE,
    AlertLevel.VIGILANCE: _YELLOW,
    AlertLevel.ALERT: _ORANGE,
    AlertLevel.EMERGENCY: _RED,
}


def alert_palette(level: AlertLevel, is_over: bool, colour_depth: int) -> AlertPalette:
    """Return the colours of a level: blue, yellow, orange and red from the mildest to the gravest, as the national
    weather service has them, and green when it is over. With one colour, an emergency is the page that is reversed.
    """
    if colour_depth == 1:
        return _MONO_REVERSED if level is AlertLevel.EMERGENCY and not is_over else _MONO
    return _GREEN if is_over else _LEVELS[level]


LEAST_DISTANCE = 30.0
"""The least distance in CIELAB of a town's colour from the ground of an alert: nobody takes one for the other."""


def _lab(colour: Rgb) -> tuple[float, float, float]:
    """Return a colour in CIELAB (D65): equal distances look about equally different."""
    red, green, blue = (_linear_channel(channel / 255) for channel in colour)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def colour_distance(colour: Rgb, other: Rgb) -> float:
    """Return the distance of two colours in CIELAB (ΔE*ab); about 2 can just be told apart side by side."""
    return math.dist(_lab(colour), _lab(other))


def looks_like_alert(colour: Rgb) -> bool:
    """Tell whether a colour may be taken for that of an alert: its red, orange or yellow."""
    return any(colour_distance(colour, each.ground) < LEAST_DISTANCE for each in (_RED, _ORANGE, _YELLOW))


def _told_from_alerts(colour: Rgb, *ends: Rgb) -> Rgb:
    """Return a colour that is not taken for that of an alert: moved towards one of ``ends`` as little as needed."""
    for step in range(21):
        for end in ends:
            moved = mix_colours(colour, end, step / 20)
            if not looks_like_alert(moved):
                return moved
    return ends[0]
