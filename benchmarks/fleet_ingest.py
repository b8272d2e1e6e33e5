"""What screens say, taken in by the server: processor time of a report, and how long the write lock is held.

A thousand screens report, send receipts and plays; the messages go through the server's inbound queue into a database
of its own, as the thread that writes them in service does it. The limit is what SQLite needs to put as many reports of
the same size, unchecked, where they belong. Beside it another process tries all the time to become the writer: it tells
how long nobody else could write. ``BASE=PATH`` names another checkout, with an environment in ``.venv``, which is
measured in the same run. ``scripts/with-postgresql .venv/bin/python -m benchmarks fleet_ingest`` is the same for
PostgreSQL, where writers do not wait for one another.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.form import Options, Result, number

SCREENS, ROUNDS = 1_000, 8
ALLOWED_SHARE, ALLOWED_LOCK_MS = 10, 50
PROGRAM = r"""
import datetime as dt, json, sys, threading, time
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
try:
    from beffroi_server.delivery.inbound_queue import InboundQueue
    from beffroi_server.fleet.models import Screen, ScreenClass
    put, run = "enqueue", "run_writer"
except ImportError:  # as it was before its packages were split
    from beffroi_server.broadcast.ingest import Ingest as InboundQueue
    from beffroi_server.screens.models import Screen, ScreenClass
    put, run = "offer", "run"

screens, rounds = int(sys.argv[1]), int(sys.argv[2])
call_command("migrate", verbosity=0)
kind = ScreenClass.objects.create(name="x", width=1920, height=1080, physical_height_mm=680, viewing_distance_mm=4000)
Screen.objects.bulk_create(
    Screen(slug=f"s{n}", name=f"s{n}", screen_class=kind, enrolled_at=timezone.now()) for n in range(screens)
)
FRAME, NOW = "a" * 64, 1_800_000_000_000

def report(n):
    return {"boot": "b", "number": n, "at_ms": NOW + n, "clock": "trusted", "link": "live", "programme": NOW,
            "alerts": {},
            "shown": [{"zone": "main", "slide": "announcement-3f2b8c1e-5a77-4c0e-9a44-0123456789ab-12",
                       "reason": "rule", "rule": "rule-12", "playlist": "playlist-3",
                       "since_ms": NOW, "until_ms": NOW + 10_000}],
            "presented_at_ms": NOW, "frame": FRAME, "version": "1.0", "stage_started_at_ms": NOW,
            "health": {"uptime_s": n, "processor_percent": 3.5, "temperature_c": 51.5, "memory_percent": 20,
                       "disk_free_mb": 9000, "network": {"interface": "eth0", "kind": "wired", "speed_mbps": 1000}}}

def receipts(n):
    return {"boot": "b", "receipts": [
        {"stream": "all/alerts", "sequence": NOW + n, "alert": "flood", "form": "takeover", "received_at_ms": NOW,
         "presented_at_ms": NOW + 40, "latency_ms": 40.0, "frame": FRAME, "clock": "trusted"}]}

def plays(n, count):
    return {"plays": [
        {"number": n + each, "slide": "announcement-3f2b8c1e-5a77-4c0e-9a44-0123456789ab-12", "zone": "main",
         "started_at_ms": NOW + each, "lasted_ms": 10_000, "frame": FRAME, "clock": "trusted", "ended": "time",
         "chain": FRAME} for each in range(1, count + 1)]}

def measured(leaf, bodies, of):
    queue = InboundQueue("mesure")
    messages = [(f"beffroi/1/mesure/up/s-{name}/{leaf}", json.dumps(body).encode()) for name, body in bodies]
    stopping = threading.Event()
    stopping.set()
    spent = 0.0
    # Not more than waits in service at once: what is full drops.
    for start in range(0, len(messages), screens):
        for topic, payload in messages[start : start + screens]:
            getattr(queue, put)(topic, payload)
        begin = time.thread_time()
        getattr(queue, run)(stopping)
        spent += time.thread_time() - begin
    return 1e6 * spent / len(messages)

