"""The signed sets that a player hands to a server which has forgotten them."""

from __future__ import annotations

import pytest
from tests.support.signing_town import SigningTown, alert

from beffroi_content.timeline import ClockState, Moment
from beffroi_content.trust import TrustState, admit_document
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.transport import held_sets
from beffroi_player.agent.transport.held_sets import HeldSets


class Player:
    """A player that admits what comes, and keeps the sets."""

    def __init__(self, town: SigningTown) -> None:
        self.sets = HeldSets()
        self.town = town
        self.trust = TrustState(anchor=town.anchor)
        self.receive(*town.publish_keys())

    def receive(self, topic: str, payload: bytes, *, is_genuine: bool = True) -> tuple[str, bytes]:
        self.sets.note_document(ReceivedDocument(topic, payload, 1.0, True))
        if is_genuine:
            moment = Moment(self.town.now_ms, 1, ClockState.UNKNOWN)
            self.trust = admit_document(self.trust, topic, payload, moment).state
        return topic, payload

    def newer_than(self, *offered: tuple[str, bytes]) -> list[tuple[str, bytes]]:
        return self.sets.newer_than(offered, self.trust.floors)


@pytest.fixture
def town() -> SigningTown:
    return SigningTown()


@pytest.fixture
def player(town: SigningTown) -> Player:
    return Player(town)


def test_a_set_that_is_newer_than_what_the_server_offers_is_handed_in_as_it_was_signed(
    player: Player, town: SigningTown
) -> None:
    older = player.receive(*town.publish_alerts(alert()))
    town.now_ms += 1
    newer = player.receive(*town.publish_alerts())
    assert player.newer_than(older) == [newer]
    assert player.newer_than() == [newer]
    assert player.newer_than(newer) == []


def test_a_server_that_is_ahead_is_told_nothing(player: Player, town: SigningTown) -> None:
    player.receive(*town.publish_alerts())
    town.now_ms += 1
    assert player.newer_than(town.publish_alerts(alert())) == []


def test_what_was_not_accepted_is_not_handed_in(player: Player, town: SigningTown) -> None:
    genuine = player.receive(*town.publish_alerts())
    player.receive(genuine[0], b"nonsense", is_genuine=False)
    player.receive(genuine[0].replace("/alerts", "/oddities"), b"x", is_genuine=False)
    assert player.newer_than((genuine[0], b"nonsense")) == [genuine]


def test_of_a_group_that_the_player_has_left_nothing_is_handed_in(player: Player, town: SigningTown) -> None:
    player.receive(*town.publish_alerts(alert()))
    assert player.sets.newer_than([], {}) == []


def test_what_is_kept_is_bounded(player: Player, town: SigningTown) -> None:
    topic, payload = town.publish_alerts()
    for number in range(100):
        player.receive(f"{topic[:-10]}g-{number}/alerts", payload, is_genuine=False)
        player.receive(topic, b"x" * (held_sets.KEPT_BYTES + 1), is_genuine=False)
        player.receive(topic, b"x%d" % number, is_genuine=False)
    kept = player.sets._came
    assert len(kept) <= held_sets.KEPT_STREAMS
    assert all(len(payloads) <= held_sets.KEPT_SETS for payloads in kept.values())
