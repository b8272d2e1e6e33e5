"""Form of the hours of a screen: the usual ones, days of the week that differ, and special days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.screen_hours import MAX_SPECIAL_DAYS, DayMode
from beffroi_server.web.forms import DateInput, StyledForm, TimeInput

EMPTY_ROWS = 2
"""Rows for further special days, beside those that are filled in."""
_USUAL = [("", gettext_lazy("as usual")), *DayMode.choices]


@dataclass(frozen=True)
class HoursRow:
    """A day of the week, or a range of special days, with its fields."""

    name: str
    """Name of the day; empty for special days."""
    mode: BoundField
    start: BoundField
    end: BoundField
    first: BoundField | None = None
    last: BoundField | None = None

    @property
    def errors(self) -> list[str]:
        """What is wrong in the row."""
        fields = (self.first, self.last, self.mode, self.start, self.end)
        return [str(error) for field in fields if field is not None for error in field.errors]


class HoursForm(StyledForm):
    """Form of the hours of a screen. Special days that are over are left out, and gone once it is saved."""

    off_from = forms.TimeField(label=gettext_lazy("Off from"), required=False, widget=TimeInput)
    off_until = forms.TimeField(label=gettext_lazy("Off until"), required=False, widget=TimeInput)

    special_count = 0
    """Rows for special days."""

    @property
    def weekday_rows(self) -> list[HoursRow]:
        """The days of the week, Monday first."""
        return [
            HoursRow(str(WEEKDAYS[day - 1]), self[f"day{day}_mode"], self[f"day{day}_from"], self[f"day{day}_until"])
            for day in range(1, 8)
        ]

    @property
    def special_rows(self) -> list[HoursRow]:
        """The special days, and empty rows for more."""
        return [
            HoursRow("", *(self[f"special{at}_{part}"] for part in ("mode", "from", "until", "first", "last")))
            for at in range(self.special_count)
        ]

    def clean(self) -> dict[str, Any]:
        """Check that times and days are whole."""
        values = self.cleaned_data
        if (values.get("off_from") is None) != (values.get("off_until") is None):
            self.add_error("off_until", _("Enter both times, or none."))
        for prefix in self._prefixes():
            times = values.get(f"{prefix}_from"), values.get(f"{prefix}_until")
            in_use = prefix.startswith("day") or values.get(f"{prefix}_first")
            if in_use and values.get(f"{prefix}_mode") == DayMode.HOURS and None in times:
                self.add_error(f"{prefix}_until", _("Enter both times."))
        for at in range(self.special_count):
            first, last = values.get(f"special{at}_first"), values.get(f"special{at}_last")
            if last and not first:
                self.add_error(f"special{at}_first", _("Enter the first day, too."))
            elif first and last and not first <= last <= first + dt.timedelta(days=400):
                self.add_error(f"special{at}_last", _("This is before the first day, or more than a year later."))
        return values

    def stored_values(self) -> dict[str, Any]:
        """Return the fields of a screen that the form fills."""
        values = self.cleaned_data
        days = {str(day): self._entry(f"day{day}") for day in range(1, 8) if values[f"day{day}_mode"]}
        special = [
            {
                "first": values[f"special{at}_first"].isoformat(),
                "last": (values[f"special{at}_last"] or values[f"special{at}_first"]).isoformat(),
                **self._entry(f"special{at}"),
            }
            for at in range(self.special_count)
            if values[f"special{at}_first"]
        ]
        return {
            "off_from": values["off_from"],
            "off_until": values["off_until"],
            "day_hours": days,
            "special_days": sorted(special, key=lambda entry: (entry["first"], entry["last"])),
        }

    def _prefixes(self) -> Iterator[str]:
        yield from (f"day{day}" for day in range(1, 8))
        yield from (f"special{at}" for at in range(self.special_count))

    def _entry(self, prefix: str) -> dict[str, str]:
        mode = self.cleaned_data[f"{prefix}_mode"] or DayMode.OFF.value
        if mode != DayMode.HOURS:
            return {"mode": mode}
        start, end = self.cleaned_data[f"{prefix}_from"], self.cleaned_data[f"{prefix}_until"]
        return {"mode": mode, "from": f"{start:%H:%M}", "until": f"{end:%H:%M}"}


def _initial_values(screen: Screen, coming: list[dict[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {"off_from": screen.off_from, "off_until": screen.off_until}
    rows = {f"day{day}": entry for day, entry in screen.day_hours.items()}
    rows |= {f"special{at}": entry for at, entry in enumerate(coming)}
    return found | {f"{prefix}_{part}": value for prefix, entry in rows.items() for part, value in entry.items()}


def hours_form(data: Any, screen: Screen) -> HoursForm:
    """Return the form of the hours of a screen, with a row for each of its special days and some empty ones."""
    coming = [each for each in screen.special_days if each["last"] >= timezone.localdate().isoformat()]
    rows = len(coming) + EMPTY_ROWS
    while data is not None and f"special{rows}_first" in data and rows < MAX_SPECIAL_DAYS:
        rows += 1
    count = min(rows, MAX_SPECIAL_DAYS)
    fields: dict[str, Any] = {"special_count": count}
    for day in range(1, 8):
        fields |= _row_fields(f"day{day}", _USUAL, str(WEEKDAYS[day - 1]).capitalize())
    for at in range(count):
        name = _("Special day %(number)d") % {"number": at + 1}
        fields |= _row_fields(f"special{at}", DayMode.choices, name)
        for part, label in (("first", _("first day")), ("last", _("last day"))):
            fields[f"special{at}_{part}"] = forms.DateField(
                label=f"{name}: {label}", required=False, widget=_labelled(DateInput(), f"{name}: {label}")
            )
    kind = type("ScreenHoursForm", (HoursForm,), fields)
    form: HoursForm = kind(data, initial=_initial_values(screen, coming))
    return form


def _labelled(widget: forms.Widget, label: str) -> forms.Widget:
    widget.attrs["aria-label"] = label
    return widget


def _row_fields(prefix: str, choices: Any, name: str) -> dict[str, Any]:
    label = f"{name}: {_('display')}"
    is_special = prefix.startswith("special")
    found: dict[str, Any] = {
        f"{prefix}_mode": forms.ChoiceField(
            label=label,
            choices=choices,
            required=False,
            widget=_labelled(forms.Select(), label),
            initial=DayMode.OFF if is_special else "",
        )
    }
    for part, text in (("from", _("off from")), ("until", _("off until"))):
        label = f"{name}: {text}"
        found[f"{prefix}_{part}"] = forms.TimeField(label=label, required=False, widget=_labelled(TimeInput(), label))
    return found
