"""A broker that keeps something back, or everything, is noticed by the beat, and the server is asked."""

from __future__ import annotations

import pytest

from beffroi_content.wire.reports import ConnectionState
from beffroi_player.agent.transport.broker_watch import BEAT_TIMEOUT_MS, BrokerWatch


class Line:
    """A player's two ways to its town, and what it does."""

    def __init__(self) -> None:
        self.now, self.beat = 1_000_000.0, 1_000_000.0
        self.withheld: frozenset[str] = frozenset()
        self.is_subscribed = self.is_answered = True
        self.asked, self.moved = 0, list[float | None]()
        self.watch = BrokerWatch(
            lambda: self.now, lambda: self.beat, lambda: self.withheld, lambda: self.is_subscribed,
            lambda: self.is_answered, self._ask, self.moved.append,
        )  # fmt: skip

    def _ask(self) -> None:
        self.asked += 1

    def check(self) -> None:
        self.watch.check_withheld()
        self.watch.check_beat()


@pytest.fixture
def line() -> Line:
    return Line()


def test_a_broker_that_passes_everything_on_costs_the_server_nothing(line: Line) -> None:
    for _ in range(10):
        line.now += 5_000
        line.beat = line.now - 4_000
        line.check()
    assert (line.watch.state, line.asked, line.moved) == (ConnectionState.LIVE, 0, [])


def test_one_that_keeps_a_topic_back_is_got_around_and_one_that_is_a_moment_behind_is_not(line: Line) -> None:
    for withheld in ({"all/alerts"}, {"all/keys"}, ()):
        line.withheld = frozenset(withheld)
        line.check()
    assert line.asked == 0
    line.withheld = frozenset({"all/keys"})
    line.check()
    line.withheld |= {"all/alerts"}
    line.check()
    assert (line.asked, line.watch.state) == (1, ConnectionState.LIVE)


@pytest.mark.parametrize("cause", ["it passes nothing on", "it stands still", "it has refused a subscription"])
def test_one_that_serves_nobody_is_noticed_and_got_around(line: Line, cause: str) -> None:
    line.is_subscribed = cause != "it has refused a subscription"
    line.now += BEAT_TIMEOUT_MS - 1 if not line.is_subscribed else BEAT_TIMEOUT_MS
    line.check()
    assert (line.watch.state, line.asked, line.moved) == (ConnectionState.POLLING, 1, [line.beat])
    line.is_answered = False
    line.check()
    assert (line.watch.state, line.asked) == (ConnectionState.LOST, 2)
    line.beat, line.is_subscribed = line.now, True
    line.check()
    assert (line.watch.state, line.asked) == (ConnectionState.LIVE, 2)
