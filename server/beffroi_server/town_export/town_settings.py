"""The settings of the town that have one value each, as one document."""

from __future__ import annotations

from typing import Any

from beffroi_server.accounts.models import Town
from beffroi_server.api.channels import SubscriptionSettingsAnswer, subscription_settings_answer
from beffroi_server.api.drills import drill_settings_answer
from beffroi_server.api.on_call import on_call_answer
from beffroi_server.api.public_outlets import cap_output_answer, public_page_answer
from beffroi_server.api.town import town_answer
from beffroi_server.channels import subscribers
from beffroi_server.channels.models import BrowserSubscriber, SubscriptionSettings
from beffroi_server.drills import drill_reports
from beffroi_server.outlets import cap_messages, subscriptions

MODELS = (
    "accounts.Town", "library.TownLogo", "library.PublicSettings", "outlets.CapOutput", "drills.DrillSettings",
    "channels.SubscriptionSettings", "alerts.OnCallMember", "alerts.OnCallException",
)  # fmt: skip
"""The labels of the models that are in it."""


class ExportedSubscriptions(SubscriptionSettingsAnswer):
    """Whether residents may subscribe, and how many have: whoever they are stays with the town."""

    browsers_are_on: bool
    browsers: int


def settings_values(town: Town) -> dict[str, Any]:
    """Return the settings by their subject."""
    found = {
        "town": town_answer(town),
        "public_page": public_page_answer(subscriptions.saved_settings(town)),
        "cap_output": cap_output_answer(cap_messages.saved_output()),
        "drills": drill_settings_answer(drill_reports.saved_settings()),
        "subscriptions": _subscriptions(subscribers.saved_settings()),
        "on_call": on_call_answer(),
    }
    return {name: answer.model_dump(mode="json") for name, answer in found.items()}


def _subscriptions(row: SubscriptionSettings) -> ExportedSubscriptions:
    return ExportedSubscriptions(
        **subscription_settings_answer(row).model_dump(), browsers_are_on=row.browsers_are_on,
        browsers=BrowserSubscriber.objects.count(),
    )  # fmt: skip
