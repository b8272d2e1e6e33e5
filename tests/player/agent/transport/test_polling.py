"""Polling: the same documents over HTTP, and never more often than a server can bear."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from tests.support.player_harness import until
from tests.support.signing_town import TOKEN, SigningTown, alert, slide

from beffroi_content.wire.messages import KEYS
from beffroi_content.wire.plays import HeldPlays
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.transport import polling
from beffroi_player.agent.transport.http_client import ServerClient
from beffroi_player.agent.transport.polling import DocumentPoller
from beffroi_server.fleet.plays.play_gaps import PlayGaps

UPTIME_MS = 60_000.0


class PollTrial:
    """A poller, and what it has called."""

    def __init__(self, url: str) -> None:
        self.received: list[ReceivedDocument] = []
        self.held: list[HeldPlays] = []
        self.changes = 0
        self.poller = DocumentPoller(
            ServerClient(url, TOKEN), self.received.append, self._note_change, lambda: UPTIME_MS, self.held.append
        )

    def _note_change(self) -> None:
        self.changes += 1


@pytest.fixture
def town() -> SigningTown:
    town = SigningTown()
    town.publish_programme(town.manifest(slide("pool")))
    town.publish_alerts(alert())
    return town


@pytest.fixture
def trial(town: SigningTown) -> Iterator[PollTrial]:
    with town.serve() as url:
        yield PollTrial(url)


def test_a_poll_brings_every_document_and_the_keys_first(trial: PollTrial, town: SigningTown) -> None:
    trial.poller.poll_once()
    assert {(document.topic, document.payload) for document in trial.received} == set(town.retained.items())
    assert trial.received[0].topic.endswith(f"/{KEYS.leaf}")
    assert all(document.uptime_ms == UPTIME_MS for document in trial.received)


def test_what_was_polled_is_not_live(trial: PollTrial) -> None:
    trial.poller.poll_once()
    assert not any(document.live for document in trial.received)


def test_the_agent_is_told_when_the_server_begins_and_ceases_to_answer(town: SigningTown) -> None:
    with town.serve() as url:
        trial = PollTrial(url)
        assert not trial.poller.is_answered
        for _ in range(2):
            trial.poller.poll_once()
        assert trial.poller.is_answered
        assert trial.changes == 1
    for _ in range(2):
        trial.poller.poll_once()
    assert not trial.poller.is_answered
    assert trial.changes == 2


@pytest.mark.parametrize("says", [True, False])
def test_the_server_says_which_plays_it_has(trial: PollTrial, town: SigningTown, says: bool) -> None:
    town.ledger = PlayGaps() if says else None
    trial.poller.poll_once()
    assert [held.newest for held in trial.held] == ([0] if says else [])


def test_a_server_that_knows_nobody_of_that_token_does_not_answer(town: SigningTown) -> None:
    with town.serve() as url:
        trial = PollTrial(url)
        trial.poller._server = ServerClient(url, "another token")
        trial.poller.poll_once()
    assert trial.received == []
    assert not trial.poller.is_answered


def test_a_thread_polls_at_once_and_again_when_it_is_asked(
    trial: PollTrial, town: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "SPACING_SECONDS", 0.0)
    monkeypatch.setattr(polling, "SPREAD_SECONDS", 0.0)
    trial.poller.start()
    try:
        until("no poll", lambda: len(trial.received) == len(town.retained))
        trial.poller.poll_soon()
        until("no second poll", lambda: len(trial.received) == 2 * len(town.retained))
    finally:
        trial.poller.stop()


def test_however_often_it_is_asked_two_polls_are_apart(
    trial: PollTrial, town: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    polled = threading.Event()

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        polled.set()
        trial.poller.stop()
        return True

    monkeypatch.setattr(trial.poller._stopped, "wait", wait)
    for _ in range(10):
        trial.poller.poll_soon()
    trial.poller.start()
    assert polled.wait(10)
    assert waits[0] == polling.SPACING_SECONDS
    assert len(trial.received) == len(town.retained)


def test_a_poll_that_fails_ends_no_thread(
    trial: PollTrial, town: SigningTown, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(polling, "SPACING_SECONDS", 0.0)
    monkeypatch.setattr(polling, "SPREAD_SECONDS", 0.0)
    receive, taken = trial.poller._receive, threading.Event()

    def fail_once(document: ReceivedDocument) -> None:
        if not taken.is_set():
            taken.set()
            raise ValueError("of no use")
        receive(document)

    monkeypatch.setattr(trial.poller, "_receive", fail_once)
    trial.poller.start()
    try:
        assert taken.wait(10)
        trial.poller.poll_soon()
        until("no second poll", lambda: len(trial.received) == len(town.retained))
    finally:
        trial.poller.stop()
    assert "a poll failed" in caplog.text
