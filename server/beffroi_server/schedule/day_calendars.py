"""Day calendars: conversion for the timeline, and import from iCalendar files (RFC 5545)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from beffroi_content import model as content
from beffroi_content.timeline.calendar import LocalCalendar, days_by_name
from beffroi_server.accounts.models import Town, User
from beffroi_server.schedule.calendar_models import DayCalendar, DayImport
from beffroi_server.schedule.calendar_reading import DayImportError, read_days
from beffroi_server.schedule.models import ScheduleRule

IMPORT_LIFETIME = dt.timedelta(days=1)
"""Time after which an import that nobody saved is deleted."""
MAX_SAVED_RANGES = 4_000
"""Ranges that are saved of an import: those that come first from last year on."""
_DAY = dt.timedelta(days=1)
_LONGEST = 366
"""Days of a saved range at most; a longer one becomes several (a manifest has ranges of about a year)."""


def town_almanac(zone: ZoneInfo, town: Town | None = None) -> LocalCalendar:
    """Return the town's day calendars as the timeline needs them to tell when rules apply.

    Args:
        zone: Its time zone.
        town: The town, which says where the sun rises and which days are holidays; by default as a manifest has it.
    """
    days = days_by_name(each.to_content(town) for each in DayCalendar.objects.all())
    if town is None or town.latitude is None or town.longitude is None:
        return LocalCalendar(zone, calendars=days)
    return LocalCalendar(zone, town.latitude, town.longitude, days)


def calendars_of_rules(rules: Iterable[ScheduleRule], town: Town) -> tuple[content.DayCalendar, ...]:
    """Return the day calendars that rules refer to, each once, in the order of their keys.

    Args:
        rules: The rules.
        town: The town, or that of a screen: it says which public holidays there are.
    """
    found = {each.pk: each for rule in rules for each in (*rule.only_on.all(), *rule.never_on.all())}
    return tuple(found[pk].to_content(town) for pk in sorted(found))


def start_import(name: str, file: bytes, user: User) -> DayImport:
    """Keep a file to be read in the background, in place of what the same user uploaded before."""
    user.day_imports.all().delete()
    return DayImport.objects.create(name=name, content=file, user=user)


def read_waiting_imports() -> int:
    """Read the files that wait, one after the other, and delete imports that nobody saved; return how many were read.

    The transactions are short: reading, which may take seconds, is outside of them.
    """
    DayImport.objects.filter(created_at__lt=timezone.now() - IMPORT_LIFETIME).delete()
    count = 0
    while (waiting := DayImport.objects.filter(result__isnull=True, problem="").first()) is not None:
        _read_import(waiting)
        count += 1
    return count


def _read_import(waiting: DayImport) -> None:
    changed: dict[str, Any]
    try:
        changed = {"result": read_days(bytes(waiting.content), Town.objects.get().time_zone)}
    except DayImportError as error:
        changed = {"problem": str(error)[:300]}
    DayImport.objects.filter(pk=waiting.pk).update(content=b"", **changed)


def days_to_save(result: dict[str, Any], place: str, today: dt.date) -> list[tuple[str, str]]:
    """Return the days of an import from last year on as ranges that neither touch nor overlap, as ISO dates in order.

    Args:
        result: ``DayImport.result``.
        place: The zone or region whose days are wanted; empty: all.
        today: The present local day.
    """
    ranges = [
        (max(dt.date.fromisoformat(each["first"]), dt.date(today.year - 1, 1, 1)), dt.date.fromisoformat(each["last"]))
        for each in ranges_of_place(result, place)
    ]
    merged: list[tuple[dt.date, dt.date]] = []
    for first, last in sorted(ranges):
        if last < first:
            continue
        if merged and first <= merged[-1][1] + _DAY:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    pieces = [piece for span in merged for piece in _pieces(*span)]
    return [(first.isoformat(), last.isoformat()) for first, last in pieces[:MAX_SAVED_RANGES]]


def ranges_of_place(result: dict[str, Any], place: str) -> list[dict[str, Any]]:
    """Return the ranges of an import that count for a zone or region; those without one count everywhere."""
    ranges: list[dict[str, Any]] = result["data"]["ranges"]
    return [each for each in ranges if not place or not each["places"] or place in each["places"]]


def _pieces(first: dt.date, last: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    while (last - first).days >= _LONGEST:
        yield first, first + (_LONGEST - 1) * _DAY
        first += _LONGEST * _DAY
    yield first, last
