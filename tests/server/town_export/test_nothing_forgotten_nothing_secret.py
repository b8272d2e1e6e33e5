"""A new model or field is exported or left out on purpose, and nothing secret is ever exported."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone

from beffroi_server.accounts.audit import is_secret_name
from beffroi_server.town_export import records, town_settings
from beffroi_server.town_export.kinds import KINDS
from beffroi_server.town_export.left_out import LEFT_OUT

WITH_SECRETS = ("mfa", "sessions", "usersessions", "account", "socialaccount")
"""Apps of libraries in which there are secrets of users."""
ALSO_SECRET = frozenset({
    "channels.Subscriber.id", "channels.Subscriber.address", "channels.BrowserSubscriber.endpoint",
    "channels.ChannelMail.address", "notifications.PushSubscription.endpoint",
    "notifications.NotificationChoice.webhook_address", "mfa.Authenticator.data", "sessions.Session.session_data",
    "account.EmailAddress.email",
})  # fmt: skip
"""What no name says."""
NOT_SECRET = frozenset({
    "accounts.AuditEvent.hash", "accounts.AuditEvent.previous_hash", "library.Asset.sha256",
    "alerts.TriggeredAlert.public_key", "fleet.PlayedContent.key", "outside_warnings.WarningSource.codes",
})  # fmt: skip
"""Digests of what everybody may read, public keys, names of contents, codes of places."""
SHOWN_OTHERWISE = {
    "announcements": {"folded_title", "folded_label", "search_text"},
    "announcement-versions": {"id"},
    "categories": {"scope_users"},
    "tags": {"folded_name"},
    "media": {"picture", "thumbnail", "upload_id", "upload_digest", "folded_name", "search_text"},
    "rules": {"start_time", "end_time", "more_times"},
    "layouts": {"id"},
    "feeds": {"data", "kept", "skipped_count", "told_at", "due_at"},
    "screens": {
        "id", "software", "software_at_once", "enrolment_code_sha256", "enrolment_expires_at", "token_sha256",
        "trigger_key", "programme_due_at", "screenshots_asked_at",
    },
    "groups": {"id", "scope_users"},
    "municipalities": {"id", "group"},
    "incidents": {
        "subject", "name", "reason", "detail", "noticed_at", "due_at", "announced_at", "right_since", "right_s",
        "interruptions",
    },
    "planned-alerts": {"token", "next_day"},
    # Those that people chose are in the dossiers.
    "alerts": {
        "token", "pressed_at", "ended_by", "clock_epoch", "clock_offset_ms", "settled", "held_back_at", "found_at",
        "confirmed_by", "alone_reason",
    },
    "alert-proposals": {"token"},
    "drills": {"alert", "repeated_at", "mailed_at"},
    "warning-sources": {
        "password", "token", "secret_sha256", "etag", "modified", "due_at", "failures", "chart_made_at", "skipped",
        "awaited", "generation", "fetched",
    },
    "warnings": {
        "key", "identifiers", "decision", "reasons", "values", "shown_values", "alert_ends_at", "changed_at",
        "is_left_on",
    },
    "channels": {"secret"},
    "channel-messages": {"channel_name", "source", "due_at", "attempts"},
    "webhooks": {"secret"},
    "users": {
        "password", "is_superuser", "is_staff", "is_limited_to_groups", "is_limited_to_categories",
        "user_permissions",
    },
}  # fmt: skip
"""Fields of a kind that the export shows by another name, or that are secret, or working state."""


def exported_models() -> list[str]:
    return [*(label for kind in KINDS for label in kind.models), *records.MODELS, *town_settings.MODELS]


def own_models() -> list[type[models.Model]]:
    configs = [config for config in apps.get_app_configs() if config.name.startswith("beffroi_server.")]
    return [model for config in configs for model in config.get_models()]


def test_every_model_is_exported_or_left_out_with_a_reason():
    exported = exported_models()

    assert sorted(set(exported)) == sorted(exported), "twice"
    assert set(exported) & set(LEFT_OUT) == set()
    assert {model._meta.label for model in own_models()} - set(exported) - set(LEFT_OUT) == set()
    assert (set(exported) | set(LEFT_OUT)) - {model._meta.label for model in own_models()} == set(), "gone"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_field_is_exported_or_left_out(kind):
    options = kind.rows().model._meta
    names = {field.name for field in (*options.concrete_fields, *options.many_to_many)}

    assert names - set(kind.shown.model_fields) == SHOWN_OTHERWISE.get(kind.name, set())


def secret_fields() -> Iterator[tuple[type[models.Model], models.Field[Any, Any]]]:
    """Yield all fields that may hold a secret, or the hash of one."""
    models_of_libraries = [model for label in WITH_SECRETS for model in apps.get_app_config(label).get_models()]
    for model in (*own_models(), *models_of_libraries):
        for field in model._meta.concrete_fields:
            label = f"{model._meta.label}.{field.name}"
            is_text = isinstance(field, models.CharField | models.TextField | models.UUIDField | models.JSONField)
            if label in ALSO_SECRET or (is_text and is_secret_name(field.name) and label not in NOT_SECRET):
                yield model, field


def filled_row(model: type[models.Model]) -> models.Model:
    """Return a row of a model, a new one where there is none yet."""
    found = model._base_manager.first()
    if found is not None:
        return found
    values = {
        field.name: value_for(field)
        for field in model._meta.concrete_fields
        if not (field.has_default() or field.null or isinstance(field, models.AutoField))
    }
    return model._base_manager.create(**values)


def value_for(field: models.Field[Any, Any]) -> Any:
    if isinstance(field, models.ForeignKey):
        return filled_row(field.related_model)
    for kind, value in (
        (models.GenericIPAddressField, "192.0.2.1"), (models.DateTimeField, timezone.now()),
        (models.DateField, dt.date(2026, 12, 1)), (models.BooleanField, False),
        (models.UUIDField, uuid.uuid4()), (models.IntegerField, 1), (models.JSONField, {}), (models.BinaryField, b""),
    ):  # fmt: skip
        if isinstance(field, kind):
            return value
    return "a"


def mark(model: type[models.Model], field: models.Field[Any, Any], number: int) -> list[str]:
    """Give each row of a model a value in a field that is found again; return what to look for."""
    looked_for: list[str] = []
    for row in list(model._base_manager.values_list("pk", flat=True)):
        text = f"Sct{number:03d}{len(looked_for):02d}"
        if isinstance(field, models.UUIDField):
            value: Any = uuid.uuid5(uuid.NAMESPACE_OID, text)
            looked_for += [str(value), value.hex]
        elif isinstance(field, models.JSONField):
            value = {"secret": text}
        else:
            value = f"{text}@example.org" if isinstance(field, models.EmailField) else text
        model._base_manager.filter(pk=row).update(**{field.name: value})
        looked_for.append(text)
    return looked_for


@pytest.mark.django_db(transaction=True)
def test_nothing_secret_is_in_it(full_town, export):
    fields = list(secret_fields())
    assert len(fields) > 30
    for model, _field in fields:
        filled_row(model)
    looked_for = {
        f"{model._meta.label}.{field.name}": mark(model, field, number) for number, (model, field) in enumerate(fields)
    }
    looked_for["addresses"] = ["motdepasse", "residente", "push.example.org"]

    made = export()

    assert made.problems == ()
    leaked = {
        (label, name) for label, texts in looked_for.items() for name, content in made.files.items()
        if any(text.encode() in content for text in texts)
    }  # fmt: skip
    assert leaked == set()
    for kind in KINDS:
        assert made.rows(kind.name)
    subscriptions = json.loads(made.files["settings.json"])["subscriptions"]
    assert (subscriptions["confirmed"], subscriptions["browsers"]) == (1, 1)
