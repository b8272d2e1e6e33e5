"""Warnings followed from their first message to their end: proposed, broadcast, corrected, ended.

Each source is followed after each reading and every few seconds, from what is stored: a crash in between is made up
for, since a token keeps the same alert from being broadcast twice.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading

from django.utils import timezone

from beffroi_server.accounts.models import Town
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.cap.policy import Decision
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.outside_warnings import alert_texts, message_store, reissues, warning_acts
from beffroi_server.outside_warnings.assessments import Assessment, assess_warnings
from beffroi_server.outside_warnings.models import (
    KEPT_WARNINGS,
    OutsideWarning,
    ReceivedMessage,
    WarningSource,
    WarningState,
)

logger = logging.getLogger(__name__)
MAX_FOLLOWED = 500
"""Messages of a source that are followed at once: what may be for one town is far less."""
_LONGEST_CHAIN = 20
_lock = threading.Lock()
"""The job and a reading may follow the same source."""


def follow_sources(now: dt.datetime) -> None:
    """Follow every source that is in use; one that fails keeps no other from it."""
    for source in WarningSource.objects.filter(is_on=True):
        try:
            follow_source(source, now)
        except Exception:
            logger.exception("the warnings of %s could not be followed", source)


def follow_source(source: WarningSource, now: dt.datetime) -> None:
    """Do what the warnings of a source ask for now."""
    with _lock:
        _follow(source, now)


def _follow(source: WarningSource, now: dt.datetime) -> None:
    followed = source.messages.filter(concerns=True, ended_at=None).order_by("-seen_at", "-pk")[:MAX_FOLLOWED]
    rows = sorted(followed, key=lambda row: (row.received_at, row.pk))
    open_warnings = list(
        source.warnings.filter(closed_at=None).select_related("proposal", "alert", "alert__correction").order_by("pk")
    )
    if not rows and not open_warnings:
        return
    town = Town.objects.get()
    store = message_store.store_of(rows)
    signatures = {(message_store.alert_of(row).identifier, row.version): row.signature for row in rows}
    assessed = reissues.end_reissued(source, assess_warnings(source, store, town, now, signatures), now)
    current = {found.warning.key: found for found in assessed}
    # Those that go on as they are come first: none of them is taken for the successor of another.
    own = {warning.pk: current.pop(warning.key, None) for warning in open_warnings}
    for warning in open_warnings:
        warning_acts.note_decisions(warning, now)
        found = own[warning.pk] or _take_successor(warning, current)
        if found is None:
            warning_acts.close_warning(warning, _close_reason(warning, now), now)
        else:
            _apply(warning, found, source, town, now)
    for found in current.values():
        if (found.begins is None or found.begins <= now) and (found.ends is None or found.ends > now):
            _apply(_opened(source, found, now), found, source, town, now)


def delete_old(now: dt.datetime) -> int:
    """Delete warnings that have been over for long; return how many."""
    return OutsideWarning.objects.filter(closed_at__lt=now - KEPT_WARNINGS).delete()[0]


def _opened(source: WarningSource, found: Assessment, now: dt.datetime) -> OutsideWarning:
    return OutsideWarning(
        source=source, key=found.warning.key, decision=found.verdict.decision.value, began_at=now, changed_at=now,
        ends_at=found.ends or now, level=(found.verdict.level or alert_texts.UNKNOWN_LEVEL).value,
    )  # fmt: skip


def _apply(warning: OutsideWarning, found: Assessment, source: WarningSource, town: Town, now: dt.datetime) -> None:
    values = alert_texts.alert_values(found, source, town)
    is_other_event = warning.key != found.warning.key
    warning.key, warning.identifiers = found.warning.key, found.identifiers
    warning.reasons = [[each.code, list(map(list, each.values))] for each in found.verdict.reasons]
    ends = found.ends or now + dt.timedelta(hours=1)
    step = warning_acts.Step(
        values, ends, found.targets, found.verdict.decision, is_other_event, found.starts, found.message.alert.sent
    )
    try:
        warning_acts.act(warning, step, now)
        warning.problem = ""
    except (AlertRefused, KeysMissing) as error:
        logger.warning("the warning %s could not be broadcast: %s", values["title"], error)
        warning.problem = str(getattr(error, "message", error))[:300]
        warning.title = warning.title or values["title"]
        if isinstance(error, AlertRefused) and step.decision is Decision.BROADCAST:
            # What cannot go out by itself, as where there is no room beside other alerts, is for a person.
            warning_acts.propose(warning, step, now)
    warning.save()


def _take_successor(warning: OutsideWarning, current: dict[str, Assessment]) -> Assessment | None:
    """Return the warning that has taken the place of another by updates, taken out of the current ones."""
    wanted = {each.casefold() for each in warning.identifiers}
    for _ in range(_LONGEST_CHAIN):
        ended = ReceivedMessage.objects.filter(
            source_id=warning.source_id, key__in=wanted, ended_kind__in=("update", "version")
        )
        following = {by.casefold() for by in ended.values_list("ended_by", flat=True) if by} - wanted
        if not following:
            return None
        for key, found in list(current.items()):
            if following & {each.casefold() for each in found.identifiers}:
                return current.pop(key)
        wanted = following
    return None


def _close_reason(warning: OutsideWarning, now: dt.datetime) -> str:
    if warning.ends_at <= now:
        return "over"
    keys = [each.casefold() for each in warning.identifiers]
    ends = ReceivedMessage.objects.filter(source_id=warning.source_id, key__in=keys).order_by("-ended_at")
    kinds = [kind for kind in ends.values_list("ended_kind", flat=True) if kind]
    return kinds[0] if kinds else "policy"


def waiting_warnings() -> int:
    """Return how many warnings wait for an officer."""
    return OutsideWarning.objects.filter(
        closed_at=None, state=WarningState.WAITING, proposal__decision="", proposal__deadline_at__gt=timezone.now()
    ).count()
