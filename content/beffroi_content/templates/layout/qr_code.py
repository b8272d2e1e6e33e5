"""QR codes of links, as large as they must be to be scanned from the place where people stand."""

from __future__ import annotations

import re
from functools import lru_cache

import segno

from beffroi_content.model import DisplayTechnology
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import WHITE
from beffroi_content.raster.legibility import pixel_pitch_mm
from beffroi_content.raster.page import Box, FilledBox, Page, QrCode
from beffroi_content.raster.page_painter import QUIET_MODULES

CODE_SHARE = 0.42
"""Of the shorter side of the text or page, at most, for a code that stands beside something else."""
LEAST_MODULE = 3
"""Pixels: smaller modules are lost in the camera of a phone."""
DISTANCE_SHARE = 10
"""A code can be scanned from about ten times its side: the usual rule of thumb."""
NEAREST_MM = 2_000
"""Nobody scans from farther than they can step up to; a screen that is read from afar is scanned from near."""


@lru_cache(maxsize=256)
def qr_modules(link: str) -> tuple[str, ...]:
    """Return the modules of the code of a link, row by row, ``1`` for dark; medium error correction."""
    return tuple("".join("1" if dark else "0" for dark in row) for row in segno.make_qr(link, error="m").matrix)


def qr_code_side(link: str, canvas: Canvas, most: int) -> int:
    """Return the side in pixels of the code of a link, 0 if it cannot be scanned within ``most`` pixels."""
    count = len(qr_modules(link)) + 2 * QUIET_MODULES
    distance = min(canvas.screen_class.viewing_distance_mm, NEAREST_MM)
    # Phones read a code from ten times its side. The side is then rounded up to whole modules of whole pixels,
    # since a module of two and a half pixels has ragged edges that scanners stumble over.
    wanted = distance / DISTANCE_SHARE / pixel_pitch_mm(canvas.screen_class)
    module = max(LEAST_MODULE, -(-round(wanted) // count))
    if module * count > most:
        module = most // count
    return module * count if module >= LEAST_MODULE else 0


def permalink_side(permalink: str, canvas: Canvas, most: int) -> int:
    """Return the side in pixels of the code of an announcement's public page; 0 where it would be there for nobody.

    That is on panels of LEDs, of which cameras see stripes, and where ``most`` pixels are less than the distance asks
    for.
    """
    if not permalink or canvas.screen_class.technology is DisplayTechnology.LED:
        return 0
    side = qr_code_side(permalink, canvas, max(canvas.size))
    return side if side <= most else 0


def add_qr_code(page: Page, link: str, box: Box) -> None:
    """Put the code of a link into a square box, on white."""
    page.add(FilledBox(box, WHITE, (box[2] - box[0]) // 24), QrCode(box, qr_modules(link)))


def short_address(link: str) -> str:
    """Return the address as people say it: ``saint-aubin.fr/marche``."""
    return re.sub(r"^https?://(www\.)?", "", link).rstrip("/")
