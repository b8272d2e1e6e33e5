"""Phrases of widgets, and numbers in the form of the language, in French and English."""

from __future__ import annotations

_NARROW = "\N{NARROW NO-BREAK SPACE}"
_NBSP = "\N{NO-BREAK SPACE}"
_PHRASES = {
    "fr": {
        "no-time": "L’heure n’est pas encore connue",
        "no-data": "Pas d’information récente",
        "no-events": "Rien de prévu pour le moment",
        "no-items": "Rien de nouveau pour le moment",
        "as-of": "données du {day}, {time}",
        "today": "Aujourd’hui",
        "tomorrow": "Demain",
        "from": "Dès {time}",
        "now": "En ce moment",
        "days": "jours",
        "day": "jour",
        "hours": "heures",
        "hour": "heure",
        "minutes": "minutes",
        "minute": "minute",
        "short": "{days}" + _NARROW + "j {hours}" + _NARROW + "h {minutes}" + _NARROW + "min",
        "wind": "vent {speed}" + _NARROW + "km/h",
        "votes": "{count} réponses",
        "vote": "{count} réponse",
        "vigilance": "Vigilance {colour}",
        "vigilance-unknown": "Vigilance : niveau inconnu",
        "scan": "Visez ce code avec votre téléphone",
        "agenda": "Agenda",
        "news": "Actualités",
        "weather": "Météo",
        "until": "jusqu’au {day}",
    },
    "en": {
        "no-time": "The time is not known yet",
        "no-data": "No recent information",
        "no-events": "Nothing planned for now",
        "no-items": "Nothing new for now",
        "as-of": "data of {day}, {time}",
        "today": "Today",
        "tomorrow": "Tomorrow",
        "from": "From {time}",
        "now": "Now",
        "days": "days",
        "day": "day",
        "hours": "hours",
        "hour": "hour",
        "minutes": "minutes",
        "minute": "minute",
        "short": "{days}" + _NARROW + "d {hours}" + _NARROW + "h {minutes}" + _NARROW + "min",
        "wind": "wind {speed}" + _NARROW + "km/h",
        "votes": "{count} answers",
        "vote": "{count} answer",
        "vigilance": "{colour} warning",
        "vigilance-unknown": "Warning level unknown",
        "scan": "Point your phone at this code",
        "agenda": "Events",
        "news": "News",
        "weather": "Weather",
        "until": "until {day}",
    },
}
_SKIES = {
    "fr": {
        "sun": "soleil", "veiled": "éclaircies", "cloud": "nuages", "fog": "brouillard", "rain": "pluie",
        "showers": "averses", "storm": "orages", "snow": "neige", "wind": "vent fort", "unknown": "",
    },
    "en": {
        "sun": "sunny", "veiled": "bright spells", "cloud": "cloudy", "fog": "fog", "rain": "rain",
        "showers": "showers", "storm": "storms", "snow": "snow", "wind": "windy", "unknown": "",
    },
}  # fmt: skip
_LEVELS = {"fr": ("verte", "jaune", "orange", "rouge"), "en": ("Green", "Yellow", "Amber", "Red")}


def phrase(name: str, locale: str, **values: object) -> str:
    """Return one of the fixed phrases with its values."""
    return _PHRASES[_known_locale(locale)][name].format(**values)


def sky_text(sky: str, locale: str) -> str:
    """Return “averses”."""
    return _SKIES[_known_locale(locale)][sky]


def level_phrase(level: int | None, locale: str) -> str:
    """Return “Vigilance orange” for a level from 1 to 4, or that it is unknown."""
    if level is None:
        return phrase("vigilance-unknown", locale)
    return phrase("vigilance", locale, colour=_LEVELS[_known_locale(locale)][level - 1])


def level_name(level: int | None, locale: str) -> str:
    """Return “orange” for a level from 1 to 4, or “inconnu”."""
    if level is None:
        return {"fr": "inconnu", "en": "unknown"}[_known_locale(locale)]
    return _LEVELS[_known_locale(locale)][level - 1].lower()


def number_text(value: float, locale: str, *, signed: bool = False) -> str:
    """Return “12 500,5”: two decimals at most, and a true minus."""
    text = f"{abs(value):,.2f}".rstrip("0").rstrip(".")
    if _known_locale(locale) == "fr":
        text = text.replace(",", _NARROW).replace(".", ",")
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return sign + text


def degrees_text(value: int, locale: str) -> str:
    """Return “−3°”."""
    return number_text(value, locale) + "°"


def share_text(votes: int, total: int, locale: str) -> str:
    """Return “42 %”."""
    percent = round(100 * votes / total) if total else 0
    return f"{percent}{_NARROW}%" if _known_locale(locale) == "fr" else f"{percent}%"


def _known_locale(locale: str) -> str:
    return locale if locale in _PHRASES else "en"
