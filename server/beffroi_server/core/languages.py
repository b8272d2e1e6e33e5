"""Languages of announcements: their names for people, and the check of lists of them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from beffroi_content.languages import LANGUAGES
from beffroi_content.model.announcement import MAX_LANGUAGES


def language_name(code: str) -> str:
    """Return the name of a language in that of the page; the code of one that is not known."""
    return LANGUAGES[code].in_language(get_language() or "en") if code in LANGUAGES else code


def language_choices() -> list[tuple[str, str]]:
    """Return all languages for a form, each with its name in the language of the page and in itself."""
    names = [(code, language_name(code), language.own) for code, language in LANGUAGES.items()]
    return [(code, name if name.casefold() == own.casefold() else f"{name} – {own}") for code, name, own in names]


def validate_language(value: str) -> None:
    """Refuse a code of which no language is known."""
    if value not in LANGUAGES:
        raise ValidationError(_("“%(code)s” is none of the languages of announcements.") % {"code": value[:20]})


def validate_languages(value: Any) -> None:
    """Refuse what is no list of different languages."""
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise ValidationError(_("Choose languages of announcements."))
    for code in value:
        validate_language(code)
    if len(set(value)) != len(value):
        raise ValidationError(_("Choose each language once."))
    if len(value) > MAX_LANGUAGES:
        raise ValidationError(_("Choose up to %(most)d languages.") % {"most": MAX_LANGUAGES})
