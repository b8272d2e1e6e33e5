"""Daily totals of plays: counted once each by the leader, whenever they arrive.

Plays are written with rising primary keys by one thread of the leader, and never changed. The mark is the highest key
that is counted; it moves in the transaction that adds to the totals, so that a play counts once, however often this is
run, begun again after a crash, or run by two at a time. Plays of bands are passed over. The sums of a town's day by
content and by screen are added to in the same transaction (``fleet.play_models``).
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from beffroi_server.accounts.models import Town
from beffroi_server.core.row_writes import database_instant
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.play_models import ContentDay, DailyPlays, DailyPlaysMark, PlayRecord, ScreenDay
from beffroi_server.fleet.plays import screen_sets
from beffroi_server.fleet.plays.played_content import content_key
from beffroi_server.monitoring.proof import content_names
from beffroi_server.monitoring.proof.frame_confirmation import FrameConfirmation, PlayedFrame
from beffroi_server.schedule.layouts import BAND_PREFIX

BATCH_SIZE = 5_000
"""Plays of one transaction."""
MAX_BATCHES = 100
"""Batches of one round. The next round goes on."""
BATCH_PAUSE_S = 0.02
PATIENCE = dt.timedelta(minutes=10)
"""For so long a play waits for the time to compare its frame; then it is counted without."""
_ROWS_PER_STATEMENT = 1_000
_FIELDS = ("pk", "screen_id", "slide", "alert", "page", "frame", "started_at", "lasted_ms")
_LONGEST = dt.timedelta(days=366)
"""Longest showing that is believed: a length is as the player reported it."""
_LATEST = dt.datetime(2999, 12, 31, tzinfo=dt.UTC)
TotalsKey = tuple[int, dt.date, str]
_confirmation = FrameConfirmation()


@dataclass(slots=True)
class _Total:
    times: int
    confirmed: int
    lasted_ms: int
    first_at: dt.datetime
    last_at: dt.datetime

    def add(self, other: _Total) -> None:
        self.times += other.times
        self.confirmed += other.confirmed
        self.lasted_ms += other.lasted_ms
        self.first_at, self.last_at = min(self.first_at, other.first_at), max(self.last_at, other.last_at)


def count_new_plays(
    stopping: threading.Event | None = None,
    confirmation: FrameConfirmation | None = None,
    batch_size: int = BATCH_SIZE,
    now: dt.datetime | None = None,
) -> int:
    """Add the plays that are not counted yet to the daily totals; return how many they were.

    Args:
        stopping: Once it is set, no further batch is begun.
        confirmation: Compares frames; by default with what the programmes draw.
        batch_size: Plays of one transaction.
        now: The present instant.
    """
    young_from = (now or timezone.now()) - PATIENCE
    stopping, confirmation = stopping or threading.Event(), confirmation or _confirmation
    town = Town.objects.first()
    if town is None:
        return 0
    zone, counted = ZoneInfo(town.time_zone), 0
    confirmation.begin_round()
    for _ in range(MAX_BATCHES):
        mark, _created = DailyPlaysMark.objects.get_or_create(pk=1)
        plays = list(PlayRecord.objects.filter(pk__gt=mark.last_play).order_by("pk").values_list(*_FIELDS)[:batch_size])
        stored = _store_batch(plays, mark.last_play, zone, confirmation, young_from)
        counted += stored
        if stored < batch_size or stopping.wait(BATCH_PAUSE_S):
            break
    return counted


def _store_batch(
    plays: Sequence[tuple[Any, ...]], counted: int, zone: ZoneInfo, confirmation: FrameConfirmation,
    young_from: dt.datetime,
) -> int:  # fmt: skip
    """Count a batch, up to the first young play whose frame there is no time to compare; return how many it were.

    None are counted where another process has counted them meanwhile.
    """
    totals: dict[TotalsKey, _Total] = {}
    last = counted
    stored = 0
    for key, *values in plays:
        play = PlayedFrame(*values)
        if play.slide.startswith(BAND_PREFIX) and not play.alert:
            # A band is on beside every slide: clocks and weather would fill the totals. The log keeps its plays.
            last, stored = key, stored + 1
            continue
        confirmed = confirmation.is_confirmed(play) if play.page == 0 else False
        if confirmed is None and young_from <= play.started_at <= young_from + 2 * PATIENCE:
            break
        last, stored = key, stored + 1
        one = _total_of(play, is_confirmed=bool(confirmed))
        row = play.screen_id, one.first_at.astimezone(zone).date(), content_key(play.slide, play.alert)
        if row in totals:
            totals[row].add(one)
        else:
            totals[row] = one
    if not stored:
        return 0
    with transaction.atomic():
        if not DailyPlaysMark.objects.filter(pk=1, last_play=counted).update(last_play=last):
            return 0
        # Of a screen that was deleted meanwhile, nothing is stored.
        screens = set(Screen.objects.filter(pk__in={key[0] for key in totals}).values_list("pk", flat=True))
        _add_totals((key, total) for key, total in totals.items() if key[0] in screens)
    content_names.remember_names({key[2] for key in totals})
    return stored


def _total_of(play: PlayedFrame, *, is_confirmed: bool) -> _Total:
    # As reported, even by a wrong clock, or by a player that lies.
    started_at = min(play.started_at, _LATEST)
    lasted = min(dt.timedelta(milliseconds=play.lasted_ms), _LONGEST)
    length_ms = lasted // dt.timedelta(milliseconds=1)
    return _Total(int(play.page == 0), int(is_confirmed), length_ms, started_at, started_at + lasted)


def _add_totals(totals: Iterable[tuple[TotalsKey, _Total]]) -> None:
    """Add to the totals, and to what is summed up for the whole town: by content, and by screen."""
    by_content: dict[tuple[Any, ...], _Total] = {}
    by_screen: dict[tuple[Any, ...], _Total] = {}
    rows: dict[tuple[Any, ...], _Total] = {}
    for (screen, day, content), total in totals:
        stored_day = connection.ops.adapt_datefield_value(day)
        rows[screen, stored_day, content] = total
        for sums, key in ((by_content, (stored_day, content)), (by_screen, (stored_day, screen))):
            if key in sums:
                sums[key].add(total)
            else:
                sums[key] = replace(total)
    _add_rows(DailyPlays, ("screen_id", "day", "content"), rows)
    on_screens: defaultdict[tuple[Any, ...], set[int]] = defaultdict(set)
    for screen, stored_day, content in rows:
        on_screens[stored_day, content].add(screen)
    _add_rows(ContentDay, ("day", "content"), by_content, _joined_sets(on_screens))
    _add_rows(ScreenDay, ("day", "screen_id"), by_screen)


def _joined_sets(on_screens: Mapping[tuple[Any, ...], Iterable[int]]) -> dict[tuple[Any, ...], bytes]:
    """Return sets of screens by day and content, together with those that are stored.

    Nobody else writes them before this transaction ends: it has changed the mark.
    """
    sets = {key: screen_sets.bits_of(screens) for key, screens in on_screens.items()}
    days, contents = {day for day, _content in sets}, {content for _day, content in sets}
    known = ContentDay.objects.filter(day__in=days, content__in=contents)
    for day, content, stored in known.values_list("day", "content", "screens"):
        key = connection.ops.adapt_datefield_value(day), content
        if key in sets:
            sets[key] |= screen_sets.from_bytes(stored)
    return {key: screen_sets.to_bytes(bits) for key, bits in sets.items()}


def _add_rows(
    model: type[Model], key: Sequence[str], totals: Mapping[tuple[Any, ...], _Total],
    on_screens: Mapping[tuple[Any, ...], bytes] | None = None,
) -> None:  # fmt: skip
    rows = [
        (*values, each.times, each.confirmed, each.lasted_ms, database_instant(each.first_at),
         database_instant(each.last_at), *((on_screens[values],) if on_screens is not None else ()))
        for values, each in totals.items()
    ]  # fmt: skip
    replaced = () if on_screens is None else ("screens",)
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        part = rows[start : start + _ROWS_PER_STATEMENT]
        with connection.cursor() as cursor:
            cursor.execute(_addition(model, key, len(part), replaced), [value for row in part for value in row])


def _addition(model: type[Model], key: Sequence[str], rows: int, replaced: Sequence[str]) -> str:
    least, greatest = ("LEAST", "GREATEST") if connection.vendor == "postgresql" else ("min", "max")
    table = connection.ops.quote_name(model._meta.db_table)
    columns = (*key, "times", "confirmed", "lasted_ms", "first_at", "last_at", *replaced)
    values = f"({', '.join(['%s'] * len(columns))})"
    # Names of our own models only; every value is a parameter.
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES "  # noqa: S608
        f"{', '.join([values] * rows)} ON CONFLICT ({', '.join(key)}) DO UPDATE SET "
        f"times = {table}.times + excluded.times, confirmed = {table}.confirmed + excluded.confirmed, "
        f"lasted_ms = {table}.lasted_ms + excluded.lasted_ms, "
        f"first_at = {least}({table}.first_at, excluded.first_at), "
        f"last_at = {greatest}({table}.last_at, excluded.last_at)"
        + "".join(f", {name} = excluded.{name}" for name in replaced)
    )
