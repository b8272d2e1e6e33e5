"""Form of what a user is told, by which ways, and when."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from beffroi_server.accounts.models import User
from beffroi_server.core import webhooks
from beffroi_server.notifications.models import Delivery, NotificationChoice, Way
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.web.forms import StyledForm, TimeInput

_SEPARATOR = ":"


class NotificationForm(StyledForm):
    """Form of a user's notifications.

    Args:
        user: The user.
        choice: What is stored, or usual.
    """

    email = forms.EmailField(label=_("Mail address"), required=False, max_length=254)
    webhook_address = forms.CharField(
        label=_("Address of a webhook"),
        required=False,
        max_length=webhooks.ADDRESS_LENGTH,
        help_text=_(
            "For a chat program or another system. Messages are signed with a secret that is shown here once the "
            "address is saved."
        ),
    )
    told = forms.MultipleChoiceField(
        required=False,
        choices=[(f"{occasion.value}{_SEPARATOR}{way.value}", way.label) for occasion in Occasion for way in Way],
    )
    urgent = forms.MultipleChoiceField(required=False, choices=Occasion.choices)
    delivery = forms.ChoiceField(label=_("When"), choices=Delivery.choices, widget=forms.RadioSelect)
    digest_at = forms.TimeField(label=_("Time of the daily message"), widget=TimeInput())
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=TimeInput())
    quiet_until = forms.TimeField(label=_("Quiet until"), required=False, widget=TimeInput())
    language = forms.ChoiceField(
        label=_("Language of the messages"), required=False, choices=[("", _("That of the town")), *settings.LANGUAGES]
    )
    tells_acknowledged = forms.BooleanField(label=_("Tell me when a colleague takes care of it"), required=False)
    tells_recovered = forms.BooleanField(label=_("Tell me when it is over"), required=False)

    def __init__(self, user: User, choice: NotificationChoice, *args: Any, **kwargs: Any) -> None:
        self._user, self._choice = user, choice
        kept = ("webhook_address", "urgent", "delivery", "digest_at", "quiet_from", "quiet_until", "language",
                "tells_acknowledged", "tells_recovered")  # fmt: skip
        initial = {name: getattr(choice, name) for name in kept}
        told = [f"{occasion}{_SEPARATOR}{way}" for occasion, ways in choice.ways.items() for way in ways]
        super().__init__(*args, initial={**initial, "email": user.email, "told": told}, **kwargs)

    def clean_webhook_address(self) -> str:
        """Return the address.

        Raises:
            ValidationError: it is none.
        """
        address: str = self.cleaned_data["webhook_address"]
        problem = webhooks.address_problem(address) if address else ""
        if problem:
            raise forms.ValidationError(problem)
        return address

    def clean(self) -> dict[str, Any]:
        """Refuse quiet hours with one end."""
        super().clean()
        data = self.cleaned_data
        if {"quiet_from", "quiet_until"} <= data.keys() and (data["quiet_from"] is None) != (
            data["quiet_until"] is None
        ):
            self.add_error("quiet_until", _("Enter both times, or none."))
        return data

    def matrix(self) -> list[dict[str, Any]]:
        """Return a row for each occasion, with a box for each way and one for urgent."""
        told, urgent = set(self["told"].value() or ()), set(self["urgent"].value() or ())
        return [
            {
                "code": occasion.value,
                "label": occasion.label,
                "boxes": [
                    {
                        "name": "told",
                        "value": f"{occasion.value}{_SEPARATOR}{way.value}",
                        "label": way.label,
                        "checked": f"{occasion.value}{_SEPARATOR}{way.value}" in told,
                    }
                    for way in Way
                ]
                + [
                    {
                        "name": "urgent",
                        "value": occasion.value,
                        "label": _("even in quiet hours"),
                        "checked": occasion.value in urgent,
                    }
                ],
            }
            for occasion in Occasion
        ]

    def apply(self) -> tuple[User, NotificationChoice]:
        """Return user and choice with the values of the form, not saved."""
        data = self.cleaned_data
        ways: dict[str, list[str]] = {}
        for each in data["told"]:
            occasion, _separator, way = each.partition(_SEPARATOR)
            ways.setdefault(occasion, []).append(way)
        self._choice.ways = ways
        for name, value in data.items():
            if name not in {"email", "told"}:
                setattr(self._choice, name, value)
        if self._choice.webhook_address and not self._choice.webhook_secret:
            self._choice.webhook_secret = webhooks.new_secret()
        self._user.email = data["email"]
        return self._user, self._choice
