"""An alert to a thousand screens in ordinary service: from the officer's request to the last screen.

Server and Mosquitto are real and set up by the project's own commands; the screens are simulated by one process with a
thousand MQTT connections (``simulated_fleet``), which report, send plays and receipts, and fetch their documents as
players of the build do: those of before reported at each slide of ten seconds, these report once a minute. An officer
broadcasts an emergency to all screens twenty times; each is withdrawn before the next.

The limit is the raw fan-out: in the same run, between the alerts, one client publishes as many bytes to all screens.
``BASE=PATH`` names another checkout, with an environment in ``.venv``, and measures its server in the same run.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from paho.mqtt.client import Client
from tests.support.town_processes import PROGRAMS, TownProcesses

from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary
from benchmarks.measured_town import SITE
from benchmarks.operator import Operator
from benchmarks.process_usage import processor_s
from benchmarks.subscriber_town import open_speaker

SCREENS, QUICK_SCREENS = 1_000, 50
ALERTS, WARM_UP = 20, 2
ALLOWED_MS = 150.0
SERVICE_S = 60.0
"""For how long the ordinary service runs before the first alert, and is measured by itself."""
WAIT_S = 240.0
ROOT = f"beffroi/1/{SITE}"
CONTENT = """
import json, secrets
from django.utils import timezone
from beffroi_server.library.services import save_announcement
from beffroi_server.fleet.device_credentials import token_sha256
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenState
from beffroi_server.schedule import services as programme
from beffroi_server.schedule.models import ScheduleRule
try:
    from beffroi_server.fleet.device_credentials import broker_account
    more = lambda token: {{}}
    password_of = lambda screen: broker_account(screen).password
except ImportError:  # as it was when the token was the password at the broker, too
    from beffroi_server.delivery.mosquitto_files import mosquitto_hash
    more = lambda token: dict(mqtt_password_hash=mosquitto_hash(token))
    password_of = lambda screen: names[screen.slug]
nobody = dict(user=None)

playlist = programme.create_playlist("Jour", **nobody)
for title in ("La piscine rouvre lundi", "Grand marché dimanche", "Collecte des déchets verts"):
    text = save_announcement(**nobody, template="notice", title=title, body="De 10 h à 19 h.")
    programme.add_entry(playlist, **nobody, announcement=text, duration_s=10)
programme.save_rule(ScheduleRule(name="Toujours", playlist=playlist, everywhere=True), **nobody)
kind = ScreenClass.objects.filter(width=1920, height=1080).first()
names = {{f"ecran-{{number}}": secrets.token_urlsafe(32) for number in range({count})}}
Screen.objects.bulk_create(
    Screen(slug=name, name=name, screen_class=kind, enrolled_at=timezone.now(), token_sha256=token_sha256(token),
           **more(token))
    for name, token in names.items()
)
ScreenState.objects.bulk_create(ScreenState(screen=screen) for screen in Screen.objects.all())
print(json.dumps([(each.slug, names[each.slug], password_of(each)) for each in Screen.objects.all()]))
"""
STATE = """
try:
    from beffroi_server.fleet.models import ReceiptRecord, Screen
except ImportError:
    from beffroi_server.screens.models import Receipt as ReceiptRecord, Screen
print(Screen.objects.exclude(programme_due_at=None).count(), ReceiptRecord.objects.exclude(alert='').count())
"""
"""Prints how many programmes are due, and how many receipts of alerts are stored."""


@dataclass
class Times:
    """What was measured with one build."""

    build: str
    to_last: list[float] = field(default_factory=list)
    """Milliseconds from the request to the last screen, of each alert."""
    to_first: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    service_percent: float = 0.0
    """Processor time of the server in ordinary service, in percent of a core."""
    receipts: int = 0
    """Receipts stored, of as many as there were alerts times screens."""
    failed: int = 0
    """Requests of the officer that were answered by an error, or not in time."""
    dropped: int = 0
    """Lines of the server's log that say that messages were dropped or refused."""


def measure(options: Options) -> Result:
    """Broadcast alerts while a fleet is in service, with this build and the one of before.

    Raises:
        OSError: something that is needed is not installed, or does not answer in time.
    """
    screens = options.repetitions(SCREENS, QUICK_SCREENS)
    alerts = options.repetitions(ALERTS, 3)
    measured = []
    base = os.environ.get("BASE")
    if base:
        programs = Path(base).resolve() / ".venv" / "bin"
        measured.append(_measure_build("before", programs, screens, alerts, 10.0, options))
    measured.append(_measure_build("now", PROGRAMS, screens, alerts, 60.0, options))
    now = measured[-1]
    limit = percentile(now.raw, 0.99)
    rows = [
        (f"{each.build}: {name}", *summary(values))
        for each in measured
        for name, values in (
            ("request to the last screen", each.to_last),
            ("request to the first", each.to_first),
            ("request to its answer", each.answered),
            ("raw fan-out to the last", each.raw),
            ("poll over HTTP", each.polls),
        )
        if values
    ]
    for each in measured:
        rows.append((f"{each.build}: server in service, % of a core", f"{each.service_percent:.0f}", "", "", ""))
        stored = f"{each.receipts} of {(alerts + WARM_UP) * screens}"
        rows.append((f"{each.build}: receipts stored", stored, "", "", ""))
        rows.append((f"{each.build}: requests of the officer that failed", str(each.failed), "", "", ""))
        rows.append((f"{each.build}: lines that say dropped or refused", str(each.dropped), "", "", ""))
    return Result(
        value=percentile(now.to_last, 0.99),
        unit="ms",
        goal=limit + ALLOWED_MS,
        limit=limit,
        value_is=f"p99 from the request to the last of {screens} screens",
        limit_is="p99 of the raw fan-out of as many bytes, between the alerts",
        heading=("ms", *SUMMARY_HEADING),
        rows=rows,
    )


