"""Receipts, from the first showing until the server has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.support.player_harness import PlayerHarness
from tests.support.report_samples import ALERT, NOW_MS, RECEPTION, facts, presented
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import AlertForm, AlertLevel
from beffroi_content.timeline import ClockState
from beffroi_content.wire.messages import RECEIPTS, WireMessage
from beffroi_content.wire.reports import Receipt, ReceiptBatch
from beffroi_player.agent.report import receipt_upload
from beffroi_player.agent.report.receipt_upload import ReceiptUploader
from beffroi_player.agent.report.receipts import MAX_REMEMBERED, ReceiptLog, proven_receipts
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.agent.transport.http_client import ServerRefusal
from beffroi_player.state.directories import FirstShowing


class Town:
    """A broker and a server that take receipts or not, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.has_broker = True
        self.failure: Exception | None = None
        self.by_broker: list[Receipt] = []
        self.by_server: list[Receipt] = []
        self.requests = 0
        self.seconds = 1_000.0
        self.storage = AgentStorage(folder)
        self.start()

    def start(self) -> None:
        """Start the player's part, as after a restart."""
        self.log = ReceiptLog("start1", self.publish, self.storage.receipts)
        self.uploader = ReceiptUploader(self.log, self.post, lambda: self.seconds, lambda: 1.0)

    def publish(self, message: WireMessage, payload: bytes, _acknowledged: Callable[[], None] | None) -> bool:
        assert message is RECEIPTS
        assert len(payload) <= message.size_limit
        if self.has_broker:
            self.by_broker += ReceiptBatch.model_validate_json(payload).receipts
        return self.has_broker

    def post(self, batch: ReceiptBatch) -> None:
        self.requests += 1
        if self.failure is not None:
            raise self.failure
        self.by_server += batch.receipts

    def show(self, sequence: int = 7, **changes: Any) -> None:
        reception = replace(RECEPTION, sequence=sequence)
        self.log.send_new(presented(ALERT, **changes), facts(receptions={"flood": reception}))

    def run(self, seconds: float) -> None:
        """Let the thread of confirmations do its work for so long."""
        until = self.seconds + seconds
        while (pause := self.uploader.confirm_next()) is not None and self.seconds + pause <= until:
            self.seconds += pause
        self.seconds = until


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_a_receipt_goes_out_once_and_is_confirmed_by_the_server(town: Town) -> None:
    for _ in range(3):
        town.show()
    assert [receipt.sequence for receipt in town.by_broker] == [7]
    town.run(receipt_upload.SETTLE_SECONDS + receipt_upload.SPREAD_SECONDS)
    assert [receipt.sequence for receipt in town.by_server] == [7]
    town.run(3_600)
    assert (town.requests, town.log.unconfirmed) == (1, ())
    town.log.on_connected()
    assert len(town.by_broker) == 1


def test_a_newer_document_is_another_receipt(town: Town) -> None:
    town.show(7)
    town.show(8)
    assert [receipt.sequence for receipt in town.by_broker] == [7, 8]


@pytest.mark.parametrize("restarts", [False, True])
def test_what_the_server_lacks_is_sent_again_with_the_time_of_the_first_showing(town: Town, restarts: bool) -> None:
    town.failure = requests.ConnectionError("nobody there")
    town.show()
    town.run(600)
    assert town.requests > 5
    if restarts:
        town.start()
    town.failure = None
    # The alert is still on, in another frame, when the link is back.
    town.show(presented_at_ms=NOW_MS + 600_000, presented_uptime_ms=660_044.0, frame="b" * 64)
    town.log.on_connected()
    town.run(receipt_upload.LONGEST_RETRY_SECONDS)
    for receipt in (town.by_broker[-1], *town.by_server):
        assert (receipt.latency_ms, receipt.presented_at_ms, receipt.frame) == (44.0, NOW_MS, "a" * 64)
    assert len(town.by_server) == 1


def test_without_a_broker_the_server_has_it_within_a_second_or_so(town: Town) -> None:
    town.has_broker = False
    town.show()
    town.run(receipt_upload.DIRECT_SPREAD_SECONDS)
    assert (town.by_broker, len(town.by_server)) == ([], 1)


def test_a_server_that_is_away_is_not_asked_more_often_for_more_receipts(town: Town) -> None:
    town.failure = requests.ConnectionError("nobody there")
    town.show(1)
    town.run(300)
    asked = town.requests
    for sequence in range(2, 50):
        town.show(sequence)
        town.run(1)
    assert town.requests <= asked + 3
    town.failure = None
    town.run(receipt_upload.LONGEST_RETRY_SECONDS)
    assert len(town.by_server) == 49


def test_a_server_that_refuses_is_asked_seldom(town: Town) -> None:
    town.failure = ServerRefusal("404")
    town.failure.status = 404
    town.show()
    town.run(3_600)
    assert 1 < town.requests <= 8
    assert town.log.unconfirmed


