"""The alert that a warning makes: its words as the source has written them, whole sentences within our limits."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from beffroi_content.condensing import split_sentences
from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_content.raster.text.characters import clean_text
from beffroi_server.accounts.models import Town
from beffroi_server.cap.exercise_signs import is_proven_test
from beffroi_server.cap.messages import CapInfo
from beffroi_server.core.formatting import format_day, format_hour
from beffroi_server.outside_warnings.assessments import Assessment
from beffroi_server.outside_warnings.models import WarningSource

TITLE_LENGTH, TEXT_LENGTH, SOURCE_LENGTH = 200, 3_000, 120
AREAS_NAMED = 4
"""More areas than these are a list that nobody reads on a screen."""
_AHEAD = dt.timedelta(minutes=5)
"""What begins no later than this after it was sent begins now."""
UNKNOWN_LEVEL = AlertLevel.VIGILANCE
"""Where nobody says how grave it is; it is only ever proposed."""


def alert_values(found: Assessment, source: WarningSource, town: Town) -> dict[str, Any]:
    """Return the values of the alert that a warning makes, as ``alerts.services.broadcast_alert`` takes them."""
    info = found.verdict.infos[0]
    with translation.override(town.locale), timezone.override(ZoneInfo(town.time_zone)):
        title = _shortened(_line(info.headline or info.event or source.name), TITLE_LENGTH)
        description = _description(found, info)
    return {
        "level": (found.verdict.level or UNKNOWN_LEVEL).value,
        "status": _status(found, info, town).value,
        "hazard": found.verdict.hazard,
        "title": title,
        "description": description,
        "instruction": _shortened(clean_text(info.instruction or "").strip(), TEXT_LENGTH),
        "source": _shortened(
            _line(source.attribution or info.sender_name or found.message.alert.sender or source.name), SOURCE_LENGTH
        ),
    }


def _description(found: Assessment, info: CapInfo) -> str:
    life = found.verdict.lifetimes[0]
    parts = []
    if life.onset is not None and (life.begins is None or life.onset - life.begins > _AHEAD):
        parts.append(_("From %(when)s.") % {"when": _day_and_hour(life.onset)})
    if info.description:
        parts.append(clean_text(info.description).strip())
    areas = list(dict.fromkeys(_line(each.description) for each in info.areas if each.description))
    said = " ".join((info.headline or "", info.description or "")).casefold()
    unsaid = [each for each in areas if each.casefold() not in said]
    if unsaid and len(areas) <= AREAS_NAMED:
        parts.append(_("Area: %(areas)s.") % {"areas": ", ".join(unsaid).rstrip(".")})
    return _shortened("\n".join(parts), TEXT_LENGTH)


def _day_and_hour(instant: dt.datetime) -> str:
    # With its date: the text must not change at midnight.
    local = timezone.localtime(instant)
    return _("%(day)s at %(hour)s") % {"day": format_day(local.date()), "hour": format_hour(local)}


def _status(found: Assessment, info: CapInfo, town: Town) -> AlertStatus:
    if found.message.alert.effective_status == "Exercise":
        return AlertStatus.EXERCISE
    if found.message.alert.effective_status == "Test" or is_proven_test(info):
        return AlertStatus.TEST
    return AlertStatus.EXERCISE if town.is_try_out else AlertStatus.ACTUAL


def _line(text: str) -> str:
    return " ".join(clean_text(text).split())


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
