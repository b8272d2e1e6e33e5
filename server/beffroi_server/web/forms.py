"""Base classes, widgets and helpers of all forms."""

from __future__ import annotations

from typing import Any

from django import forms

_STYLE_CLASSES = {
    forms.CheckboxInput: "form-check-input",
    forms.CheckboxSelectMultiple: "form-check-input",
    forms.RadioSelect: "form-check-input",
    forms.Select: "form-select",
}


class StyledForm(forms.Form):
    """A form whose fields carry the classes of the stylesheet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        add_style_classes(self)


class StyledModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form of a model whose fields carry the classes of the stylesheet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
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


def add_form_errors(form: forms.BaseForm, messages: list[str]) -> None:
    """Add the reasons for which a service refused to save to the form as errors of the whole form."""
    for message in messages:
        form.add_error(None, message)