names = [f"s{n}" for n in range(screens)]
measured("report", [(name, report(1)) for name in names], 1)
print("begin", flush=True)
found = {
    "report": measured("report", [(name, report(2 + n)) for n in range(rounds) for name in names], 1),
    "receipt": measured("receipts", [(name, receipts(n)) for n in range(2) for name in names], 1),
    "six plays": measured("plays", [(name, plays(6 * n, 6)) for n in range(2) for name in names], 6),
    "two hundred plays": measured("plays", [(name, plays(1_000, 200)) for name in names[:100]], 200),
}
found["reports handed out again"] = measured("report", [(name, report(1 + rounds)) for name in names], 1)
print(json.dumps(found | {"payload": json.dumps(report(1))}), flush=True)
"""


def measure(options: Options) -> Result:
    """Take in what a fleet says, with this build and the one of before.

    Raises:
        OSError: something that is needed is not installed.
    """
    size = options.repetitions(SCREENS, 100), options.repetitions(ROUNDS, 2)
    builds = {"now": Path(sys.executable)}
    if base := os.environ.get("BASE"):
        builds = {"before": Path(base).resolve() / ".venv" / "bin" / "python"} | builds
    found = {build: _measure_build(python, size) for build, python in builds.items()}
    now = found["now"]
    value, limit = now["report"], _raw_us(now.pop("payload"), *size)
    for each in found.values():
        each.pop("payload", None)
    before = found.get("before", {}).get("report")
    rows = [
        (f"processor: {what}, µs", *(number(each[what]) for each in found.values()))
        for what in now
        if not what.startswith("lock")
    ]
    rows += [
        (f"{what}, ms", *(number(each[what]) for each in found.values())) for what in now if what.startswith("lock")
    ]
    return Result(
        value=value,
        unit="µs",
        goal=before / ALLOWED_SHARE if before else 310.0,
        limit=limit,
        value_is="processor time of a report, from the queue to the database",
        limit_is="an UPDATE of as many bytes, unchecked, by executemany",
        heading=("", *found),
        rows=rows,
    )


def _measure_build(python: Path, size: tuple[int, int]) -> dict[str, Any]:
    with TemporaryDirectory(prefix="beffroi-bench-") as folder:
        environment = os.environ | {"BEFFROI_DATA": folder, "DJANGO_SETTINGS_MODULE": "beffroi_server.settings"}
        with subprocess.Popen(
            [python, "-c", PROGRAM, *map(str, size)], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            if process.stdout.readline() != "begin\n":
                raise OSError(f"{python} cannot take messages in")
            locks = _LockWatch(Path(folder) / "beffroi.sqlite3")
            found: dict[str, Any] = json.loads(process.stdout.readline())
            return found | locks.stop()


class _LockWatch:
    """Tries to become the writer of a database, again and again, and tells how long it could not."""

    PAUSE_S = 0.001

    def __init__(self, path: Path) -> None:
        self._path, self._done = path, threading.Event()
        self._waits: list[float] = []
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> dict[str, float]:
        """End it; return percentiles in milliseconds. Nothing without a database of SQLite."""
        self._done.set()
        self._thread.join()
        waits = sorted(self._waits)
        if not waits:
            return {}
        return {
            "lock held, p50": waits[len(waits) // 2],
            "lock held, p99": waits[int(0.99 * (len(waits) - 1))],
            "lock held, highest": waits[-1],
        }

    def _watch(self) -> None:
        if not self._path.exists():
            return
        connection = sqlite3.connect(self._path, timeout=0, isolation_level=None)
        free_at, was_locked = time.perf_counter(), False
        while not self._done.wait(self.PAUSE_S):
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
            except sqlite3.OperationalError:
                was_locked = True
                continue
            now = time.perf_counter()
            if was_locked:
                self._waits.append(1_000 * (now - free_at))
            free_at, was_locked = now, False
        connection.close()


def _raw_us(payload: str, screens: int, rounds: int) -> float:
    """Return the processor time of a bare UPDATE of each row, in microseconds."""
    with TemporaryDirectory(prefix="beffroi-bench-") as folder:
        connection = sqlite3.connect(Path(folder) / "raw.sqlite3", isolation_level=None)
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL")
        connection.execute("CREATE TABLE state (id INTEGER PRIMARY KEY, number INTEGER, report TEXT)")
        connection.executemany("INSERT INTO state VALUES (?, 0, '')", [(key,) for key in range(screens)])
        begin = time.thread_time()
        for each in range(rounds):
            for start in range(0, screens, 128):
                connection.execute("BEGIN IMMEDIATE")
                rows = [(each, payload, key) for key in range(start, min(screens, start + 128))]
                connection.executemany("UPDATE state SET number = ?, report = ? WHERE id = ?", rows)
                connection.execute("COMMIT")
        spent = time.thread_time() - begin
        connection.close()
    return 1e6 * spent / (screens * rounds)
