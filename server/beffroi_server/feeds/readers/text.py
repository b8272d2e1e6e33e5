"""Texts of feeds: decoding, and plain text without tags."""

from __future__ import annotations

import html
import re


def decode_text(content: bytes) -> str:
    """Return the text of a file in UTF-8 or in the encoding of Windows."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def plain_text(text: str) -> str:
    """Return a text on one line, without tags, entities and control characters."""
    text = html.unescape(re.sub(r"<[^<>]{0,2000}>", " ", text))
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()
