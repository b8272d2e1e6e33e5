"""Rendering: slides and alerts as images, in the exact pixels of a screen.

The server's preview and the player's frame are the results of the same calls, and equal byte for byte. Nothing here
reads a clock, a network, a setting of the machine or a font of the system; the only files are the bundled fonts and
what the caller's ``assets`` returns.

This package is the front door: :mod:`beffroi_content.templates` lays pages out, :mod:`beffroi_content.raster` paints
them.
"""

from beffroi_content.raster.canvas import AlertForm, AssetReader, Canvas
from beffroi_content.raster.errors import ImageUnusable, RasterError, TextDoesNotFit
from beffroi_content.raster.frame_composition import compose_frame, frame_digest, image_digest, rgb_bytes, rgbx_bytes
from beffroi_content.rendering.drawing import (
    AlertDrawing,
    SlideDrawing,
    alert_pages,
    draw_alert,
    draw_idle_page,
    draw_marquee_strips,
    draw_number,
    draw_pairing_page,
    draw_slide,
    draw_test_card,
    lay_out_alert,
    lay_out_plain_alert,
    lay_out_slide,
    marquee_strip_count,
    page_count,
    slide_pages,
)
from beffroi_content.rendering.frame_keys import RASTER_VERSION, alert_key, slide_key
from beffroi_content.rendering.readability import ReadabilityReport, assess_readability
from beffroi_content.templates.layout.pairing_page import PairingNotice

__all__ = [
    "RASTER_VERSION",
    "AlertDrawing",
    "AlertForm",
    "AssetReader",
    "Canvas",
    "ImageUnusable",
    "PairingNotice",
    "RasterError",
    "ReadabilityReport",
    "SlideDrawing",
    "TextDoesNotFit",
    "alert_key",
    "alert_pages",
    "assess_readability",
    "compose_frame",
    "draw_alert",
    "draw_idle_page",
    "draw_marquee_strips",
    "draw_number",
    "draw_pairing_page",
    "draw_slide",
    "draw_test_card",
    "frame_digest",
    "image_digest",
    "lay_out_alert",
    "lay_out_plain_alert",
    "lay_out_slide",
    "marquee_strip_count",
    "page_count",
    "rgb_bytes",
    "rgbx_bytes",
    "slide_key",
    "slide_pages",
]
