"""Colours that the title of an alert names, as warnings of the weather service do, beside the colour of its level."""

from __future__ import annotations

import re

from beffroi_content.model import AlertLevel

_LEVELS = {
    "jaune": AlertLevel.VIGILANCE, "yellow": AlertLevel.VIGILANCE, "orange": AlertLevel.ALERT,
    "rouge": AlertLevel.EMERGENCY, "red": AlertLevel.EMERGENCY,
}  # fmt: skip
_NAMED = re.compile(
    r"\b(?:vigilance|alerte|niveau|canicule|warning|alert|level)\s+(?:\w+\s+)?(jaune|orange|rouge)\b"
    r"|\b(yellow|orange|red)\s+(?:\w+\s+)?(?:warning|alert|level)\b",
    re.IGNORECASE,
)


def contradicting_colour(title: str, level: str) -> str:
    """Return the colour that a title names although its level is drawn in another; empty where there is none."""
    named = _NAMED.search(title)
    word = (named.group(1) or named.group(2)) if named else ""
    return word if word and _LEVELS[word.lower()] != level else ""
