"""Form of a source of warnings: its fields are those of its kind."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_content.model import AlertLevel
from beffroi_server.accounts.models import Town
from beffroi_server.cap.policy import PolicyError
from beffroi_server.feeds.addresses import complete_address
from beffroi_server.outside_warnings.models import FROM_LEVEL, SourceKind, WarningSource
from beffroi_server.outside_warnings.policies import phenomena_in, policy_of
from beffroi_server.web.forms import StyledModelForm

_ANY_CAP = ("events", "tests", "codes", "certificates", "needs_signature", "own_policy")
_OWN_FIELDS: dict[str, tuple[str, ...]] = {
    SourceKind.VIGILANCE: ("zones", "ahead", "own_policy"),
    SourceKind.RIVERS: ("zones", "own_policy"),
    SourceKind.ADDRESS: ("address", "interval_min", "is_snapshot", *_ANY_CAP),
    SourceKind.WEBHOOK: ("expected_hours", *_ANY_CAP),
    SourceKind.MQTT: ("address", "topic", "username", "password", "broker_certificates", "expected_hours", *_ANY_CAP),
}
"""Fields of a kind beside those of all."""
_ALL_FIELDS = ("name", "is_on", "attribution", "propose_from", "broadcast_from", "waits_min")
AS_FOR_ALL = ""
_USUAL_LEVELS = {SourceKind.VIGILANCE: AlertLevel.ALERT, SourceKind.RIVERS: AlertLevel.ALERT}
_USUAL_NAMES = {SourceKind.VIGILANCE: "Météo-France", SourceKind.RIVERS: "Vigicrues"}


class WarningSourceForm(StyledModelForm):
    """Form of a source: how its warnings come, and what is done with them.

    Args:
        kind: Value of ``SourceKind``, of a source that is new.
    """

    class Meta:
        model = WarningSource
        fields = (
            "name", "address", "topic", "username", "password", "broker_certificates", "zones", "is_on", "attribution",
            "propose_from", "broadcast_from", "ahead", "events", "waits_min", "tests", "interval_min", "is_snapshot",
            "expected_hours", "codes", "certificates", "needs_signature", "own_policy",
        )  # fmt: skip
        widgets = {
            "zones": forms.Textarea(attrs={"rows": 2}),
            "events": forms.Textarea(attrs={"rows": 2}),
            "codes": forms.Textarea(attrs={"rows": 2}),
            "certificates": forms.Textarea(attrs={"rows": 3}),
            "broker_certificates": forms.Textarea(attrs={"rows": 3}),
            "own_policy": forms.Textarea(attrs={"rows": 4}),
            "password": forms.PasswordInput(attrs={"autocomplete": "off"}),
            "username": forms.TextInput(attrs={"autocomplete": "off"}),
        }
        help_texts = {
            "address": gettext_lazy("It starts with https://."),
            "topic": gettext_lazy("Where the source publishes, such as cap/alerts/#."),
            "broker_certificates": gettext_lazy("In PEM form. Empty: certificates that the server’s system trusts."),
            "zones": gettext_lazy("One a line. Empty: the department of the town, by its INSEE code."),
            "attribution": gettext_lazy("Empty: as the message names its sender."),
            "propose_from": gettext_lazy("An officer is told at once, and broadcasts or dismisses it with one press."),
            "broadcast_from": gettext_lazy("What is not certain is proposed to an officer even then."),
            "ahead": gettext_lazy("The chart of the afternoon has the colours of the next day."),
            "events": gettext_lazy("One a line, such as “*orage*” or a code. Empty: all."),
            "waits_min": gettext_lazy("After that the warning can no longer be broadcast with one press."),
            "expected_hours": gettext_lazy(
                "Only where the source sends regularly, such as a test every week: 170. Empty: silence is calm."
            ),
            "is_snapshot": gettext_lazy("Only where the source says so, as the German weather service does."),
            "codes": gettext_lazy("One a line, such as SAME=006109. The INSEE code is on the page of the town."),
            "certificates": gettext_lazy("In PEM form. Empty: signatures are not verified."),
            "own_policy": gettext_lazy("Instead of the choices above; the documentation describes it."),
        }

    def __init__(self, *args: Any, kind: str = SourceKind.ADDRESS, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        self.kind = SourceKind(instance.kind if instance is not None else kind)
        if instance is None:
            initial = {"propose_from": _USUAL_LEVELS.get(self.kind, AlertLevel.VIGILANCE).value}
            kwargs["initial"] = initial | {"name": _USUAL_NAMES.get(self.kind, "")} | (kwargs.get("initial") or {})
        self._had_password = instance.password if instance is not None else ""
        super().__init__(*args, **kwargs)
        self.instance.kind = self.kind
        for name in set(self.fields) - {*_ALL_FIELDS, *_OWN_FIELDS[self.kind]}:
            del self.fields[name]
        self._phenomena = phenomena_in(self.instance, Town.objects.get()) if self.kind == SourceKind.VIGILANCE else []
        for number, name in self._phenomena:
            self._add_phenomenon(number, name)
        self._describe()

    @property
    def phenomena(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """The names of the phenomena, each with its two fields."""
        return [(name, self[f"propose-{number}"], self[f"broadcast-{number}"]) for number, name in self._phenomena]

    @property
    def has_own_phenomena(self) -> bool:
        """Whether a phenomenon is done otherwise than all."""
        return any(field.value() for _, *pair in self.phenomena for field in pair)

    def clean_certificates(self) -> str:
        """Return the certificates.

        Raises:
            ValidationError: they are none.
        """
        return _checked_certificates(self.cleaned_data["certificates"])

    def clean_broker_certificates(self) -> str:
        """Return the certificates of the broker's authority.

        Raises:
            ValidationError: they are none.
        """
        return _checked_certificates(self.cleaned_data["broker_certificates"])

    def clean_password(self) -> str:
        """Return the password; an empty one leaves the former."""
        return str(self.cleaned_data["password"]) or self._had_password

    def clean(self) -> dict[str, Any]:
        """Check what belongs to the kind, and the policy."""
        super().clean()
        values = self.cleaned_data
        if self.kind == SourceKind.ADDRESS:
            values["address"] = complete_address(values.get("address", ""))
        if self._phenomena:
            self.instance.phenomena = {
                number: pair for number, _ in self._phenomena
                if any(pair := [values.get(f"{act}-{number}", "") for act in ("propose", "broadcast")])
            }  # fmt: skip
        if values.get("own_policy", "").strip():
            try:
                policy_of(WarningSource(own_policy=values["own_policy"]), "fr")
            except PolicyError as error:
                self.add_error("own_policy", _("The policy cannot be read: %(reason)s") % {"reason": error})
        return values

    def _add_phenomenon(self, number: str, name: str) -> None:
        for act, value in zip(("propose", "broadcast"), self.instance.phenomena.get(number, ["", ""]), strict=False):
            label = _("%(name)s: ask an officer from") if act == "propose" else _("%(name)s: broadcast by itself from")
            self.fields[f"{act}-{number}"] = forms.ChoiceField(
                label=label % {"name": name}, choices=[(AS_FOR_ALL, _("as for all")), *FROM_LEVEL], required=False,
                initial=value, widget=forms.Select(attrs={"class": "form-select"}),
            )  # fmt: skip

    def _describe(self) -> None:
        """Say of fields that several kinds have what they mean here, and which of them it needs."""
        for name in ("address", "topic"):
            if name in self.fields:
                self.fields[name].required = True
        if self.kind == SourceKind.MQTT:
            self.fields["address"].label = _("Broker")
            self.fields["address"].help_text = _("mqtts:// with TLS, or mqtt:// without, such as mqtts://broker:8883.")
            if self._had_password:
                self.fields["password"].help_text = _("Empty: the one that is stored.")
        if self.kind == SourceKind.VIGILANCE:
            self.fields["zones"].label = _("Departments")
        if self.kind == SourceKind.RIVERS:
            self.fields["zones"].label = _("Reaches of rivers")
            self.fields["zones"].help_text = _(
                "By name or code as on vigicrues.gouv.fr, one a line. Empty: those within 5 km of the town’s location."
            )


def _checked_certificates(value: object) -> str:
    text = str(value)
    try:
        if text.strip():
            x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise ValidationError(_("This is no certificate in PEM form.")) from error
    return text
