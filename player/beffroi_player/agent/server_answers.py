"""What the server says beside its documents when it is asked for them: where the broker is, what it has forgotten."""

from __future__ import annotations

import logging

import requests

from beffroi_player.agent.copied_card import CopiedCard
from beffroi_player.agent.held_state import HeldState
from beffroi_player.agent.report.receipts import ReceiptLog
from beffroi_player.agent.transport.broker_moves import BrokerMoves
from beffroi_player.agent.transport.http_client import ServerClient, ServerDocuments

log = logging.getLogger(__name__)


class ServerAnswers:
    """Learns from each answer to a poll, and gives a server that was restored the alert sets that it lacks.

    Args:
        server: Whose answers they are.
        held: Knows the alert sets, and when a beat came last.
        copied_card: Told whether another machine with the same identity is the player.
        broker_moves: Told where the broker is.
        receipts: Told of a restored database.
    """

    def __init__(
        self, server: ServerClient, held: HeldState, copied_card: CopiedCard, broker_moves: BrokerMoves,
        receipts: ReceiptLog,
    ) -> None:  # fmt: skip
        self._server, self._held, self._copied_card = server, held, copied_card
        self._broker_moves, self._receipts = broker_moves, receipts

    def note_answer(self, answer: ServerDocuments) -> None:
        """Learn from an answer. In the polling thread."""
        self._copied_card.note_answer(answer)
        if answer.is_shut_out:
            return
        if answer.broker is not None:
            self._broker_moves.follow(answer.broker, self._held.admission.last_beat_uptime_ms)
        self._receipts.note_restore(answer.restore)
        newer = self._held.sets.newer_than(answer.documents, self._held.alert_floors())
        if not newer:
            return
        log.warning("the server offers older alert sets than this screen holds: it is given %d of them", len(newer))
        try:
            self._server.send_alert_sets(newer)
        except (requests.RequestException, OSError) as error:
            log.info("the server does not take alert sets: %s", error)
