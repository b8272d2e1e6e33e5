"""Pairing: how a player that belongs to nobody and a server that it does not know become sure of each other.

The player shows a code, and an operator types it on a page of the server: the only thing that neither the network nor
whoever answers there can do. Both ends agree on a key (X25519), in which anybody in between could take part; the code
is what finds that out. It is a digest of all that both have said, so it is another one where somebody has put in keys
of his own. And the player keeps back one number that it needs, so that nobody can look for keys with the same code, and
nobody who has not seen the screen can know it. See docs/decisions/0055-pairing.md.

1. Player to server: its keys, and a commitment to its number (:class:`PairingRequest`).
2. Server to player: its key, site and root keys, and the first letters of the code (:class:`PairingOffer`).
3. The player shows the code. An operator types it; the server sends it to the player, sealed.
4. The player compares it with its own. If it is right, it discloses the number, sealed; the server checks commitment
   and code, and hands over the identity of the screen, sealed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import Field, StringConstraints

from beffroi_content.model import Identifier, WireModel
from beffroi_content.model.base_models import Line, Sha256

ALPHABET = "BCDFGHJKMPQRTVWXY23479"
"""Letters and digits that are not mistaken for each other, on a coarse panel either; no vowels, so no words."""
PREFIX_LENGTH, SECRET_LENGTH = 3, 5
"""The server finds the player by the first letters; the others, 22 bits, only the player knows."""
NUMBER_BYTES = 16
LIFETIME_S = 900
"""How long a code can be used."""
TYPED_S = 120
"""How long the player may take to answer once the code was typed."""
_DOMAIN = b"BEFFROI1-PAIRING"
_MISREAD = str.maketrans("860OZU", "BGQQ2V", " -–.\t\r\n")
"""What people type instead: letters that the alphabet lacks since they look like others, and what divides a code."""
_SEALED_LIMIT = 65_536

Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A public key of 32 bytes, in hexadecimal."""
Pixels = Annotated[int, Field(ge=16, le=7680)]
Sealed = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]*$", max_length=_SEALED_LIMIT)]
"""A nonce of 12 bytes and what is sealed, in hexadecimal."""
TYPED, NUMBER, IDENTITY = b"typed", b"number", b"identity"
"""What is sealed: the code that was typed, the number of the player, the identity of the screen."""


class SealBroken(ValueError):
    """What was sealed cannot be opened: it is of another pairing, or somebody has changed it."""


class PairingRequest(WireModel):
    """What a player says of itself when it asks for a code."""

    channel_key: Key
    """Its public key (X25519) for this pairing."""
    identity_key: Key
    """Its public key (Ed25519), which becomes that of the screen for what is triggered on the spot."""
    commitment: Sha256
    """To its number: see :func:`commit_to`."""
    width: Pixels
    height: Pixels
    """Of its display as it is now, before any rotation."""
    machine: Line = ""


class PairingOffer(WireModel):
    """The answer of a server to a player that asks for a code."""

    pairing: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    """Where the player asks how far it is."""
    prefix: Annotated[str, StringConstraints(pattern=rf"^[{ALPHABET}]{{{PREFIX_LENGTH}}}$")]
    site: Identifier
    root_keys: Annotated[dict[Annotated[str, StringConstraints(max_length=64)], Key], Field(max_length=16)]
    channel_key: Key
    town: Line = ""
    lasts_s: Annotated[int, Field(ge=1, le=86_400)] = LIFETIME_S


class PairingState(WireModel):
    """How far a pairing is, for its player."""

    typed: Sealed = ""
    """The code that was typed last; empty while none was."""


class PairingAnswer(WireModel):
    """The answer of a player to a code that was typed."""

    number: Sealed
    """Its number, or nothing at all where the code was not its own; sealed in any case."""


class PairedIdentity(WireModel):
    """The end of a pairing."""

    identity: Sealed = ""
    """As the device API hands it over at an enrolment, as JSON; empty where the code was not that of the player."""


