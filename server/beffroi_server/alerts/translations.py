"""Translations of alerts and scenarios, as their rows hold them: a list with the texts of each further language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext as _

from beffroi_content.model import ALERT_TRANSLATED_FIELDS, AlertTranslation
from beffroi_server.core.languages import language_name
from beffroi_server.core.row_translations import check_translations

MAX_LENGTHS = {"title": 200, "description": 5_000, "instruction": 5_000, "short_text": 80}
"""Characters of each text at most, as in the main language."""
Row = TypeVar("Row", bound=models.Model)


def stored_translations(values: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return translations as a row holds them: stripped, and without what is empty."""
    stripped = ({name: str(text or "").strip() for name, text in each.items()} for each in values)
    return [
        {"language": each.get("language", "")}
        | {name: each[name] for name in ALERT_TRANSLATED_FIELDS if each.get(name)}
        for each in stripped
    ]


def translations_of(stored: Any) -> tuple[AlertTranslation, ...]:
    """Return the translations of a row as screens receive them."""
    return tuple(AlertTranslation.model_validate(each) for each in stored)


def validate_translations(value: Any) -> None:
    """Refuse translations of which one has no title, is too long, or comes twice."""
    check_translations(value, translations_of, MAX_LENGTHS, _("An alert has up to %(most)d languages."))


def texts_of(stored: Any) -> str:
    """Return all texts of translations, to look for letters that screens lack."""
    return "\n".join(each[name] for each in stored or () for name in ALERT_TRANSLATED_FIELDS if each.get(name))


def languages_without_order(values: Mapping[str, Any]) -> list[str]:
    """Return the names of the languages that do not say what to do, where the main texts do."""
    if not (values.get("instruction") or values.get("short_text")):
        return []
    silent = [each for each in values.get("translations") or () if not (each.keys() & {"instruction", "short_text"})]
    return [language_name(each["language"]) for each in silent]


def in_language(alert: Row, language: str) -> Row:
    """Return an alert or scenario with its texts in a language, if it has them; the row itself stays as it is."""
    stored = next((each for each in alert.translations if each["language"] == language), None)  # type: ignore[attr-defined]
    if stored is None:
        return alert
    shown = copy(alert)
    for name in ALERT_TRANSLATED_FIELDS:
        setattr(shown, name, stored.get(name, ""))
    return shown
