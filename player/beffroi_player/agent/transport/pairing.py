"""Pairing with one server: asks for a code, and becomes a screen once somebody has typed that code there.

See ``beffroi_content.wire.pairing`` for what is said, and docs/decisions/0055-pairing.md for why.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import ValidationError

from beffroi_content.model import WireModel
from beffroi_content.rendering import PairingNotice
from beffroi_content.wire.envelope import public_hex
from beffroi_content.wire.pairing import (
    IDENTITY,
    NUMBER,
    NUMBER_BYTES,
    TYPED,
    PairedIdentity,
    PairingAnswer,
    PairingOffer,
    PairingRequest,
    PairingState,
    PairingTranscript,
    SealBroken,
    commit_to,
    public_key,
    root_fingerprint,
    scanned_address,
    shown_code,
)
from beffroi_player.agent.storage import PlayerEnrolment

ModelT = TypeVar("ModelT", bound=WireModel)
MOST_WRONG_CODES = 5
"""Wrong codes that a server may say were typed; after that, the player makes another one."""


class PairingOver(Exception):
    """The code is worth nothing any more; another one has to be asked for.

    ``is_suspect`` says that the server named wrong codes: somebody may be guessing.
    """

    def __init__(self, reason: str, *, is_suspect: bool = False) -> None:
        super().__init__(reason)
        self.is_suspect = is_suspect


class OtherTown(OSError):
    """The server is not of the town whose fingerprint this player was given."""


class JsonClient(Protocol):
    """What is asked of a server."""

    def get_json(self, path: str) -> Any:
        """Return the JSON of an address."""

    def post_json(self, path: str, body: dict[str, Any]) -> Any:
        """Send JSON and return the JSON of the answer."""


class PlayerPairing:
    """One code of this player at one server. All of its keys are its own, and used for nothing else.

    Args:
        server: Its address, without a slash at its end.
        client: Asks it.
        size: Width and height of the display in pixels.
        machine: What kind of machine this is, for people.
        root: Beginning of the fingerprint of the town's root keys; empty: any town will do that has seen the code.
        uptime_s: Seconds that only rise.

    Raises:
        OtherTown: that server is of another town.
        OSError, requests.RequestException: it does not answer as a server.
    """

    def __init__(
        self, server: str, client: JsonClient, size: tuple[int, int], machine: str = "", root: str = "",
        uptime_s: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.server, self._client, self._uptime_s = server, client, uptime_s
        self._channel, self._identity = X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        self._number = os.urandom(NUMBER_BYTES)
        self._wrong: set[str] = set()
        channel, identity = public_key(self._channel), public_hex(self._identity)
        request = PairingRequest(
            channel_key=channel, identity_key=identity, commitment=commit_to(channel, identity, self._number),
            width=size[0], height=size[1], machine=machine,
        )  # fmt: skip
        answer = client.post_json("/device/v1/pairings", request.model_dump(mode="json"))
        offer = _parsed(PairingOffer, answer)
        if not root_fingerprint(offer.root_keys).startswith(re.sub(r"[\s:-]", "", root).lower()):
            raise OtherTown("the server is not of the town whose fingerprint this player was given")
        self._transcript = PairingTranscript(request, offer)
        self._secret = self._transcript.secret_of(self._number)
        self._until_s = uptime_s() + offer.lasts_s

    @property
    def notice(self) -> PairingNotice:
        """What the screen shows."""
        offer = self._transcript.offer
        code = shown_code(offer.prefix, self._secret)
        link = scanned_address(self.server, code)
        return PairingNotice(code, self._transcript.check_number, self.server, link, offer.town)

    def poll(self) -> PlayerEnrolment | None:
        """Ask whether the code was typed; return the identity of the screen, once it was.

        Raises:
            PairingOver: its time is over, or the server named too many wrong codes, or another town's keys.
            OSError, requests.RequestException: the server does not answer as one.
        """
        if self._uptime_s() >= self._until_s:
            raise PairingOver("nobody has typed the code in its time")
        path = f"/device/v1/pairings/{self._transcript.offer.pairing}"
        sealed = _parsed(PairingState, self._client.get_json(path)).typed
        if not sealed:
            return None
        typed = self._open(TYPED, sealed).decode("ascii", "replace")
        is_right = typed == self._secret
        # Nobody is told the number who did not know the code: it is what the code is made of.
        number = self._transcript.seal(self._channel, NUMBER, self._number if is_right else b"")
        answer = self._client.post_json(f"{path}/answer", PairingAnswer(number=number).model_dump(mode="json"))
        if not is_right:
            self._note_wrong_code(typed)
            return None
        return self._identity_of(self._open(IDENTITY, _parsed(PairedIdentity, answer).identity))

    def _note_wrong_code(self, typed: str) -> None:
        self._wrong.add(typed)
        if len(self._wrong) >= MOST_WRONG_CODES:
            raise PairingOver("too many wrong codes", is_suspect=True)

    def _open(self, kind: bytes, sealed: str) -> bytes:
        try:
            return self._transcript.open(self._channel, kind, sealed)
        except SealBroken as error:
            raise PairingOver("what came was not sealed for this player", is_suspect=True) from error

    def _identity_of(self, opened: bytes) -> PlayerEnrolment:
        offer = self._transcript.offer
        own = {"server": self.server, "trigger_key": self._identity.private_bytes_raw().hex()}
        try:
            enrolment = PlayerEnrolment.model_validate({**json.loads(opened), **own})
        except (ValueError, TypeError) as error:
            raise PairingOver("what answers is not a server of this version") from error
        anchor = enrolment.anchor
        if (anchor.site, anchor.screen) != (enrolment.site, enrolment.screen) or (
            anchor.site != offer.site or dict(anchor.root_keys) != dict(offer.root_keys)
        ):
            raise PairingOver("the server contradicts itself about whose screen this is", is_suspect=True)
        return enrolment


def _parsed(model: type[ModelT], answer: Any) -> ModelT:
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        raise OSError("what answers there is not a server of this version") from error
