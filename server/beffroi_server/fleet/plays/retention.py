"""Retention: deletion of plays, and of receipts of programmes, that are older than the town stores them.

The age of a play is told by the server's clock, since that of a player may be wrong: once a week a mark records the
newest play number of every screen, and a mark older than the town's months says which plays are deleted. The server's
clock may be wrong, too: at least as many marks must have followed as those months have weeks, so that a leap of years
counts for two weeks.

Daily totals and receipts of programmes are deleted with them. Those of alerts stay: they are few, and proof of
something else.

The number and the chain hash of the last deleted play remain with the state of the screen: the chain of the plays that
are left goes on from there.
"""

from __future__ import annotations

import calendar
import datetime as dt
import threading
from typing import Any

from django.db import models, transaction

from beffroi_server.accounts.models import Town
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import ReceiptRecord, RetentionMark, ScreenState
from beffroi_server.fleet.play_models import ContentDay, DailyPlays, PlayRecord, ScreenDay

BATCH_SIZE = 1000
"""Plays that are deleted in one transaction: an alert may be waiting for it to end."""
MAX_BATCHES = 50
"""Transactions of one round. The next round goes on."""
BATCH_PAUSE_S = 0.05
"""After each, in which others write: SQLite has no queue for them, they only look again now and then."""
MARK_INTERVAL = dt.timedelta(days=7)
MARKS_PER_YEAR = 52


def delete_expired_plays(now: dt.datetime, stopping: threading.Event | None = None) -> int:
    """Delete plays that are too old, up to ``MAX_BATCHES`` times ``BATCH_SIZE``; return how many were deleted.

    Once ``stopping`` is set, nothing more is begun.
    """
    stopping = stopping or threading.Event()
    _record_mark(now)
    town = Town.objects.get()
    mark = _expired_mark(now, town.plays_months)
    if mark is None:
        return 0
    forgotten = 0
    for screen_id in _screens_with_expired_plays(mark.numbers)[:MAX_BATCHES]:
        forgotten += _delete_batch(screen_id, mark.numbers[str(screen_id)])
        if stopping.wait(BATCH_PAUSE_S):
            break
    _delete_receipts(unix_ms(mark.at))
    _delete_totals(mark.at.date())
    # Signed alerts are kept longer, and by the same marks.
    oldest = mark if town.plays_months >= town.alert_sets_months else _expired_mark(now, town.alert_sets_months)
    RetentionMark.objects.filter(pk__lt=oldest.pk if oldest is not None else 0).delete()
    return forgotten


def expired_before(now: dt.datetime, months: int) -> dt.datetime | None:
    """Return the instant before which what is kept for so many months is too old; None where nothing is.

    It is told by the marks, as the age of plays is: a leap of the server's clock deletes nothing.
    """
    mark = _expired_mark(now, months)
    return mark.at if mark is not None else None


def months_before(now: dt.datetime, months: int) -> dt.datetime:
    """Return the same day and time so many months earlier; of a day that this month has not, the last that it has."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, calendar.monthrange(year, month + 1)[1]))


def _record_mark(now: dt.datetime) -> None:
    newest = RetentionMark.objects.order_by("pk").last()
    if newest is not None and now - MARK_INTERVAL < newest.at <= now:
        return
    states = ScreenState.objects.filter(plays_newest__gt=0)
    RetentionMark.objects.create(at=now, numbers={str(state.pk): state.plays_newest for state in states})


def _expired_mark(now: dt.datetime, months: int) -> RetentionMark | None:
    """Return the newest mark that is older than so many months by its date, and by the marks that followed."""
    last = MARKS_PER_YEAR * months // 12 - 1
    followers = RetentionMark.objects.order_by("-pk").values_list("pk", flat=True)[last : last + 1]
    old = RetentionMark.objects.filter(at__lte=months_before(now, months), pk__lt=next(iter(followers), 0))
    return old.order_by("pk").last()


def _screens_with_expired_plays(numbers: dict[str, int]) -> list[int]:
    """Return the screens that have plays up to those numbers."""
    states = ScreenState.objects.order_by("plays_forgotten").values_list("screen_id", "plays_forgotten")
    behind = [screen_id for screen_id, forgotten in states if forgotten < numbers.get(str(screen_id), 0)]
    return [screen_id for screen_id in behind if _plays_up_to(screen_id, numbers[str(screen_id)]).exists()]


def _delete_batch(screen_id: int, number: int) -> int:
    """Delete the oldest ``BATCH`` plays of a screen up to a number; return how many it were."""
    with transaction.atomic():
        # The ingest holds the same row while it writes plays: none comes back from below.
        state = ScreenState.objects.select_for_update().filter(screen_id=screen_id).first()
        oldest = list(_plays_up_to(screen_id, number).order_by("number").values_list("number", "chain")[:BATCH_SIZE])
        if state is None or not oldest:
            return 0  # the screen was deleted meanwhile
        last, chain = oldest[-1]
        state.plays_forgotten, state.plays_chain = last, chain
        # What is missing below is not asked for any more.
        state.plays_missing = [list(row) for row in state.play_gaps.with_ranges([(1, last)]).missing]
        state.save(update_fields=["plays_forgotten", "plays_chain", "plays_missing"])
        deleted, _ = _plays_up_to(screen_id, last).delete()
    return deleted


def _delete_receipts(before_ms: int) -> None:
    """Delete the oldest receipts of programmes that were sealed before an instant."""
    oldest = ReceiptRecord.objects.filter(alert="").order_by("pk").values_list("pk", "sequence")[:BATCH_SIZE]
    # A sequence is the time of sealing, in milliseconds of the server's clock.
    old = [key for key, sequence in oldest if sequence < before_ms]
    if old:
        ReceiptRecord.objects.filter(pk__in=old).delete()


def _delete_totals(before: dt.date) -> None:
    """Delete the oldest daily totals of days before one, and the oldest sums over them."""
    for model in (DailyPlays, ContentDay, ScreenDay):
        rows: models.QuerySet[Any] = model._default_manager.filter(day__lt=before).order_by("day")
        old = list(rows.values_list("pk", flat=True)[:BATCH_SIZE])
        if old:
            model._default_manager.filter(pk__in=old).delete()


def _plays_up_to(screen_id: int, number: int) -> models.QuerySet[PlayRecord]:
    return PlayRecord.objects.filter(screen_id=screen_id, number__lte=number)
