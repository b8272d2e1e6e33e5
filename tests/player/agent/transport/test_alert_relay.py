"""The relay of alerts: who hears neither server nor broker gets the signed sets from a peer, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import AlertLevel
from beffroi_content.wire.local_triggers import TriggerKind
from beffroi_player.agent.effects import FollowStatement, TriggerScenario
from beffroi_player.agent.local_acts import TriggerRequest
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.transport.alert_relay import AlertRelay, read_sets, write_sets

PORT = 17_070
LOOPBACK = "127.0.0.1"


def hand_to(player: PlayerHarness, received: ReceivedDocument) -> None:
    player.inbox.put(received)
    player.settle()


class RelayingPlayer:
    """A player with its relay on the loopback interface."""

    def __init__(self, player: PlayerHarness, town: str = "saint-aubin", port: int = PORT) -> None:
        self.player, self.is_cut_off = player, False
        self.relay = AlertRelay(
            town, player.held.accepted_sets, lambda stream: stream in player.held.admission.alert_streams,
            lambda: self.is_cut_off,
            lambda received: hand_to(player, received), lambda: player.time.uptime_ms, LOOPBACK, port,
            player.local.statement,
            lambda signed, nonce: player.carry_out(FollowStatement(signed, nonce)),
        )  # fmt: skip
        self.relay.start()

    def receive(self, *documents: tuple[str, bytes]) -> None:
        for topic, payload in documents:
            self.player.held.sets.note_document(ReceivedDocument(topic, payload, 0.0, live=True))
        self.player.receive(*documents)


@pytest.fixture
def peers(tmp_path: Path, hall: SigningTown) -> Iterator[tuple[RelayingPlayer, RelayingPlayer]]:
    players = [PlayerHarness(hall, tmp_path / screen, screen=screen) for screen in ("hall", "quay")]
    for player in players:
        programme = hall.publish_programme(hall.manifest(slide("pool"), screen=player.screen))
        player.receive(hall.publish_keys(), hall.publish_beat(), programme)
        player.run_iteration()
    connected, cut_off = (RelayingPlayer(player) for player in players)
    yield connected, cut_off
    for each in (connected, cut_off):
        each.relay.stop()
        each.player.close()


def test_an_alert_comes_from_a_peer_and_so_does_its_end(peers, hall: SigningTown):
    connected, cut_off = peers
    connected.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY)))
    assert cut_off.player.alerts == []
    assert cut_off.relay.fetch_once() == 1
    assert cut_off.player.alerts == [("flood", "takeover")]
    connected.receive(hall.publish_alerts())
    cut_off.relay.fetch_once()
    assert cut_off.player.alerts == []


def test_a_player_that_was_started_anew_still_has_it_for_its_peers(peers, hall: SigningTown):
    connected, cut_off = peers
    connected.receive(hall.publish_alerts(alert()))
    # Nobody tells it anything again: the server is dead.
    connected.player.start()
    assert cut_off.relay.fetch_once() == 1
    assert cut_off.player.alerts == [("flood", "takeover")]


def test_what_was_triggered_on_the_spot_comes_from_a_peer_that_has_no_set(peers, hall: SigningTown):
    town_hall, quay = peers
    for each in (town_hall, quay):
        each.receive(hall.publish_scenarios(hall.local_scenario()))
    assert quay.relay.fetch_once() == 0
    said: list[tuple[bool, str]] = []
    for wanted, form in ((False, "takeover"), (True, "all-clear")):
        request = TriggerRequest(TriggerKind.COMMAND, "pi", "" if wanted else "flood", ends=wanted)
        town_hall.player.carry_out(TriggerScenario(request, lambda *answer: said.append(answer)))
        # Cut off or not: no set of the server says it.
        quay.relay.fetch_once(wants_sets=False)
        assert [form for _, form in quay.player.alerts] == [form]
    assert [done for done, _ in said] == [True, True]


def test_a_player_does_not_answer_itself(peers, hall: SigningTown):
    connected, cut_off = peers
    connected.receive(hall.publish_alerts(alert()))
    assert (connected.relay.fetch_once(), cut_off.relay.fetch_once()) == (0, 1)


def test_peers_are_asked_once_a_player_is_cut_off_for_a_while(player: PlayerHarness):
    each = RelayingPlayer(player)
    each.relay.stop()
    due, clock = each.relay.is_question_due, player.time
    assert not due()
    each.is_cut_off = True
    assert not due()
    clock.pass_by(4_900)
    assert not due(is_newer=True), "the server may be a second away, and knows more"
    clock.pass_by(100)
    assert due()
    assert not due()
    assert due(is_newer=True)
    clock.pass_by(12_000)
    assert due()
    each.is_cut_off = False
    assert not due()
    each.is_cut_off = True
    assert not due()


def test_what_a_peer_changes_or_repeats_is_refused(peers, hall: SigningTown):
    connected, cut_off = peers
    former = hall.publish_alerts(alert(level=AlertLevel.EMERGENCY))
    cut_off.receive(former, hall.publish_alerts())
    topic, payload = hall.publish_alerts(alert("fire", level=AlertLevel.EMERGENCY))
    for lie in (former, (topic, payload.replace(b"Inondation", b"Incendie!!"))):
        connected.relay._server.held = lambda lie=lie: [lie]
        cut_off.relay.fetch_once()
    assert cut_off.player.alerts == []
    assert cut_off.player.codes()


def test_sets_of_other_screens_are_left_out(peers, hall: SigningTown):
    connected, cut_off = peers
    topic, payload = hall.publish_alerts(alert())
    connected.relay._server.held = lambda: [(topic.replace("/all/", "/s-school/"), payload)]
    assert cut_off.relay.fetch_once() == 0
    assert cut_off.player.codes() == []


def test_two_towns_in_one_building_do_not_talk(peers, hall: SigningTown, player: PlayerHarness):
    connected, _ = peers
    connected.receive(hall.publish_alerts(alert()))
    stranger = RelayingPlayer(player, town="another")
    try:
        assert stranger.relay.fetch_once() == 0
    finally:
        stranger.relay.stop()


@pytest.mark.parametrize("body", [b"", b"[", b"[" * 5_000, b"\xff"])
def test_an_answer_that_is_none_is_an_error(body: bytes):
    with pytest.raises(ValueError):  # noqa: PT011
        read_sets(body)


def test_what_is_no_set_is_left_out():
    assert read_sets(b'{"a": 1}') == read_sets(b"null") == []
    good = ("beffroi/1/saint-aubin/down/all/alerts", b"signed")
    odd = [[], ["x"], ["x", 1], [1, "eA=="], ["no topic", "eA=="], [good[0], "%"], None]
    body = json.dumps([*odd, [good[0], base64.b64encode(good[1]).decode()]]).encode()
    assert read_sets(body) == [good]
    assert read_sets(write_sets([good])) == [good]