def _measure_build(
    build: str, programs: Path, screens: int, alerts: int, report_every_s: float, options: Options
) -> Times:
    times = Times(build)
    with ExitStack() as started:
        folder = Path(started.enter_context(TemporaryDirectory(prefix="beffroi-bench-")))
        town = TownProcesses(folder, SITE, programs=programs)
        started.callback(_close, town)
        names = json.loads(town.open(CONTENT.format(count=screens)).strip().splitlines()[-1])
        _wait_for("all programmes are published", lambda: _stored(town)[0] == 0)
        settings = {
            "port": town.broker_port, "http_port": town.port, "root": ROOT, "screens": names,
            "report_every_s": report_every_s,
        }  # fmt: skip
        # Before the screens come: the sign-in writes, and is not what is measured.
        operator = started.enter_context(Operator(town.url))
        operator.sign_in(town.sign_in_link())
        fleet = started.enter_context(_open_fleet(folder, settings))
        fleet.next("ready")
        assert town.server.running
        server, begin, seconds = town.server.running.pid, time.monotonic(), options.repetitions(int(SERVICE_S), 5)
        used = processor_s([server])
        time.sleep(seconds)
        times.service_percent = 100 * (processor_s([server]) - used) / (time.monotonic() - begin)
        speaker = started.enter_context(open_speaker(town.broker_port))
        for number in range(alerts + WARM_UP):
            try:
                _one_alert(number, operator, speaker, fleet, times)
            except requests.RequestException:
                # An answer that is an error, or none in time: the officer would try again.
                times.failed += number >= WARM_UP
            if number + 1 == WARM_UP:
                times.to_last, times.to_first, times.answered, times.raw = [], [], [], []
        expected = (alerts + WARM_UP) * screens
        with contextlib.suppress(OSError):
            _wait_for("all receipts", lambda: _stored(town)[1] >= expected, seconds=60)
        times.receipts = _stored(town)[1]
        times.polls = [1_000 * each for each in fleet.close()["polls"]]
        log = town.server.log.read_text(encoding="utf-8", errors="replace")
        times.dropped = sum("dropped" in line or "refused" in line for line in log.splitlines())
    return times


def _one_alert(number: int, operator: Operator, speaker: Client, fleet: FleetProcess, times: Times) -> None:
    form = operator.broadcast_form(f"Crue : évacuez les quais ({number})")
    begin = time.monotonic()
    alert = operator.send(form)
    times.answered.append(1_000 * (time.monotonic() - begin))
    arrived = fleet.next("last", lambda said: alert in said["alerts"])
    times.to_last.append(1_000 * (arrived["last"] - begin))
    times.to_first.append(1_000 * (arrived["first"] - begin))
    time.sleep(2)
    operator.withdraw(alert)
    time.sleep(1)
    mark = f"RAW {number} "
    begin = time.monotonic()
    speaker.publish(f"{ROOT}/down/all/alerts", mark.encode().ljust(1_000, b"x"), 1)
    arrived = fleet.next("last", lambda said: said["raw"].startswith(mark))
    times.raw.append(1_000 * (arrived["last"] - begin))


class FleetProcess:
    """The process of the simulated screens."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def next(self, key: str, wanted: Any = lambda _said: True) -> dict[str, Any]:
        """Return the next that it says with a key and as wanted; what else it says is passed over."""
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                said = self._said.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty as error:
                raise OSError(f"the simulated screens did not say “{key}” within {WAIT_S:.0f} s") from error
            if "ended" in said:
                raise OSError("the simulated screens have ended")
            if key in said and wanted(said):
                return said

    def close(self) -> dict[str, Any]:
        """End it, and return what it says last."""
        assert self._process.stdin
        self._process.stdin.close()
        return self.next("polls")

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._said.put(json.loads(line))
        self._said.put({"ended": True})


@contextlib.contextmanager
def _open_fleet(folder: Path, settings: dict[str, Any]) -> Iterator[FleetProcess]:
    path = folder / "fleet.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.simulated_fleet", str(path)]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield FleetProcess(process)
        finally:
            process.kill()


def _close(town: TownProcesses) -> None:
    try:
        town.close()
    except subprocess.TimeoutExpired:
        # A build that is so far behind that it does not end in time is ended.
        town.server.stop(signal.SIGKILL)
        town.close()


def _stored(town: TownProcesses) -> tuple[int, int]:
    due, receipts = map(int, town.run_server_code(STATE).split()[-2:])
    return due, receipts


def _wait_for(what: str, holds: Any, seconds: float = WAIT_S) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise OSError(f"not within {seconds:.0f} s: {what}")
        time.sleep(1)
