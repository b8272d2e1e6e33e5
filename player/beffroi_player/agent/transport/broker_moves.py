"""Moves of the broker: the town says where it is by now, and a player that does not reach the old one goes there.

The programme says it, signed, and so does the answer to a poll, which also says which account the player has there,
so that one with another password is let in again. Who answers for the server could name a broker of its own: it would
hear a password that it has given itself, and forge nothing signed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from beffroi_content.model import BrokerPlace
from beffroi_player.agent.storage import BrokerAddress, PlayerEnrolment
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

MOVE_MS = 20_000
"""Without a live beat for so long a player goes to another broker, where the server names one."""


class BrokerMoves:
    """Follows the server to another broker. In the polling thread.

    Args:
        enrolment: Names the broker of now, and the one before.
        file: Where a move survives a restart.
        uptime: Milliseconds since boot.
        connect: Connects to another broker.
        fail: Told of a disk that does not take the file.
    """

    def __init__(
        self, enrolment: PlayerEnrolment, file: ModelFile[PlayerEnrolment], uptime: Callable[[], float],
        connect: Callable[[BrokerAddress], object], fail: Callable[[str, str, str], object],
    ) -> None:  # fmt: skip
        self._enrolment, self._file, self._uptime = enrolment, file, uptime
        self._connect, self._fail = connect, fail
        self._since_ms = uptime()
        self._said: BrokerAddress | None = None
        self._lock = threading.Lock()

    def know_place(self, place: BrokerPlace | None) -> None:
        """Know where the broker is by now, as the town has signed it; None: it does not say. From any thread."""
        if place is not None:
            account = self._said or BrokerAddress()
            self._said = BrokerAddress(**place.model_dump(), username=account.username, password=account.password)

    def follow(self, said: BrokerAddress, last_beat_ms: float | None) -> None:
        """Go to the broker that the server names, once the present one has been of no use for a while.

        Args:
            said: Where the broker is and who the player is there, as the server says.
            last_beat_ms: When the last live beat came in.
        """
        self._said = said
        self.take_turn(last_beat_ms)

    def take_turn(self, last_beat_ms: float | None) -> None:
        """Go to another broker if the present one has been of no use for a while: the new and the former one in turn.

        So a wrong new place, or a new broker that does not let the player in, leaves it with the one of before.

        Args:
            last_beat_ms: When the last live beat came in.
        """
        with self._lock:
            known = self._enrolment.mqtt
            if known.is_fixed or self._uptime() - max(self._since_ms, last_beat_ms or 0.0) < MOVE_MS:
                return
            moved = known.moved_to(self._said) if self._said is not None else known
            former = self._enrolment.former_mqtt
            if moved == known and former is not None:
                account = {"username": known.username, "password": known.password}
                moved = former.model_copy(update=account)
            if moved != known:
                self._go(known, moved)

    def _go(self, known: BrokerAddress, moved: BrokerAddress) -> None:
        if _address(moved) == _address(known):
            log.warning("the server names another account at the broker %s:%d", *_address(known))
            former = self._enrolment.former_mqtt
        else:
            log.warning("another broker is tried: %s:%d instead of %s:%d", *_address(moved), *_address(known))
            former = known
        self._enrolment = self._enrolment.model_copy(update={"mqtt": moved, "former_mqtt": former})
        self._since_ms = self._uptime()
        try:
            self._file.write(self._enrolment)
        except OSError as error:
            self._fail("enrolment.json", "disk", str(error))
        self._connect(moved)


def _address(broker: BrokerAddress) -> tuple[str, int]:
    return broker.host or "the host of the server", broker.port
