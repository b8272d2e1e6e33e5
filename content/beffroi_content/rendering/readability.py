"""Readability report: from how far the pages of a slide are read, and how long that takes.

A capital is read where it is seen under 0.7 degrees (EN 301 549, 5.1.4; see :mod:`beffroi_content.raster.legibility`).
How long a page takes to read is said by :mod:`beffroi_content.reading_time`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.legibility import CAPITAL_MM_PER_METRE, pixel_pitch_mm
from beffroi_content.raster.page import Page, TextLine
from beffroi_content.reading_time import reading_seconds
from beffroi_content.templates.layout.page_parts import PageGrid


@dataclass(frozen=True, slots=True)
class ReadabilityReport:
    """The readability of the pages of a slide on a canvas. The footer of a page does not count."""

    pages: int
    capital: int
    """Height of the smallest capitals in pixels; 0 where there is no text."""
    capital_mm: float
    distance_m: float
    """The distance from which the smallest letters are read."""
    words: int
    """On the page that has the most."""

    @property
    def reading_seconds(self) -> int:
        """The seconds that a page should be on, to be read."""
        return reading_seconds(self.words)


def assess_readability(pages: Sequence[Page], canvas: Canvas) -> ReadabilityReport:
    """Return how well pages can be read; see :func:`beffroi_content.raster.slide_pages`."""
    # The footer is on every page and nobody waits to read it; it would also be the smallest text of all.
    texts = [_text_lines(page, canvas) for page in pages]
    capital = min((letters.style.capital for found in texts for letters in found), default=0)
    height_mm = capital * pixel_pitch_mm(canvas.screen_class)
    words = max((sum(len(letters.text.split()) for letters in found) for found in texts), default=0)
    return ReadabilityReport(
        len(pages), capital, round(height_mm, 1), round(height_mm / CAPITAL_MM_PER_METRE, 1), words
    )


def _text_lines(page: Page, canvas: Canvas) -> list[TextLine]:
    grid = PageGrid.for_canvas(canvas)
    bottom = page.size[1] if grid.crisp else grid.height - grid.foot
    return [item for item in page.items if isinstance(item, TextLine) and item.baseline <= bottom]
