"""Frame keys: hashes of all that decides a drawing, so that equal keys mean equal pixels.

The text of a key also holds what a later raster may draw, such as the town's logo: a frame drawn once too often costs
less than one that is wrong.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import PIL

from beffroi_content.model import Alert, Slide
from beffroi_content.raster.canvas import AlertForm, Canvas
from beffroi_content.raster.text.fonts import has_raqm

RASTER_VERSION = 12
"""Raised whenever a pixel of any drawing changes."""

# Fields that change when and how long something is shown, but none of its pixels. A field that is forgotten here
# costs a drawing; one too many would show an old frame, so new fields count as drawn until they are listed.
_NOT_DRAWN_SLIDE = {
    *("id", "name", "duration_ms", "pages", "valid_from_ms", "valid_until_ms"),
    *("tags", "published_at_ms", "event_at_ms", "most_per_hour"),
}
_NOT_DRAWN_ALERT = {"id", "time_to_live_ms", "all_clear_ms", "corrects", "former"}


def slide_key(slide: Slide, canvas: Canvas, at_ms: int | None = None) -> str:
    """Return 64 hexadecimal digits that change with the content, the canvas and the version of the raster.

    ``at_ms`` counts only for what changes by itself, and then once in each tick.
    """
    content = slide.model_dump(mode="json", exclude=_NOT_DRAWN_SLIDE)
    tick_ms = slide.tick_ms
    if tick_ms is not None and at_ms is not None:
        content["at_ms"] = at_ms - at_ms % tick_ms
    return _hash_key("slide", content, canvas)


def alert_key(alert: Alert, form: AlertForm, canvas: Canvas) -> str:
    """Return 64 hexadecimal digits; how long the alert lives is not part of them, only what it says."""
    content = alert.model_dump(mode="json", exclude=_NOT_DRAWN_ALERT)
    return _hash_key(f"alert/{form}", {**content, "languages": canvas.languages}, canvas)


def _hash_key(kind: str, content: dict[str, Any], canvas: Canvas) -> str:
    parts = {
        "kind": kind,
        "content": content,
        "raster": RASTER_VERSION,
        # Another Pillow brings another FreeType, which may set a grey pixel otherwise.
        "pillow": PIL.__version__,
        "raqm": has_raqm(),
        "size": canvas.size,
        "class": canvas.screen_class.model_dump(mode="json"),
        "town": canvas.town.model_dump(mode="json"),
        "time_zone": canvas.time_zone,
        "locale": canvas.locale,
        "appearance": canvas.appearance,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
