"""The form that broadcasts an alert."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from beffroi_content.model import GENERAL_HAZARD
from beffroi_server.alerts.models import Alert, AlertLevel, AlertStatus, Scenario
from beffroi_server.alerts.services import LONGEST_ALERT, AlertTargets
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.web.forms import RelatedModelForm, StyledForm

DEFAULT_MINUTES = 60
WORDING_FIELDS = (
    "level", "hazard", "title", "description", "instruction", "source", "everywhere", "groups", "screens",
    "all_clear_s",
)  # fmt: skip
"""What a scenario hands over to an alert."""


class AlertTextForm(RelatedModelForm):
    """What the forms of alerts and scenarios have in common."""

    level = forms.ChoiceField(label=_("Level"), choices=AlertLevel.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("groups", "screens"):
            self.fields[name].widget = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
            self.fields[name].widget.choices = self.fields[name].choices  # type: ignore[attr-defined]
        for name in ("description", "instruction"):
            self.fields[name].widget.attrs["rows"] = 4
        self.fields["hazard"].required = False

    def clean_hazard(self) -> str:
        """Return the pictogram; without one, none of them."""
        return self.cleaned_data["hazard"] or GENERAL_HAZARD

    def selected_targets(self) -> AlertTargets:
        """Return the screens that were chosen."""
        if self.cleaned_data["everywhere"]:
            return AlertTargets(everywhere=True)
        return AlertTargets(groups=tuple(self.selected_rows("groups")), screens=tuple(self.selected_rows("screens")))


class AlertBroadcastForm(AlertTextForm):
    """An alert before it is broadcast."""

    status = forms.ChoiceField(label=_("Is it real?"), choices=AlertStatus.choices, widget=forms.RadioSelect)
    duration_min = forms.IntegerField(
        label=_("Minutes until it ends by itself"),
        min_value=1,
        max_value=LONGEST_ALERT.days * 1440,
        initial=DEFAULT_MINUTES,
    )
    token = forms.UUIDField(widget=forms.HiddenInput)
    scenario = forms.ModelChoiceField(Scenario.objects.all(), required=False, widget=forms.HiddenInput)

    class Meta:
        model = Alert
        fields = ("status", *WORDING_FIELDS)
        widgets = {"all_clear_s": forms.HiddenInput}

    field_order = ("level", "status", "hazard", "title", "description", "instruction", "source")


class ScenarioForm(AlertTextForm):
    """An alert prepared in calm."""

    class Meta:
        model = Scenario
        fields = ("name", *WORDING_FIELDS, "duration_min")
        labels = {"duration_min": _("Minutes until it ends by itself")}
        help_texts = {"name": _("As the officer looks for it at night, such as “Flood of the quays”.")}

    def saved_targets(self) -> tuple[bool, list[ScreenGroup], list[Screen]]:
        """Return the targets of the scenario before it is changed."""
        if self.instance.pk is None:
            return True, [], []
        return self.instance.everywhere, list(self.instance.groups.all()), list(self.instance.screens.all())


class AlertExtensionForm(StyledForm):
    """By how much an alert is prolonged."""

    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=LONGEST_ALERT.days * 1440)


def targets_so_far(form: AlertTextForm) -> tuple[bool, list[ScreenGroup], list[Screen]]:
    """Return the targets as far as they are filled in, in a form that may be wrong elsewhere."""
    form.is_valid()
    chosen = form.cleaned_data
    return bool(chosen.get("everywhere")), list(chosen.get("groups") or ()), list(chosen.get("screens") or ())
