"""Canvases and slides for tests of drawing, and the text of drawn pages."""

from __future__ import annotations

import re
from dataclasses import replace

from beffroi_content.model import Announcement, AnnouncementContent, DisplayTechnology, Slide
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Page
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas

LCD, LED = DisplayTechnology.LCD, DisplayTechnology.LED
LANDSCAPE, PORTRAIT = (1920, 1080), (1080, 1920)


def canvas_of(
    size: tuple[int, int] = LANDSCAPE,
    technology: DisplayTechnology = LCD,
    depth: int = 24,
    locale: str = "fr",
    colour: str = "#1d4f91",
) -> Canvas:
    """Return the whole of a screen of a made-up town."""
    return sample_canvas(make_screen_class(*size, technology, depth), colour, locale)


def zone_of(canvas: Canvas, size: tuple[int, int]) -> Canvas:
    """Return a zone of that size on the screen of a canvas; it may be smaller than any screen."""
    return replace(canvas, size=size)


def announcement_of(template: str, **fields: object) -> Announcement:
    """Return an announcement of a template."""
    return Announcement.model_validate({"id": "a", "template": template, "title": "Fête du port"} | fields)


def slide_of(announcement: Announcement) -> Slide:
    """Return a slide that shows an announcement."""
    return Slide(id="s", name="Annonce", content=AnnouncementContent(announcement=announcement))


def letters_of(text: str) -> str:
    """Return the letters and digits of a text, so that line breaks and spaces do not matter."""
    return re.sub(r"[\W_]+", "", text)


def text_of(*pages: Page) -> str:
    """Return the lines of pages, with plain spaces."""
    lines = " ".join(line for page in pages for line in page.lines)
    return re.sub(r"[\u202f\u00a0]", " ", lines)
