"""Pages of a large town: a thousand screens, ten thousand announcements; time, processor and queries of each page.

Each page is asked for sixty times as a signed-in administrator's browser does, in one process that was started as the
server is, without the network. ``BASE=PATH`` names another checkout, with an environment in ``.venv``: the processor
time of its overview is then the limit. Without it the limit is what the smallest page of all costs, the one of the own
account.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.form import Options, Result, number
from benchmarks.large_town import seed_large_town

SCREENS, ANNOUNCEMENTS = 1_000, 10_000
MEASURE_TIMEOUT_S = 3_600
ALLOWED_MS, ALLOWED_QUERIES = 100, 15
PROGRAM = r"""
import datetime as dt, json, sys, time
import django
django.setup()
from django.conf import settings
settings.ALLOWED_HOSTS = ["*"]
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

try:
    # As the server does at its start.
    from beffroi_server import garbage_collection
    garbage_collection.load_pages()
    garbage_collection.settle()
except ImportError:  # before it did
    pass

repetitions = int(sys.argv[1])
client = Client()
client.force_login(get_user_model().objects.get(username="admin"))

def patterns(resolver, route=""):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield entry, route + str(entry.pattern)
        else:
            yield from patterns(entry, route + str(entry.pattern))

try:
    from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule
    from beffroi_server.fleet.models import ScreenClass, ScreenGroup, ScreenState
except ImportError:
    from beffroi_server.programme.models import Entry, Playlist, ScheduleRule
    from beffroi_server.screens.models import Group as ScreenGroup, ScreenClass, ScreenState
from beffroi_server.library.models import Announcement
keys = {
    "playlists": Playlist, "schedule": ScheduleRule, "groups": ScreenGroup, "announcements": Announcement,
    "entries": Entry, "screen-classes": ScreenClass,
}
found = {"now": "/"}
for entry, route in patterns(get_resolver()):
    if not entry.name or route.startswith(("device/", "static/", "sign-", "api/", "accounts/")) or "." in route:
        continue
    for area, model in keys.items():
        for kind in ("int", "uuid"):
            if route.startswith(f"{area}/") and f"<{kind}:pk>" in route:
                route = route.replace(f"<{kind}:pk>", str(model.objects.order_by("pk").first().pk))
    route = route.replace("<slug:slug>", "screen-7")
    if "<" not in route:
        found.setdefault(entry.name, "/" + route)

today = timezone.localdate()
month = f"/plays/?from={today - dt.timedelta(days=29)}&until={today}"
found |= {
    "announcements by status": "/announcements/?status=on", "announcements by words": "/announcements/?search=marche",
    "screens by name": "/screens/?search=ecran+05", "overview of those offline": "/?state=offline",
    "calendar of a week": "/calendar/?view=week", "proof of a month": month, "proof by screen": f"{month}&by=screen",
    "proof by day": f"{month}&by=day", "proof of a group": f"{month}&where=group:district-3",
    "proof by words": f"{month}&search=marche",
}

wanted = sys.argv[2:] or list(found)
results = {}
for name, address in found.items():
    if name not in wanted:
        continue
    # No screen falls silent meanwhile.
    ScreenState.objects.filter(online=True).update(seen_at=timezone.now())
    answer = client.get(address)
    if answer.status_code != 200 or not answer.get("Content-Type", "").startswith("text/html"):
        continue
    queries = []
    def counted(execute, *arguments):
        queries.append(1)
        return execute(*arguments)
    with connection.execute_wrapper(counted):
        client.get(address)
    walls, processor = [], []
    for _ in range(repetitions):
        wall, cpu = time.perf_counter(), time.process_time()
        client.get(address)
        walls.append((time.perf_counter() - wall) * 1000)
        processor.append((time.process_time() - cpu) * 1000)
    results[name] = {"address": address, "ms": sorted(walls), "cpu": sorted(processor), "queries": len(queries)}
print(json.dumps(results))
"""


def measure(options: Options) -> Result:
    """Seed a town, ask for its pages, and compare the overview with another checkout."""
    screens, announcements = (100, 500) if options.quick else (SCREENS, ANNOUNCEMENTS)
    repetitions = options.repetitions(60, 3)
    pages = _measured(Path(sys.executable), screens, announcements, repetitions)
    base = os.environ.get("BASE")
    before = None
    if base:
        before = _measured(Path(base) / ".venv/bin/python", screens, announcements, repetitions, "now")
    limit = _median(before["now"]["cpu"]) * 0.5 if before else _median(pages["account"]["cpu"])
    ordered = sorted(pages.items(), key=lambda item: -_p95(item[1]["ms"]))
    return Result(
        value=_median(pages["now"]["cpu"]),
        unit="ms",
        goal=limit if before else ALLOWED_MS,
        limit=limit,
        value_is="processor time of the overview",
        limit_is="half of that of the other checkout" if before else "processor time of the page of the own account",
        heading=("page", "p50 ms", "p95 ms", "cpu ms", "queries", "within limits"),
        rows=[
            (
                name, number(_median(page["ms"])), number(_p95(page["ms"])), number(_median(page["cpu"])),
                str(page["queries"]),
                "yes" if _p95(page["ms"]) <= ALLOWED_MS and page["queries"] <= ALLOWED_QUERIES else "no",
            )
            for name, page in ordered
        ],
    )  # fmt: skip


def _measured(python: Path, screens: int, announcements: int, repetitions: int, *pages: str) -> dict[str, Any]:
    """Return what pages took in a town of that size, by their names: those that are named, or all of them."""
    with TemporaryDirectory(prefix="beffroi-pages-") as folder:
        seed_large_town(Path(folder), screens, announcements, python)
        environment = {**os.environ, "BEFFROI_DATA": folder, "DJANGO_SETTINGS_MODULE": "beffroi_server.settings"}
        try:
            measured = subprocess.run(
                [python, "-c", PROGRAM, str(repetitions), *pages],
                env=environment, capture_output=True, text=True, timeout=MEASURE_TIMEOUT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise OSError(f"the pages took more than {MEASURE_TIMEOUT_S} s: {error.stderr}") from error
        if measured.returncode:
            raise OSError(measured.stderr[-4000:])
        found: dict[str, Any] = json.loads(measured.stdout.strip().splitlines()[-1])
        return found


def _median(values: list[float]) -> float:
    return values[len(values) // 2]


def _p95(values: list[float]) -> float:
    return values[min(len(values) - 1, int(len(values) * 0.95))]
