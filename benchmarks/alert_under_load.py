"""An alert while something holds the server up: how long until it is answered, and until a screen presents it.

Everything is real and on one machine: the server's process, Mosquitto and a headless 1080p player. An officer who is
signed in has the form of the broadcast page open and sends it over a new connection while a load lasts: connections
that say nothing, parts of files that nobody reads, feeds that drip, large pictures, bodies of strangers, a screen that
floods, a database that another program holds; at last all of them together. What is not there after 30 seconds counts
as 30 seconds.

With BASE=FOLDER, a checkout of another state with its environment in .venv, that state is measured in the same run.
The limit is the slowest answer of the same server without any load.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

import requests
from tests.support.town_processes import PROGRAMS
from tests.support.waiting import until

from benchmarks import process_usage
from benchmarks.form import Options, Result, number
from benchmarks.measured_town import CONTENT, MeasuredTown, content_of_state, open_measured_town
from benchmarks.operator import Operator
from benchmarks.server_loads import CONTENT_OF_LOADS, ServerLoads

ALERTS = 2
WAIT_S = 30.0
QUICK_LOADS = ("nothing", "files that nobody reads", "database held")
Times = dict[str, tuple[float, float]]
"""Milliseconds to the answer and to the screen by the name of a load, each the slowest of several alerts."""


def measure(options: Options) -> Result:
    """Broadcast alerts under each load.

    Raises:
        OSError: something that is needed is not installed, or does not answer in time.
    """
    times, memory = _measure_state(options, CONTENT, PROGRAMS)
    base = os.environ.get("BASE", "")
    other: Times = {}
    other_memory: dict[str, float] = {}
    if base:
        print(f"now {base}", file=sys.stderr)
        other, other_memory = _measure_state(options, content_of_state(Path(base)), Path(base) / ".venv/bin")
    worst = max(answered for answered, _shown in times.values())
    heading = ("slowest, ms", "answered", "on the screen", *(("before: answered", "on the screen") if base else ()))
    rows = [
        (name, *map(number, found), *(map(number, other.get(name, (0, 0))) if base else ()))
        for name, found in times.items()
    ]
    held = [
        (f"memory of the server {when}, MB", number(value), "", *((number(other_memory[when]), "") if base else ()))
        for when, value in memory.items()
    ]
    return Result(
        value=worst,
        unit="ms",
        goal=1_000.0,
        limit=times["nothing"][0],
        value_is="slowest answer to an alert under any load",
        limit_is="slowest answer without a load",
        heading=heading,
        rows=[*rows, *held],
    )


def _measure_state(options: Options, content: str, programs: Path) -> tuple[Times, dict[str, float]]:
    """Measure the state of some programs; return times and memory before and after."""
    times: Times = {}
    with (
        open_measured_town(content, programs=programs) as town,
        Operator(town.url) as officer,
        Operator(town.url) as editor,
    ):
        digest = town.run_server_code(CONTENT_OF_LOADS).strip().splitlines()[-1]
        officer.sign_in(town.sign_in_link())
        editor.sign_in(town.sign_in_link())
        loads = ServerLoads(town, digest, editor)
        found = {**loads.by_name(), "all of them": loads.everything}
        memory = {"before": _memory(town)}
        for name in QUICK_LOADS if options.quick else found:
            alerts = [_broadcast(town, officer, found[name]) for _ in range(options.repetitions(ALERTS, 1))]
            times[name] = max(each[0] for each in alerts), max(each[1] for each in alerts)
            print(f"{name}: {times[name][0]:.0f} ms answered, {times[name][1]:.0f} ms on the screen", file=sys.stderr)
        memory["after"] = _memory(town)
    return times, memory


def _broadcast(town: MeasuredTown, officer: Operator, load: object) -> tuple[float, float]:
    """Return the milliseconds of one alert to its answer and to the screen, then have everything quiet again."""
    title = f"Crue {time.monotonic_ns()}"
    form = officer.broadcast_form(title)
    answered = shown = WAIT_S * 1000
    alert = ""
    before = _shown(town)
    officer.disconnect()
    with load():  # type: ignore[operator]
        begin = time.monotonic()
        with contextlib.suppress(OSError, requests.RequestException):
            alert = officer.send(form)
            answered = (time.monotonic() - begin) * 1000
        with contextlib.suppress(AssertionError):
            until("the alert is shown", lambda: _shown(town) - before, max(0.1, begin + WAIT_S - time.monotonic()))
            shown = (time.monotonic() - begin) * 1000
    _make_quiet(town, officer, alert)
    return answered, shown


def _make_quiet(town: MeasuredTown, officer: Operator, alert: str) -> None:
    if not alert:
        # The request may still be served, long after its sender gave up.
        with contextlib.suppress(AssertionError):
            until("a late alert is shown", lambda: _shown(town), WAIT_S)

    def withdraw_shown() -> bool:
        for shown in _shown(town):
            with contextlib.suppress(OSError, requests.RequestException):
                officer.withdraw(shown)
        return not _shown(town)

    until("the alert is withdrawn", withdraw_shown, 4 * WAIT_S, pause_s=0.2)


def _shown(town: MeasuredTown) -> set[str]:
    return set(town.player.shown("alert"))


def _memory(town: MeasuredTown) -> float:
    assert town.server.running is not None
    return process_usage.memory([town.server.running.pid]).rss
