"""Shortening of texts. Imports no Django, since confined processes use it, too."""

from __future__ import annotations


def shorten_text(text: str, max_length: int) -> str:
    """Return the text; of one with more than ``most`` letters, the beginning and an ellipsis."""
    return text if len(text) <= max_length else text[: max_length - 1].rstrip() + "…"
