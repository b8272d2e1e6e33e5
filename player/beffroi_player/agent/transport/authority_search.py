"""Asks the server who vouches for it, where nobody does whom the player believes.

A player that was off while the town changed its certificate authority knows neither the new one nor a programme that
names it. What it is told is signed by the town (``beffroi_content.authority_statements``), so that it matters little
who answers; its token it gives to nobody before.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

import requests
import urllib3

from beffroi_content.authority_statements import read_statement
from beffroi_content.timeline import Moment
from beffroi_content.trust import DocumentRefused, TrustState
from beffroi_player.agent.transport import trusted_authorities
from beffroi_player.agent.transport.http_client import ServerClient

log = logging.getLogger(__name__)
PAUSE_MS = 10 * 60_000
"""Between two questions: a certificate may also be wrong for another reason, such as the clock."""
# Whoever answers is not verified, and need not be.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


class AuthoritySearch:
    """Asks who vouches for the server. Belongs to the thread that polls.

    Args:
        server: The server.
        trust: Returns what the player trusts.
        now: Returns the time.
        uptime: Milliseconds since boot.
    """

    def __init__(
        self, server: ServerClient, trust: Callable[[], TrustState], now: Callable[[], Moment],
        uptime: Callable[[], float],
    ) -> None:  # fmt: skip
        self._server, self._trust, self._now, self._uptime = server, trust, now, uptime
        self._asked_ms: float | None = None

    def find(self) -> bool:
        """Ask, and believe whom the town has named. Return whether anybody is believed now who was not before."""
        if self._asked_ms is not None and self._uptime() - self._asked_ms < PAUSE_MS:
            return False
        self._asked_ms, nonce = self._uptime(), secrets.token_hex(16)
        try:
            said = self._server.fetch_authorities(nonce)
            statement = read_statement(self._trust(), said.statement, nonce, self._now(), said.key_list, said.key_steps)
        except (requests.RequestException, OSError) as error:
            log.info("the server does not say who vouches for it: %s", error)
            return False
        except DocumentRefused as refused:
            log.warning("what is said of who vouches for the server is not by the town: %s", refused)
            return False
        is_new = trusted_authorities.believe_too(statement.authorities)
        if is_new:
            log.warning("the town has named another certificate authority for its server: it is believed")
        return is_new
