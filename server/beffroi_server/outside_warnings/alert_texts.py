"""The alert that a warning makes: its words as the source has written them, whole sentences within our limits."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from beffroi_content.condensing import split_sentences
from beffroi_content.languages import LANGUAGES
from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_content.model.announcement import MAX_LANGUAGES
from beffroi_content.raster.text.characters import clean_text
from beffroi_server.accounts.models import Town
from beffroi_server.alerts.translations import stored_translations
from beffroi_server.cap.exercise_signs import is_proven_test
from beffroi_server.cap.languages import language_key, united_infos
from beffroi_server.cap.levels import level_of
from beffroi_server.cap.lifetimes import Lifetime
from beffroi_server.cap.messages import CapInfo
from beffroi_server.cap.texts import for_screens
from beffroi_server.core.formatting import format_day, format_hour
from beffroi_server.outside_warnings.assessments import Assessment
from beffroi_server.outside_warnings.models import WarningSource

TITLE_LENGTH, TEXT_LENGTH, SOURCE_LENGTH = 200, 3_000, 120
TRANSLATIONS_LENGTH = 6_000
"""Characters of all translations at most: they never keep an alert from having room on the screens."""
AREAS_NAMED = 4
"""More areas than these are a list that nobody reads on a screen."""
MOST_INFOS = 4
"""Events or places of one warning that are told with their own words."""
_AHEAD = dt.timedelta(minutes=5)
"""What begins no later than this after it was sent begins now."""
UNKNOWN_LEVEL = AlertLevel.VIGILANCE
"""Where nobody says how grave it is; it is only ever proposed."""


def alert_values(found: Assessment, source: WarningSource, town: Town) -> dict[str, Any]:
    """Return the values of the alert that a warning makes, as ``alerts.services.broadcast_alert`` takes them."""
    shown = _shown_infos(found)
    info, _life = shown[0]
    with translation.override(town.locale), timezone.override(ZoneInfo(town.time_zone)):
        title = _shortened(_title(info) or _line(source.name), TITLE_LENGTH)
        description = _description(shown)
    return {
        "level": (found.verdict.level or UNKNOWN_LEVEL).value,
        "status": _status(found, info, town).value,
        "hazard": found.verdict.hazard,
        "title": title,
        "description": description,
        "instruction": _shortened(_instruction(shown), TEXT_LENGTH),
        "source": _shortened(_line(_speaker(found, info, source)), SOURCE_LENGTH),
        "translations": _translations(found, info, town),
    }


def _shown_infos(found: Assessment) -> list[tuple[CapInfo, Lifetime]]:
    """Return what a warning says in the language of the town, the gravest first: an event or place each."""
    infos, lives = found.verdict.infos, found.verdict.lifetimes
    of_words = {dataclasses.replace(info, areas=()): life for info, life in zip(infos, lives, strict=True)}
    united = [(info, of_words[dataclasses.replace(info, areas=())]) for info in united_infos(infos)]
    return sorted(united, key=lambda pair: level.rank if (level := level_of(pair[0])) else -1, reverse=True)


def _speaker(found: Assessment, info: CapInfo, source: WarningSource) -> str:
    """Return who speaks, for people: the identifier of a sender is most often an address, and no name."""
    sender = found.message.alert.sender or ""
    is_name = bool(sender) and not re.search(r"[@:/]|^[\w.-]*\d[\w.-]*$|^\S+\.\S+$", sender)
    return source.attribution or info.sender_name or (sender if is_name else "") or source.name


def _translations(found: Assessment, info: CapInfo, town: Town) -> list[dict[str, str]]:
    """Return the same warning in its other languages, as far as the screens of the town show them."""
    own = language_key(info.language)[0]
    texts: dict[str, dict[str, str]] = {}
    left = TRANSLATIONS_LENGTH
    for other in (part.info for part in found.warning.parts):
        code, is_easy = language_key(other.language)
        if code in {own, town.locale, *texts} or is_easy or code not in LANGUAGES or not _says_the_same(other, info):
            continue
        if town.languages and code not in town.languages:
            continue
        text = {
            "language": code, "title": _shortened(_title(other), TITLE_LENGTH),
            "description": _shortened(_words(other.description), TEXT_LENGTH),
            "instruction": _shortened(_words(other.instruction), TEXT_LENGTH),
        }  # fmt: skip
        length = sum(map(len, text.values()))
        if text["title"] and length <= left and len(texts) < MAX_LANGUAGES - 1:
            texts[code], left = text, left - length
    return stored_translations(texts[code] for code in sorted(texts, key=_order_in(town.languages)))


def _order_in(chosen: Sequence[str]) -> Callable[[str], tuple[int, int]]:
    known = list(LANGUAGES)
    return lambda code: (chosen.index(code) if code in chosen else len(chosen), known.index(code))


def _says_the_same(one: CapInfo, other: CapInfo) -> bool:
    """Tell whether two infos are one in two languages: as grave, at the same time, in the same places."""
    return _sense(one) == _sense(other)


def _sense(info: CapInfo) -> tuple[object, ...]:
    places = [(each.polygons, each.circles, each.geocodes) for each in info.areas]
    return (info.urgency, info.severity, info.certainty, info.onset, info.expires, places)


def _description(shown: Sequence[tuple[CapInfo, Lifetime]]) -> str:
    title = shown[0][0].headline
    parts = [_part(*shown[0])]
    for info, life in shown[1:MOST_INFOS]:
        # The others have no title of their own on the screen.
        parts += [_line(for_screens(info.headline)) if info.headline != title else "", _part(info, life)]
    return _shortened("\n".join(filter(None, parts)), TEXT_LENGTH)


def _instruction(shown: Sequence[tuple[CapInfo, Lifetime]]) -> str:
    texts = (_words(info.instruction) for info, _life in shown[:MOST_INFOS])
    return "\n".join(dict.fromkeys(filter(None, texts)))


def _part(info: CapInfo, life: Lifetime) -> str:
    parts = []
    if life.onset is not None and (life.begins is None or life.onset - life.begins > _AHEAD):
        parts.append(_from_day_and_hour(life.onset))
    if words := _words(info.description):
        parts.append(words)
    areas = list(dict.fromkeys(_line(each.description) for each in info.areas if each.description))
    said = " ".join((info.headline or "", info.description or "")).casefold()
    unsaid = [each for each in areas if each.casefold() not in said]
    if unsaid and len(areas) <= AREAS_NAMED:
        parts.append(_("Area: %(areas)s.") % {"areas": ", ".join(unsaid).rstrip(".")})
    return "\n".join(parts)


def _from_day_and_hour(instant: dt.datetime) -> str:
    # With its date: the text must not change at midnight.
    local = timezone.localtime(instant)
    return _("From %(day)s at %(hour)s.") % {"day": format_day(local.date()), "hour": format_hour(local)}


def _status(found: Assessment, info: CapInfo, town: Town) -> AlertStatus:
    if found.message.alert.effective_status == "Exercise":
        return AlertStatus.EXERCISE
    if found.message.alert.effective_status == "Test" or is_proven_test(info):
        return AlertStatus.TEST
    return AlertStatus.EXERCISE if town.is_try_out else AlertStatus.ACTUAL


def _title(info: CapInfo) -> str:
    return _line(for_screens(info.headline) or for_screens(info.event))


def _words(text: str | None) -> str:
    return clean_text(for_screens(text)).strip()


def _line(text: str) -> str:
    # No-break spaces stay: French has them before its colons.
    return re.sub(r"[ \t\r\n]+", " ", clean_text(text)).strip()


def _shortened(text: str, limit: int) -> str:
    """Return a text within a limit: its first whole sentences, or the first words of one that is longer."""
    if len(text) <= limit:
        return text
    kept = ""
    for sentence in split_sentences(text):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > limit:
            break
        kept = longer
    return kept or text[: limit - 1].rsplit(" ", 1)[0] + "…"
