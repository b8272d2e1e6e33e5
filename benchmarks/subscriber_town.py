"""A real server and Mosquitto with thousands of simulated subscribers: what three benchmarks of alerts measure on."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from tests.support.town_processes import BROKER_PASSWORD, TownProcesses

from benchmarks.form import Options
from benchmarks.measured_town import SERVER_USER, SITE

SUBSCRIBERS, QUICK_SUBSCRIBERS = 10_000, 100
SPARE_FILES = 500
WAIT_S = 180.0
LOOK_S = 60.0
CONNECTING_S = 900.0
"""How long all may take to connect: on a machine that does other things, several are refused and come back."""
CONTENT = """
import json, secrets
from django.utils import timezone
from beffroi_content.wire.documents import SigningRole
from beffroi_content.wire.messages import KEYS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.delivery import signing
from beffroi_server.fleet.device_credentials import broker_account, token_sha256
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenState

kind = ScreenClass.objects.filter(width=1920, height=1080).first()
names = {{f"ecran-{{number}}": secrets.token_urlsafe(32) for number in range({count})}}
Screen.objects.bulk_create(
    Screen(slug=name, name=name, screen_class=kind, enrolled_at=timezone.now(), token_sha256=token_sha256(token))
    for name, token in names.items()
)
ScreenState.objects.bulk_create(ScreenState(screen=screen) for screen in Screen.objects.all())
keys = signing.published_document(KEYS, TopicScope.all_screens())
rule = keys.roles[SigningRole.ROOT]
anchor = {{"root_keys": {{name: keys.keys[name] for name in rule.keys}}, "threshold": rule.threshold}}
{more}
print(json.dumps({{"screens": [(each.slug, broker_account(each).password) for each in Screen.objects.all()],
                  "anchor": anchor}}))
"""


class SubscriberTown:
    """Server, broker, and the processes of the subscribers. ``open_subscriber_town`` makes one."""

    def __init__(self, town: TownProcesses, count: int) -> None:
        self.town, self.count = town, count
        self.connect_s = 0.0
        """How long all took to connect and subscribe, one after the other."""
        self._processes: list[subprocess.Popen[str]] = []
        self._said: queue.Queue[tuple[int, dict[str, Any]]] = queue.Queue()

    def start_subscribers(self, folder: Path, known: dict[str, Any], processes: int) -> None:
        """Start all subscribers and wait until they are subscribed."""
        begin = time.monotonic()
        for number in range(processes):
            path = folder / f"subscribers-{number}.json"
            share = known | {
                "port": self.town.broker_port, "site": SITE, "screens": known["screens"][number::processes],
            }  # fmt: skip
            path.write_text(json.dumps(share), encoding="utf-8")
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.simulated_subscribers", str(path)],
                cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            self._processes.append(process)
            threading.Thread(target=self._read, args=(number, process), daemon=True).start()
        self.from_each("all are subscribed", lambda said: "ready" in said, CONNECTING_S)
        self.connect_s = time.monotonic() - begin

    def tell(self, **wanted: Any) -> None:
        """Tell all processes something."""
        for process in self._processes:
            assert process.stdin
            process.stdin.write(json.dumps(wanted) + "\n")
            process.stdin.flush()

    def from_each(
        self, what: str, wanted: Callable[[dict[str, Any]], object], seconds: float = WAIT_S
    ) -> list[dict[str, Any]]:
        """Return what each process says next and as wanted; what else they say is passed over.

        Raises:
            OSError: not all have said it in time.
        """
        found: dict[int, dict[str, Any]] = {}
        deadline = time.monotonic() + seconds
        while len(found) < len(self._processes):
            try:
                number, said = self._said.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty as error:
                state = self._connections()
                raise OSError(f"not within {seconds:.0f} s: {what}. Of {self.count} {state}") from error
            if "ended" in said:
                raise OSError("simulated subscribers have ended")
            if number not in found and wanted(said):
                found[number] = said
        return list(found.values())

    def _connections(self) -> str:
        """Return how many subscribers are connected, and how many connections were lost, in words."""
        self.tell(count=True)
        found, deadline = [], time.monotonic() + LOOK_S
        while len(found) < len(self._processes):
            try:
                _number, said = self._said.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return "some do not answer"
            found += [said] if "connected" in said else []
        connected, lost = sum(said["connected"] for said in found), sum(said["lost"] for said in found)
        return f"{connected} are connected, and {lost} connections were lost"

    def close(self) -> None:
        """End the processes of the subscribers."""
        for process in self._processes:
            process.kill()
            process.wait()

    def _read(self, number: int, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self._said.put((number, json.loads(line)))
        self._said.put((number, {"ended": True}))


@contextlib.contextmanager
def open_subscriber_town(options: Options, more: str = "") -> Iterator[SubscriberTown]:
    """Open a town in a folder that is removed afterwards; ``SUBSCRIBERS=1000`` says how many screens listen.

    Args:
        options: Few subscribers or all.
        more: A program that adds to its content.

    Raises:
        OSError: the machine does not allow as many open files, or something is not installed.
    """
    count = int(os.environ.get("SUBSCRIBERS", "0")) or options.repetitions(SUBSCRIBERS, QUICK_SUBSCRIBERS)
    _allow_files(count + SPARE_FILES)
    with ExitStack() as started:
        folder = Path(started.enter_context(TemporaryDirectory(prefix="beffroi-bench-")))
        town = TownProcesses(folder, SITE)
        started.callback(town.close)
        known = json.loads(town.open(CONTENT.format(count=count, more=more)).strip().splitlines()[-1])
        opened = SubscriberTown(town, count)
        started.callback(opened.close)
        opened.start_subscribers(folder, known, processes=2)
        yield opened


@contextlib.contextmanager
def open_speaker(port: int) -> Iterator[Client]:
    """Open a client of the broker with the rights of the server."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(SERVER_USER, BROKER_PASSWORD)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def unix_to_monotonic(unix_ms: float) -> float:
    """Return what the monotonic clock said at an instant of the wall clock, which was not set since."""
    return time.monotonic() - (time.time() - unix_ms / 1000)


def _allow_files(count: int) -> None:
    """Raise the limit of open files for the broker, which inherits it."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        raise OSError(f"{count} open files are needed and {hard} allowed: raise ulimit -n, or set SUBSCRIBERS")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
