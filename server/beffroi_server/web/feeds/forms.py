"""Form of a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from beffroi_server.feeds.addresses import complete_address, department_number, is_overseas
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.feeds.readers.vigilance import DEPARTMENTS
from beffroi_server.web.forms import StyledModelForm

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


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
        super().clean()  # without it, Django does not look whether the name is taken
        values = self.cleaned_data
        kind, address = values.get("kind"), values.get("address", "")
        if kind == FeedKind.WEATHER:
            values["address"] = ""
        elif kind == FeedKind.VIGILANCE:
            values["address"] = department_number(address)
            if reason := _department_error(values["address"]):
                self.add_error("address", reason)
        elif kind:
            values["address"] = complete_address(address)
            try:
                URLValidator(["http", "https"])(values["address"])
            except ValidationError:
                self.add_error("address", _("Enter the complete address, starting with https://."))
        return values


def _department_error(number: str) -> StrPromise | str:
    """Return why the vigilance of a department cannot be shown; empty if it can."""
    if number in DEPARTMENTS:
        return ""
    if number == "20":
        return _("Corsica is two departments: enter 2A or 2B.")
    if is_overseas(number):
        return _("The warnings for overseas are another service of Météo-France, which is not supported yet.")
    return _("Enter the number of a department, for example 44 or 2A.")
