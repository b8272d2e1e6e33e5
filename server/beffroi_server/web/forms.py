"""What the forms of all applications have in common."""

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
    """A form whose fields look as ours do, and keep what was typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        add_style_classes(self)


class StyledModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """The same for a model."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        add_style_classes(self)


class RelatedModelForm(StyledModelForm):
    """A form of a model that services save: validating it changes no row, and its relations are lists."""

    def selected_rows(self, name: str) -> list[Any]:
        """Return the rows that were chosen in a field."""
        return list(self.cleaned_data.get(name) or ())


class DateTimeInput(forms.DateTimeInput):
    """A date with a time, as browsers offer it."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class DateInput(forms.DateInput):
    """A date, as browsers offer it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """A time of day, as browsers offer it."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def add_style_classes(form: forms.BaseForm) -> None:
    """Give each field the class that the stylesheet knows."""
    for field in form.fields.values():
        default = "form-control"
        kinds = [name for kind, name in _STYLE_CLASSES.items() if isinstance(field.widget, kind)]
        field.widget.attrs.setdefault("class", kinds[0] if kinds else default)


def add_form_errors(form: forms.BaseForm, messages: list[str]) -> None:
    """Say on the form what a service refused."""
    for message in messages:
        form.add_error(None, message)
