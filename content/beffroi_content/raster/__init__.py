"""Pixels: the one place where content becomes an image.

The server's preview and the player's frame are the results of the same calls, and equal byte for byte. Nothing here
reads a clock, a network, a setting of the machine or a font of the system; the only files are the bundled fonts and
what the caller's ``assets`` returns.
"""

from beffroi_content.raster.appraisal import Appraisal, appraise
from beffroi_content.raster.canvas import AlertForm, AssetReader, Canvas
from beffroi_content.raster.drawing import (
    alert_pages,
    draw_alert,
    draw_notice,
    draw_slide,
    draw_strips,
    page_count,
    slide_pages,
    strip_count,
)
from beffroi_content.raster.errors import PictureUnusable, RasterError, TextDoesNotFit
from beffroi_content.raster.frames import compose, frame_digest, image_digest
from beffroi_content.raster.keys import RASTER_VERSION, alert_key, slide_key

__all__ = [
    "RASTER_VERSION",
    "AlertForm",
    "Appraisal",
    "AssetReader",
    "Canvas",
    "PictureUnusable",
    "RasterError",
    "TextDoesNotFit",
    "alert_key",
    "alert_pages",
    "appraise",
    "compose",
    "draw_alert",
    "draw_notice",
    "draw_slide",
    "draw_strips",
    "frame_digest",
    "image_digest",
    "page_count",
    "slide_key",
    "slide_pages",
    "strip_count",
]
