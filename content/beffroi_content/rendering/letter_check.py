"""Letter check: whether two machines draw Arabic and Hebrew alike.

Latin letters need nothing but the bundled fonts. Arabic ones are joined by libraries of the system: a machine without
them draws other pixels than all others, and its frames are told from theirs by this one line.
"""

from __future__ import annotations

from functools import lru_cache

import PIL
from PIL import features

from beffroi_content.raster.frame_composition import image_digest
from beffroi_content.raster.image_decoding import ImageCache
from beffroi_content.raster.page import Page, TextLine
from beffroi_content.raster.page_painter import paint_page
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, has_raqm
from beffroi_content.raster.text.typography import typeset_text

TEST_LINE = "السوق يوم السبت 12/12/2026، الدخول 1 250 € (Mairie) שָׁלוֹם 50%"
NO_FRIBIDI = "no FriBidi"


@lru_cache(maxsize=1)
def right_to_left_digest() -> str:
    """Return the digest of a line with Arabic, Hebrew and numbers, as this machine draws it."""
    page = Page((900, 60), (255, 255, 255))
    page.add(TextLine(10, 42, typeset_text(TEST_LINE, "fr"), TextStyle(FontWeight.REGULAR, 22), (0, 0, 0)))
    return image_digest(paint_page(page, False, ImageCache(lambda _: b"")))


def drawing_libraries() -> str:
    """Return the versions of what draws letters here, such as “Pillow 13.0.0, FriBidi 1.0.8”."""
    fribidi = f"FriBidi {features.version('fribidi') or '?'}" if has_raqm() else NO_FRIBIDI
    return f"Pillow {PIL.__version__}, {fribidi}"
