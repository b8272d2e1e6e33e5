"""A broker that has moved: the place that the town has signed and the one of before are tried in turn."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.signing_town import SigningTown

from beffroi_content.model import BrokerPlace
from beffroi_player.agent.storage import AgentStorage, BrokerAddress
from beffroi_player.agent.transport.broker_moves import MOVE_MS, BrokerMoves

NEW = BrokerPlace(host="new.example", port=8883, tls=True)


class Player:
    def __init__(self, hall: SigningTown, folder: Path) -> None:
        self.now, self.went = 0.0, list[str]()
        self.storage = AgentStorage(folder)
        self.moves = self.start(hall)

    def start(self, hall: SigningTown) -> BrokerMoves:
        enrolment = self.storage.enrolment.read() or hall.enrolment(port=1883)
        return BrokerMoves(
            enrolment, self.storage.enrolment, lambda: self.now,
            lambda broker: self.went.append(f"{broker.host}:{broker.port}"), lambda *_: None,
        )  # fmt: skip

    def wait(self, last_beat_ms: float | None = None) -> None:
        self.now += MOVE_MS
        self.moves.take_turn(last_beat_ms)


@pytest.fixture
def player(hall: SigningTown, tmp_path: Path) -> Player:
    return Player(hall, tmp_path)


def test_a_player_stays_where_the_beat_is_heard(player: Player) -> None:
    player.moves.know_place(NEW)
    player.wait(last_beat_ms=MOVE_MS - 1)
    assert player.went == []


def test_it_goes_to_the_signed_place_without_any_answer_of_the_server(player: Player) -> None:
    player.moves.know_place(NEW)
    player.wait()
    player.wait(last_beat_ms=player.now + 1)
    assert player.went == ["new.example:8883"]
    stored = player.storage.enrolment.read()
    assert stored is not None
    assert (stored.mqtt.tls, stored.mqtt.password) == (True, "the-secret-password")


def test_a_wrong_new_place_leaves_it_with_the_one_of_before_also_over_a_restart(
    player: Player, hall: SigningTown
) -> None:
    player.moves.know_place(NEW)
    player.wait()
    player.moves = player.start(hall)
    player.moves.know_place(NEW)
    player.wait()
    player.wait()
    assert player.went == ["new.example:8883", "127.0.0.1:1883", "new.example:8883"]


def test_the_account_that_the_server_names_holds_at_either_place(player: Player) -> None:
    player.moves.follow(BrokerAddress(host="new.example", port=8883, username="s-hall", password="other"), None)
    player.wait()
    player.wait()
    stored = player.storage.enrolment.read()
    assert stored is not None
    assert (stored.mqtt.host, stored.mqtt.password) == ("127.0.0.1", "other")


def test_a_broker_that_was_set_by_hand_is_kept(player: Player, hall: SigningTown) -> None:
    enrolment = hall.enrolment(port=1883)
    fixed = enrolment.mqtt.model_copy(update={"is_fixed": True})
    player.storage.enrolment.write(enrolment.model_copy(update={"mqtt": fixed}))
    player.moves = player.start(hall)
    player.moves.know_place(NEW)
    player.wait()
    assert player.went == []
