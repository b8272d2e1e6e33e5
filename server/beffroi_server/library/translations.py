"""Translations of an announcement, as its row holds them: a list with the texts of each further language.

A text that is empty is not stored: screens show that of the main language in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from beffroi_content.model import TRANSLATED_FIELDS, Translation
from beffroi_server.core.languages import language_name
from beffroi_server.core.row_translations import check_translations

MAX_LENGTHS = {"title": 200, "body": 5_000, "label": 60, "place": 200, "figure": 24, "source": 120}
"""Characters of each text at most, as in the main language."""


def stored_translations(values: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return translations as a row holds them, without what is empty."""
    return [
        {"language": str(each["language"])} | {name: each[name] for name in TRANSLATED_FIELDS if each.get(name)}
        for each in values
    ]


def translations_of(stored: Any) -> tuple[Translation, ...]:
    """Return the translations of a row as slides hold them."""
    return tuple(Translation.model_validate(each) for each in stored)


def validate_translations(value: Any) -> None:
    """Refuse translations of which one has no title, is too long, or comes twice."""
    check_translations(value, translations_of, MAX_LENGTHS, _("An announcement has up to %(most)d languages."))


def texts_of(stored: Any) -> str:
    """Return all texts of the translations of a row, for searches."""
    found = [each.get(name) for each in stored or () for name in TRANSLATED_FIELDS]
    return "\n".join(text for text in found if text)


def summary_of(stored: Any) -> str:
    """Return translations for people, one a line: “English: Market · Every Saturday”."""
    lines = []
    for each in stored or ():
        texts = [str(each[name]).replace("\n", " ") for name in TRANSLATED_FIELDS if each.get(name)]
        lines.append(f"{language_name(str(each.get('language')))}{_(':')} {' · '.join(texts)}")
    return "\n".join(lines)
