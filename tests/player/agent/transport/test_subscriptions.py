"""What is done about subscriptions that a broker refuses, or does not answer."""

from __future__ import annotations

import pytest

from beffroi_player.agent.transport import subscriptions
from beffroi_player.agent.transport.subscriptions import SubscriptionState


class BusyBroker:
    """Asks for topics on one connection after another, for as long as a broker refuses them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.state = SubscriptionState(lambda: self.seconds)
        self.number = 0

    def ask(self, *topics: str, granted: bool | None) -> None:
        for topic in topics:
            self.number += 1
            self.state.note_asked(self.number, topic)
            if granted is not None:
                self.state.note_answer(self.number, is_granted=granted)

    def seconds_until_due(self) -> float:
        before = self.seconds
        while not (due := self.state.take_due()):
            self.seconds += 0.25
        self.ask(*due, granted=False)
        return self.seconds - before

    def be_refused(self, rounds: int) -> None:
        for _ in range(rounds):
            self.seconds_until_due()


@pytest.fixture
def busy() -> BusyBroker:
    return BusyBroker()


def test_what_was_refused_is_asked_for_again_and_only_that(busy: BusyBroker) -> None:
    busy.ask("a", granted=True)
    busy.ask("b", granted=False)
    assert not busy.state.is_complete
    assert busy.state.take_due() == []
    busy.seconds += 2
    assert busy.state.take_due() == ["b"]
    busy.ask("b", granted=True)
    assert busy.state.is_complete
    busy.seconds += 600
    assert busy.state.take_due() == []


def test_the_connection_is_given_up_after_some_refusals_and_later_ones_last_longer(busy: BusyBroker) -> None:
    lasted = []
    for _ in range(3):
        busy.state.begin_anew()
        busy.ask("a", "b", granted=False)
        began = busy.seconds
        with pytest.raises(ConnectionError, match="a, b"):
            busy.be_refused(20)
        lasted.append(busy.seconds - began)
    assert 5 < lasted[0] < 60 < lasted[1] <= 6 * subscriptions.LONGEST_REFUSED_SECONDS
    # Once all is granted, the next refusal is asked again soon.
    busy.state.begin_anew()
    busy.ask("a", "b", granted=True)
    busy.ask("a", granted=False)
    assert busy.seconds_until_due() <= 2


def test_no_answer_is_a_refusal(busy: BusyBroker) -> None:
    busy.ask("a", granted=None)
    assert (busy.state.is_answered, busy.state.take_unanswered()) == (False, [])
    busy.seconds += subscriptions.SUBACK_SECONDS
    assert busy.state.take_unanswered() == ["a"]
    assert (busy.state.is_answered, busy.state.is_complete) == (True, False)
    busy.seconds += 2
    assert busy.state.take_due() == ["a"]
    # The answer comes after all, to a packet that nobody waits for any more.
    assert not busy.state.note_answer(1, is_granted=False)
