"""Forms of the texts of an announcement or an alert in further languages, within its form.

Each language has a hidden field ``translations`` with its code, and its texts in fields of its own. A language is added
and removed by buttons of the whole form, which come back with all that was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from beffroi_content.languages import LANGUAGES
from beffroi_content.model.announcement import MAX_LANGUAGES
from beffroi_content.raster.text.characters import is_blank
from beffroi_server.core.languages import language_name
from beffroi_server.library.translations import MAX_LENGTHS
from beffroi_server.web.forms import StyledForm, refuse_missing_characters

CODES, ADD, NEW, REMOVE = "translations", "add_language", "new_language", "remove_language"
"""Names of the hidden fields, the button that adds the chosen language, that choice, and the buttons that remove."""


class LanguageForm(StyledForm):
    """Texts in one language, of which a title is one. Without it the form must be empty, and counts as none."""

    refuses_letters = True
    """Whether what screens cannot draw is refused."""

    def __init__(self, code: str, data: Any = None, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}), prefix=f"text-{code}")
        self.code = code
        direction = "rtl" if LANGUAGES[code].is_right_to_left else "ltr"
        for name, field in self.fields.items():
            # A screen reader hears of which language a field is: the labels of all of them are alike.
            named = f"{field.label} ({self.name})"
            field.widget.attrs |= {"lang": code, "dir": direction, "aria-label": named, "data-part": name}

    @property
    def name(self) -> str:
        """The name of the language."""
        return language_name(self.code)

    def clean(self) -> dict[str, Any]:
        """Check that there is a title if there is anything, and that screens can draw the texts."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        title = values.get("title")
        if "title" not in self.errors and (is_blank(title) if title else any(values.values())):
            self.add_error("title", ValidationError(_("Enter the title in this language, too."), "required"))
        if self.refuses_letters:
            refuse_missing_characters(self, *self.fields)
        return values

    def stored_values(self) -> dict[str, str]:
        """Return the texts that are filled in correctly, with their language; nothing without a title."""
        texts = {name: self.cleaned_data[name] for name in self.fields if self.cleaned_data.get(name)}
        return {"language": self.code, **texts} if texts.get("title") else {}


FormKind = TypeVar("FormKind", bound=LanguageForm)


class TranslationForm(LanguageForm):
    """The texts of an announcement in one language."""

    title = forms.CharField(label=_("Title"), required=False, max_length=MAX_LENGTHS["title"])
    figure = forms.CharField(label=_("Figure"), required=False, max_length=MAX_LENGTHS["figure"])
    body = forms.CharField(
        label=_("Text"), required=False, max_length=MAX_LENGTHS["body"], widget=forms.Textarea(attrs={"rows": 5})
    )
    label = forms.CharField(label=_("Category"), required=False, max_length=MAX_LENGTHS["label"])
    place = forms.CharField(label=_("Place"), required=False, max_length=MAX_LENGTHS["place"])
    source = forms.CharField(label=_("Issuing department"), required=False, max_length=MAX_LENGTHS["source"])


def submitted_codes(data: Any) -> list[str]:
    """Return the languages of a form that was sent: with the one that is added, and without the one that is removed."""
    codes = data.getlist(CODES) if isinstance(data, MultiValueDict) else []
    wanted = [*codes, data.get(NEW, "")] if ADD in data else codes
    known = [code for code in dict.fromkeys(wanted) if code in LANGUAGES and code != data.get(REMOVE)]
    return known[: MAX_LANGUAGES - 1]


def bound_forms(data: Any, kind: type[FormKind]) -> list[FormKind]:
    """Return the forms of the languages that were sent."""
    found = [kind(code, data) for code in submitted_codes(data)]
    for each in found:
        if ADD in data and each.code == data.get(NEW):
            each.fields["title"].widget.attrs["autofocus"] = True
    return found


def opened_forms(stored: Iterable[Mapping[str, Any]], kind: type[FormKind]) -> list[FormKind]:
    """Return the forms of the translations of a row."""
    return [kind(str(each["language"]), initial=each) for each in stored if each["language"] in LANGUAGES]


def changes_languages(data: Any) -> bool:
    """Tell whether a button was pressed that adds or removes a language: nothing is saved then."""
    return ADD in data or REMOVE in data
