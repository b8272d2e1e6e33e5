"""How grave a warning is: the colours of its source, the words of CAP, and our levels."""

from __future__ import annotations

import colorsys
import re
from enum import StrEnum

from beffroi_content.model.alert import AlertLevel
from beffroi_server.cap.messages import CapInfo
from beffroi_server.cap.names import folded_name, values_named


class Colour(StrEnum):
    """Colours of warnings, from the mildest to the gravest."""

    GREEN = "green"
    """No warning."""
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


_AWARENESS = {"1": Colour.GREEN, "2": Colour.YELLOW, "3": Colour.ORANGE, "4": Colour.RED}
"""First field of MeteoAlarm's ``awareness_level``, such as “2; yellow; Moderate”."""
COLOUR_PARAMETERS = (
    "awarenesslevel", "color", "colour", "alertcolor", "alertcolour", "warningcolor", "warningcolour", "colorrisk",
    "colourcode", "colorcode", "semaforo", "alertlevel", "aemetmeteoalertanivel", "nivel", "niveau", "couleur",
    "vigilance",
)  # fmt: skip
"""Parameters in which sources tell a colour: MeteoAlarm, Iceland (Color), Taiwan (alert_color), Brazil (ColorRisk, as
#RRGGBB), Mexico (semáforo), GDACS (alertlevel), New Zealand (ColourCode), Spain (AEMET-Meteoalerta nivel)."""
_COLOUR_WORDS = {
    Colour.GREEN: "green vert verte verde grun gruen groen gron 綠色 绿色",
    Colour.YELLOW: "yellow jaune amarillo amarilla amarelo amarela gelb giallo gialla geel gul gulur 黃色 黄色",
    Colour.ORANGE: "orange amber naranja laranja arancione oranje oransje appelsinugulur 橙色",
    Colour.RED: "red rouge rojo roja vermelho vermelha rot rosso rossa rood rod raudur rauður 紅色 红色 violet purple",
}
_WORDS = {folded_name(word): colour for colour, words in _COLOUR_WORDS.items() for word in words.split()}
_SEVERITY_OF_COLOUR = {
    Colour.GREEN: "Minor", Colour.YELLOW: "Moderate", Colour.ORANGE: "Severe", Colour.RED: "Extreme",
}  # fmt: skip
_LEVEL_OF_COLOUR = {
    Colour.YELLOW: AlertLevel.VIGILANCE, Colour.ORANGE: AlertLevel.ALERT, Colour.RED: AlertLevel.EMERGENCY,
}  # fmt: skip
_LEVEL_OF_SEVERITY = {
    "Minor": AlertLevel.INFORMATION, "Moderate": AlertLevel.VIGILANCE, "Severe": AlertLevel.ALERT,
    "Extreme": AlertLevel.EMERGENCY,
}  # fmt: skip


def colour_of(info: CapInfo) -> Colour | None:
    """Return the colour that a source gives a warning, the gravest of several; None if it gives none."""
    found = [
        colour for name in COLOUR_PARAMETERS for value in values_named(info.parameters, name)
        if (colour := _read_colour(name, value))
    ]  # fmt: skip
    return max(found, key=tuple(Colour).index, default=None)


def _read_colour(name: str, value: str) -> Colour | None:
    first = re.match(r"\s*(?:(?:level|niveau|nivel)\s*)?(\d+)", value, re.IGNORECASE)
    if name == "awarenesslevel" and first and (colour := _AWARENESS.get(first[1])):
        return colour
    if found := re.fullmatch(r"\s*#?([0-9a-fA-F]{6})\s*", value):
        return _colour_of_hue(found[1])
    words = (folded_name(word) for word in re.split(r"[\s;,/()]+", value[:100]))
    return next((_WORDS[word] for word in words if word in _WORDS), None)


def _colour_of_hue(hexadecimal: str) -> Colour | None:
    red, green, blue = (int(hexadecimal[at : at + 2], 16) / 255 for at in (0, 2, 4))
    hue, saturation, brightness = colorsys.rgb_to_hsv(red, green, blue)
    if saturation < 0.25 or brightness < 0.25:
        return None
    degrees = hue * 360
    if 80 <= degrees < 170:
        return Colour.GREEN
    if 46 <= degrees < 80:
        return Colour.YELLOW
    if 16 <= degrees < 46:
        return Colour.ORANGE
    return Colour.RED if degrees < 16 or degrees >= 280 else None


def severity_of(info: CapInfo) -> str | None:
    """Return the severity: that of the colour where the source gives one, else that of CAP; None if unknown.

    A colour is what a national service has decided by its own scale; its severity may say otherwise, or “Unknown”.
    """
    if colour := colour_of(info):
        return _SEVERITY_OF_COLOUR[colour]
    return info.severity if info.severity in _LEVEL_OF_SEVERITY else None


def level_of(info: CapInfo) -> AlertLevel | None:
    """Return the level at which a warning would be shown; None for green ones, and where nobody has said how grave.

    A colour decides. Without one, severity does, and an extreme event is an emergency only when it is at hand and
    likely.
    """
    if colour := colour_of(info):
        return _LEVEL_OF_COLOUR.get(colour)
    level = _LEVEL_OF_SEVERITY.get(info.severity or "")
    is_at_hand = info.urgency in ("Immediate", "Expected") and info.certainty in ("Observed", "Likely")
    return AlertLevel.ALERT if level is AlertLevel.EMERGENCY and not is_at_hand else level
