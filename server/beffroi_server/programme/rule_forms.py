"""The form of a schedule rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from beffroi_server.programme.models import EVERY_DAY, ScheduleRule
from beffroi_server.programme.sentences import FILLER, IMPORTANT, USUAL
from beffroi_server.web.forms import DateInput, ListedModelForm, TimeInput

DAYS = (
    ("1", _("Monday")), ("2", _("Tuesday")), ("3", _("Wednesday")), ("4", _("Thursday")), ("5", _("Friday")),
    ("6", _("Saturday")), ("7", _("Sunday")),
)  # fmt: skip
LEVELS = (
    (USUAL, pgettext_lazy("priority", "Usual")),
    (IMPORTANT, pgettext_lazy("priority", "Important: what is usual waits")),
    (FILLER, pgettext_lazy("priority", "Filler: only when nothing else is on")),
)
WORKING_DAYS = "12345"


class RuleForm(ListedModelForm):
    """Which playlist, where, when, and beside what else."""

    every_day = forms.BooleanField(label=_("Every day"), required=False)
    weekdays = forms.MultipleChoiceField(
        label=_("Days of the week"), choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    level = forms.TypedChoiceField(
        label=_("Priority"), choices=LEVELS, coerce=int, empty_value=None, required=False, widget=forms.RadioSelect
    )

    class Meta:
        model = ScheduleRule
        fields = (
            "playlist", "name", "everywhere", "groups", "screens", "first_date", "last_date", "weekdays",
            "start_time", "end_time", "priority", "mode",
        )  # fmt: skip
        widgets = {
            "groups": forms.CheckboxSelectMultiple,
            "screens": forms.CheckboxSelectMultiple,
            "first_date": DateInput,
            "last_date": DateInput,
            "start_time": TimeInput,
            "end_time": TimeInput,
            "mode": forms.RadioSelect,
        }
        labels = {"priority": _("Priority as a number"), "mode": _("Beside others of the same priority")}
        help_texts = {
            "name": _("For you and your colleagues. Left empty, the rule is called as its playlist."),
            "last_date": _("This day is included."),
            "end_time": _("An end before the beginning lies on the next day."),
            "priority": _("From 0 to 100, instead of the words: filler is 30, usual 50, important 70."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_every_day = self.instance.weekdays == EVERY_DAY
        has_word = self.instance.priority in dict(LEVELS)
        self.initial.update(
            {
                "every_day": is_every_day,
                "weekdays": list(WORKING_DAYS if is_every_day else self.instance.weekdays),
                "level": self.instance.priority if has_word else None,
                "priority": None if has_word else self.instance.priority,
            }
        )
        self.fields["name"].required = self.fields["priority"].required = False
        self.fields["playlist"].empty_label = _("Choose a playlist")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Put together what the page asks for in parts."""
        values = self.cleaned_data
        values["name"] = values.get("name") or getattr(values.get("playlist"), "name", "")
        if values.get("everywhere"):
            values["screens"], values["groups"] = [], []
        if values.get("every_day"):
            values["weekdays"] = EVERY_DAY
        elif "weekdays" in values:
            values["weekdays"] = "".join(sorted(values["weekdays"]))
            if not values["weekdays"]:
                self.add_error("weekdays", _("Tick every day, or at least one day."))
        if "priority" in values:
            values["priority"] = self._priority()
        return values

    def _priority(self) -> int:
        """Return the number, if it was typed anew or no word was chosen; otherwise that of the word."""
        number, level = self.cleaned_data["priority"], self.cleaned_data.get("level")
        if number is not None and (level is None or "priority" in self.changed_data):
            return int(number)
        return USUAL if level is None else int(level)
