"""Outgoing webhooks: signed as Standard Webhooks 1.0 says, delivered through the guard of ``outside_http``.

A receiver checks the signature over identifier, timestamp and body with the secret that it shares with us
(docs/webhooks.md has an example). A queue of deliveries is whoever's table; this module sends one of them, says why
that failed and when to try again.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from beffroi_server.core import outside_http
from beffroi_server.core.due_times import spread
from beffroi_server.core.outside_http import AllowedNetworks, OutsideRequestError

SECRET_PREFIX = "whsec_"  # noqa: S105 - says what follows
SECRET_BYTES = 32
BODY_LIMIT = 64 * 1024
"""Bytes of a body at most: many receivers read no more."""
ANSWER_LIMIT = 4 * 1024
"""Bytes of an answer that are read; nothing in it matters."""
ADDRESS_LENGTH = 500
RETRY_DELAYS = tuple(
    dt.timedelta(seconds=seconds) for seconds in (15, 60, 300, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
)
"""Pauses after the first failed attempt, the second …; after the last one a delivery is given up: a day in all."""
_GONE = 410
_FINAL = frozenset({400, 401, 403, 404, 405, _GONE, 413, 415, 422})
"""Statuses that another attempt with the same bytes does not change, unless the receiver is changed: few are tried."""
FINAL_ATTEMPTS = 3


class WebhookFailed(Exception):
    """A delivery failed; the message says why, for people.

    Args:
        message: Reason and next step.
        is_final: Whether the receiver has understood and refused it: it is tried ``FINAL_ATTEMPTS`` times at most.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


def new_secret() -> str:
    """Return a new secret to share with a receiver: ``whsec_`` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, identifier: str, timestamp_s: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``: ``v1,`` and the HMAC-SHA256 of identifier, time and body in base64.

    Args:
        secret: As ``new_secret`` makes it.
        identifier: Of the message, the same at each attempt.
        timestamp_s: Unix time of the attempt.
        body: The bytes that are sent.

    Raises:
        ValueError: the secret is none.
    """
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("the secret is not whsec_ and base64") from error
    signed = b".".join((identifier.encode(), str(timestamp_s).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def deliver(address: str, *, secret: str, identifier: str, body: bytes, now: dt.datetime) -> None:
    """Post a JSON body to a receiver, signed. Takes up to ``outside_http.DEADLINE_S``; never inside a transaction.

    Any answer from 200 to 299 is a success; redirects are not followed.

    Raises:
        WebhookFailed: it was not accepted.
    """
    timestamp_s = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signature(secret, identifier, timestamp_s, body),
    }
    try:
        answer = outside_http.send_request(
            "POST", address, allowed=allowed_networks(), headers=headers, body=body, limit=ANSWER_LIMIT, is_cut=True,
            redirects=0,
        )  # fmt: skip
    except OutsideRequestError as error:
        raise WebhookFailed(str(error)) from error
    if not 200 <= answer.status < 300:
        raise WebhookFailed(
            _("It responded with error %(code)d.") % {"code": answer.status}, is_final=is_final(answer.status)
        )


def is_final(status: int) -> bool:
    """Tell whether an answer refuses a message for good, rather than saying that the receiver has trouble now."""
    return status in _FINAL


def next_attempt_at(attempts: int, now: dt.datetime, *, is_final: bool = False) -> dt.datetime | None:
    """Return when to try a delivery again, with jitter, or None to give it up.

    Args:
        attempts: How often it was tried.
        now: The present instant.
        is_final: Of the last ``WebhookFailed``.
    """
    if attempts > len(RETRY_DELAYS) or (is_final and attempts >= FINAL_ATTEMPTS):
        return None
    return now + spread(RETRY_DELAYS[max(attempts, 1) - 1], 0.8, 1.2)


def address_problem(address: str) -> str:
    """Return what is wrong with the form of a receiver's address, for the person who typed it; empty if nothing is."""
    try:
        parts = urlsplit(address)
        is_right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or len(address) > ADDRESS_LENGTH or any(character.isspace() for character in address):
        return _("Enter the whole address, such as https://example.org/hook.")
    if parts.username or parts.password:
        return _("Put no name or password into the address: the signature says who is speaking.")
    return ""


def allowed_networks() -> AllowedNetworks:
    """Return the private networks that webhooks may go to."""
    return AllowedNetworks(settings.WEBHOOK_NETWORKS, "BEFFROI_WEBHOOK_NETWORKS")
