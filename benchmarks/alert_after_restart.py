"""A broker is killed under ten thousand screens: how long until all of them hold an alert that came meanwhile.

The town of ``alert_fanout``. Mosquitto is killed without a word, an officer broadcasts an emergency, and after a second
the broker is started again, without what it had retained since its last save. The screens come back after the pauses of
players, which grow and are spread by chance; the server comes back and publishes everything anew. The time counts from
the moment at which the broker listens again to the last screen that has verified the alert.

The goal is the longest pause of a player between two attempts. The limit is what the first connecting of all screens
took, one after the other.
"""

from __future__ import annotations

import signal
import time

from beffroi_player.agent.transport.mqtt_client import LONGEST_RETRY_SECONDS
from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary
from benchmarks.operator import Operator
from benchmarks.subscriber_town import SubscriberTown, open_subscriber_town

ROUNDS = 3
DOWN_S = 1.0


def measure(options: Options) -> Result:
    """Kill the broker, broadcast, start it again.

    Raises:
        OSError: something is not installed, not allowed, or does not answer in time.
    """
    to_first, to_half, to_last, lost = [], [], [], 0
    with open_subscriber_town(options) as opened, Operator(opened.town.url) as operator:
        operator.sign_in(opened.town.sign_in_link())
        opened.tell(mode="shared")
        for number in range(options.repetitions(ROUNDS, 1)):
            first, half, last = _one_round(number, opened, operator)
            to_first.append(first)
            to_half.append(half)
            to_last.append(last)
        opened.tell(count=True)
        lost = sum(said["lost"] for said in opened.from_each("what was lost", lambda said: "lost" in said))
        count, connect_s = opened.count, opened.connect_s
    return Result(
        value=max(to_last),
        unit="s",
        goal=LONGEST_RETRY_SECONDS,
        limit=connect_s,
        value_is=f"slowest until the last of {count} screens holds the alert",
        limit_is="the first connecting of all screens",
        heading=("s", *SUMMARY_HEADING),
        rows=[
            ("broker up to the first screen", *summary(to_first)),
            ("  to half of them", *summary(to_half)),
            ("  to the last", *summary(to_last)),
            ("connections given up or lost, of each screen", f"{lost / count:.1f}", "", "", ""),
        ],
    )


def _one_round(number: int, opened: SubscriberTown, operator: Operator) -> tuple[float, float, float]:
    form = operator.broadcast_form(f"Crue : évacuez les quais ({number})")
    opened.town.broker.stop(signal.SIGKILL)
    down = time.monotonic()
    alert = operator.send(form)
    time.sleep(max(0.0, DOWN_S - (time.monotonic() - down)))
    opened.town.start_broker()
    up = time.monotonic()
    each = opened.from_each("all hold the alert", lambda said: alert in said.get("alerts", ()))
    if any(said["refused"] for said in each):
        raise OSError(f"screens have refused the alert: {[said['refused'] for said in each]}")
    operator.withdraw(alert)
    opened.from_each("it is withdrawn", lambda said: said.get("alerts") == [])
    firsts, halves, lasts = (
        min(said["first"] for said in each), percentile([said["half"] for said in each], 0.5),
        max(said["verified"] for said in each),
    )  # fmt: skip
    return tuple(max(0.001, at - up) for at in (firsts, halves, lasts))  # type: ignore[return-value]
