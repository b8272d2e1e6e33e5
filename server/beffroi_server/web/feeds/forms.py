"""The form of a feed."""

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
    """Where data comes from."""

    class Meta:
        model = Feed
        fields = ("kind", "name", "address")
        widgets = {"kind": forms.RadioSelect}
        help_texts = {
            "name": _("Screens name it as the source, such as “Médiathèque”."),
            "address": _("It begins with https://. For the vigilance, write the number of the department."),
        }

    def clean(self) -> dict[str, Any]:
        """Compare the address with the kind."""
        values = self.cleaned_data
        kind, address = values.get("kind"), values.get("address", "").strip()
        if kind == FeedKind.WEATHER:
            values["address"] = ""
        elif kind == FeedKind.VIGILANCE:
            values["address"] = address.upper()
            if not _DEPARTMENT_NUMBER.fullmatch(address.upper()):
                self.add_error("address", _("Give the number of a department, such as 44 or 2A."))
        elif kind:
            try:
                URLValidator(["http", "https"])(address.replace("webcal://", "https://", 1))
                values["address"] = address.replace("webcal://", "https://", 1)
            except ValidationError:
                self.add_error("address", _("Give the whole address, with https:// at its beginning."))
        return values
