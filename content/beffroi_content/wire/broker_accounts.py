"""Accounts of players at the broker: user name, password, and the client identifier that goes with them."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, field

PBKDF2_ITERATIONS = 101
"""As mosquitto_passwd does. Few will do: a password of the broker is 256 random bits, which nobody guesses."""


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """The account of one player."""

    username: str
    """The scope of its screen, such as ``s-hall``."""
    password: str = field(repr=False)

    @property
    def client_id(self) -> str:
        """The client identifier with which this player connects, and no other."""
        return client_identifier(self.password)


def client_identifier(password: str) -> str:
    """Return the client identifier of a player: nobody who lacks its password can guess it.

    A broker ends a connection when another client comes with the same identifier, whoever that is. It has the 23
    characters that every broker accepts. Another password gives another identifier, so that it also says with which
    password an account was made.
    """
    return "p" + hashlib.sha256(b"mqtt client identifier " + password.encode()).hexdigest()[:22]


def mosquitto_hash(password: str) -> str:
    """Return a password as Mosquitto's password file holds it: ``$7$``, PBKDF2 with SHA-512."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, PBKDF2_ITERATIONS)
    return f"$7${PBKDF2_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
