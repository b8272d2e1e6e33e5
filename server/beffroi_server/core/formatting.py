"""Instants, durations and lists as text in the language of the reader.

French follows the rules of the Imprimerie nationale: a narrow no-break space before units, "18 h 30", "1er juillet".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from django.utils import formats, timezone
from django.utils.translation import get_language, ngettext, override, pgettext

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"


class _Preposition(NamedTuple):
    """A preposition as it stands before an hour of today, before a named day, and before a date."""

    hour: str
    name: str
    date: str


_PREPOSITIONS = {
    "en": {
        "": _Preposition("", "", ""),
        "at": _Preposition("at ", "", "on "),
        "between": _Preposition("from ", "from ", "from "),
        "and": _Preposition("until ", "until ", "until "),
        **{word: _Preposition(*3 * (f"{word} ",)) for word in ("of", "from", "since", "before", "until")},
    },
    "fr": {
        "": _Preposition("", "", ""),
        "at": _Preposition("à ", "", "le "),
        "of": _Preposition("de ", "de ", "du "),
        "from": _Preposition("à partir de ", "à partir de ", "à partir du "),
        "since": _Preposition("depuis ", "depuis ", "depuis le "),
        "before": _Preposition("avant ", "avant ", "avant le "),
        "until": _Preposition("jusqu’à ", "jusqu’à ", "jusqu’au "),
        "between": _Preposition("de ", "de ", "du "),
        "and": _Preposition("à ", "à ", "au "),
    },
}
"""Words of grammar, not of a catalogue: which one is right depends on the day."""

_DAY_NAMES = {
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
    "fr": {-1: "hier", 0: "aujourd’hui", 1: "demain"},
}


def format_hour(time: dt.time | dt.datetime) -> str:
    """Return a time of day: ``18 h 30`` in French, ``18:30`` in English."""
    if get_language() != "fr":
        return f"{time:%H:%M}"
    minutes = f"{NARROW_SPACE}{time:%M}" if time.minute else ""
    return f"{time.hour}{NARROW_SPACE}h{minutes}"


def format_moment(instant: dt.datetime) -> str:
    """Return an instant in local time, for a label or a cell; with its day when that is not today.

    In a sentence it needs a preposition, which depends on the day: see ``moment_at`` and the others.
    """
    return _moment("", instant)


def moment_at(instant: dt.datetime) -> str:
    """Return when something is: ``à 10 h``, ``hier à 10 h``, ``le 30 novembre 2026 à 10 h``; ``at 10:00``."""
    return _moment("at", instant)


def moment_of(instant: dt.datetime) -> str:
    """Return from when something dates: ``de 10 h``, ``d’hier à 10 h``, ``du 30 novembre 2026 à 10 h``."""
    return _moment("of", instant)


def moment_from(instant: dt.datetime) -> str:
    """Return from when on: ``à partir de 10 h``, ``à partir du 30 novembre 2026 à 10 h``; ``from 10:00``."""
    return _moment("from", instant)


def moment_since(instant: dt.datetime) -> str:
    """Return since when: ``depuis 10 h``, ``depuis le 30 novembre 2026 à 10 h``; ``since 10:00``."""
    return _moment("since", instant)


def moment_before(instant: dt.datetime) -> str:
    """Return before when: ``avant 10 h``, ``avant le 30 novembre 2026 à 10 h``; ``before 10:00``."""
    return _moment("before", instant)


def moment_until(instant: dt.datetime) -> str:
    """Return until when: ``jusqu’à 10 h``, ``jusqu’au 30 novembre 2026 à 10 h``; ``until 10:00``."""
    return _moment("until", instant)


def moments_between(start: dt.datetime, end: dt.datetime) -> str:
    """Return from when to when: ``hier de 10 h à 11 h``, ``du 30 novembre 2026 à 10 h au 2 décembre 2026 à 9 h``."""
    first, last = timezone.localtime(start), timezone.localtime(end)
    if first.date() != last.date():
        return f"{_moment('between', start)} {_moment('and', end, names_today=True)}"
    prepositions = _PREPOSITIONS[_language()]
    hours = f"{prepositions['between'].hour}{format_hour(first)} {prepositions['and'].hour}{format_hour(last)}"
    days = (first.date() - timezone.localdate()).days
    if days == 0:
        return hours
    return f"{_DAY_NAMES[_language()].get(days) or prepositions['at'].date + format_day(first.date())} {hours}"


def _moment(preposition: str, instant: dt.datetime, *, names_today: bool = False) -> str:
    language, local = _language(), timezone.localtime(instant)
    days = (local.date() - timezone.localdate()).days
    words, hour = _PREPOSITIONS[language][preposition], format_hour(local)
    if days == 0 and not names_today:
        return f"{words.hour}{hour}"
    name = _DAY_NAMES[language].get(days)
    day = f"{words.date}{format_day(local.date())}" if name is None else f"{words.name}{name}"
    return f"{day.replace('de hier', 'd’hier')} {_PREPOSITIONS[language]['at'].hour}{hour}"


def _language() -> str:
    return "fr" if get_language() == "fr" else "en"


def format_day(date: dt.date) -> str:
    """Return a date in full: ``1er juillet 2026``, ``1 July 2026``."""
    return f"{day_number(date)} {formats.date_format(date, 'F Y')}"


def day_number(date: dt.date) -> str:
    """Return the number of a day in its month: ``1er`` in French, ``1``."""
    return "1er" if date.day == 1 and get_language() == "fr" else str(date.day)


def from_milliseconds(milliseconds: int | None) -> dt.datetime | None:
    """Return a Unix time in milliseconds as a datetime in UTC; None stays None."""
    return None if milliseconds is None else dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)


def format_duration(seconds: int) -> str:
    """Return a length of time: ``45 s``, ``2 min 30 s``, ``1 h 5 min``. From an hour on, seconds are left out."""
    minutes, seconds_left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds_left if not hours else 0, "s")]
    return " ".join(f"{number}{NARROW_SPACE}{unit}" for number, unit in parts if number) or f"0{NARROW_SPACE}s"


def format_number(value: float, decimals: int = 1) -> str:
    """Return a number with so many decimals, rounded: Django's own function cuts off what it does not show."""
    return formats.number_format(round(value, decimals), decimal_pos=decimals)


def format_latency(milliseconds: float) -> str:
    """Return a short length of time: ``84 ms``, ``2,4 s``."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f}{NARROW_SPACE}ms"
    return f"{format_number(milliseconds / 1000)}{NARROW_SPACE}s"


def format_size(size: int) -> str:
    """Return a number of bytes in decimal units, as disks are sold: ``79,3 Go``, ``79.3 GB``."""
    letter = "o" if get_language() == "fr" else "B"
    for power, prefix in ((9, "G"), (6, "M"), (3, "k")):
        if size >= 10**power:
            digits = 1 if size < 100 * 10**power else 0
            return f"{format_number(size / 10**power, digits)}{NARROW_SPACE}{prefix}{letter}"
    return f"{size}{NARROW_SPACE}{letter}"


def english_size(size: int) -> str:
    """Return the same for commands, which answer in English whatever the language of the town: ``79.3 GB``."""
    with override("en"):
        return format_size(size)


def name_some(names: Sequence[str], most: int = 10) -> str:
    """Return the first names, and how many more there are: ``a, b and 3 more``."""
    if len(names) <= most:
        return ", ".join(names)
    count = len(names) - most
    sentence = ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", count)
    return sentence % {"names": ", ".join(names[:most]), "count": count}


def join_names(names: Sequence[str]) -> str:
    """Return names as a sentence lists them: ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return pgettext("list", "%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
