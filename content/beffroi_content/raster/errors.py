"""Errors of drawing, with messages for the person who can repair them."""

from __future__ import annotations


class RasterError(Exception):
    """A slide cannot be drawn. ``code`` and ``detail`` are for programs, the message is for people."""

    code = "raster"

    def __init__(self, message: str, **detail: str | int) -> None:
        super().__init__(message)
        self.detail: dict[str, str | int] = detail


class TextDoesNotFit(RasterError):
    """The text needs more pages than a slide may have, at the smallest size that can be read."""

    code = "text-does-not-fit"


class ImageUnusable(RasterError):
    """An image is missing, broken, of an unknown kind or too large."""

    code = "picture-unusable"
