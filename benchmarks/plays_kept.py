"""What proof of play costs the server: its room, and how long a change waits while old plays are forgotten.

A hundred thousand plays of four screens, as a loop of twenty slides makes them, are written to a database of its own:
SQLite, or with scripts/with-postgresql that of PostgreSQL. Then all of them are forgotten, round after round without
the minute in between, while another thread makes small changes as an operator's page does, every five milliseconds.

The limit is how long such a change takes when nobody else writes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary

SCREENS, PLAYS = 4, 25_000
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
WEEK = dt.timedelta(weeks=1)
ALONE_S = 3.0


def measure(options: Options) -> Result:
    """Write plays, forget them, and time a writer beside it."""
    with _database() as folder:
        plays, empty = options.repetitions(PLAYS, 1_000), _size(folder)
        _fill(plays)
        size = _size(folder) - empty
        alone = _waits(lambda: time.sleep(ALONE_S if plays == PLAYS else 0.2))
        began = time.monotonic()
        beside = _waits(_forget_all)
        took = time.monotonic() - began
    return Result(
        value=percentile(beside, 0.99),
        unit="ms",
        goal=50.0,
        limit=percentile(alone, 0.99),
        value_is="p99 of a small change while plays are forgotten",
        limit_is="p99 of the same change when nobody else writes",
        heading=("ms", *SUMMARY_HEADING),
        rows=[
            ("a change beside it", *summary(beside)),
            ("a change alone", *summary(alone)),
            (f"a play takes {size / (SCREENS * plays):.0f} bytes", "", "", "", ""),
            (f"{SCREENS * plays / took:,.0f} plays forgotten in a second", "", "", "", ""),
        ],
    )


@contextlib.contextmanager
def _database() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="beffroi-plays-") as name:
        os.environ |= {"BEFFROI_DATA": name, "DJANGO_SETTINGS_MODULE": "beffroi_server.settings"}
        import django  # noqa: PLC0415 - its settings read the environment
        from django.core.management import call_command  # noqa: PLC0415
        from django.db import connection  # noqa: PLC0415

        django.setup()
        call_command("migrate", verbosity=0)
        yield Path(name)
        connection.close()


def _fill(plays: int) -> None:
    from beffroi_server.accounts.models import Town  # noqa: PLC0415
    from beffroi_server.fleet import models  # noqa: PLC0415
    from beffroi_server.fleet.play_models import PlayRecord  # noqa: PLC0415

    Town.objects.create(site="mesure", name="Mesure", plays_months=1)
    kind = models.ScreenClass.objects.create(
        name="Full HD", width=1920, height=1080, physical_height_mm=680, viewing_distance_mm=4000
    )
    screens = [models.Screen.objects.create(slug=f"s{n}", name=f"s{n}", screen_class=kind) for n in range(SCREENS)]
    for screen in screens:
        rows = (
            PlayRecord(
                screen=screen, number=number, slide=f"announcement-3f2b8c1e-5a77-4c0e-9a44-0123456789ab-{number % 20}",
                started_at=BEGIN + number * dt.timedelta(seconds=10), lasted_ms=10_000, zone="main", clock="trusted",
                ended="time", frame=_digest(number % 20), chain=_digest(screen.slug, number),
            )
            for number in range(1, plays + 1)
        )  # fmt: skip
        PlayRecord.objects.bulk_create(rows, batch_size=5_000)
        models.ScreenState.objects.create(screen=screen, plays_newest=plays)
    numbers = {str(screen.pk): plays for screen in screens}
    models.RetentionMark.objects.bulk_create(
        models.RetentionMark(at=BEGIN + n * WEEK, numbers=numbers) for n in range(6)
    )


def _digest(*words: object) -> str:
    return hashlib.sha256(repr(words).encode()).hexdigest()


def _size(folder: Path) -> int:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size('screens_play')")
            return int(cursor.fetchone()[0])
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "beffroi.sqlite3").stat().st_size


def _forget_all() -> None:
    from beffroi_server.fleet.plays import retention  # noqa: PLC0415

    while retention.delete_expired_plays(BEGIN + 8 * WEEK):
        pass


def _waits(meanwhile: Callable[[], None]) -> list[float]:
    """Return how long each small change took that was made meanwhile, in milliseconds."""
    waits: list[float] = []
    done = threading.Event()
    writer = threading.Thread(target=_change, args=(waits, done))
    writer.start()
    try:
        meanwhile()
    finally:
        done.set()
        writer.join()
    return waits


def _change(waits: list[float], done: threading.Event) -> None:
    from beffroi_server.accounts import audit  # noqa: PLC0415
    from beffroi_server.core import database, transactions  # noqa: PLC0415

    with database.close_connection_after():
        while not done.wait(0.005):
            began = time.perf_counter()
            with transactions.serialised():
                audit.record_event(None, "town-changed", "Mesure")
            waits.append((time.perf_counter() - began) * 1_000)
