"""The field with which a screen, a group or the town chooses languages of announcements, and their order."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from beffroi_server.core.languages import language_choices, validate_languages

PLACES = 4
"""Languages that can be chosen; with more, nobody who walks past would see their own."""
_ORDINALS = (_("First language"), _("Second language"), _("Third language"), _("Fourth language"))


def _offered() -> list[tuple[str, str]]:
    return [("", "–"), *((code, capfirst(name)) for code, name in language_choices())]


class _LanguagesWidget(forms.MultiWidget):
    """One choice for each place in the order."""

    def __init__(self) -> None:
        attrs = ({"class": "form-select", "aria-label": name} for name in _ORDINALS)
        super().__init__([forms.Select(attrs=each) for each in attrs])

    def decompress(self, value: Any) -> list[str]:
        return [*(value or ()), *[""] * PLACES][:PLACES]


class LanguagesField(forms.MultiValueField):
    """Languages in order, as a list of codes; empty where none is chosen."""

    widget = _LanguagesWidget

    def __init__(self, **kwargs: Any) -> None:
        fields = [forms.ChoiceField(choices=_offered, required=False) for _place in range(PLACES)]
        kwargs.setdefault("label", _("Languages of announcements"))
        super().__init__(fields, require_all_fields=False, required=False, **kwargs)
        self.widget.attrs["class"] = ""

    def compress(self, data_list: list[str]) -> list[str]:
        """Return the chosen codes, without the places left free.

        Raises:
            ValidationError: one is chosen twice.
        """
        chosen = [code for code in data_list if code]
        validate_languages(chosen)
        return chosen
