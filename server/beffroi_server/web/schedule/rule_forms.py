"""Form of a schedule rule, with fields for lists of dates and of time ranges."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from beffroi_server.schedule.models import EVERY_DAY, ScheduleRule
from beffroi_server.schedule.rule_summary import FILLER_PRIORITY, IMPORTANT_PRIORITY, USUAL_PRIORITY
from beffroi_server.web.forms import DateInput, RelatedModelForm, TimeInput

WEEKDAY_CHOICES = (
    ("1", _("Monday")), ("2", _("Tuesday")), ("3", _("Wednesday")), ("4", _("Thursday")), ("5", _("Friday")),
    ("6", _("Saturday")), ("7", _("Sunday")),
)  # fmt: skip
PRIORITY_CHOICES = (
    (USUAL_PRIORITY, pgettext_lazy("priority", "Usual")),
    (IMPORTANT_PRIORITY, pgettext_lazy("priority", "Important: usual content waits")),
    (FILLER_PRIORITY, pgettext_lazy("priority", "Filler: only when nothing else is scheduled")),
)
WORKING_DAYS = "12345"
MAX_DATES = 400
MAX_TIMES = 6
_TIME_RANGE = re.compile(r"(\d{1,2})(?:[:hH](\d{2})?)?\s*(?:-|–|à|to)\s*(\d{1,2})(?:[:hH](\d{2})?)?")


class DateListField(forms.CharField):
    """Field for dates that are written one after another; its value is a list such as ``["2026-12-24"]``."""

    def __init__(self, **kwargs: Any) -> None:
        help_text = _("Separate several with commas, for example 24/12/2026, 31/12/2026.")
        super().__init__(help_text=help_text, max_length=4_000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the value as the text of the input."""
        return ", ".join(_format_date(day) for day in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the dates in order.

        Raises:
            ValidationError: a part is not a date, or there are too many.
        """
        parts = [part for part in re.split(r"[,;\s]+", str(value or "")) if part]
        days = sorted({self._parse_date(part).isoformat() for part in parts})
        if len(days) > MAX_DATES:
            raise forms.ValidationError(_("There are more than %(limit)d days.") % {"limit": MAX_DATES})
        return days

    def _parse_date(self, text: str) -> dt.date:
        for pattern in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"):
            try:
                return dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a day has no time zone
            except ValueError:
                continue
        raise forms.ValidationError(_("“%(text)s” is not a date. Write it like 24/12/2026.") % {"text": text[:40]})

    def validate(self, value: Any) -> None:
        """Accept every list of dates."""

    def run_validators(self, value: Any) -> None:
        """Do nothing: the number of dates was checked, and the text may be longer than the list."""


def _format_date(day: str) -> str:
    return dt.date.fromisoformat(day).strftime("%d/%m/%Y")


class TimeRangesField(forms.CharField):
    """Field for time ranges that are written one after another; its value is a list of pairs ``["12:00", "14:00"]``."""

    def __init__(self, **kwargs: Any) -> None:
        help_text = _("Separate several with commas, for example 12:00-14:00, 18:00-20:00.")
        super().__init__(help_text=help_text, max_length=400, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the value as the text of the input."""
        return ", ".join(f"{start}-{end}" for start, end in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the time ranges in order.

        Raises:
            ValidationError: a part is not a time range, or there are too many.
        """
        parts = [part.strip() for part in re.split(r"[,;\n]", str(value or "")) if part.strip()]
        found = sorted(self._parse_range(part) for part in parts)
        if len(found) > MAX_TIMES:
            raise forms.ValidationError(_("There are more than %(limit)d time ranges.") % {"limit": MAX_TIMES})
        return [list(pair) for pair in found]

    def _parse_range(self, text: str) -> tuple[str, str]:
        match = _TIME_RANGE.fullmatch(text)
        if match is not None:
            hours = [dt.time(int(match[hour]), int(match[minute] or 0)) for hour, minute in ((1, 2), (3, 4))
                     if int(match[hour]) < 24 and int(match[minute] or 0) < 60]  # fmt: skip
            if len(hours) == 2 and hours[0] != hours[1]:
                return f"{hours[0]:%H:%M}", f"{hours[1]:%H:%M}"
        raise forms.ValidationError(
            _("“%(text)s” is not a time range. Write it like 12:00-14:00.") % {"text": text[:40]}
        )

    def validate(self, value: Any) -> None:
        """Accept every list of time ranges."""

    def run_validators(self, value: Any) -> None:
        """Do nothing: the number of time ranges was checked, and the text may be longer than the list."""


class ScheduleRuleForm(RelatedModelForm):
    """Form of a schedule rule: playlist, screens, dates and times, priority and mode."""

    every_day = forms.BooleanField(label=_("Every day"), required=False)
    weekdays = forms.MultipleChoiceField(
        label=_("Days of the week"), choices=WEEKDAY_CHOICES, required=False, widget=forms.CheckboxSelectMultiple
    )
    level = forms.TypedChoiceField(
        label=_("Priority"),
        choices=PRIORITY_CHOICES,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )

    extra_dates = DateListField(label=_("Also on these days"), required=False)
    except_dates = DateListField(label=_("Not on these days"), required=False)

    more_times = TimeRangesField(label=_("Further times"), required=False)

    class Meta:
        model = ScheduleRule
        fields = (
            "playlist", "name", "everywhere", "groups", "screens", "first_date", "last_date", "weekdays",
            "rhythm", "only_on", "never_on", "daypart", "start_time", "end_time", "priority", "mode", "weight",
            "cadence", "amount",
        )  # fmt: skip
        widgets = {
            "groups": forms.CheckboxSelectMultiple,
            "screens": forms.CheckboxSelectMultiple,
            "first_date": DateInput,
            "last_date": DateInput,
            "start_time": TimeInput,
            "end_time": TimeInput,
            "mode": forms.RadioSelect,
            "only_on": forms.CheckboxSelectMultiple,
            "never_on": forms.CheckboxSelectMultiple,
        }
        labels = {"priority": _("Priority as a number"), "mode": _("Next to others of the same priority")}
        help_texts = {
            "name": _("For you and your colleagues. If left empty, the rule takes the name of its playlist."),
            "last_date": _("This day is included."),
            "weight": _("0: each slide comes as often as those of other rules. Otherwise it counts as so many slides."),
            "amount": _("Minutes, times or seconds, as selected above."),
            "end_time": _("An end before the start is on the next day."),
            "priority": _("From 0 to 100, instead of the choices above: filler is 30, usual 50, important 70."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_every_day = self.instance.weekdays == EVERY_DAY
        has_word = self.instance.priority in dict(PRIORITY_CHOICES)
        self.initial.update(
            {
                "every_day": is_every_day,
                "weekdays": list(WORKING_DAYS if is_every_day else self.instance.weekdays),
                "level": self.instance.priority if has_word else None,
                "priority": None if has_word else self.instance.priority,
                "extra_dates": self.instance.extra_dates,
                "except_dates": self.instance.except_dates,
                "more_times": self.instance.more_times,
            }
        )
        for name in ("name", "priority", "rhythm", "weight", "cadence", "amount"):
            self.fields[name].required = False
        self.fields["playlist"].empty_label = _("Choose a playlist")  # type: ignore[attr-defined]

    @property
    def has_further_hours(self) -> bool:
        """Whether the part of the page with further times is in use, and therefore opened."""
        return any(self[name].value() for name in ("daypart", "more_times"))

    @property
    def has_exceptions(self) -> bool:
        """Whether the part of the page with holidays and single days is in use, and therefore opened."""
        return any(self[name].value() for name in ("only_on", "never_on", "extra_dates", "except_dates"))

    def clean(self) -> dict[str, Any]:
        """Join what the page asks for in several fields: weekdays, priority, and the lists of days."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
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
            values["priority"] = self._chosen_priority()
        for name in ("rhythm", "weight", "cadence", "amount"):
            # A page may leave a field out: it is unchanged then.
            if name in values and values[name] in ("", None):
                values[name] = getattr(self.instance, name)
        # These fields are no model fields of the form: the service saves them with the instance.
        self.instance.extra_dates = values.get("extra_dates", [])
        self.instance.except_dates = values.get("except_dates", [])
        self.instance.more_times = values.get("more_times", [])
        self.instance.chosen_only_on = list(values.get("only_on") or [])
        self.instance.chosen_never_on = list(values.get("never_on") or [])
        return values

    def _chosen_priority(self) -> int:
        """Return the priority: the number, if it was changed or no level is chosen; otherwise that of the level."""
        number, level = self.cleaned_data["priority"], self.cleaned_data.get("level")
        if number is not None and (level is None or "priority" in self.changed_data):
            return int(number)
        return USUAL_PRIORITY if level is None else int(level)
