"""Forms of acts on several announcements: what each act has to know before it can be done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import announcement_acts
from beffroi_server.web.forms import DateTimeInput, StyledForm, refuse_missing_characters
from beffroi_server.web.local_times import LocalDateTimeField, LocalEndField


class PlaceForm(StyledForm):
    """Form of where and when several announcements are shown."""

    everywhere = forms.BooleanField(label=gettext_lazy("on all screens"), required=False)
    groups = forms.ModelMultipleChoiceField(
        ScreenGroup.objects.all(), label=gettext_lazy("groups"), required=False, widget=forms.CheckboxSelectMultiple
    )
    screens = forms.ModelMultipleChoiceField(
        Screen.objects.all(), label=gettext_lazy("screens"), required=False, widget=forms.CheckboxSelectMultiple
    )
    starts_at = LocalDateTimeField(label=gettext_lazy("shown from"), required=False, widget=DateTimeInput())
    ends_at = LocalEndField(label=gettext_lazy("shown until"), required=False, widget=DateTimeInput())

    def clean(self) -> dict[str, Any]:
        """Refuse no screens at all, and a period that is over or ends before it begins."""
        values = super().clean() or {}
        if not (values.get("everywhere") or values.get("groups") or values.get("screens")):
            self.add_error("everywhere", _("Choose all screens, a group or a screen."))
        starts, ends = values.get("starts_at"), values.get("ends_at")
        if ends is not None and ends <= max(filter(None, (starts, timezone.now()))):
            self.add_error("ends_at", _("This is before the start, or already past."))
        return values

    def placement_values(self) -> announcement_acts.PlacementValues:
        """Return the values of a valid form."""
        return announcement_acts.PlacementValues(**self.cleaned_data)


class TagForm(StyledForm):
    """Form of one tag."""

    tag = forms.CharField(
        label=gettext_lazy("Tag"), max_length=40,
        widget=forms.TextInput(attrs={"list": "tags", "autocomplete": "off"}),
    )  # fmt: skip


class CategoryForm(StyledForm):
    """Form of a category; empty for none."""

    label = forms.CharField(
        label=gettext_lazy("Category"),
        max_length=Announcement._meta.get_field("label").max_length,
        required=False,
        help_text=gettext_lazy("Leave empty for none."),
        widget=forms.TextInput(attrs={"list": "categories", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Check that screens can draw it."""
        values = super().clean() or {}
        refuse_missing_characters(self, "label")
        return values


class ExtendForm(StyledForm):
    """Form of a later end."""

    until = LocalEndField(label=gettext_lazy("shown until"), widget=DateTimeInput())

    def clean_until(self) -> Any:
        """Refuse an end that is past."""
        until = self.cleaned_data["until"]
        if until <= timezone.now():
            raise forms.ValidationError(_("This is already past."))
        return until