@dataclass(frozen=True, slots=True)
class PairingTranscript:
    """All that both ends have said, which code and keys are derived from."""

    request: PairingRequest
    offer: PairingOffer

    @property
    def digest(self) -> bytes:
        """SHA-256 over every part, each with its length before it."""
        roots = "".join(f"{name}:{key}\n" for name, key in sorted(self.offer.root_keys.items()))
        said = self.request.channel_key, self.request.identity_key, self.request.commitment
        answered = self.offer.prefix, self.offer.site, roots, self.offer.channel_key
        return _digest(b"transcript", *(part.encode() for part in (*said, *answered)))

    @property
    def check_number(self) -> str:
        """Six digits that player and page show, by which people notice that a code is that of another box."""
        number = int.from_bytes(_digest(b"check", self.digest)[:8]) % 1_000_000
        return f"{number // 10_000:02} {number // 100 % 100:02} {number % 100:02}"

    def secret_of(self, number: bytes) -> str:
        """Return the part of the code that only the player knows, as long as it keeps its number to itself."""
        value, letters = int.from_bytes(_digest(b"code", self.digest, number)[:16]), ""
        for _ in range(SECRET_LENGTH):
            value, rest = divmod(value, len(ALPHABET))
            letters += ALPHABET[rest]
        return letters

    def is_answered_by(self, number: bytes, typed: str) -> bool:
        """Tell whether the number is that of the player whose code was typed."""
        return commit_to(self.request.channel_key, self.request.identity_key, number) == self.request.commitment and (
            typed == self.secret_of(number)
        )

    def seal(self, own: X25519PrivateKey, kind: bytes, content: bytes) -> str:
        """Seal something for the other end.

        Args:
            own: The key of this end.
            kind: What it is, such as ``TYPED``: nothing is taken for something else.
            content: In plain.
        """
        nonce = os.urandom(12)
        return (nonce + self._cipher(own, kind).encrypt(nonce, content, None)).hex()

    def open(self, own: X25519PrivateKey, kind: bytes, sealed: str) -> bytes:
        """Return what the other end has sealed.

        Raises:
            SealBroken: it was not sealed for this pairing, or is not of that kind.
        """
        try:
            data = bytes.fromhex(sealed)
            return self._cipher(own, kind).decrypt(data[:12], data[12:], None)
        except (ValueError, InvalidTag) as error:
            raise SealBroken("this was not sealed for this pairing") from error

    def _cipher(self, own: X25519PrivateKey, kind: bytes) -> ChaCha20Poly1305:
        theirs = (
            self.offer.channel_key if public_key(own) == self.request.channel_key else self.request.channel_key
        )  # fmt: skip
        # A key of low order, by which the secret would be known to anybody, is refused with a ValueError.
        secret = own.exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(theirs)))
        derived = HKDF(hashes.SHA256(), 32, salt=self.digest, info=_DOMAIN + b"\0" + kind).derive(secret)
        return ChaCha20Poly1305(derived)


def public_key(own: X25519PrivateKey) -> str:
    """Return the public half of a channel key, in hexadecimal."""
    return own.public_key().public_bytes_raw().hex()


def commit_to(channel_key: str, identity_key: str, number: bytes) -> str:
    """Return the commitment of a player to its number, with which it cannot take another one later."""
    return _digest(b"commitment", channel_key.encode(), identity_key.encode(), number).hex()


def shown_code(prefix: str, secret: str) -> str:
    """Return a code as people read it: ``KMP-2D7QX``."""
    return f"{prefix}-{secret}"


def read_code(typed: str) -> tuple[str, str] | None:
    """Return both parts of a code, however it was typed; None where that is none.

    Case, spaces and dashes do not matter, and a letter that no code has is taken for the one that it looks like.
    """
    letters = typed.upper().translate(_MISREAD)
    if len(letters) != PREFIX_LENGTH + SECRET_LENGTH or not set(letters) <= set(ALPHABET):
        return None
    return letters[:PREFIX_LENGTH], letters[PREFIX_LENGTH:]


def scanned_address(server: str, code: str) -> str:
    """Return the address in the QR code: where the operator's page has the code filled in.

    In capitals where it can be: a QR code then has fewer and larger modules.
    """
    letters = code.replace("-", "")
    scheme, _, rest = server.partition("://")
    return f"{server}/P/{letters}" if "/" in rest else f"{scheme}://{rest}/P/{letters}".upper()


def root_fingerprint(root_keys: Mapping[str, str]) -> str:
    """Return the fingerprint of root keys: SHA-256 over the sorted public keys in hexadecimal, one a line."""
    return hashlib.sha256("\n".join(sorted(root_keys.values())).encode()).hexdigest()


def _digest(kind: bytes, *parts: bytes) -> bytes:
    joined = b"".join(len(part).to_bytes(4) + part for part in (_DOMAIN, kind, *parts))
    return hashlib.sha256(joined).digest()
