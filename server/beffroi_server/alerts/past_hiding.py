"""What hid an alert that is over, from its beginning to its end, from the screens that never showed it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from beffroi_content import model as content
from beffroi_content.timeline import AlertVisibility, Moment, alert_statements
from beffroi_server.alerts import alert_reach, queries
from beffroi_server.alerts.models import Alert
from beffroi_server.core.timestamps import unix_ms

_LONGEST_ALL_CLEAR = dt.timedelta(days=1)
NO_TIME = dt.timedelta(seconds=5)
"""In less than that no screen need have shown an alert, and nobody would have read it."""


def hidden_throughout(alert: Alert, screens: Collection[int]) -> dict[int, tuple[content.Alert, ...]]:
    """Return what hid an alert for as long as it was active, by the keys of those screens where something always did.

    The hours of displays are not looked at.

    Args:
        alert: One that is over.
        screens: Keys of screens that never showed it.
    """
    if not screens:
        return {}
    rows = _rows_of_its_time(alert)
    reach, seen = alert_reach.reach_and_seen(rows)
    known = dict[tuple[frozenset[str], frozenset[str]], tuple[content.Alert, ...]]()
    found = {}
    for screen in screens:
        held = [row for row in rows if screen in reach[row.pk] or row.pk == alert.pk]
        key = frozenset(str(row.pk) for row in held), frozenset(seen.get(screen, ()))
        if key not in known:
            known[key] = _hiding(alert, held, key[1])
        if known[key]:
            found[screen] = known[key]
    return found


def _rows_of_its_time(alert: Alert) -> list[Alert]:
    """Return an alert, and those of which something may have been on a screen while it was active."""
    others = Alert.objects.exclude(pk=alert.pk).filter(
        issued_at__lt=queries.over_at(alert), ends_at__gt=alert.issued_at - _LONGEST_ALL_CLEAR
    )
    return [alert, *(row for row in others if _left_at(row) > alert.issued_at)]


def _left_at(row: Alert) -> dt.datetime:
    """Return when nothing of an alert was shown any more, not even its “end of alert”."""
    gone = [at for at in (row.withdrawn_at, row.replaced_at) if at is not None]
    return min([queries.all_clear_ends_at(row), *gone])


def _hiding(alert: Alert, held: Sequence[Alert], seen: AbstractSet[str]) -> tuple[content.Alert, ...]:
    """Return what hid an alert all its life, but for less than ``NO_TIME``; nothing where it was to be seen longer."""
    began, over = alert.issued_at, queries.over_at(alert)
    changes = {at for row in held for at in (row.issued_at, queries.over_at(row), _left_at(row)) if began < at < over}
    hiding, free = dict[str, content.Alert](), dt.timedelta(0)
    for instant, until in pairwise([*sorted({began, *changes}), over]):
        carried = [_as_it_went(row) for row in held if row.issued_at <= instant]
        moment = Moment(unix_ms(instant), unix_ms(instant))
        for each in alert_statements(alert_reach.held_alerts(carried, seen), moment):
            if each.alert.id != str(alert.pk):
                continue
            if each.visibility is not AlertVisibility.MASKED:
                free += until - instant
            hiding |= {other.id: other for other in each.masked_by}
    return tuple(hiding.values()) if free < NO_TIME else ()


def _as_it_went(row: Alert) -> content.Alert:
    """Return an alert with the end that it had."""
    over = queries.over_at(row)
    shown_over = max(dt.timedelta(0), _left_at(row) - over)
    return queries.to_content(row, row.issued_at).replace(
        ends_at_ms=max(unix_ms(over), unix_ms(row.issued_at)), all_clear_ms=round(shown_over.total_seconds() * 1000)
    )
