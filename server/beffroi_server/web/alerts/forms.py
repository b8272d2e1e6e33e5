"""Forms of alerts and scenarios."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from beffroi_content.model import GENERAL_HAZARD
from beffroi_content.raster.text.characters import is_blank
from beffroi_server.alerts.models import LEVEL_CHOICES, STATUS_CHOICES, Alert, Scenario
from beffroi_server.alerts.services import LONGEST_ALERT
from beffroi_server.core.formatting import format_moment
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.web.forms import RelatedModelForm, StyledForm, refuse_missing_characters

DEFAULT_MINUTES = 60
WORDING_FIELDS = (
    "level", "hazard", "title", "description", "instruction", "source", "everywhere", "groups", "screens",
    "all_clear_s",
)  # fmt: skip
"""Fields that an alert takes over from a scenario."""
DRAWN_FIELDS = ("title", "description", "instruction", "source")
"""Fields whose text screens draw."""


class AlertTextForm(RelatedModelForm):
    """Base of the forms of alerts and scenarios: level, texts and targets."""

    level = forms.ChoiceField(label=_("Level"), choices=LEVEL_CHOICES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("groups", "screens"):
            self.fields[name].widget = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
            self.fields[name].widget.choices = self.fields[name].choices  # type: ignore[attr-defined]
        for name in ("description", "instruction"):
            self.fields[name].widget.attrs["rows"] = 4
        self.fields["hazard"].required = False

    def clean_hazard(self) -> str:
        """Return the hazard; a general one where none is chosen."""
        return self.cleaned_data["hazard"] or GENERAL_HAZARD

    def clean_title(self) -> str:
        """Return the title.

        Raises:
            ValidationError: nothing of it can be seen.
        """
        title = str(self.cleaned_data["title"])
        if is_blank(title):
            raise ValidationError(_("The title contains no visible characters."), "required")
        return title

    def selected_targets(self) -> Targets:
        """Return the targets that were selected."""
        if self.cleaned_data["everywhere"]:
            return EVERYWHERE
        return Targets(groups=tuple(self.selected_rows("groups")), screens=tuple(self.selected_rows("screens")))


class AlertBroadcastForm(AlertTextForm):
    """Form that broadcasts an alert."""

    status = forms.ChoiceField(label=_("Type of alert"), choices=STATUS_CHOICES, widget=forms.RadioSelect)
    duration_min = forms.IntegerField(
        label=_("Minutes until it ends automatically"),
        min_value=1,
        max_value=LONGEST_ALERT.days * 1440,
        initial=DEFAULT_MINUTES,
    )
    token = forms.UUIDField(widget=forms.HiddenInput)
    scenario = forms.ModelChoiceField(Scenario.objects.all(), required=False, widget=forms.HiddenInput)

    class Meta:
        model = Alert
        fields = ("status", *WORDING_FIELDS, "is_open_ended")
        widgets = {"all_clear_s": forms.HiddenInput}
        labels = {"is_open_ended": _("Lasts until somebody ends it")}
        help_texts = {"is_open_ended": _("After that time you are reminded every minute to end it or to extend it.")}

    def __init__(self, *args: Any, former: Alert | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.former = former
        if former is not None:
            end = format_moment(former.review_at or former.ends_at)
            self.fields["duration_min"].required = False
            self.fields["duration_min"].help_text = gettext("Empty: as before, until %(end)s.") % {"end": end}

    field_order = ("level", "status", "hazard", "title", "description", "instruction", "source")


class ScenarioForm(AlertTextForm):
    """Form of a scenario. What screens cannot draw is refused here, in calm, and only named when an alert is due."""

    class Meta:
        model = Scenario
        fields = ("name", *WORDING_FIELDS, "duration_min")
        labels = {"duration_min": _("Minutes until it ends automatically")}
        help_texts = {"name": _("As the officer on call will look for it, for example “Flood on the quays”.")}

    def clean(self) -> dict[str, Any]:
        """Check that screens can draw the texts."""
        super().clean()
        refuse_missing_characters(self, *DRAWN_FIELDS)
        return self.cleaned_data

    def saved_targets(self) -> Targets:
        """Return the targets of the saved scenario; every screen for a new one."""
        return EVERYWHERE if self.instance.pk is None else Targets.of(self.instance)


class AlertExtensionForm(StyledForm):
    """Form of the minutes by which an alert is extended."""

    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=LONGEST_ALERT.days * 1440)


def targets_so_far(form: AlertTextForm) -> Targets:
    """Return the targets of a form that may have errors in other fields."""
    form.is_valid()
    chosen = form.cleaned_data
    if chosen.get("everywhere"):
        return EVERYWHERE
    return Targets(groups=tuple(chosen.get("groups") or ()), screens=tuple(chosen.get("screens") or ()))
