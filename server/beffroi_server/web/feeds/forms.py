"""Form of a feed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from beffroi_server.feeds.addresses import checked_address
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.web.forms import StyledModelForm


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
        if kind := values.get("kind"):
            try:
                values["address"] = checked_address(FeedKind(kind), values.get("address", ""))
            except ValidationError as refused:
                self.add_error("address", refused)
        return values
