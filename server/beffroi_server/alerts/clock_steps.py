"""Alerts while the server's clock is set: each lasts as long as its author said, by the steady clock.

The times of an alert are those of the wall clock, and the alert notes how that one stood to the steady clock then
(``Alert.clock_epoch``, ``clock_offset_ms``). Where somebody sets the wall clock meanwhile, forward or back, the times
of the open alerts are moved with it: their ends stay where they were in real time.

An alert of an earlier boot of the machine can only be judged by the wall clock. That one may still be wrong after a
start, so such an alert is not settled before the clock is known to be disciplined, or an hour has passed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import uuid
from copy import copy

from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts import audit
from beffroi_server.alerts.models import Alert
from beffroi_server.core import machine_clock
from beffroi_server.core.prepared_query import PreparedQuery
from beffroi_server.delivery import steady_clock
from beffroi_server.delivery.clock_watch import is_clock_confirmed
from beffroi_server.fleet.targets import Targets

logger = logging.getLogger(__name__)
STEP_MS = 500
"""From here on a difference is a step of the wall clock, and not the time between two readings."""
_NOTED_CLOCKS: PreparedQuery[tuple[uuid.UUID, str, int]] = PreparedQuery(
    lambda: Alert.objects.filter(settled=False).values_list("pk", "clock_epoch", "clock_offset_ms")
)
_TIMES = ("issued_at", "pressed_at", "review_at", "ends_at")


def note_clock(alert: Alert) -> None:
    """Note in a new alert by which clocks its times are."""
    alert.clock_epoch, alert.clock_offset_ms = _read_clocks()


def follow_clock() -> set[TopicScope]:
    """Move the times of open alerts with a wall clock that was set; return the scopes whose sets must be sent again.

    To be called in a serialised transaction, before the times of alerts are compared with the present.
    """
    epoch, offset_ms = _read_clocks()
    scopes: set[TopicScope] = set()
    # The whole rows only of those that were moved: an alert that is broadcast now waits for this.
    noted = _NOTED_CLOCKS.rows()
    stepped = [pk for pk, known, offset in noted if known != epoch or abs(offset_ms - offset) >= STEP_MS]
    for alert in Alert.objects.filter(settled=False, pk__in=stepped).order_by("issued_at") if stepped else ():
        if alert.clock_epoch != epoch:
            if alert.clock_epoch and not is_clock_confirmed():
                continue
            alert.clock_epoch, alert.clock_offset_ms = epoch, offset_ms
            alert.save(update_fields=["clock_epoch", "clock_offset_ms"])
            scopes |= set(Targets.of(alert).scopes)
        elif abs(offset_ms - alert.clock_offset_ms) >= STEP_MS:
            _move_times(alert, offset_ms)
            scopes |= set(Targets.of(alert).scopes)
    return scopes


def as_of_now(alert: Alert) -> Alert:
    """Return an alert with the times that it has by the wall clock as that stands now; nothing is saved."""
    epoch, offset_ms = _read_clocks()
    moved = copy(alert)
    if alert.clock_epoch == epoch and abs(offset_ms - alert.clock_offset_ms) >= STEP_MS:
        with contextlib.suppress(OverflowError):
            _add_step(moved, offset_ms)
    return moved


def is_judged(alert: Alert) -> bool:
    """Tell whether the present times of an alert can be compared with the wall clock."""
    return not alert.clock_epoch or alert.clock_epoch == steady_clock.read_steady().epoch


def _read_clocks() -> tuple[str, int]:
    steady = steady_clock.read_steady()
    return steady.epoch, machine_clock.wall_ms() - steady.ms


def _move_times(alert: Alert, offset_ms: int) -> None:
    step = dt.timedelta(milliseconds=offset_ms - alert.clock_offset_ms)
    logger.warning("the clock was set by %s: the times of the alert %s are moved with it", step, alert.pk)
    try:
        _add_step(alert, offset_ms)
    except OverflowError:
        logger.exception("the alert %s keeps its times", alert.pk)
        return
    alert.save(update_fields=[*_TIMES, "clock_offset_ms"])
    audit.record_event(
        None, "alert-moved", alert, id=str(alert.pk), seconds=round(step.total_seconds()), until=alert.ends_at
    )


def _add_step(alert: Alert, offset_ms: int) -> None:
    """Move all times of an alert, or none.

    Raises:
        OverflowError: a time would be in no year.
    """
    step = dt.timedelta(milliseconds=offset_ms - alert.clock_offset_ms)
    times = {name: at + step for name in _TIMES if (at := getattr(alert, name)) is not None}
    for name, at in times.items():
        setattr(alert, name, at)
    alert.clock_offset_ms = offset_ms
