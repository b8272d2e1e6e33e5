"""Forms of alerts and scenarios."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from beffroi_content.model import GENERAL_HAZARD
from beffroi_content.model.announcement import MAX_LANGUAGES
from beffroi_content.raster.text.characters import is_blank
from beffroi_server.accounts.models import User
from beffroi_server.alerts.broadcast_checks import LONGEST_ALERT
from beffroi_server.alerts.models import LEVEL_CHOICES, STATUS_CHOICES, Alert, AlertProposal, PlannedAlert, Scenario
from beffroi_server.alerts.planned_alerts import repeat_rules
from beffroi_server.alerts.translations import stored_translations
from beffroi_server.core.formatting import moment_until
from beffroi_server.core.languages import language_choices
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.web.access import current_town
from beffroi_server.web.alerts.translation_forms import (
    AlertTranslationForm,
    PreparedTranslationForm,
    language_forms,
)
from beffroi_server.web.forms import (
    DateInput,
    DateTimeInput,
    RelatedModelForm,
    StyledForm,
    TimeInput,
    refuse_missing_characters,
)
from beffroi_server.web.library.translation_forms import changes_languages
from beffroi_server.web.local_times import LocalDateTimeField, LocalEndField

DEFAULT_MINUTES = 60
WORDING_FIELDS = (
    "level", "hazard", "title", "description", "instruction", "short_text", "phone", "link", "source", "everywhere",
    "groups", "screens", "all_clear_s",
)  # fmt: skip
"""Fields that an alert takes over from a scenario."""
TAKEN_OVER = (*WORDING_FIELDS, "translations")
DRAWN_FIELDS = ("title", "description", "instruction", "short_text", "phone", "source")
"""Fields whose text screens draw."""


class AlertTextForm(RelatedModelForm):
    """Base of the forms of alerts and scenarios: level, texts and targets."""

    translation_kind: type[AlertTranslationForm] = PreparedTranslationForm

    level = forms.ChoiceField(label=_("Level"), choices=LEVEL_CHOICES, widget=forms.RadioSelect)
    link = forms.URLField(
        label=_("Address for the rest"),
        help_text=_("Becomes a QR code on large screens."),
        max_length=200,
        required=False,
        assume_scheme="https",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("groups", "screens"):
            self.fields[name].widget = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
            self.fields[name].widget.choices = self.fields[name].choices  # type: ignore[attr-defined]
        for name in ("description", "instruction"):
            self.fields[name].widget.attrs["rows"] = 4
        self.fields["hazard"].required = False
        self.town = current_town()
        stored = self.initial.get("translations", self.instance.translations)
        self.translation_forms = language_forms(
            self.translation_kind, self.town, stored, self.data if self.is_bound else None
        )

    def is_valid(self) -> bool:
        """Tell whether the fields of every language are right."""
        return super().is_valid() and all(each.is_valid() for each in self.translation_forms)

    def clean(self) -> dict[str, Any]:
        """Put the texts of the languages together."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        valid = (each.stored_values() for each in self.translation_forms if each.is_valid())
        self.instance.translations = values["translations"] = stored_translations(each for each in valid if each)
        return values

    @property
    def new_languages(self) -> list[tuple[str, str]]:
        """Languages that can be added."""
        taken = {self.town.locale, *(each.code for each in self.translation_forms)}
        room = len(self.translation_forms) + 1 < MAX_LANGUAGES
        return [each for each in language_choices() if each[0] not in taken] if room else []

    @property
    def has_languages(self) -> bool:
        """True if the part with the languages is unfolded: something is in it, or was asked for."""
        if changes_languages(self.data):
            return True
        return any(each.errors or any(field.value() for field in each) for each in self.translation_forms)

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

    translation_kind = AlertTranslationForm

    status = forms.ChoiceField(label=_("Type of alert"), choices=STATUS_CHOICES, widget=forms.RadioSelect)
    duration_min = forms.IntegerField(
        label=_("Minutes until it ends automatically"),
        min_value=1,
        max_value=LONGEST_ALERT.days * 1440,
        initial=DEFAULT_MINUTES,
    )
    alone_reason = forms.CharField(label=_("Reason"), max_length=300, required=False)
    token = forms.UUIDField(widget=forms.HiddenInput)
    scenario = forms.ModelChoiceField(Scenario.objects.all(), required=False, widget=forms.HiddenInput)
    proposal = forms.ModelChoiceField(AlertProposal.objects.all(), required=False, widget=forms.HiddenInput)

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
            until = moment_until(former.review_at or former.ends_at)
            self.fields["duration_min"].required = False
            self.fields["duration_min"].help_text = gettext("Empty: as before, %(until)s.") % {"until": until}

    field_order = ("level", "status", "hazard", "title", "description", "instruction", "source")


