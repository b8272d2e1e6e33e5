"""Forms of screens, screen classes and groups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.fleet.outputs import USUAL_GAMMA, OutputKind, ScreenOutput
from beffroi_server.web.forms import RelatedModelForm, StyledModelForm, TimeInput
from beffroi_server.web.languages_field import LanguagesField

OPTIONAL_FIELDS = (
    "appearance",
    "transition",
    "night_brightness",
    "darkest",
    "volume",
    "overscan_percent",
    "uncertain_clock",
    "sound_volume",
)
"""Fields that a page may leave out; they are unchanged then."""
SOUND_FIELDS = ("sound_level", "sound_volume", "sound_speech", "sound_from", "sound_until", "sound_at_night")
INSTALLER_FIELDS = (
    "output", "darkest", "volume", "overscan_percent", "viewports", "download_limit", "download_from", "download_until",
    "neighbours", "idle_after_hours", "uncertain_clock",
)  # fmt: skip


class ScreenForm(RelatedModelForm):
    """Form of the settings of a screen. Its identifier is made of its name once, and stays."""

    languages = LanguagesField(
        help_text=_("In this order. None chosen: those of its groups, otherwise those of the “Town” page.")
    )
    output_kind = forms.ChoiceField(
        label=_("Output"),
        choices=OutputKind.choices,
        required=False,
        help_text=_("If it cannot be opened, the player goes on with the one that it was installed with."),
    )
    output_host = forms.CharField(
        label=_("Address of the controller"), required=False, max_length=102, help_text=_("For example 192.168.1.40.")
    )
    output_universe = forms.IntegerField(label=_("First universe"), required=False, min_value=0, max_value=63_998)
    output_gamma = forms.FloatField(label=_("Gamma"), required=False, min_value=0.5, max_value=4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in OPTIONAL_FIELDS:
            self.fields[name].required = False
        self.fields["output"].widget = forms.HiddenInput()
        known = ScreenOutput.parse(self.instance.output)
        parts = {"kind": known.kind.value, "host": known.host, "universe": known.universe, "gamma": known.gamma}
        self.initial.update({f"output_{name}": value for name, value in parts.items()})

    @property
    def has_installer_values(self) -> bool:
        """Whether the part for installers is opened: a setting in it is not the default, or the form was just sent."""
        usual = Screen()
        return self.is_bound or any(getattr(self.instance, name) != getattr(usual, name) for name in INSTALLER_FIELDS)

    @property
    def has_sound_values(self) -> bool:
        """Whether the part for sound is opened: something may be heard there, or something in it is wrong."""
        return bool(self.instance.sound_level) or any(name in self.errors for name in SOUND_FIELDS)

    def clean_groups(self) -> QuerySet[ScreenGroup]:
        """Refuse more groups than a screen can follow."""
        groups: QuerySet[ScreenGroup] = self.cleaned_data["groups"]
        targets.check_group_count(self.instance, groups)
        return groups

    def clean(self) -> dict[str, Any]:
        """Return the values; those of fields that the page left out are unchanged."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kept = {name: getattr(self.instance, name) for name in OPTIONAL_FIELDS if cleaned.get(name) in (None, "")}
        return {**cleaned, **kept, "output": self._chosen_output()}

    def _chosen_output(self) -> str:
        """Return the output as a screen stores it; unchanged where the page does not ask for it or has errors."""
        if self.add_prefix("output_kind") not in self.data or "output_kind" in self.errors:
            return str(self.instance.output)
        values = self.cleaned_data
        chosen = ScreenOutput(
            OutputKind(values["output_kind"]), values.get("output_host", ""), values.get("output_universe"),
            values.get("output_gamma") or USUAL_GAMMA,
        )  # fmt: skip
        try:
            chosen.check()
        except ValueError:
            self.add_error("output_host", _("Enter the address of the controller, such as 192.168.1.40."))
            return str(self.instance.output)
        return str(chosen)

    class Meta:
        model = Screen
        fields = (
            "name", "place", "screen_class", "rotation", "groups", "appearance", "transition", "languages",
            "off_from", "off_until", "night_brightness", *SOUND_FIELDS, *INSTALLER_FIELDS,
        )  # fmt: skip
        widgets = {
            "groups": forms.CheckboxSelectMultiple,
            "viewports": forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
            **dict.fromkeys(
                ("off_from", "off_until", "download_from", "download_until", "sound_from", "sound_until"), TimeInput
            ),
        }
        help_texts = {
            "name": _("As your colleagues call it, for example “Market square”."),
            "place": _("Where it is mounted, so that it can be found."),
            "appearance": _("Light text on a dark background is less dazzling in dark surroundings."),
            "off_until": _("An emergency switches the display on regardless."),
            "night_brightness": _(
                "In per cent; 100 changes nothing. Sunset depends on the location entered on the “Town” page."
            ),
            "darkest": _("In per cent, if the player has a light sensor; 100 ignores it."),
            "volume": _("In per cent; 0 is silent."),
            "sound_level": _("When the alert is shown, every ten minutes as long as it lasts, and once at its end."),
            "sound_volume": _("In per cent of what the player can put out. Try it on site."),
            "sound_speech": _("In its languages, if espeak-ng is installed on the player."),
            "sound_until": _("Both times empty: at any hour."),
            "sound_at_night": _("Exercises never are."),
            "overscan_percent": _("In per cent of the width and height, if a television cuts off the edges."),
            "viewports": _(
                "Only for LED sending cards: one line per part, for example 0,0 640x96 > 0,0: its top left "
                "corner and size in the image, then its corner on the display. *2 doubles it, @90 rotates it."
            ),
            "download_limit": _("Maximum in kilobytes per second; empty for no limit."),
            "download_until": _("Content for today is downloaded at any time."),
            "neighbours": _("Every file is still verified. Saves bandwidth where several screens share a connection."),
            "idle_after_hours": _("Alerts are still shown. Leave empty to keep showing the programme."),
            "uncertain_clock": _(
                "After a power cut, until the server or the network has confirmed the time. Alerts are still shown."
            ),
            "rotation": _("How far the panel is rotated clockwise when it is mounted on its side."),
        }


