"""An alert to ten thousand screens, each of which verifies it: from the server's signature to the last screen.

Server and Mosquitto are real and set up by the project's own commands. Two processes hold a connection for each of
10,000 screens (``SUBSCRIBERS=…``: another number), which subscribe and admit documents as players do; see
``simulated_subscribers``. An officer broadcasts an emergency to all screens, and withdraws it. The time counts from the
instant that the alert set was signed with, which lies before its commit and its publication, until the last screen has
verified it. Screens have a processor each and share none: each verification counts by the processor time that it took,
from the arrival at that screen. The table also says what it takes where all of them verify on the processors of this
machine.

The limit is the raw fan-out of the same bytes by the same broker, in turns with the alerts: from handing them over to
the last arrival. The goal is 1.3 times that.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

from paho.mqtt.client import Client, MQTTMessage

from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary
from benchmarks.measured_town import SITE
from benchmarks.operator import Operator
from benchmarks.subscriber_town import SubscriberTown, open_speaker, open_subscriber_town, unix_to_monotonic

ROUNDS, SHARED_ROUNDS, WARM_UP = 20, 5, 2
ALLOWED_FACTOR = 1.3
TOPIC = f"beffroi/1/{SITE}/down/all/alerts"


@dataclass
class Times:
    """Milliseconds of each round."""

    verified: list[float] = field(default_factory=list)
    """From the signature to the last screen that had verified."""
    arrived: list[float] = field(default_factory=list)
    shared: list[float] = field(default_factory=list)
    """The same where all verify on the processors of this machine."""
    from_request: list[float] = field(default_factory=list)
    """From the officer's request to the last screen that had verified."""
    raw: list[float] = field(default_factory=list)
    each: list[float] = field(default_factory=list)
    """Processor time of one verification, the median of each round."""
    bytes: int = 0


def measure(options: Options) -> Result:
    """Broadcast alerts, in turns with the raw fan-out.

    Raises:
        OSError: something is not installed, not allowed, or does not answer in time.
    """
    times = Times()
    with open_subscriber_town(options) as opened, Operator(opened.town.url) as operator:
        operator.sign_in(opened.town.sign_in_link())
        with open_speaker(opened.town.broker_port) as speaker:
            held = _Held(speaker)
            for number in range(WARM_UP + options.repetitions(ROUNDS, 2)):
                if number == WARM_UP:
                    times = Times()
                _one_round(number, "alone", opened, operator, held, times)
            for number in range(options.repetitions(SHARED_ROUNDS, 1)):
                _one_round(number, "shared", opened, operator, held, times)
        count, connect_s = opened.count, opened.connect_s
    limit = percentile(times.raw, 0.5)
    return Result(
        value=percentile(times.verified, 0.5),
        unit="ms",
        goal=ALLOWED_FACTOR * limit,
        limit=limit,
        value_is=f"median from the signature until the last of {count} screens has verified",
        limit_is=f"median of the raw fan-out of the same {times.bytes} bytes",
        heading=("ms", *SUMMARY_HEADING),
        rows=[
            ("signature to the last verified", *summary(times.verified)),
            ("  to the last arrival", *summary(times.arrived)),
            ("  one verification, processor time", *summary(times.each)),
            ("request to the last verified", *summary(times.from_request)),
            ("raw fan-out to the last arrival", *summary(times.raw)),
            ("all verify on these processors: last", *summary(times.shared)),
            (f"connecting {count} screens, s", f"{connect_s:.1f}", "", "", ""),
        ],
    )


class _Held:
    """The bytes of the newest alert set, as a client with the rights of the server receives them."""

    def __init__(self, speaker: Client) -> None:
        self.speaker, self.payload = speaker, b""
        speaker.on_message = self._take
        speaker.subscribe(TOPIC, 1)

    def _take(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.payload = bytes(message.payload)


def _one_round(number: int, mode: str, opened: SubscriberTown, operator: Operator, held: _Held, times: Times) -> None:
    print(f"round {number + 1} ({mode})", file=sys.stderr, flush=True)
    opened.tell(mode=mode)
    form = operator.broadcast_form(f"Crue : évacuez les quais ({number})")
    begin = time.monotonic()
    alert = operator.send(form)
    each = opened.from_each("the alert is verified", lambda said: alert in said.get("alerts", ()))
    if any(said["refused"] for said in each):
        raise OSError(f"screens have refused the alert: {[said['refused'] for said in each]}")
    signed = unix_to_monotonic(each[0]["issued_at_ms"])
    verified = max(said["verified"] for said in each)
    if mode == "shared":
        times.shared.append(1_000 * (verified - signed))
    else:
        times.verified.append(1_000 * (verified - signed))
        times.arrived.append(1_000 * (max(said["last"] for said in each) - signed))
        times.from_request.append(1_000 * (verified - begin))
        times.each.append(1_000 * max(said["verify_p50"] for said in each))
        times.raw.append(_raw_fan_out(opened, held))
        times.bytes = len(held.payload)
    opened.tell(mode="raw")
    operator.withdraw(alert)
    opened.from_each("the set without it has come", lambda said: said.get("mode") == "raw")
    time.sleep(0.5)


def _raw_fan_out(opened: SubscriberTown, held: _Held) -> float:
    """Publish the newest set once more, and return the milliseconds to the last arrival."""
    time.sleep(0.5)
    opened.tell(mode="raw")
    time.sleep(0.2)
    begin = time.monotonic()
    held.speaker.publish(TOPIC, held.payload, 1)
    each = opened.from_each("the raw bytes have come", lambda said: said.get("mode") == "raw")
    return 1_000 * (max(said["last"] for said in each) - begin)
