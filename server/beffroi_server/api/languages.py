"""Values of the API about languages: codes, lists of them, and translations of announcements."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field, StringConstraints

from beffroi_content.languages import LANGUAGES
from beffroi_content.model.announcement import MAX_LANGUAGES
from beffroi_server.api.values import (
    Answer,
    Change,
    DrawnFigure,
    DrawnLabel,
    DrawnLine,
    DrawnLine120,
    DrawnText,
    DrawnTitle,
    Line80,
    WarningText,
    WarningTitle,
)


def _known(code: str) -> str:
    if code and code not in LANGUAGES:
        raise ValueError(_("this is none of the languages of announcements"))
    return code


def _different(codes: list[str]) -> list[str]:
    if len(set(codes)) != len(codes):
        raise ValueError(_("each language may come once"))
    return codes


LanguageChoice = Annotated[
    str, StringConstraints(min_length=2, max_length=3), AfterValidator(_known),
    Field(json_schema_extra={"enum": list(LANGUAGES)}),
]  # fmt: skip
OptionalLanguage = Annotated[
    str, StringConstraints(max_length=3), AfterValidator(_known),
    Field(json_schema_extra={"enum": ["", *LANGUAGES]}),
]  # fmt: skip
Languages = Annotated[
    list[LanguageChoice], Field(max_length=MAX_LANGUAGES, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_different),
]  # fmt: skip
"""Languages in the order in which announcements are shown; none: as the group or the town says, otherwise all."""


class TranslationAnswer(Answer):
    """The texts of an announcement in another language; an empty one is shown as in the main language."""

    language: str
    title: str
    body: str = ""
    label: str = ""
    place: str = ""
    figure: str = ""
    source: str = ""


class NewTranslation(Change):
    """The texts of an announcement in another language; an empty one is shown as in the main language."""

    language: LanguageChoice
    title: DrawnTitle
    body: DrawnText = ""
    label: DrawnLabel = ""
    place: DrawnLine = ""
    figure: DrawnFigure = ""
    source: DrawnLine120 = ""


class AlertTranslationAnswer(Answer):
    """The texts of an alert in another language; an empty one is not shown in that language."""

    language: str
    title: str
    description: str = ""
    instruction: str = ""
    short_text: str = ""


class NewAlertTranslation(Change):
    """The texts of an alert in another language; an empty one is not shown in that language."""

    language: LanguageChoice
    title: WarningTitle
    description: WarningText = ""
    instruction: WarningText = ""
    short_text: Line80 = ""


NewAlertTranslations = Annotated[list[NewAlertTranslation], Field(max_length=MAX_LANGUAGES - 1)]
NewTranslations = Annotated[list[NewTranslation], Field(max_length=MAX_LANGUAGES - 1)]
