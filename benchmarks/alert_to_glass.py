"""From the click to the glass: how long after an operator broadcasts an emergency it is presented on a screen.

Everything is real and on one machine: the server's process, Mosquitto with the configuration of beffroi-provisioning,
and a headless 1080p player. An officer who is signed in sends the form of the broadcast page as a browser does, with
session and CSRF token. The time counts from the first byte of that request to the moment at which the player's stage
has presented the frame, by the clock since boot that both share. Each of 200 alerts has a text of its own, and is
withdrawn before the next; every other one is a scenario that was prepared. What a real display adds, up to one period
of its refresh, is not in it.

``BASE=PATH`` names another checkout, with an environment in ``.venv``, and measures it in turns with this one: then a
scenario should take 0.4 of its time there, and a free text 0.6 (the goal of the value).

The limit is what the broker needs by itself: in the same run, between the alerts, one client publishes as many bytes
at QoS 1 and another receives them.
"""

from __future__ import annotations

import json
import os
import queue
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from tests.support.town_processes import PROGRAMS
from tests.support.waiting import until

from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary
from benchmarks.measured_town import (
    CONTENT,
    SCREEN,
    SERVER_USER,
    SITE,
    MeasuredTown,
    content_of_state,
    open_measured_town,
)
from benchmarks.operator import Form, Operator

ALERTS, WARM_UP = 200, 5
ROOT = f"beffroi/1/{SITE}"
WAIT_S = 30
SHARE_OF_TEXT, SHARE_OF_SCENARIO = 0.6, 0.4
"""Of what the other state takes, at p99."""
SCENARIO = 9_001
MORE = f"""
from beffroi_server.alerts.models import Scenario
Scenario.objects.create(
    pk={SCENARIO}, name="Mesure", level="emergency", title="Crue : évacuez les quais", source="Mairie",
    description="La Vive déborde. Les quais, le camping et la rue Basse sont inondés.",
    instruction="Rejoignez à pied la salle des fêtes.", everywhere=True, duration_min=60,
)
"""


@dataclass
class Times:
    """Milliseconds of each alert."""

    to_glass: list[float] = field(default_factory=list)
    """Of a free text."""
    scenario: list[float] = field(default_factory=list)
    """Of a prepared scenario."""
    answered: list[float] = field(default_factory=list)
    """Until the browser has the answer."""
    in_player: list[float] = field(default_factory=list)
    """From reception to the presented frame, as the player's receipt says."""
    raw: list[float] = field(default_factory=list)


