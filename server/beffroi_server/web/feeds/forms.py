"""Form of a feed."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.web.forms import StyledModelForm

_DEPARTMENT_NUMBER = re.compile(r"(?:0[1-9]|[1-8]\d|9[0-5]|2[AB])")


class FeedForm(StyledModelForm):
    """Form of a feed: its kind, name and address."""

    class Meta:
        model = Feed
        fields = ("kind", "name", "address")
        widgets = {"kind": forms.RadioSelect}
        help_texts = {
            "name": _("Shown on screens as the source, for example “Library”."),
            "address": _("It starts with https://. For weather warnings, enter the number of the department."),
        }

    def clean(self) -> dict[str, Any]:
        """Check the address against the kind: a department number, a web address, or nothing for the weather."""
        values = self.cleaned_data
        kind, address = values.get("kind"), values.get("address", "").strip()
        if kind == FeedKind.WEATHER:
            values["address"] = ""
        elif kind == FeedKind.VIGILANCE:
            values["address"] = address.upper()
            if not _DEPARTMENT_NUMBER.fullmatch(address.upper()):
                self.add_error("address", _("Enter the number of a department, for example 44 or 2A."))
        elif kind:
            try:
                URLValidator(["http", "https"])(address.replace("webcal://", "https://", 1))
                values["address"] = address.replace("webcal://", "https://", 1)
            except ValidationError:
                self.add_error("address", _("Enter the complete address, starting with https://."))
        return values
