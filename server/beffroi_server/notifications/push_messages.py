"""Web Push: messages to browsers, encrypted for each (RFC 8291) and signed with the key of this server (RFC 8292)."""

from __future__ import annotations

import base64
import logging
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import pywebpush
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils.translation import gettext as _
from py_vapid import Vapid

from beffroi_server.core import outside_http, webhooks
from beffroi_server.core.outside_http import OutsideRequestError
from beffroi_server.delivery import key_files

logger = logging.getLogger(__name__)
KEY_NAME = "web-push"
TIME_TO_LIVE_S = 24 * 3600
"""Seconds for which a push service keeps a message for a browser that is not there."""
SUBSCRIPTIONS_LIMIT = 10
"""Browsers of one user: the oldest gives way to a new one."""
_ANSWER_LIMIT = 4 * 1024
_GONE = frozenset({404, 410})


class PushFailed(Exception):
    """A message reached no browser; the message says why, for people.

    Args:
        message: Reason and next step.
        is_final: Whether another attempt would not change that.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class Browser(Protocol):
    """What a browser gave when it subscribed."""

    endpoint: str
    public_key: str
    auth_secret: str


def public_key() -> str:
    """Return the key that browsers need to subscribe, in base64 for addresses; the key pair is made at first use.

    Raises:
        OSError: the folder of the keys cannot be written to.
        KeysMissing: the file is there and cannot be read.
    """
    point = _private_key().public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )  # fmt: skip
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def send_push(subscription: Browser, payload: str, *, time_to_live_s: int = TIME_TO_LIVE_S) -> None:
    """Send a message to one browser. Takes up to ``outside_http.DEADLINE_S``; never inside a transaction.

    Raises:
        PushFailed: it was not accepted.
    """
    try:
        answer = pywebpush.webpush(
            {
                "endpoint": subscription.endpoint,
                "keys": {"p256dh": subscription.public_key, "auth": subscription.auth_secret},
            },
            payload,
            vapid_private_key=_vapid(),
            vapid_claims={"sub": f"mailto:{settings.DEFAULT_FROM_EMAIL}"},
            ttl=time_to_live_s,
            headers={"urgency": "high"},
            requests_session=_GuardedSession(),
        )
    except OutsideRequestError as error:
        raise PushFailed(str(error)) from error
    except (OSError, key_files.KeysMissing) as error:
        raise PushFailed(
            _("The key for messages to browsers cannot be used: %(reason)s") % {"reason": error}
        ) from error
    except pywebpush.WebPushException as error:
        status = error.response.status if error.response is not None else 0
        raise PushFailed(
            _("The push service responded with error %(code)d.") % {"code": status},
            is_final=webhooks.is_final(status) or status == 0,
        ) from error
    except ValueError as error:
        raise PushFailed(_("This browser’s subscription is damaged: subscribe again."), is_final=True) from error
    logger.debug("push message accepted: %s", answer)


def is_gone(error: PushFailed) -> bool:
    """Tell whether a browser has ended its subscription."""
    cause = error.__cause__
    return (
        isinstance(cause, pywebpush.WebPushException) and cause.response is not None and cause.response.status in _GONE
    )


class _GuardedResponse:
    """What ``pywebpush`` reads of an answer."""

    def __init__(self, answer: outside_http.OutsideResponse) -> None:
        self.status = self.status_code = answer.status
        self.headers = answer.headers
        self.reason = str(answer.status)
        self.text = answer.body.decode(errors="replace")


class _GuardedSession:
    """Stands for a session of ``requests``: the address comes from a browser, so it is asked through the guard."""

    def post(self, endpoint: str, *, data: bytes, headers: dict[str, Any], timeout: float | None = None) -> Any:
        # The time is limited by the guard.
        del timeout
        answer = outside_http.send_request(
            "POST", endpoint, allowed=webhooks.allowed_networks(), body=data, limit=_ANSWER_LIMIT, is_cut=True,
            headers={name: str(value) for name, value in headers.items()}, redirects=0,
        )  # fmt: skip
        return _GuardedResponse(answer)


def _vapid() -> Vapid:
    return Vapid(_private_key())


def _private_key() -> ec.EllipticCurvePrivateKey:
    path = key_files.key_path(KEY_NAME)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key_files.write_key(path, ec.generate_private_key(ec.SECP256R1()))
    try:
        return _load_key(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        raise key_files.KeysMissing(f"the key {path} cannot be read: {error}") from error


@lru_cache(maxsize=4)
def _load_key(path: Path, _modified: int) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("it is not an EC key")  # noqa: TRY004 - a file that does not do
    return key