def measure(options: Options) -> Result:
    """Broadcast alerts one after the other.

    Raises:
        OSError: something that is needed is not installed, or does not answer in time.
    """
    with ExitStack() as opened:
        base = os.environ.get("BASE", "")
        old = opened.enter_context(
            _open_state(content_of_state(Path(base)), Path(base).resolve() / ".venv" / "bin")
        ) if base else None  # fmt: skip
        new = opened.enter_context(_open_state(CONTENT, PROGRAMS))
        for number in range(WARM_UP + options.repetitions(ALERTS // 2, 3)):
            # In turns: what else happens on the machine meets both.
            for state in filter(None, (old, new)):
                if number == WARM_UP:
                    state.times = Times()
                state.broadcast_pair(number)
        before, times = old and old.times, new.times
    value = percentile(times.to_glass, 0.99)
    rows = [*(_rows("before: ", before) if before else ()), *_rows("now: " if before else "", times)]
    if before:
        for name, now_ms, then_ms, share in (
            ("free text", times.to_glass, before.to_glass, SHARE_OF_TEXT),
            ("scenario", times.scenario, before.scenario, SHARE_OF_SCENARIO),
        ):
            shares = (percentile(now_ms, at) / percentile(then_ms, at) for at in (0.5, 0.95, 0.99))
            rows.append((f"{name}: share of before, wanted {share}", *(f"{each:.2f}" for each in shares), ""))
    return Result(
        value=value,
        unit="ms",
        goal=SHARE_OF_TEXT * percentile(before.to_glass, 0.99) if before else 100.0,
        limit=percentile(times.raw, 0.99),
        value_is="p99 from the request to the presented frame, of a free text",
        limit_is="p99 from publishing to receiving as many bytes on the same broker",
        heading=("ms", *SUMMARY_HEADING),
        rows=rows,
    )


def _rows(name: str, times: Times) -> list[tuple[str, ...]]:
    return [
        (f"{name}request to glass, free text", *summary(times.to_glass)),
        (f"{name}request to glass, scenario", *summary(times.scenario)),
        (f"{name}  request to its answer", *summary(times.answered)),
        (f"{name}  reception to glass", *summary(times.in_player)),
        (f"{name}publish to receive", *summary(times.raw)),
    ]


@dataclass
class State:
    """A town of some programs, and somebody who broadcasts in it."""

    house: MeasuredTown
    wire: Wire
    operator: Operator
    times: Times = field(default_factory=Times)

    def broadcast_pair(self, number: int) -> None:
        """Broadcast a free text, and then a scenario."""
        text = self.operator.broadcast_form(f"Crue : évacuez les quais ({number})")
        self.times.to_glass.append(self._one(text))
        self.times.scenario.append(self._one(self.operator.scenario_form(SCENARIO)))

    def _one(self, form: Form) -> float:
        """Send a form and withdraw the alert; return the milliseconds from the request to the presented frame."""
        house, times = self.house, self.times
        begin = _uptime_ms()
        alert = self.operator.send(form)
        times.answered.append(_uptime_ms() - begin)
        presented = until("the alert is on the glass", lambda: _presented(house, alert), pause_s=0.005, seconds=WAIT_S)
        times.in_player.append(self.wire.receipt(alert))
        times.raw.append(self.wire.there())
        self.operator.withdraw(alert)
        until("the alert is off the glass", lambda: not _presented(house, alert), pause_s=0.005, seconds=WAIT_S)
        return presented - begin


@contextmanager
def _open_state(content: str, programs: Path) -> Iterator[State]:
    with (
        open_measured_town(MORE + content, programs=programs) as house,
        _wire(house) as wire,
        Operator(house.url) as operator,
    ):
        operator.sign_in(house.sign_in_link())
        yield State(house, wire, operator)


def _presented(house: MeasuredTown, alert: str) -> float:
    glass = house.presented()
    shown = any(part.get("alert") == alert for part in glass.get("showings", ()))
    return float(glass["presented_uptime_ms"]) if shown else 0.0


def _uptime_ms() -> float:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1e6


class Wire:
    """Two clients of the broker: one listens, one publishes."""

    def __init__(self, house: MeasuredTown) -> None:
        self._receipts: queue.Queue[dict[str, object]] = queue.Queue()
        self._arrivals: queue.Queue[float] = queue.Queue()
        self._ready: queue.Queue[bool] = queue.Queue()
        self._alert_set = b""
        self.listener, self.speaker = self._client(house), self._client(house)
        self.listener.on_message = self._hear
        self.listener.on_subscribe = lambda *_: self._ready.put(True)
        topics = [f"{ROOT}/up/s-{SCREEN}/receipts", f"{ROOT}/down/all/alerts", f"{ROOT}/down/all/measured"]
        self.listener.subscribe([(topic, 1) for topic in topics])
        self._ready.get(timeout=WAIT_S)

    def there(self) -> float:
        """Return the milliseconds from publishing to receiving as many bytes as the newest alert set has."""
        begin = _uptime_ms()
        self.speaker.publish(f"{ROOT}/down/all/measured", self._alert_set, 1)
        return self._arrivals.get(timeout=WAIT_S) - begin

    def receipt(self, alert: str) -> float:
        """Return the milliseconds from reception to the presented frame, once the player has said so."""
        while True:
            receipt = self._receipts.get(timeout=WAIT_S)
            if receipt.get("alert") == alert:
                return float(str(receipt["latency_ms"]))

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        arrived = _uptime_ms()
        if message.topic.endswith("/measured"):
            self._arrivals.put(arrived)
        elif message.topic.endswith("/alerts"):
            self._alert_set = bytes(message.payload)
        else:
            for receipt in json.loads(message.payload)["receipts"]:
                self._receipts.put(receipt)

    def _client(self, house: MeasuredTown) -> Client:
        client = Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set(SERVER_USER, house.password)
        client.on_connect = lambda *_: self._ready.put(True)
        client.connect("127.0.0.1", house.broker_port)
        client.loop_start()
        self._ready.get(timeout=WAIT_S)
        return client


@contextmanager
def _wire(house: MeasuredTown) -> Iterator[Wire]:
    wire = Wire(house)
    try:
        yield wire
    finally:
        for client in (wire.speaker, wire.listener):
            client.disconnect()
            client.loop_stop()
