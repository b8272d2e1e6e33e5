"""The form that makes enrolment cards, for screens that are there and for new ones."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_content.wire.enrolment_card import MAX_SERVERS
from beffroi_server.fleet.enrolment_cards import LONGEST_DAYS, MOST_CARDS, USUAL_DAYS
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.new_screens import NewScreen, read_new_screens
from beffroi_server.web.forms import StyledForm


class CardForm(StyledForm):
    """Which screens get a card, and for how long."""

    screens = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Screens"), queryset=Screen.objects.all(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    names = forms.CharField(
        label=gettext_lazy("New screens"), required=False, max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One on each line, the place after a semicolon: “Market square; Town hall, ground floor”. They are added "
            "with the values below."
        ),
    )  # fmt: skip
    screen_class = forms.ModelChoiceField(
        label=gettext_lazy("Screen class of the new screens"), queryset=ScreenClass.objects.all(), required=False
    )
    groups = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Groups of the new screens"), queryset=ScreenGroup.objects.all(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    days = forms.IntegerField(
        label=gettext_lazy("Valid for … days"), initial=USUAL_DAYS, min_value=1, max_value=LONGEST_DAYS
    )
    servers = forms.CharField(
        label=gettext_lazy("Further addresses of the server"), required=False, max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One on each line, such as http://192.168.1.10:8000 where the players have no internet. The address of "
            "this page comes first."
        ),
    )  # fmt: skip
    replaces = forms.BooleanField(
        label=gettext_lazy("Also for screens that have a player: the new one takes its place"), required=False
    )

    def clean_names(self) -> list[NewScreen]:
        """Return the new screens."""
        return read_new_screens(self.cleaned_data["names"])

    def clean_servers(self) -> list[str]:
        """Return the further addresses."""
        found: list[str] = self.cleaned_data["servers"].split()
        if len(found) >= MAX_SERVERS:
            raise ValidationError(_("Enter up to %(most)d addresses.") % {"most": MAX_SERVERS - 1})
        return found

    def clean(self) -> dict[str, Any]:
        """Check what concerns several fields."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        chosen, names = list(values.get("screens") or ()), values.get("names") or []
        if "screens" in values and "names" in values and not 0 < len(chosen) + len(names) <= MOST_CARDS:
            self.add_error(None, _("Choose at least one screen, and %(most)d at most.") % {"most": MOST_CARDS})
        if names and not values.get("screen_class"):
            self.add_error("screen_class", _("Choose the class of the new screens."))
        taken = [screen.name for screen in chosen if screen.enrolled_at is not None]
        if taken and not values.get("replaces"):
            some = ", ".join(taken[:5]) + (" …" if len(taken) > 5 else "")
            self.add_error("replaces", _("These have a player already: %(names)s. Tick this to replace it.")
                           % {"names": some})  # fmt: skip
        return values
