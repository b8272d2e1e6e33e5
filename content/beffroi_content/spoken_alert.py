"""What a screen says of an alert: the first slots of its page, as sentences that a voice can read.

In this order: that it is an exercise, the level with the hazard, the headline, what to do first, the event and its
place, until when, and who says so. What is too long to be listened to is left out, from the end of the order of
importance; no sentence is ever cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_content.condensing import condense_alert, headline_subject
from beffroi_content.model import GENERAL_HAZARD, Alert, AlertForm, AlertStatus
from beffroi_content.raster.text.dates import until_text
from beffroi_content.raster.text.phrases import phrases_of, status_phrases
from beffroi_content.templates.registry import hazard_declarations

MOST_CHARACTERS = 420
"""Of one language: half a minute of a calm voice, longer than anybody stands still for."""
_LONGEST_SENTENCE = MOST_CHARACTERS // 2
MOST_LANGUAGES = 4
_FRENCH_TIME = re.compile(r"\b(\d{1,2}) ?h(?: ?(\d{2}))?\b")
_UNSPEAKABLE = re.compile(r"[\[\]<>{}|\\^`~*_#=/•→\x00-\x1f\x7f]+|https?://\S+")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class SpokenText:
    """What is said in one language."""

    language: str
    """Its code, such as ``fr``."""
    text: str


def spoken_alert(
    alert: Alert, form: AlertForm, languages: Sequence[str], locale: str, zone: str
) -> tuple[SpokenText, ...]:
    """Return what a screen says of an alert, in the languages in which it shows it.

    Args:
        alert: With its translations.
        form: “End of alert” says that it is over, and never what to do.
        languages: Those of the screen, in order.
        locale: Its language, which is that of the main texts.
        zone: Its time zone, such as ``Europe/Paris``.
    """
    shown = alert.shown_in(languages, locale)[:MOST_LANGUAGES]
    return tuple(SpokenText(code, _sentences_of(each, form, code, zone)) for code, each in shown)


def _sentences_of(alert: Alert, form: AlertForm, language: str, zone: str) -> str:
    said = _over(alert, language) if form is AlertForm.ALL_CLEAR else _active(alert, language, zone)
    kept: set[int] = set()
    left = MOST_CHARACTERS
    for number in sorted(range(len(said)), key=lambda number: said[number][0]):
        length = len(said[number][1])
        # The first always: it says that this is an exercise, or how grave it is.
        if said[number][1] and (length <= left or not kept):
            kept.add(number)
            left -= length + 1
    return " ".join(text for number, (_, text) in enumerate(said) if number in kept)


def _active(alert: Alert, language: str, zone: str) -> list[tuple[int, str]]:
    """Return sentences in the order of speech, each with its importance: 0 is never left out before 1."""
    known = condense_alert(alert.title, alert.description, alert.instruction, alert.short_text, language)
    phrases = phrases_of(language)
    level = phrases.levels.split("/")[alert.level.rank]
    # A long sentence is said in the few words that somebody wrote for small panels, or in its first clause.
    orders = [known.order, known.short_order, *known.order_clauses[:1]]
    order = next((each for each in orders if each and len(each) <= _LONGEST_SENTENCE), "")
    fact = next((each for each in known.facts[:1] if len(each) <= _LONGEST_SENTENCE), "")
    until = phrases.open if alert.is_open_ended else until_text(alert.ends_at_ms, alert.issued_at_ms, zone, language)
    return [
        (0, _status_sentence(alert, language)),
        (1, speakable(level, language)),
        (2, speakable(_hazard_name(alert, language), language)),
        (1, speakable(known.headlines[0], language)),
        (2, speakable(order, language)),
        (4, speakable(fact, language)),
        (3, speakable(until[:1].upper() + until[1:], language)),
        (5, speakable(alert.source, language)),
    ]


def _over(alert: Alert, language: str) -> list[tuple[int, str]]:
    subject = headline_subject(alert.title, language) or _hazard_name(alert, language)
    phrases = phrases_of(language)
    return [
        (0, _status_sentence(alert, language)),
        (1, speakable(phrases.all_clear, language)),
        (2, speakable(subject, language)),
        (3, speakable(phrases.over, language)),
    ]


def _status_sentence(alert: Alert, language: str) -> str:
    """Return “Exercice. Ceci est un exercice, il n’y a aucun danger.”, or nothing for a real alert."""
    if alert.status is AlertStatus.ACTUAL:
        return ""
    word, sentence = status_phrases(alert.status, language)
    return f"{speakable(word.capitalize(), language)} {speakable(sentence, language)}"


def _hazard_name(alert: Alert, language: str) -> str:
    """Return the name of the hazard, unless the headline says it."""
    if alert.hazard == GENERAL_HAZARD or language not in {"fr", "en"}:
        return ""
    name = hazard_declarations()[alert.hazard].label.in_language(language)
    return "" if name.casefold() in alert.title.casefold() else name


def speakable(text: str, language: str) -> str:
    """Return a text as a sentence without what a voice would spell out, or take for an order to itself."""
    text = _BLANKS.sub(" ", _UNSPEAKABLE.sub(" ", text)).strip()
    if language == "fr":
        # “18 h 30” would be read letter by letter.
        text = _FRENCH_TIME.sub(_french_time, text)
    if not any(character.isalnum() for character in text):
        return ""
    return text if text[-1] in ".!?…؟։।" else f"{text}."


def _french_time(found: re.Match[str]) -> str:
    hours, minutes = int(found[1]), int(found[2] or 0)
    return f"{hours} heure{'s' * (hours > 1)}" + (f" {minutes}" if minutes else "")