def test_a_server_that_was_restored_is_sent_everything_again_once(town: Town) -> None:
    town.show()
    town.run(60)
    town.log.note_restore("r1")
    town.run(60)
    town.log.note_restore("r1")
    town.run(60)
    assert [receipt.sequence for receipt in town.by_server] == [7, 7]
    town.start()
    town.log.note_restore("r1")
    town.run(60)
    assert len(town.by_server) == 2


def test_receipts_are_bounded_and_the_oldest_that_the_server_has_go_first(town: Town) -> None:
    for sequence in range(1, 11):
        town.show(sequence)
    town.run(60)
    town.failure = requests.ConnectionError("nobody there")
    for sequence in range(11, MAX_REMEMBERED + 5):
        town.show(sequence)
    assert [receipt.sequence for receipt in town.log.unconfirmed] == list(range(11, MAX_REMEMBERED + 5))
    for sequence in range(MAX_REMEMBERED + 5, 2 * MAX_REMEMBERED):
        town.show(sequence)
    assert len(town.log.unconfirmed) == MAX_REMEMBERED


def test_a_damaged_file_of_receipts_stops_nothing(town: Town) -> None:
    town.storage.receipts.path.write_text("{")
    town.start()
    town.show()
    assert len(town.by_broker) == 1


# --- what proves what


def test_who_reads_late_still_learns_of_the_first_showing() -> None:
    first = FirstShowing(
        alert="flood", form=AlertForm.TAKEOVER, at_ms=NOW_MS - 400, uptime_ms=60_100.0, frame="c" * 64,
        clock=ClockState.TRUSTED,
    )  # fmt: skip
    for showings in ((ALERT,), ()):
        (receipt,) = proven_receipts(presented(*showings, first_showings=(first,)), facts())
        assert (receipt.latency_ms, receipt.presented_at_ms, receipt.frame) == (100.0, NOW_MS - 400, "c" * 64)
    # It was shown before this document came: that proves nothing of it.
    newer = {"flood": replace(RECEPTION, uptime_ms=60_200.0)}
    assert list(proven_receipts(presented(first_showings=(first,)), facts(receptions=newer))) == []


def test_a_set_that_says_the_same_again_is_no_other_reception(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert()))
    first = informed.held_alerts.receptions["flood"]
    informed.time.pass_by(1_000)
    informed.receive(hall.publish_alerts(alert(time_to_live_ms=3_599_000), alert("fire")))
    assert informed.held_alerts.receptions["flood"] == first
    assert informed.held_alerts.receptions["fire"].sequence == first.sequence + 1


def test_what_was_shown_is_proven_though_other_times_came_before_anybody_looked(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    """The agent was away, or slow: the alert is extended and hidden by the time at which it sees what was on."""
    informed.receive(hall.publish_alerts(alert()))
    first, shown_ms = hall.sequence, informed.time.uptime_ms
    informed.stage.refresh_screen()
    informed.time.pass_by(2_000)
    emergency = alert("fire", AlertLevel.EMERGENCY)
    informed.receive(hall.publish_alerts(alert(ends_at_ms=alert().ends_at_ms + 60_000), emergency))
    informed.start()
    informed.wait(1_000)
    bodies = [ReceiptBatch.model_validate_json(payload) for leaf, payload in informed.published if leaf == "receipts"]
    (found,) = [each for body in bodies for each in body.receipts if each.alert == "flood"]
    shown_at_ms = informed.clock.now().unix_ms - (informed.time.uptime_ms - shown_ms)
    assert (found.sequence, found.presented_at_ms) == (first, shown_at_ms)


def test_of_an_earlier_boot_the_wall_clock_tells_how_long_it_took() -> None:
    (receipt,) = proven_receipts(presented(ALERT), facts(receptions={"flood": replace(RECEPTION, uptime_ms=None)}))
    assert receipt.latency_ms == 500.0


@pytest.fixture
def informed(player: PlayerHarness, hall: SigningTown) -> PlayerHarness:
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))
    player.run_iteration()
    return player


@pytest.mark.parametrize("boot_id", ["", "another boot"])
def test_a_player_that_dies_before_it_has_said_so_proves_the_alert_afterwards(
    informed: PlayerHarness, hall: SigningTown, boot_id: str
) -> None:
    informed.receive(hall.publish_alerts(alert()))
    informed.stage.refresh_screen()  # it is on the screen, and the agent has not looked
    informed.boot_id = boot_id or informed.boot_id
    informed.time.pass_by(30_000)
    informed.start()
    informed.wait(1_000)
    assert [r for r in informed.receipts() if r[2]] == [("all/alerts", hall.sequence, "flood", "takeover")]


def test_a_restart_of_all_proves_the_first_showing_and_not_that_of_the_restart(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    informed.receive(hall.publish_alerts(alert()))
    for _ in range(6):
        informed.time.pass_by(5_000)
        informed.stage.refresh_screen()  # the loop comes in between, so the frame changes
    informed.start()
    informed.wait(1_000)
    bodies = [ReceiptBatch.model_validate_json(payload) for leaf, payload in informed.published if leaf == "receipts"]
    (found,) = [receipt for body in bodies for receipt in body.receipts if receipt.alert == "flood"]
    assert found.latency_ms <= 5_000
