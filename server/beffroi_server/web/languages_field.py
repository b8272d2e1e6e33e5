"""The field with which a screen, a group or the town chooses languages of announcements, and their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from beffroi_server.core.languages import language_choices, validate_languages

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_ORDINALS = (_("First language"), _("Second language"), _("Third language"), _("Fourth language"))
"""With more, hardly anybody who walks past would see their own."""


def _offered() -> list[tuple[str, str]]:
    return [("", "–"), *((code, capfirst(name)) for code, name in language_choices())]


class _PlaceField(forms.ChoiceField):
    """The choice for one place in the order."""

    def __init__(self, name: StrPromise) -> None:
        super().__init__(choices=_offered, required=False, widget=forms.Select(attrs={"aria-label": name}))


class _LanguagesWidget(forms.MultiWidget):
    """One choice for each place in the order."""

    def decompress(self, value: Any) -> list[str]:
        return [*(value or ()), *[""] * len(_ORDINALS)][: len(_ORDINALS)]


class LanguagesField(forms.MultiValueField):
    """Languages in order, as a list of codes; empty where none is chosen."""

    def __init__(self, **kwargs: Any) -> None:
        fields = [_PlaceField(name) for name in _ORDINALS]
        kwargs.setdefault("label", _("Languages of announcements"))
        # The choices are those of the fields, in the language of the page.
        widget = _LanguagesWidget([field.widget for field in fields], {"class": "form-select"})
        super().__init__(fields, require_all_fields=False, required=False, widget=widget, **kwargs)

    def compress(self, data_list: list[str]) -> list[str]:
        """Return the chosen codes, without the places left free.

        Raises:
            ValidationError: one is chosen twice.
        """
        chosen = [code for code in data_list if code]
        validate_languages(chosen)
        return chosen
