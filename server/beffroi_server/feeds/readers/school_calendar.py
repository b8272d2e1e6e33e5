"""The calendar of school holidays, as the ministry of education of France publishes it.

It mixes holidays with days on which school begins again, has of the summer holidays only the first day (“Début des
Vacances d’Été”, data.education.gouv.fr, dataset fr-en-calendrier-scolaire), and may hold several zones in one file.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from beffroi_server.feeds.readers.calendar_events import CalendarEvent, NamedRange
from beffroi_server.feeds.readers.calendar_times import DAY
from beffroi_server.feeds.readers.reading import SkippedParts

_HOLIDAYS = re.compile(r"\b(vacances|conges? scolaires?)\b")
_BEGINNING = re.compile(r"\bdebut d\w*\W+(\w+\W+)?(vacances|conges?)\b")
_RETURN = re.compile(r"\b(pre-?\s?)?rentree\b|\breprise des (cours|classes)\b|\bfin d\w*\W+(\w+\W+)?vacances\b")
_TEACHERS = re.compile(r"\b(enseignants?|professeurs?|personnels?|pre-?\s?rentree)\b")
_ZONES = re.compile(r"\bzones?\s+((?:[abc]\b(?:\s*(?:,|;|/|\+|&|-|et\b)?\s*)?)+)")
_REGIONS = {
    "corse": "Corse", "guadeloupe": "Guadeloupe", "guyane": "Guyane", "martinique": "Martinique", "mayotte": "Mayotte",
    "reunion": "La Réunion", "polynesie": "Polynésie", "nouvelle caledonie": "Nouvelle-Calédonie",
    "saint pierre et miquelon": "Saint-Pierre-et-Miquelon", "wallis": "Wallis-et-Futuna",
    "saint martin": "Saint-Martin", "saint barthelemy": "Saint-Barthélemy",
}  # fmt: skip
_LONGEST = dt.timedelta(days=100)
"""Days between the beginning of holidays and the return that ends them, at most."""
_SHORT = 3
"""Days that a mere beginning takes at most."""
_USUAL_RETURN = (9, 1)
"""Month and day of the return where the file has none yet."""
_OTHER_SEASON = dt.timedelta(days=41)
"""Days after the first where summer is another season; the southern winter holidays take about six weeks."""

EventDays = tuple[NamedRange, CalendarEvent]


def is_school_calendar(events: Sequence[EventDays]) -> bool:
    """Tell whether events are those of a calendar of school holidays."""
    names = [_folded(days.name) for days, _ in events]
    return any(_BEGINNING.search(name) for name in names) or (
        any(_HOLIDAYS.search(name) for name in names) and any(_RETURN.search(name) for name in names)
    )


def holidays_of(events: Sequence[EventDays], skipped: SkippedParts) -> list[NamedRange]:
    """Return the holidays among the events of a school calendar, each with the zones or regions it counts for.

    Days on which school begins again are left out. Holidays with a first day only last until the next return.
    """
    placed = [(replace(days, places=_places_of(days.name, event)), event) for days, event in events]
    returns = [days for days, _ in placed if _RETURN.search(_folded(days.name))]
    found: list[NamedRange] = []
    for days, event in placed:
        name = _folded(days.name)
        if _BEGINNING.search(name) and (days.last - days.first).days < _SHORT:
            found += _until_return(days, returns, event, skipped)
        elif _RETURN.search(name):
            skipped.add("event", "no-holiday", event.source.line, days.name)
        else:
            found.append(days)
    return found


def _until_return(
    days: NamedRange, returns: Sequence[NamedRange], event: CalendarEvent, skipped: SkippedParts
) -> list[NamedRange]:
    ends = [
        each
        for each in returns
        if days.last < each.first <= days.first + _LONGEST
        and (not each.places or not days.places or set(each.places) & set(days.places))
    ]
    teachers = {each.first for each in ends if _TEACHERS.search(_folded(each.name))}
    pupils = min((each.first for each in ends if each.first not in teachers), default=None)
    if pupils is None and teachers:
        pupils = min(teachers) + DAY
    if pupils is None:
        skipped.add("event", "end-assumed", event.source.line, days.name)
        pupils = _assumed_return(days)
    return _without_days(replace(days, last=pupils - DAY), {day for day in teachers if day < pupils})


def _assumed_return(days: NamedRange) -> dt.date:
    is_summer = days.first.month in (6, 7, 8) and "austral" not in _folded(days.name)
    return dt.date(days.first.year, *_USUAL_RETURN) if is_summer else days.first + _OTHER_SEASON + DAY


def _without_days(days: NamedRange, left_out: set[dt.date]) -> list[NamedRange]:
    found, first = [], days.first
    for day in sorted(left_out):
        if first < day:
            found.append(replace(days, first=first, last=day - DAY))
        first = day + DAY
    return [*found, replace(days, first=first)] if first <= days.last else found


def _places_of(name: str, event: CalendarEvent) -> tuple[str, ...]:
    # The title says it best; the place lists academies, whose names are those of towns and regions.
    for text in (name, event.place, event.source.text_of("DESCRIPTION")):
        folded = _folded(text)
        letters = {letter for found in _ZONES.finditer(folded) for letter in re.findall(r"\b[abc]\b", found[1])}
        spaced = folded.replace("-", " ")
        regions = {region for word, region in _REGIONS.items() if re.search(rf"\b{word}\b", spaced)}
        if letters or regions:
            return tuple(sorted([*(f"Zone {letter.upper()}" for letter in letters), *regions]))
    return ()


def _folded(text: str) -> str:
    """Return a text in small letters without accents."""
    parts = unicodedata.normalize("NFKD", text.replace("’", "'").lower())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))