class ScreenClassForm(StyledModelForm):
    """Form of a screen class."""

    class Meta:
        model = ScreenClass
        fields = (
            "name", "technology", "width", "height", "physical_height_mm", "viewing_distance_mm", "colour_depth",
        )  # fmt: skip
        help_texts = {
            "width": _("As seen by the viewer: a totem is taller than wide."),
            "physical_height_mm": _("Of the lit surface. A 55-inch display: 680; a P10 panel: 10 per pixel."),
            "viewing_distance_mm": _(
                "The distance from which people must still be able to read it. Text is made large enough for that."
            ),
        }


class GroupForm(StyledModelForm):
    """Form of a group with its screens."""

    screens = forms.ModelMultipleChoiceField(
        Screen.objects.all(), required=False, label=_("Screens"), widget=forms.CheckboxSelectMultiple
    )

    languages = LanguagesField(
        help_text=_("Of the screens that have none of their own. Of several groups, the first by name counts.")
    )

    class Meta:
        model = ScreenGroup
        fields = ("name", "needs_approval", "languages")
        help_texts = {
            "needs_approval": _("Editors and contributors propose; a publisher or an administrator approves."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["screens"].initial = self.instance.screens.all()
            # The name of a municipality is what its screens show: it is changed on its own page.
            self.fields["name"].disabled = Municipality.objects.filter(group=self.instance).exists()

    def clean_screens(self) -> QuerySet[Screen]:
        """Refuse members that would be in too many groups."""
        screens: QuerySet[Screen] = self.cleaned_data["screens"]
        targets.check_new_members(self.instance, screens)
        return screens
