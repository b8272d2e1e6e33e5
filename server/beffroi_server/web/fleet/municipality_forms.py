"""Forms of municipalities."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library.models import MediaItem
from beffroi_server.library.town_branding import logo_of
from beffroi_server.web.forms import RelatedModelForm, refuse_missing_characters


class MunicipalityForm(RelatedModelForm):
    """Form of a municipality with its screens."""

    logo = forms.ModelChoiceField(
        MediaItem.objects.all(), label="Logo", required=False, empty_label=_("that of the intercommunality")
    )
    screens = forms.ModelMultipleChoiceField(
        Screen.objects.all(), required=False, label=_("Screens"), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Municipality
        fields = ("name", "colour", "latitude", "longitude", "insee", "holiday_region")
        widgets = {"colour": forms.TextInput(attrs={"type": "color"})}
        help_texts = {
            "name": _("As its screens show it."),
            "latitude": _("Degrees north, for example 47.2184. If left empty, that of the intercommunality."),
            "longitude": _("Degrees east; negative west of Greenwich, for example -1.5536."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["logo"] = logo_of(self.instance)
            self.initial["screens"] = [screen.pk for screen in self.instance.group.screens.all()]

    def clean(self) -> dict[str, Any]:
        """Check that screens can draw the name."""
        super().clean()
        refuse_missing_characters(self, "name")
        return self.cleaned_data
