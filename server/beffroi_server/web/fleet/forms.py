"""The forms of screens, their classes and groups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.web.forms import RelatedModelForm, StyledModelForm, TimeInput

RESERVED_SLUGS = frozenset({"add", "new"})
"""Addresses of pages, which no screen can have."""
SLUG_LENGTH = 40
OPTIONAL_FIELDS = (
    "appearance",
    "transition",
    "night_brightness",
    "darkest",
    "volume",
    "overscan_percent",
    "uncertain_clock",
)
"""What a page need not ask for."""
INSTALLER_FIELDS = (
    "darkest", "volume", "overscan_percent", "viewports", "download_limit", "download_from", "download_until",
    "neighbours", "idle_after_hours", "uncertain_clock",
)  # fmt: skip


class ScreenForm(RelatedModelForm):
    """A screen. Its identifier is made of its name once, and stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in OPTIONAL_FIELDS:
            self.fields[name].required = False

    @property
    def has_installer_values(self) -> bool:
        """Whether the part for installers is to be open: it says something, or was just sent."""
        usual = Screen()
        return self.is_bound or any(getattr(self.instance, name) != getattr(usual, name) for name in INSTALLER_FIELDS)

    def clean(self) -> dict[str, Any]:
        """Return what was said; what was not asked for is as it was."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kept = {name: getattr(self.instance, name) for name in OPTIONAL_FIELDS if cleaned.get(name) in (None, "")}
        return {**cleaned, **kept}

    class Meta:
        model = Screen
        fields = (
            "name", "place", "screen_class", "rotation", "groups", "appearance", "transition", "off_from", "off_until",
            "night_brightness", *INSTALLER_FIELDS,
        )  # fmt: skip
        widgets = {
            "groups": forms.CheckboxSelectMultiple,
            "viewports": forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
            **dict.fromkeys(("off_from", "off_until", "download_from", "download_until"), TimeInput),
        }
        help_texts = {
            "name": _("As your colleagues call it, such as “Market square”."),
            "place": _("Where it hangs, so that somebody finds it."),
            "appearance": _("Light letters on dark dazzle less where it is dark around."),
            "off_until": _("An emergency switches the display on all the same."),
            "night_brightness": _("In percent; 100 changes nothing. Where the town lies is said on the page “Town”."),
            "darkest": _("In percent, where the player has a light sensor; 100 does not heed it."),
            "volume": _("In percent; 0 is silence."),
            "overscan_percent": _("In percent of the width and height, where a television hides the edges."),
            "viewports": _(
                "Only for LED sending cards: a line for each part, such as 0,0 640x96 > 0,0: its left upper corner and "
                "size in the picture, and its corner on the display. *2 makes it twice as large, @90 turns it."
            ),
            "download_limit": _("In kilobytes a second, at most; empty: as fast as the line is."),
            "download_until": _("What is shown today is fetched at any time."),
            "neighbours": _("Each file is checked all the same. Saves the line where many screens hang together."),
            "idle_after_hours": _("Alerts are shown all the same. Empty: the programme goes on."),
            "uncertain_clock": _(
                "After a power cut, until the town or the network has said what time it is. Alerts are shown all the "
                "same."
            ),
            "rotation": _("By how far the panel is turned clockwise, when it hangs on its side."),
        }


class ScreenClassForm(StyledModelForm):
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


class GroupForm(StyledModelForm):
    """A group with its members."""

    screens = forms.ModelMultipleChoiceField(
        Screen.objects.all(), required=False, label=_("Screens"), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ScreenGroup
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["screens"].initial = self.instance.screens.all()


def free_slug(model: type[Screen | ScreenGroup], name: str) -> str:
    """Return an identifier made of a name that nothing of that kind has yet."""
    base = slugify(name)[: SLUG_LENGTH - 4].strip("-") or model._meta.model_name or "screen"
    taken = set(model._default_manager.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED_SLUGS
    candidates = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)
