"""Labels for the words that players use in their reports for their clock and their connection."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

PLAYER_TERMS = {
    "trusted": pgettext_lazy("player", "certain"),
    "carried": pgettext_lazy("player", "last known"),
    "unknown": pgettext_lazy("player", "not known"),
    "live": pgettext_lazy("player", "live"),
    "polling": pgettext_lazy("player", "polling every minute"),
    "lost": pgettext_lazy("player", "none"),
}


def translate_player_term(word: str) -> str:
    """Return the label of a word of a player; a word that only a newer player uses is returned as it is."""
    return str(PLAYER_TERMS.get(str(word), word))
