"""Phrases of announcements and alerts that no editor writes, in French and English."""

from __future__ import annotations

from beffroi_content.model import AlertLevel, AlertStatus

_LEVELS = {
    "fr": ("Information", "Attention", "Alerte", "Urgence"),
    "en": ("Information", "Caution", "Alert", "Emergency"),
}
_STATUS = {
    "fr": {
        AlertStatus.EXERCISE: ("EXERCICE", "Ceci est un exercice, il n’y a aucun danger"),
        AlertStatus.TEST: ("TEST", "Ceci est un essai technique, il n’y a aucun danger"),
    },
    "en": {
        AlertStatus.EXERCISE: ("EXERCISE", "This is an exercise, there is no danger"),
        AlertStatus.TEST: ("TEST", "This is a technical test, there is no danger"),
    },
}
_PHRASES = {
    "fr": {
        "all-clear": "Fin d’alerte",
        "since": "depuis {time}",
        "rest": "La suite : {place}",
        "follow": "Suivez les consignes : {source}",
        "over": "C’est terminé",
        "corrected": "corrigé à {time}",
        "open": "jusqu’à nouvel ordre",
        "open-short": "→ nouvel ordre",
    },
    "en": {
        "all-clear": "End of alert",
        "since": "since {time}",
        "rest": "The rest: {place}",
        "follow": "Follow the instructions of {source}",
        "over": "It is over",
        "corrected": "corrected {time}",
        "open": "until further notice",
        "open-short": "→ further notice",
    },
}


def level_name(level: AlertLevel, locale: str) -> str:
    """Return the name of a level, such as “ALERTE”."""
    return _LEVELS[_known_locale(locale)][level.rank].upper()


def status_phrases(status: AlertStatus, locale: str) -> tuple[str, str]:
    """Return the word of an exercise or a test and its sentence; two empty texts for an actual alert."""
    return _STATUS[_known_locale(locale)].get(status, ("", ""))


def phrase(name: str, locale: str) -> str:
    """Return one of the fixed phrases."""
    return _PHRASES[_known_locale(locale)][name]


def _known_locale(locale: str) -> str:
    return locale if locale in _PHRASES else "en"
