"""Which screens alerts are for, and on which of them each was seen: by their targets and by receipts."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast

from beffroi_content import model as content
from beffroi_content.model import HeldAlert
from beffroi_server.alerts import corrections
from beffroi_server.alerts.models import Alert
from beffroi_server.core.read_once import read_once
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import ReceiptRecord, Screen
from beffroi_server.fleet.reached_screens import hours_text

SeenAlerts = Mapping[int, AbstractSet[str]]
"""The alerts that were on each screen, by its key."""
AlertReach = dict[Any, set[int]]
"""The keys of the screens that each alert is for, by its key."""


def reach_and_seen(rows: Iterable[Alert]) -> tuple[AlertReach, SeenAlerts]:
    """Return the screens that some alerts are for, and which of them, or of what they correct, were on each screen.

    One query, whether the targets of the alerts were read or not; more while an alert waits for the database.
    """
    reach, seen, _hours = reach_seen_and_hours(rows)
    return reach, seen


def reach_seen_and_hours(rows: Iterable[Alert]) -> tuple[AlertReach, SeenAlerts, Mapping[int, str]]:
    """Return what ``reach_and_seen`` does, and the hours of all displays as texts (``reached_screens.hours_text``).

    By the same query, which every page asks while alerts run.
    """
    known = {row.pk: row for row in rows}
    corrected = {str(key) for row in known.values() for key in corrections.former_keys(row)}
    everywhere = frozenset(key for key, row in known.items() if row.everywhere)
    aimed = frozenset(known) - everywhere
    reach, seen, hours = _reach_and_seen(aimed, everywhere, frozenset(corrected))
    waiting = [row for row in known.values() if row._state.adding and not row.everywhere]
    return (reach | targets.reach_by_row(waiting) if waiting else reach), seen, hours


@read_once
def _reach_and_seen(
    aimed: frozenset[uuid.UUID], everywhere: frozenset[uuid.UUID], corrected: frozenset[str]
) -> tuple[AlertReach, SeenAlerts, Mapping[int, str]]:
    names, alert = {str(key) for key in aimed | everywhere} | corrected, Cast("alert", CharField())
    of_groups = Alert.groups.through.objects.filter(alert__in=aimed, screengroup__screens__isnull=False)
    parts = [
        shown_receipts(names).values_list(Value("seen"), "alert", "screen"),
        of_groups.values_list(Value("for"), alert, "screengroup__screens"),
        Alert.screens.through.objects.filter(alert__in=aimed).values_list(Value("for"), alert, "screen"),
    ]
    texts = Screen.objects.order_by().annotate(text=hours_text())
    parts.append(texts.values_list(Value("hours"), "text", "pk"))
    hours: dict[int, str] = {}
    reach: dict[Any, set[int]] = {key: set() for key in aimed}
    seen: defaultdict[int, set[str]] = defaultdict(set)
    by_text = {form: key for key in aimed for form in (str(key), key.hex)}
    for kind, name, screen in parts[0].union(*parts[1:], all=True) if names else ():
        if kind == "seen":
            seen[screen].add(name)
        elif kind == "hours":
            hours[screen] = name
        else:
            reach[by_text[name]].add(screen)
    return reach | {key: set(hours) for key in everywhere}, seen, hours


def shown_receipts(names: Iterable[str]) -> QuerySet[ReceiptRecord]:
    """Return the receipts of alerts that were on a screen; that of an “end of alert” is none."""
    return ReceiptRecord.objects.filter(alert__in=list(names)).exclude(form=content.AlertForm.ALL_CLEAR.value)


def held_alerts(carried: Iterable[content.Alert], seen: AbstractSet[str]) -> list[HeldAlert]:
    """Return alerts as a screen holds them on which some were seen. Uptime and time are taken for equal."""
    return [
        HeldAlert(
            alert=alert, lapses_at_uptime_ms=alert.ends_at_ms, is_unseen=not seen & alert.texts
        )
        for alert in carried
    ]  # fmt: skip
