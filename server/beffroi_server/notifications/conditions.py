"""Conditions that are looked at seldom, or that other programs tell: the certificate, the last backup."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from beffroi_server.notifications.models import RecordedCondition

PROBLEM_LENGTH = 300


def record_condition(
    kind: str, now: dt.datetime, *, reason: str = "", detail: dict[str, Any] | None = None
) -> RecordedCondition:
    """Note the newest outcome of a kind, such as ``certificate`` or ``backup``.

    Args:
        kind: Value of ``Occasion``; another one is nobody's incident, such as ``release-copy``.
        now: The instant of the outcome.
        reason: Code of what is wrong; empty where all is right.
        detail: Values for the texts.
    """
    with transaction.atomic():
        row, _made = RecordedCondition.objects.get_or_create(pk=kind, defaults={"at": now})
        row.at, row.reason, row.detail = now, reason, detail or {}
        row.failed_since = (row.failed_since or now) if reason else None
        row.save()
    return row


def record_backup(now: dt.datetime, *, problem: str = "") -> RecordedCondition:
    """Note that a backup was made, or that it failed and why. Called by whatever makes backups.

    Args:
        now: When.
        problem: What went wrong, for people; empty after a success.
    """
    problem = " ".join(problem.split())[:PROBLEM_LENGTH]
    return record_condition("backup", now, reason="failed" if problem else "", detail={"problem": problem})
