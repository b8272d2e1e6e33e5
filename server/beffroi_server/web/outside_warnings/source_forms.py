"""Form of a source of warnings."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.cap.policy import PolicyError
from beffroi_server.feeds.addresses import complete_address
from beffroi_server.outside_warnings.models import SourceKind, WarningSource
from beffroi_server.outside_warnings.policies import policy_of
from beffroi_server.web.forms import StyledModelForm


class WarningSourceForm(StyledModelForm):
    """Form of a source: how its warnings come, and what is done with them."""

    class Meta:
        model = WarningSource
        fields = (
            "name", "kind", "address", "is_on", "attribution", "propose_from", "broadcast_from", "events", "waits_min",
            "tests", "interval_min", "is_snapshot", "codes", "certificates", "needs_signature", "own_policy",
        )  # fmt: skip
        widgets = {
            "kind": forms.RadioSelect,
            "events": forms.Textarea(attrs={"rows": 2}),
            "codes": forms.Textarea(attrs={"rows": 2}),
            "certificates": forms.Textarea(attrs={"rows": 3}),
            "own_policy": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "address": gettext_lazy("It starts with https://. Only for a source that is read."),
            "attribution": gettext_lazy("Empty: as the message names its sender."),
            "propose_from": gettext_lazy("An officer is told at once, and broadcasts or dismisses it with one press."),
            "broadcast_from": gettext_lazy("What is not certain is proposed to an officer even then."),
            "events": gettext_lazy("One a line, such as “*orage*” or a code. Empty: all."),
            "waits_min": gettext_lazy("After that the warning can no longer be broadcast with one press."),
            "is_snapshot": gettext_lazy("Only where the source says so, as the German weather service does."),
            "codes": gettext_lazy("One a line, such as SAME=006109. The INSEE code is on the page of the town."),
            "certificates": gettext_lazy("In PEM form. Empty: signatures are not verified."),
            "own_policy": gettext_lazy("Instead of the choices above; the documentation describes it."),
        }

    def clean_certificates(self) -> str:
        """Return the certificates.

        Raises:
            ValidationError: they are none.
        """
        text = str(self.cleaned_data["certificates"])
        try:
            if text.strip():
                x509.load_pem_x509_certificates(text.encode())
        except ValueError as error:
            raise ValidationError(_("This is no certificate in PEM form.")) from error
        return text

    def clean(self) -> dict[str, Any]:
        """Check the address against the kind, and the policy."""
        super().clean()
        values = self.cleaned_data
        if values.get("kind") == SourceKind.ADDRESS:
            values["address"] = complete_address(values.get("address", ""))
            if not values["address"].startswith(("https://", "http://")):
                self.add_error("address", _("The address must begin with https://."))
        if values.get("own_policy", "").strip():
            try:
                policy_of(WarningSource(own_policy=values["own_policy"]), "fr")
            except PolicyError as error:
                self.add_error("own_policy", _("The policy cannot be read: %(reason)s") % {"reason": error})
        return values
