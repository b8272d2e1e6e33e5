"""What a player does that shares its identity with another machine, as after a memory card was copied.

The server says in a signed command which machine is shut out. That one leaves the broker, says so on its display, and
asks on over HTTP. Once it is answered like any player it is the screen: it takes up the play log where the server has
it, since the numbers after that were given twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from beffroi_player.agent.transport.http_client import ServerDocuments
from beffroi_player.state.directories import ForwardedPlays, RuntimeDirectory, StateDirectory
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)


class CopiedCard:
    """Whether this machine is shut out.

    Args:
        state: Has the play log.
        runtime: Has the page that is shown meanwhile.
        stay_away: Keeps this player off the broker for some seconds; 0 lets it come back.
        start_anew: Ends agent and stage, which are started again.
    """

    def __init__(
        self, state: StateDirectory, runtime: RuntimeDirectory, stay_away: Callable[[float], object],
        start_anew: Callable[[], object],
    ) -> None:  # fmt: skip
        self._state, self._runtime, self._stay_away, self._start_anew = state, runtime, stay_away, start_anew
        self.is_shut_out = False

    def shut_out(self, seconds: int) -> None:
        """Leave the broker for some seconds; the town has signed that."""
        self.is_shut_out = True
        self._stay_away(seconds)

    def note_answer(self, answer: ServerDocuments) -> None:
        """Be the player again, once the server answers as it answers one. In the polling thread."""
        if not self.is_shut_out or answer.is_shut_out:
            return
        self.is_shut_out = False
        self._runtime.overlay.remove()
        self._stay_away(0)
        send_wakeup(self._runtime.stage_socket)
        log.info("this machine is the player of its screen again")
        newest = answer.plays.newest if answer.plays is not None else 0
        try:
            for path in self._state.plays.glob("*.jsonl*"):
                path.unlink()
            self._state.forwarded.write(ForwardedPlays(number=newest))
        except OSError as error:
            log.warning("the play log could not be taken up where the server has it: %s", error)
        self._start_anew()
