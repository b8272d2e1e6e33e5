"""The signed envelope: a short header in ASCII, then exactly the bytes that were signed.

::

    BEFFROI1 <role> <encoding>\\n
    <key identifier> <signature, base64url without padding>\\n      one line per signature
    \\n
    <body>

The signature is Ed25519 (RFC 8032) over domain, role, audience, encoding and body, each but the last ended by a
zero byte. The audience (site and scope) is not in the envelope: who opens it takes it from the topic that it
arrived on, so that a document moved to another topic does not verify. The body is never re-serialised.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from beffroi_content.wire.documents import SigningRole
from beffroi_content.wire.limits import decompressed_limit

DOMAIN = "BEFFROI1"
SIGNATURES_LIMIT = 16
_SIGNATURE = rb"[0-9a-f]{16} [A-Za-z0-9_-]{86}\n"
_HEADER = re.compile(rb"BEFFROI1 ([a-z]{1,16}) ([a-z]{1,8})\n((?:%b){1,%d})\n" % (_SIGNATURE, SIGNATURES_LIMIT))


class MalformedEnvelope(ValueError):
    """The bytes are not an envelope; the message says why."""


class BodyEncoding(StrEnum):
    """Encodings of a body."""

    JSON = "json"
    ZLIB = "zlib"
    """JSON, compressed (RFC 1950)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope, split into its parts and not verified yet."""

    role: SigningRole
    encoding: BodyEncoding
    signatures: tuple[tuple[str, bytes], ...]
    """Key identifier and signature."""
    body: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the body, in hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()

    def valid_signers(self, audience: str, keys: Mapping[str, str]) -> frozenset[str]:
        """Return the identifiers of the keys whose signature is valid.

        Args:
            audience: Site and scope of the topic that it arrived on.
            keys: Public keys in hexadecimal by identifier; signatures by others are passed over.
        """
        message = _signed_bytes(self.role, audience, self.encoding, self.body)
        return frozenset(
            name
            for name, signature in self.signatures
            if name in keys and _is_signature_valid(keys[name], signature, message)
        )

    def decode_body(self) -> bytes:
        """Return the JSON of the body. Call it only once the signature is known to be right.

        Raises:
            MalformedEnvelope: the body does not decompress, or to more than ``decompressed_limit()`` bytes.
        """
        if self.encoding is BodyEncoding.JSON:
            return self.body
        # A small body can inflate to gigabytes: it is stopped at the limit, not measured afterwards.
        inflater, limit = zlib.decompressobj(), decompressed_limit()
        try:
            text = inflater.decompress(self.body, limit)
        except zlib.error as error:
            raise MalformedEnvelope(f"the body does not decompress: {error}") from error
        if not inflater.eof:
            raise MalformedEnvelope(f"the body is cut off or larger than {limit} bytes")
        return text


def key_identifier(public_key: str) -> str:
    """Return the identifier of a public key in hexadecimal: the start of its SHA-256."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]


def public_hex(key: Ed25519PrivateKey) -> str:
    """Return the public half of a key in hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def seal_envelope(
    role: SigningRole,
    audience: str,
    text: bytes,
    keys: Iterable[Ed25519PrivateKey],
    encoding: BodyEncoding = BodyEncoding.JSON,
) -> bytes:
    """Sign JSON for an audience and return the envelope."""
    body = zlib.compress(text, 9) if encoding is BodyEncoding.ZLIB else text
    return join_envelope(role, body, dict(sign_body(role, audience, body, key, encoding) for key in keys), encoding)


def sign_body(
    role: SigningRole, audience: str, body: bytes, key: Ed25519PrivateKey, encoding: BodyEncoding = BodyEncoding.JSON
) -> tuple[str, str]:
    """Return the identifier of a key, and its signature of a body as an envelope writes it."""
    signature = key.sign(_signed_bytes(role, audience, encoding, body))
    return key_identifier(public_hex(key)), _encode_signature(signature)


def join_envelope(
    role: SigningRole, body: bytes, signatures: Mapping[str, str], encoding: BodyEncoding = BodyEncoding.JSON
) -> bytes:
    """Return the envelope of a body, with the signatures that :func:`sign_body` has given, by key identifier."""
    lines = [f"{DOMAIN} {role} {encoding}", *(f"{name} {signature}" for name, signature in signatures.items())]
    return "\n".join(lines).encode() + b"\n\n" + body


def parse_envelope(payload: bytes) -> Envelope:
    """Take an envelope apart without verifying it.

    Raises:
        MalformedEnvelope: it is not one, or its role or encoding is unknown.
    """
    # One expression with fixed lengths: no length that a stranger announces is ever believed.
    header = _HEADER.match(payload)
    if header is None:
        raise MalformedEnvelope("the header is not that of an envelope")
    try:
        role, encoding = SigningRole(header[1].decode()), BodyEncoding(header[2].decode())
        signatures = tuple(_read_signature(line) for line in header[3].decode().splitlines())
    except ValueError as error:
        raise MalformedEnvelope(f"the header is not that of an envelope: {error}") from error
    return Envelope(role, encoding, signatures, payload[header.end() :])


def _read_signature(line: str) -> tuple[str, bytes]:
    name, text = line.split(" ")
    signature = base64.urlsafe_b64decode(text + "==")
    # The last of 86 characters has four bits to spare: only one way of writing a signature is right.
    if _encode_signature(signature) != text:
        raise ValueError("a signature is not written as base64url writes it")
    return name, signature


def _encode_signature(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def _signed_bytes(role: SigningRole, audience: str, encoding: BodyEncoding, body: bytes) -> bytes:
    return f"{DOMAIN}\0{role}\0{audience}\0{encoding}\0".encode() + body


def _is_signature_valid(public_key: str, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
