"""Changes of sources, each recorded in the audit trail, and the rehearsal of their policies."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town, User
from beffroi_server.accounts.permissions import require
from beffroi_server.cap.lifecycle import CapStore, KnownMessage, receive
from beffroi_server.cap.messages import CapAlert
from beffroi_server.cap.policy import PolicyError
from beffroi_server.cap.verdicts import Verdict
from beffroi_server.core.transactions import serialised
from beffroi_server.outside_warnings import brokers, intake, message_store
from beffroi_server.outside_warnings.assessments import Judge
from beffroi_server.outside_warnings.charts import is_department
from beffroi_server.outside_warnings.models import SourceKind, WarningSource
from beffroi_server.outside_warnings.policies import lines_of, policy_of

MOST_SOURCES = 50
MOST_REHEARSED = 500


@dataclass(frozen=True, slots=True)
class RehearsedMessage:
    """A past message, and what a policy would have done with it when it came."""

    alert: CapAlert
    at: dt.datetime
    verdict: Verdict


def save_source(source: WarningSource, *, user: User | None) -> None:
    """Create a source or save a change of one; its address is read at once.

    Raises:
        ValidationError: a value is not valid.
    """
    require(user, "may_administer")
    check_source(source)
    with serialised():
        created = source._state.adding
        if created and WarningSource.objects.count() >= MOST_SOURCES:
            raise ValidationError(_("There are too many sources. Delete one first."))
        source.full_clean()
        before = None if created else WarningSource.objects.get(pk=source.pk)
        values = audit.stored_values(source)
        if before is not None and before.address != source.address:
            source.fetched = []
        source.etag, source.modified, source.due_at, source.failures, source.problem = "", "", None, 0, ""
        source.failing_since, source.chart_made_at = None, None
        source.save()
        changes = audit.changes_since(values, source)
        audit.record_event(user, "warning-source-created" if created else "warning-source-changed", source, **changes)
    if not created:
        intake.judge_again(source, timezone.now())


def delete_source(source: WarningSource, *, user: User | None) -> None:
    """Delete a source with its messages. What was broadcast from it goes on until its end."""
    require(user, "may_administer")
    with serialised():
        changes = audit.changes_since(audit.stored_values(source), None)
        audit.record_event(user, "warning-source-deleted", source, **changes)
        source.delete()


def rehearse_policy(source: WarningSource) -> list[RehearsedMessage]:
    """Return what the policy of a source, saved or not, would have done with the messages kept of it, newest first.

    Each is judged as it was when it came: what has ended it later does not count.
    """
    judge = Judge.of(source, Town.objects.get())
    rows = list(source.messages.order_by("-received_at", "-pk")[:MOST_REHEARSED])[::-1] if source.pk else []
    store, found = CapStore(), []
    for row in rows:
        alert, at = message_store.alert_of(row), row.received_at
        store, _outcome = receive(store, alert, at)
        known = store.known(alert) or KnownMessage(alert, at, at)
        found.append(RehearsedMessage(alert, at, judge.best(known, at, None)))
    return found[::-1]


def title_of(alert: CapAlert) -> str:
    """Return what a message is called in lists."""
    info = alert.infos[0] if alert.infos else None
    return (info.headline or info.event if info else None) or alert.identifier or "?"


def check_source(source: WarningSource) -> None:
    """Check what a kind of source needs.

    Raises:
        ValidationError: by the name of the field.
    """
    errors: dict[str, str] = {}
    if source.kind == SourceKind.ADDRESS and not source.address.startswith(("https://", "http://")):
        errors["address"] = _("The address must begin with https://.")
    if source.kind == SourceKind.MQTT:
        errors |= brokers.problems_of(source)
    if source.kind == SourceKind.VIGILANCE:
        wrong = [each for each in lines_of(source.zones) if not is_department(each)]
        if wrong:
            errors["zones"] = _("No department is called %(names)s.") % {"names": ", ".join(wrong)}
    try:
        policy_of(source, "fr")
    except PolicyError as error:
        errors["own_policy"] = str(error)
    if errors:
        raise ValidationError(errors)
