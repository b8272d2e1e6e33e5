"""Announcements in the language of whoever reads them, where there is a translation."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from beffroi_content.languages import LANGUAGES
from beffroi_content.model import TRANSLATED_FIELDS
from beffroi_server.library.models import Announcement, PublicSettings
from beffroi_server.outlets.public_contents import MOST_LISTED

PARAMETER = "lang"
"""The query parameter by which a reader asks for another language than the browser says."""


def reader_languages(request: HttpRequest) -> list[str]:
    """Return the codes of the languages that a reader understands, the best first."""
    header = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    codes = [request.GET.get(PARAMETER, ""), *(code for code, _weight in header)]
    return [code.split("-", maxsplit=1)[0].lower() for code in codes if code]


def for_reader(announcement: Announcement, languages: Iterable[str], town_language: str) -> Announcement:
    """Return an announcement in the first of some languages in which there is a text, otherwise in its own.

    Args:
        announcement: The announcement; it stays as it is.
        languages: Codes, as ``reader_languages`` has them.
        town_language: That of an announcement which names none.
    """
    shown = copy.copy(announcement)
    shown.language = announcement.language or town_language
    texts = {str(each["language"]): each for each in announcement.translations}
    wanted = next((code for code in languages if code in texts or code in (shown.language, "*")), "*")
    if wanted in texts:
        shown.language = wanted
        for name in TRANSLATED_FIELDS:
            setattr(shown, name, texts[wanted].get(name) or getattr(announcement, name))
    return shown


def for_readers(request: HttpRequest, settings: PublicSettings, rows: QuerySet[Announcement]) -> list[Announcement]:
    """Return the announcements of one page or feed in the language of its reader."""
    languages = reader_languages(request)
    return [for_reader(each, languages, settings.town.locale) for each in rows[:MOST_LISTED]]


def offered_languages(announcement: Announcement, town_language: str) -> list[tuple[str, str]]:
    """Return the languages of an announcement with their own names; none where it has only one."""
    if not announcement.translations:
        return []
    codes = [announcement.language or town_language, *(str(each["language"]) for each in announcement.translations)]
    return [(code, LANGUAGES[code].own) for code in codes if code in LANGUAGES]
