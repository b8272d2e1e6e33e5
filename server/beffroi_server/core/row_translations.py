"""Check of the texts in further languages that a row holds as JSON, whatever it is that they translate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pydantic import ValidationError as InvalidValues

from beffroi_content.model.announcement import MAX_LANGUAGES
from beffroi_server.core.languages import language_name, validate_language


class TranslatedTexts(Protocol):
    """The texts of one language."""

    @property
    def language(self) -> str:
        """The code of the language."""

    @property
    def title(self) -> str | None:
        """What no translation may lack."""


def check_translations(
    value: Any, read: Callable[[Any], Sequence[TranslatedTexts]], max_lengths: Mapping[str, int], too_many: str
) -> None:
    """Refuse translations of which one has no title, is too long, or comes twice.

    Args:
        value: What the row is to hold.
        read: Returns it as screens receive it.
        max_lengths: Characters of each text at most.
        too_many: The sentence for more languages than there may be, with a place for their number: ``%(most)d``.

    Raises:
        ValidationError: with a sentence for people.
    """
    if not isinstance(value, list) or len(value) >= MAX_LANGUAGES:
        raise ValidationError(too_many % {"most": MAX_LANGUAGES})
    try:
        found = read(value)
    except InvalidValues as error:
        raise ValidationError(_("A translation is not valid.")) from error
    for each in found:
        validate_language(each.language)
        name = {"name": language_name(each.language)}
        if not each.title:
            raise ValidationError(_("Enter the title in this language: %(name)s.") % name)
        if any(len(getattr(each, field) or "") > most for field, most in max_lengths.items()):
            raise ValidationError(_("A text is too long in this language: %(name)s.") % name)
    if len({each.language for each in found}) != len(found):
        raise ValidationError(_("Each language may come once."))