class ScenarioForm(AlertTextForm):
    """Form of a scenario. What screens cannot draw is refused here, in calm, and only named when an alert is due."""

    class Meta:
        model = Scenario
        fields = ("name", *WORDING_FIELDS, "duration_min", "local_minutes", "local_triggers")
        labels = {"duration_min": _("Minutes until it ends automatically")}
        help_texts = {"name": _("As the officer on call will look for it, for example “Flood on the quays”.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["local_triggers"]
        field.widget = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
        field.widget.choices = field.choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Check that screens can draw the texts, and that who may trigger it can be known."""
        super().clean()
        refuse_missing_characters(self, *DRAWN_FIELDS)
        triggers = list(self.cleaned_data.get("local_triggers") or ())
        if self.cleaned_data.get("local_minutes") and not triggers:
            self.add_error("local_triggers", gettext("Choose at least one screen where it can be triggered."))
        if unknown := ", ".join(screen.name for screen in triggers if not screen.trigger_key):
            message = gettext("Enrol the players of these screens again, so that they get a key: %(names)s.")
            self.add_error("local_triggers", message % {"names": unknown})
        return self.cleaned_data

    def saved_targets(self) -> Targets:
        """Return the targets of the saved scenario; every screen for a new one."""
        return EVERYWHERE if self.instance.pk is None else Targets.of(self.instance)


REPEAT_CHOICES = (
    ("once", _("Once")),
    ("daily", _("Every day")),
    ("weekly", _("Every week, on this day of the week")),
    ("monthly-weekday", _("Every month, on this day of the week, such as each first Wednesday")),
    ("monthly", _("Every month, on this date")),
    ("yearly", _("Every year, on this date")),
)


class PlannedAlertForm(AlertTextForm):
    """Form of an alert that begins at a time to come."""

    status = forms.ChoiceField(label=_("Type of alert"), choices=STATUS_CHOICES, widget=forms.RadioSelect)
    repeats = forms.ChoiceField(label=_("Repeats"), choices=REPEAT_CHOICES)
    token = forms.UUIDField(widget=forms.HiddenInput)

    class Meta:
        model = PlannedAlert
        fields = ("status", *WORDING_FIELDS, "starts_on", "starts_time", "duration_min", "reminder_min")
        widgets = {"all_clear_s": forms.HiddenInput, "starts_on": DateInput, "starts_time": TimeInput}
        labels = {"duration_min": _("Minutes until it ends automatically")}
        help_texts = {"reminder_min": _("You are told so long before it begins; 0 for no reminder.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = self.instance
        if plan.pk is not None:
            rules = {rule: name for name, rule in repeat_rules(plan.starts_on).items()}
            if plan.recurrence not in rules:
                # A program has written it: the form leaves it as it is.
                self.fields["repeats"].choices = [("kept", plan.recurrence), *REPEAT_CHOICES]  # type: ignore[attr-defined]
            self.initial["repeats"] = rules.get(plan.recurrence, "kept")

    def clean(self) -> dict[str, Any]:
        """Check that screens can draw the texts, and turn the choice into a rule."""
        super().clean()
        refuse_missing_characters(self, *DRAWN_FIELDS)
        return self.cleaned_data

    def chosen_rule(self) -> str:
        """Return the rule of RFC 5545 that was chosen."""
        name, day = self.cleaned_data["repeats"], self.cleaned_data["starts_on"]
        return self.instance.recurrence if name == "kept" else repeat_rules(day)[name]


class OnCallExceptionForm(StyledForm):
    """Form of a time in which somebody else is on call than the rota says."""

    person = forms.ModelChoiceField(User.objects.none(), label=_("Who is on call"))
    starts_at = LocalDateTimeField(label=_("From"), widget=DateTimeInput())
    ends_at = LocalEndField(label=_("Until"), widget=DateTimeInput())

    def __init__(self, *args: Any, officers: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = [user.pk for user in officers]
        self.fields["person"].queryset = User.objects.filter(pk__in=keys)  # type: ignore[attr-defined]


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
