"""Enrolment: exchanges a code that an operator has made for the identity of a screen."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from beffroi_content.trust import root_fingerprint
from beffroi_content.wire.envelope import public_hex
from beffroi_player.agent.storage import PlayerEnrolment
from beffroi_player.agent.transport.http_client import ServerClient, ServerRefusal

SHORTEST_FINGERPRINT = 16


class EnrolmentError(Exception):
    """Enrolment failed; the message says why and what to do."""


class CodeRefused(EnrolmentError):
    """The server of the town does not accept the code: it was used, is too old, or was withdrawn."""


def enrol_player(
    url: str, code: str, fingerprint: str, key: Ed25519PrivateKey | None = None, machine: str = ""
) -> PlayerEnrolment:
    """Exchange a code for an identity, and check by its root keys that the right town answers.

    Args:
        url: The server, such as ``https://screens.example.org``.
        code: What the operator's page shows.
        fingerprint: Of the root keys, as that page shows it; dashes, spaces and case do not matter.
        key: Signs what is triggered on the spot; None: a new one.
        machine: What this machine is, for people.

    Raises:
        EnrolmentError: the code or the fingerprint is wrong, or the server does not answer as one.
    """
    wanted = re.sub(r"[\s:-]", "", fingerprint).lower()
    if len(wanted) < SHORTEST_FINGERPRINT or re.fullmatch(r"[0-9a-f]+", wanted) is None:
        raise EnrolmentError(f"a fingerprint has at least {SHORTEST_FINGERPRINT} hexadecimal digits")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise EnrolmentError(f"{url!r} is not the address of a server, such as https://screens.example.org")
    server = url.rstrip("/")
    try:
        key = key or Ed25519PrivateKey.generate()
        wanted_of_server = {"code": code.strip(), "trigger_key": public_hex(key), "machine": machine[:100]}
        answer = ServerClient(server).post_json("/device/v1/enrol", wanted_of_server)
        # Whoever answers does not say who vouches for it.
        own = {"server": server, "trigger_key": key.private_bytes_raw().hex(), "authorities": ()}
        enrolment = PlayerEnrolment.model_validate({**answer, **own})
    except ServerRefusal as refusal:
        if refusal.status == requests.codes.forbidden:
            raise CodeRefused(f"the server refuses: {refusal}") from refusal
        raise EnrolmentError(f"the server refuses: {refusal}") from refusal
    except (requests.RequestException, OSError) as error:
        raise EnrolmentError(f"the server cannot be reached: {error}") from error
    except (ValidationError, TypeError) as error:
        raise EnrolmentError("what answers there is not a server of this version") from error
    _check_town(enrolment, wanted)
    return enrolment


def _check_town(enrolment: PlayerEnrolment, wanted: str) -> None:
    anchor = enrolment.anchor
    found = root_fingerprint(anchor.root_keys.values())
    if not found.startswith(wanted):
        raise EnrolmentError(
            f"the keys of that server have the fingerprint {found[:32]}…, not the one given: either it is mistyped, "
            "or somebody stands between. Nothing was stored."
        )
    if (anchor.site, anchor.screen) != (enrolment.site, enrolment.screen):
        raise EnrolmentError("the server contradicts itself about whose screen this is. Nothing was stored.")
