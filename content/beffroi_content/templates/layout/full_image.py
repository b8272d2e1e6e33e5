"""Image slides: the image and nothing else."""

from __future__ import annotations

from beffroi_content.model import ImageContent
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import BLACK
from beffroi_content.raster.page import Page, PlacedImage


def lay_out(content: ImageContent, canvas: Canvas) -> tuple[Page, ...]:
    """Return the one page of an image."""
    page = Page(canvas.size, BLACK)
    page.add(PlacedImage((0, 0, *canvas.size), content.picture, content.fit))
    return (page,)
