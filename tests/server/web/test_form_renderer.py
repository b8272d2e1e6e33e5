"""Widgets that are written by hand are the same HTML as by the templates of Django."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from beffroi_server.web.form_renderer import FormRenderer

NASTY = '<b>"L\'été" & 1 000,5</b>'
CHOICES = [("", "---"), ("a", NASTY), ("Group <1>", [("b", mark_safe("<i>safe</i>")), (3, gettext_lazy("Yes"))])]


class EveryWidget(forms.Form):
    """A field for each of them, empty and filled in, with attributes of every kind."""

    text = forms.CharField(
        max_length=80, help_text="h", widget=forms.TextInput(attrs={"data-x": NASTY, "autofocus": True})
    )
    off = forms.CharField(required=False, widget=forms.TextInput(attrs={"disabled": False, "data-number": 12_345}))
    long = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}))
    number = forms.IntegerField(min_value=-5, max_value=90_000)
    fraction = forms.FloatField(localize=True)
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    box = forms.BooleanField(required=False)
    one = forms.ChoiceField(choices=CHOICES)
    several = forms.MultipleChoiceField(choices=CHOICES, widget=forms.SelectMultiple)
    radio = forms.ChoiceField(choices=CHOICES[1:2], widget=forms.RadioSelect)
    boxes = forms.MultipleChoiceField(choices=CHOICES[1:2], widget=forms.CheckboxSelectMultiple)
    file = forms.FileField(required=False, widget=forms.FileInput)
    secret = forms.CharField(widget=forms.PasswordInput(render_value=True))
    hidden = forms.CharField(widget=forms.HiddenInput)


class Parts(HTMLParser):
    """What a browser reads: tags with their attributes, and texts without the space around them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[object] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.found.append(data.strip())


def widgets(form: forms.Form) -> str:
    return "".join(str(bound) for bound in form)


def options(form: forms.Form) -> str:
    return "".join(
        choice.tag(wrap_label) for name in ("radio", "boxes") for choice in form[name] for wrap_label in (True, False)
    )


@pytest.mark.parametrize("rendered", [widgets, options])
@pytest.mark.parametrize("is_filled", [False, True])
def test_are_what_django_writes(rendered: Callable[[forms.Form], str], is_filled):
    data = dict.fromkeys(EveryWidget.base_fields, NASTY) | {
        "number": "-3", "fraction": "1234.5", "box": "on", "one": "a", "several": ["b", "3"], "radio": "a",
        "boxes": ["a"],
    }  # fmt: skip
    own, usual = (
        Parts(rendered(EveryWidget(data if is_filled else None, renderer=renderer()))).found
        for renderer in (FormRenderer, DjangoTemplates)
    )

    assert own == usual
    assert len(own) > 2
