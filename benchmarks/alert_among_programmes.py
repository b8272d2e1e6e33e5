"""An alert while ten thousand programmes are published: how much later it is on the last screen.

The town of ``alert_fanout``, with a playlist that every screen shows. Its text is changed, so that the server compiles,
signs and publishes the programme of every screen; meanwhile an officer broadcasts and withdraws alerts, one after the
other. The time counts from the officer's request to the last arrival. Before that, as many alerts are measured while
nothing is published; the value is the difference, and the limit what it takes then.

All of it shares the processors of one machine: server, broker, and the subscribers that take the programmes in.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from paho.mqtt.client import Client

from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary
from benchmarks.measured_town import SITE
from benchmarks.operator import Operator
from benchmarks.subscriber_town import WAIT_S, SubscriberTown, open_speaker, open_subscriber_town

ALERTS, WARM_UP = 20, 2
ALLOWED_MS = 50.0
PUBLISHING_S = 1_800.0
MORE = """
from beffroi_server.library.services import save_announcement
from beffroi_server.schedule import services as programme
from beffroi_server.schedule.models import ScheduleRule
playlist = programme.create_playlist("Jour", user=None)
for title in ("La piscine rouvre lundi", "Grand marché dimanche", "Collecte des déchets verts"):
    text = save_announcement(user=None, template="notice", title=title, body="De 10 h à 19 h.")
    programme.add_entry(playlist, user=None, announcement=text, duration_s=10)
programme.save_rule(ScheduleRule(name="Toujours", playlist=playlist, everywhere=True), user=None)
"""
CHANGE = """
from django.utils import timezone
from beffroi_server.fleet.models import Screen
from beffroi_server.library.models import Announcement
Announcement.objects.update(body="De 9 h à 18 h.")
print(Screen.objects.update(programme_due_at=timezone.now()))
"""
"""Marks every screen, as the change of a text does; the server finds the marks within half a minute."""
DUE = """
from beffroi_server.fleet.models import Screen
print(Screen.objects.exclude(programme_due_at=None).count())
"""


@dataclass
class Times:
    """Milliseconds from the request, of each alert."""

    last: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)


class _Programmes:
    """How many programmes were published, as a client with the rights of the server sees them."""

    def __init__(self, speaker: Client) -> None:
        self.count = 0
        self.newest_at = time.monotonic()
        self.begun = threading.Event()
        speaker.on_message = self._count
        speaker.subscribe(f"beffroi/1/{SITE}/down/+/programme", 0)

    def _count(self, *_: object) -> None:
        self.count += 1
        self.newest_at = time.monotonic()
        self.begun.set()

    def expect(self) -> None:
        """Count from here on."""
        self.count = 0
        self.begun.clear()


def measure(options: Options) -> Result:
    """Broadcast alerts while nothing else happens, then while programmes are published.

    Raises:
        OSError: something is not installed, not allowed, or does not answer in time.
    """
    alerts = options.repetitions(ALERTS, 2)
    quiet, busy = Times(), Times()
    with open_subscriber_town(options, MORE) as opened, Operator(opened.town.url) as operator:
        operator.sign_in(opened.town.sign_in_link())
        with open_speaker(opened.town.broker_port) as speaker:
            programmes = _Programmes(speaker)
            _wait_until_published(opened, programmes)
            opened.tell(mode="raw")
            for number in range(WARM_UP + alerts):
                quiet = Times() if number == WARM_UP else quiet
                _one_alert(number, opened, operator, quiet)
            programmes.expect()
            opened.town.run_server_code(CHANGE)
            if not programmes.begun.wait(WAIT_S):
                raise OSError("no programme was published")
            begun, before = time.monotonic(), programmes.count
            for number in range(alerts):
                if programmes.count >= opened.count - 10:
                    break
                _one_alert(WARM_UP + alerts + number, opened, operator, busy)
            rate = (programmes.count - before) / (time.monotonic() - begun)
        count = opened.count
    if len(busy.last) < min(alerts, 2):
        raise OSError("all programmes were published before an alert could be broadcast: more SUBSCRIBERS are needed")
    limit = percentile(quiet.last, 0.95)
    return Result(
        value=max(0.001, percentile(busy.last, 0.95) - limit),
        unit="ms",
        goal=ALLOWED_MS,
        limit=limit,
        value_is=f"p95 to the last of {count} screens while programmes are published, beyond that while none are",
        limit_is="p95 to the last screen while nothing is published",
        heading=("ms", *SUMMARY_HEADING),
        rows=[
            *_rows("quiet", quiet), *_rows("publishing", busy),
            ("programmes a second meanwhile", f"{rate:.0f}", "", "", ""),
            ("alerts broadcast meanwhile", f"{len(busy.last)}", "", "", ""),
        ],
    )  # fmt: skip


def _rows(name: str, times: Times) -> list[tuple[str, ...]]:
    return [
        (f"{name}: request to the last screen", *summary(times.last)),
        (f"{name}: to the first", *summary(times.first)),
        (f"{name}: to its answer", *summary(times.answered)),
    ]


def _one_alert(number: int, opened: SubscriberTown, operator: Operator, times: Times) -> None:
    form = operator.broadcast_form(f"Crue : évacuez les quais ({number})")
    opened.tell(mode="shared")
    begin = time.monotonic()
    alert = operator.send(form)
    times.answered.append(1_000 * (time.monotonic() - begin))
    each = opened.from_each("the alert has come", lambda said: alert in said.get("alerts", ()))
    times.last.append(1_000 * (max(said["last"] for said in each) - begin))
    times.first.append(1_000 * (min(said["first"] for said in each) - begin))
    opened.tell(mode="raw")
    operator.withdraw(alert)
    opened.from_each("the set without it has come", lambda said: said.get("mode") == "raw")


def _wait_until_published(opened: SubscriberTown, programmes: _Programmes) -> None:
    """Wait until every screen has its first programme."""
    deadline = time.monotonic() + PUBLISHING_S
    state = (
        "from beffroi_server.fleet.models import Screen; print(Screen.objects.exclude(programme_due_at=None).count())"
    )
    while opened.town.run_server_code(state).split()[-1] != "0":
        if time.monotonic() > deadline:
            raise OSError("the first programmes were not published in time")
        time.sleep(5)
    while time.monotonic() - programmes.newest_at < 2:
        time.sleep(0.5)
