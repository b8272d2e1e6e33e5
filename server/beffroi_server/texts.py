"""Texts that come from people and from elsewhere, made fit for a place. Without Django."""

from __future__ import annotations


def shortened(text: str, most: int) -> str:
    """Return the text; of one with more than ``most`` letters, the beginning and an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
