"""Moves of the broker: the server says where it is by now, and a player that does not reach the old one goes there.

It also says which account the player has there, so that one with another password is let in again. Who answers for the
server could name a broker of its own: it would hear a password that it has given itself, and forge nothing signed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from beffroi_player.agent.storage import BrokerAddress, PlayerEnrolment
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

MOVE_MS = 20_000
"""Without a live beat for so long a player goes to another broker, where the server names one."""


class BrokerMoves:
    """Follows the server to another broker. In the polling thread.

    Args:
        enrolment: Names the broker of before.
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
        self._started_ms = uptime()

    def follow(self, said: BrokerAddress, last_beat_ms: float | None) -> None:
        """Go to the broker that the server names, once the present one has been of no use for a while.

        Args:
            said: Where the broker is and who the player is there, as the server says.
            last_beat_ms: When the last live beat came in.
        """
        known = self._enrolment.mqtt
        moved = known.moved_to(said)
        live_ms = max(self._started_ms, last_beat_ms or 0.0)
        if known.is_fixed or moved == known or self._uptime() - live_ms < MOVE_MS:
            return
        if _address(moved) == _address(known):
            log.warning("the server names another account at the broker %s:%d", *_address(known))
        else:
            log.warning("the server names another broker: %s:%d instead of %s:%d", *_address(moved), *_address(known))
        self._enrolment = self._enrolment.model_copy(update={"mqtt": moved})
        try:
            self._file.write(self._enrolment)
        except OSError as error:
            self._fail("enrolment.json", "disk", str(error))
        self._connect(moved)


def _address(broker: BrokerAddress) -> tuple[str, int]:
    return broker.host or "the host of the server", broker.port
