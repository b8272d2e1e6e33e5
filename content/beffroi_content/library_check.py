"""Check of what a machine draws and decodes with: fonts of this package, image formats, video decoders."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ImageFont, features

from beffroi_content.findings import Finding
from beffroi_content.raster.text import fonts
from beffroi_content.raster.text.fonts import font_names, font_path

_IMAGE_FEATURES = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "avif": "AVIF", "freetype2": "FreeType"}
"""By Pillow's name of a library, what is lost without it."""
DECODERS = ("h264", "aac")
"""What the server makes of videos, and every player plays."""


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """What this machine draws and decodes with."""

    has_raqm: bool = True
    fonts: tuple[str, ...] = ()
    """Missing or damaged ones."""
    formats: tuple[str, ...] = ()
    """Formats of images that cannot be read."""
    decoders: tuple[str, ...] = ()
    """Decoders of videos that are missing."""


def read_libraries() -> LibraryFacts:
    """Read what is there."""
    return LibraryFacts(fonts.has_raqm(), broken_fonts(), missing_image_formats(), missing_decoders())


def check_libraries(facts: LibraryFacts) -> Iterator[Finding]:
    """Yield what pictures, previews and videos lack."""
    if facts.fonts:
        yield Finding("fonts-broken", {"names": ", ".join(facts.fonts)})
    if facts.formats:
        yield Finding("formats-missing", {"names": ", ".join(facts.formats)})
    if facts.decoders:
        yield Finding("decoders-missing", {"names": ", ".join(facts.decoders)})
    if not facts.has_raqm:
        yield Finding("fribidi-missing")


def broken_fonts() -> tuple[str, ...]:
    """Return the files of fonts that are missing or damaged."""
    return tuple(name for name in font_names() if not _is_font_whole(name))


def missing_image_formats() -> tuple[str, ...]:
    """Return what Pillow cannot read or draw here."""
    return tuple(name for feature, name in _IMAGE_FEATURES.items() if not features.check(feature))


def missing_decoders() -> tuple[str, ...]:
    """Return the decoders that PyAV lacks here; all of them where it cannot be loaded."""
    try:
        import av  # noqa: PLC0415 - large, and only players and video processes have use for it
    except (ImportError, OSError):
        return DECODERS
    return tuple(name for name in DECODERS if name not in av.codecs_available)


def _is_font_whole(name: str) -> bool:
    try:
        if name.endswith(".gz"):
            return bool(gzip.decompress(font_path(name).read_bytes()))
        ImageFont.truetype(str(font_path(name)), 20, layout_engine=ImageFont.Layout.BASIC)
    except (OSError, EOFError, ValueError):
        return False
    return True
