"""Certificate authorities that the player believes: those of its machine, and those of the town.

The town has signed the latter in its programme; until the first one is there, an enrolment card may have named them."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import requests
from requests.adapters import HTTPAdapter

log = logging.getLogger(__name__)
_believed: tuple[str, ...] = ()
_believed_too: tuple[str, ...] = ()


def believe(authorities: Sequence[str]) -> None:
    """Believe some authorities from now on, beside those of the machine. From any thread.

    Args:
        authorities: Certificates as PEM; those of before count no more.
    """
    global _believed  # noqa: PLW0603 - a player has one town
    _believed = tuple(authorities)


def believe_too(authorities: Sequence[str]) -> bool:
    """Believe some authorities beside those of ``believe``, which come from a programme that may be older.

    Args:
        authorities: Certificates as PEM; those of the last time count no more.

    Returns:
        Whether one of them was not believed before.
    """
    global _believed_too  # noqa: PLW0603 - a player has one town
    is_new = not set(authorities) <= {*_believed, *_believed_too}
    _believed_too = tuple(authorities)
    return is_new


def tls_context() -> ssl.SSLContext:
    """Return a context for a connection to server or broker."""
    return _context_for((*_believed, *_believed_too))


def open_session() -> requests.Session:
    """Return a session whose connections are verified with these authorities. Its proxy is that of the environment."""
    session = requests.Session()
    session.mount("https://", _TrustingAdapter())
    return session


@lru_cache(maxsize=4)
def _context_for(authorities: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    # From Python 3.13 on certificates need extensions that those of a town's own authority often lack: what a player
    # believes on Debian 12 it believes on Debian 13.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    for pem in authorities:
        try:
            context.load_verify_locations(cadata=pem)
        except (ssl.SSLError, ValueError) as error:
            log.warning("a certificate authority of the town cannot be read: %s", error)
    return context


class _TrustingAdapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named, ssl_context=tls_context())

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        return super().proxy_manager_for(proxy, **named, ssl_context=tls_context())
