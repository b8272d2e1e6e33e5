"""Seven simulated years: of each table that a job clears, no more is kept after them than after six."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import models
from django.utils import timezone
from tests.server.test_bounded_tables import BOUNDS, REASONS

from beffroi_server import scheduler
from beffroi_server.fleet.models import ScreenState
from beffroi_server.fleet.plays import retention

BEGIN = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
STEP = dt.timedelta(days=91)
STEPS_A_YEAR, YEARS = 4, 7
CLEARED = sorted(label for label, bound in BOUNDS.items() if bound not in REASONS)
JOBS = {job.name: job for job in scheduler.JOBS}
OTHERWISE: dict[str, dict[str, Any]] = {
    "library.Upload": {"problem": "unreadable"},
    "notifications.Notice": {"due_at": None},
    "channels.Subscriber": {"confirmed_at": None},
}
"""Values of rows that are over, where they are not those of one that was begun and ended."""
_numbers = itertools.count(1)


@pytest.fixture
def state(town, hall, monkeypatch) -> ScreenState:
    """The state of a screen that reports its plays, whose age is told by one mark for each step."""
    monkeypatch.setattr(retention, "MARKS_PER_YEAR", STEPS_A_YEAR)
    monkeypatch.setattr(retention, "BATCH_PAUSE_S", 0)
    return ScreenState.objects.get_or_create(screen=hall)[0]


@pytest.mark.parametrize("label", CLEARED)
def test_no_table_grows_from_year_to_year(label: str, state: ScreenState) -> None:
    model, job = apps.get_model(label), JOBS[BOUNDS[label]]
    kept = []
    for step in range(STEPS_A_YEAR * YEARS):
        with time_machine.travel(BEGIN + step * STEP, tick=False):
            _write(model, **OTHERWISE.get(label, {}))
            ScreenState.objects.filter(pk=state.pk).update(plays_newest=next(_numbers))
            # What is kept as long as plays goes by the marks that their job makes.
            JOBS["play-retention"].run(threading.Event())
            job.run(threading.Event())
        kept.append(model._default_manager.count())
    assert kept[-1] <= kept[-1 - STEPS_A_YEAR] < len(kept), kept


def _write(model: type[models.Model], **given: Any) -> models.Model:
    """Write a row as one that was begun and ended now."""
    row = model(**given)
    for field in model._meta.concrete_fields:
        if field.name not in given:
            _fill(row, field)
    models.Model.save(row, force_insert=True)
    return row


def _fill(row: models.Model, field: models.Field[Any, Any]) -> None:
    number, is_left_out = next(_numbers), field.null or field.blank or field.has_default()
    if isinstance(field, models.ForeignKey):
        other = field.related_model
        if not field.null:
            setattr(row, field.name, other._default_manager.first() or _write(other))
    elif isinstance(field, models.DateTimeField):
        setattr(row, field.name, timezone.now())
    elif isinstance(field, models.DateField):
        setattr(row, field.name, timezone.localdate())
    elif isinstance(field, models.AutoField) or (is_left_out and not field.unique) or field.name == "id":
        return
    elif isinstance(field, models.GenericIPAddressField):
        setattr(row, field.name, "192.0.2.1")
    elif isinstance(field, models.BinaryField):
        setattr(row, field.name, b"x")
    elif isinstance(field, models.CharField | models.TextField):
        setattr(row, field.name, field.choices[0][0] if field.choices else str(number)[: field.max_length])
    elif isinstance(field, models.JSONField):
        setattr(row, field.name, {})
    else:
        setattr(row, field.name, number)
