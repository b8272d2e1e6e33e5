"""The forms of screens, their classes and groups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from beffroi_server.screens.models import Group, Screen, ScreenClass
from beffroi_server.web.forms import ListedModelForm, PlainModelForm, TimeInput

RESERVED = frozenset({"add", "new"})
"""Addresses of pages, which no screen can have."""
SLUG_LENGTH = 40


class ScreenForm(ListedModelForm):
    """A screen. Its identifier is made of its name once, and stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("appearance", "transition", "night_brightness"):
            # What a page does not ask for is as it was.
            self.fields[name].required = False

    def clean_appearance(self) -> str:
        """Return the colours; as they were, if they were not asked for."""
        return str(self.cleaned_data["appearance"] or self.instance.appearance)

    def clean_transition(self) -> str:
        """Return the transition; as it was, if it was not asked for."""
        return str(self.cleaned_data["transition"] or self.instance.transition)

    def clean_night_brightness(self) -> int:
        """Return the brightness; as it was, if it was not asked for."""
        found = self.cleaned_data["night_brightness"]
        return int(self.instance.night_brightness if found is None else found)

    class Meta:
        model = Screen
        fields = (
            "name", "place", "screen_class", "rotation", "groups", "appearance", "transition", "off_from", "off_until",
            "night_brightness",
        )  # fmt: skip
        widgets = {"groups": forms.CheckboxSelectMultiple, "off_from": TimeInput, "off_until": TimeInput}
        help_texts = {
            "name": _("As your colleagues call it, such as “Market square”."),
            "place": _("Where it hangs, so that somebody finds it."),
            "appearance": _("Light letters on dark dazzle less where it is dark around."),
            "off_until": _("An emergency switches the display on all the same."),
            "night_brightness": _("In percent; 100 changes nothing. Where the town lies is said on the page “Town”."),
            "rotation": _("By how far the panel is turned clockwise, when it hangs on its side."),
        }


class ScreenClassForm(PlainModelForm):
    """A kind of display."""

    class Meta:
        model = ScreenClass
        fields = (
            "name", "technology", "width", "height", "physical_height_mm", "viewing_distance_mm", "colour_depth",
        )  # fmt: skip
        help_texts = {
            "width": _("As one looks at it: a totem is narrower than high."),
            "physical_height_mm": _("Of the lit surface. A 55-inch display: 680; a P10 panel: 10 per pixel."),
            "viewing_distance_mm": _("From where people must still read it. Letters are made large enough for that."),
        }


class GroupForm(PlainModelForm):
    """A group with its members."""

    screens = forms.ModelMultipleChoiceField(
        Screen.objects.all(), required=False, label=_("Screens"), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Group
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["screens"].initial = self.instance.screens.all()


def free_slug(model: type[Screen | Group], name: str) -> str:
    """Return an identifier made of a name that nothing of that kind has yet."""
    base = slugify(name)[: SLUG_LENGTH - 4].strip("-") or model._meta.model_name or "screen"
    taken = set(model._default_manager.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED
    candidates = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)
