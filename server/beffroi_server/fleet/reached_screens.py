"""Screens that an alert would reach, as its form tells of them: a thousand by one query, without an object for each.

Of most screens only counts are told, and their hours are alike: whole screens are read of those that differ.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, TextField
from django.db.models.functions import Cast

from beffroi_server.fleet import presence
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import Targets

HOURS_FIELDS = ("off_from", "off_until", "day_hours", "special_days", "night_brightness", "switched_off_until")
"""All that decides when a display is off or dimmed, alerts aside."""


@dataclass(frozen=True, slots=True)
class ReachedScreens:
    """Screens that something reaches."""

    count: int
    unreachable: list[str]
    """The names of those whose players are not there, by name."""
    classes: frozenset[int]
    """The keys of their classes."""
    by_hours: list[tuple[Screen, list[int]]]
    """A screen for each set of screens with the same hours, of which only these are read, and the keys of the set."""


def read_reached(targets: Targets, now: dt.datetime) -> ReachedScreens:
    """Return the screens that something reaches, by two queries."""
    texts = _hours_as_text()
    is_there = ExpressionWrapper(presence.reachable_condition(now), BooleanField())
    rows = targets.reached_screens().order_by("name").annotate(is_there=is_there, **texts)
    unreachable, classes, alike = [], set(), defaultdict[tuple[str | None, ...], list[int]](list)
    for key, name, screen_class, is_reachable, *hours in rows.values_list(
        "pk", "name", "screen_class_id", "is_there", *texts
    ):
        classes.add(screen_class)
        alike[tuple(hours)].append(key)
        if not is_reachable:
            unreachable.append(name)
    count = sum(map(len, alike.values()))
    return ReachedScreens(count, unreachable, frozenset(classes), _with_first_screens(alike))


def screens_by_hours() -> list[tuple[Screen, list[int]]]:
    """Return all screens as ``ReachedScreens.by_hours`` has them, by two queries."""
    texts, alike = _hours_as_text(), defaultdict[tuple[str | None, ...], list[int]](list)
    for key, *hours in Screen.objects.order_by().annotate(**texts).values_list("pk", *texts):
        alike[tuple(hours)].append(key)
    return _with_first_screens(alike)


def _hours_as_text() -> dict[str, Cast]:
    # Values are only compared, and to convert those of a thousand screens takes longer than all the rest.
    return {f"text_{name}": Cast(name, TextField()) for name in HOURS_FIELDS}


def _with_first_screens(alike: Mapping[tuple[str | None, ...], list[int]]) -> list[tuple[Screen, list[int]]]:
    first = Screen.objects.only(*HOURS_FIELDS).in_bulk([keys[0] for keys in alike.values()])
    return [(first[keys[0]], keys) for keys in alike.values() if keys[0] in first]
