"""Base classes, widgets and helpers of all forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from beffroi_content.raster.text.characters import clean_text, missing_characters, name_characters
from beffroi_server.web.form_scopes import limit_choices

MISSING_CHARACTERS = "missing-characters"
"""Code of the error that names characters which no screen can draw."""
FIND_SCREENS = "find_screens"
"""The button that searches for screens to tick: the form comes back as it was filled in, and nothing is saved."""
MAX_KEY = 2**63 - 1
"""Largest number that a column of keys holds."""
_STYLE_CLASSES = {
    forms.CheckboxInput: "form-check-input",
    forms.CheckboxSelectMultiple: "form-check-input",
    forms.RadioSelect: "form-check-input",
    forms.Select: "form-select",
}


class SearchableForm(forms.BaseForm):
    """A form that is never valid while it is only sent to search for screens, nor has it errors then."""

    def is_valid(self) -> bool:
        """Return whether it may be saved."""
        return super().is_valid() and not self._is_search

    def full_clean(self) -> None:
        """Check what was submitted."""
        super().full_clean()
        if self._is_search:
            self._errors = ErrorDict()

    @property
    def _is_search(self) -> bool:
        return self.is_bound and FIND_SCREENS in self.data


class StyledForm(SearchableForm, forms.Form):
    """A form whose fields carry the classes of the stylesheet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        limit_choices(self)
        clean_submitted_text(self)
        add_style_classes(self)


class StyledModelForm(SearchableForm, forms.ModelForm):  # type: ignore[type-arg]
    """A form of a model whose fields carry the classes of the stylesheet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        limit_choices(self)
        clean_submitted_text(self)
        add_style_classes(self)


class RelatedModelForm(StyledModelForm):
    """A form of a model that a service saves: it changes no row, and hands over related rows as lists."""

    def selected_rows(self, name: str) -> list[Any]:
        """Return the rows that were selected in a field."""
        return list(self.cleaned_data.get(name) or ())


class DateTimeInput(forms.DateTimeInput):
    """The browser's own input for a date with a time."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class DateInput(forms.DateInput):
    """The browser's own input for a date."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """The browser's own input for a time of day."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def add_style_classes(form: forms.BaseForm) -> None:
    """Add to each field the class that the stylesheet has for its widget."""
    for field in form.fields.values():
        default = "form-control"
        found = [name for widget, name in _STYLE_CLASSES.items() if isinstance(field.widget, widget)]
        field.widget.attrs.setdefault("class", found[0] if found else default)


def clean_line(text: str) -> str:
    """Return a text as :func:`clean_text` does, on one line."""
    return clean_text(text).replace("\n", " ").strip()


def clean_submitted_text(form: forms.BaseForm) -> None:
    """Clean the texts that were submitted before their fields check them: limits and duplicates are of what is stored.

    Passwords stay as they were typed.
    """
    if not form.is_bound:
        return
    data: dict[str, Any] = {}
    for name, field in form.fields.items():
        if isinstance(field, forms.CharField) and not isinstance(field.widget, forms.PasswordInput):
            typed = form.data.get(form.add_prefix(name))
            if isinstance(typed, str):
                data[form.add_prefix(name)] = text = clean_text(typed) if _is_long(field) else clean_line(typed)
                if typed.strip() and not text.strip():
                    field.error_messages["required"] = _("This contains no visible characters.")
    lists = {form.add_prefix(name): _storable_keys(form, name) for name, field in form.fields.items()
             if isinstance(field, forms.ModelMultipleChoiceField)}  # fmt: skip
    submitted = form.data.copy()  # type: ignore[attr-defined]
    for name, text in data.items():
        submitted[name] = text
    for name, keys in lists.items():
        if keys and isinstance(submitted, MultiValueDict):
            submitted.setlist(name, keys)
    form.data = submitted


def _storable_keys(form: forms.BaseForm, name: str) -> list[str]:
    """Return the keys that were chosen in a field; one that no column holds becomes 0, which is no row of ours."""
    values = form.fields[name].widget.value_from_datadict(form.data, form.files, form.add_prefix(name)) or ()
    return [str(value) if _fits_column(str(value)) else "0" for value in values]


def _fits_column(key: str) -> bool:
    try:
        return abs(int(key)) <= MAX_KEY
    except ValueError:  # not a number: the field decides
        return True


def _is_long(field: forms.CharField) -> bool:
    return isinstance(field.widget, forms.Textarea)


def refuse_missing_characters(form: forms.BaseForm, *names: str) -> None:
    """Add an error for each field with characters that no screen can draw; it names them.

    The error is one of the form, so that the preview goes on showing the field.
    """
    for name in names:
        missing = missing_characters(str(form.cleaned_data.get(name) or ""))
        if missing:
            reason = _("%(field)s: the screens have no letter for %(letters)s. Write it otherwise or leave it out.")
            values = {"field": form[name].label, "letters": name_characters(missing), "name": name}
            form.add_error(None, ValidationError(reason, MISSING_CHARACTERS, values))


def save_if_valid(form: forms.BaseForm, save: Callable[[], object]) -> bool:
    """Let a service save what a form holds, and return whether that worked; otherwise the form says why it did not."""
    if not form.is_valid():
        return False
    try:
        save()
    except ValidationError as refused:
        add_form_errors(form, refused.messages)
        return False
    return True


def add_form_errors(form: forms.BaseForm, messages: list[str]) -> None:
    """Add the reasons for which a service refused to save to the form as errors of the whole form."""
    for message in messages:
        form.add_error(None, message)
