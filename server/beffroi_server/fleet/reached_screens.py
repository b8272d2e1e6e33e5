"""Screens that an alert would reach, as its form tells of them: a thousand by one query, without an object for each.

Of most screens only counts are told, and their hours are alike: whole screens are read of those that differ.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from django.db.models import BooleanField, ExpressionWrapper, TextField, Value
from django.db.models.functions import Cast, Concat

from beffroi_server.fleet import presence
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import Targets

HOURS_FIELDS = ("off_from", "off_until", "day_hours", "special_days", "night_brightness", "switched_off_until")
"""All that decides when a display is off or dimmed, alerts aside."""
MOST_READ_HOURS = 500
_read_hours: dict[str, Screen] = {}
"""A screen with only those fields, by their text: who has the same text has the same hours, whenever it was read."""


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
    # As text: values are only compared, and to convert those of a thousand screens takes longer than all the rest.
    texts = {f"text_{name}": Cast(name, TextField()) for name in HOURS_FIELDS}
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
    first = Screen.objects.only(*HOURS_FIELDS).in_bulk([keys[0] for keys in alike.values()])
    by_hours = [(first[keys[0]], keys) for keys in alike.values() if keys[0] in first]
    return ReachedScreens(count, unreachable, frozenset(classes), by_hours)


def hours_text() -> Concat:
    """Return what is the same text for screens whose displays have the same hours, for a query of screens."""
    parts = ([Cast(name, TextField()), Value("|")] for name in HOURS_FIELDS)
    return Concat(*chain.from_iterable(parts), output_field=TextField())


def screens_by_hours(texts: Mapping[int, str]) -> list[tuple[Screen, list[int]]]:
    """Return screens as ``ReachedScreens.by_hours`` has them; by a query where one of the texts was never read.

    Args:
        texts: What ``hours_text`` returns, by the keys of the screens.
    """
    alike = defaultdict[str, list[int]](list)
    for key, text in texts.items():
        alike[text].append(key)
    if len(_read_hours) > MOST_READ_HOURS:
        _read_hours.clear()
    if unread := [keys[0] for text, keys in alike.items() if text not in _read_hours]:
        # By the text that goes with it: the hours may have changed since the others were read.
        for screen in Screen.objects.only(*HOURS_FIELDS).annotate(hours_text=hours_text()).filter(pk__in=unread):
            _read_hours[screen.hours_text] = screen
    return [(_read_hours[text], keys) for text, keys in alike.items() if text in _read_hours]
