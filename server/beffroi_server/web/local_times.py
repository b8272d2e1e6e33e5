"""Form fields for moments in the town’s time, on the two nights of a year on which its clocks change, too."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

FIRST_YEAR, LAST_YEAR = 1970, 2199
"""Years that can be entered: screens know no others."""


class LocalDateTimeField(forms.DateTimeField):
    """A moment in the town’s time. Of an hour that occurs twice the first is meant; one that is skipped is refused."""

    fold = 0
    """1: of an hour that occurs twice the second is meant."""

    def to_python(self, value: Any) -> dt.datetime | None:
        """Return the moment that was entered, with the town’s zone.

        Raises:
            ValidationError: it is none, lies too far away, or does not exist; the message says what to enter.
        """
        zone = timezone.get_current_timezone()
        with timezone.override(dt.UTC):
            # Django would refuse both kinds of hours with one sentence of programmers.
            entered = super().to_python(value)
        if entered is None:
            return None
        local = entered.replace(tzinfo=None)
        if not FIRST_YEAR <= local.year <= LAST_YEAR:
            raise ValidationError(
                _("Enter a year between %(first)d and %(last)d.") % {"first": FIRST_YEAR, "last": LAST_YEAR}, "year"
            )
        shown = local.replace(tzinfo=zone).astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None, fold=0)
        if shown != local:
            raise ValidationError(
                _("In that night the clocks go forward, and %(time)s does not exist. Enter %(later)s instead.")
                % {"time": f"{local:%H:%M}", "later": f"{shown:%H:%M}"},
                "skipped-hour",
            )
        return local.replace(tzinfo=zone, fold=self.fold)


class LocalEndField(LocalDateTimeField):
    """The end of something in the town’s time. Of an hour that occurs twice the second is meant."""

    fold = 1
