"""Root keys as people keep them: a file for each, with a passphrase or without, and a form on paper. Sans-I/O."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Annotated, Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, model_validator

from beffroi_content.model import WireModel
from beffroi_content.wire.documents import PublicKey
from beffroi_content.wire.envelope import key_identifier, public_hex

ROOT_COUNT, ROOT_THRESHOLD = 3, 2
"""Root keys of a town, and how many of them sign a key list: one may be lost, and one may be stolen."""
LINE_BYTES = 8
"""Bytes of a key on one line of its paper."""
_LINE = re.compile(r"^\s*([1-4])\s+((?:[0-9a-f]{4}\s+){4})([0-9a-f]{4})\s*$", re.IGNORECASE)


class RootKeyUnreadable(Exception):
    """A file or a paper is not a root key that can be used; the message says why, and what to do."""


class PublicRootKeys(WireModel):
    """The public halves of the root keys of a town: what the server is told of keys that were made elsewhere."""

    format: Literal["beffroi-root-keys"] = "beffroi-root-keys"
    version: Literal[1] = 1
    keys: Annotated[tuple[PublicKey, ...], Field(min_length=2, max_length=16)]
    threshold: Annotated[int, Field(ge=2, le=16)] = ROOT_THRESHOLD

    @model_validator(mode="after")
    def _check_keys(self) -> PublicRootKeys:
        if len(set(self.keys)) != len(self.keys) or self.threshold > len(self.keys):
            raise ValueError("it needs as many different keys as have to sign")
        return self


def encode_root_key(key: Ed25519PrivateKey, passphrase: str = "") -> bytes:
    """Return a key as PEM (PKCS 8), encrypted if there is a passphrase."""
    encryption = (
        serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def decode_root_key(pem: bytes, ask: Callable[[], str]) -> Ed25519PrivateKey:
    """Return the key of a file.

    Args:
        pem: What is in the file.
        ask: Returns the passphrase; called only if the file needs one.

    Raises:
        RootKeyUnreadable: it is no such key, or the passphrase is wrong.
    """
    # The form of the file says it before anybody is asked.
    passphrase = ask() if b"ENCRYPTED" in pem[:64] else ""
    try:
        key = serialization.load_pem_private_key(pem, passphrase.encode() or None)
    except (ValueError, TypeError) as error:
        raise RootKeyUnreadable(
            "the passphrase is wrong, or the file is damaged" if passphrase else "it is not the file of a root key"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise RootKeyUnreadable("it is a key of another kind")
    return key


def paper_lines(key: Ed25519PrivateKey) -> list[str]:
    """Return a key as four lines for paper: number, four groups of digits, and a check of that line."""
    content = key.private_bytes_raw()
    lines = []
    for number in range(1, len(content) // LINE_BYTES + 1):
        part = content[(number - 1) * LINE_BYTES : number * LINE_BYTES]
        digits = part.hex()
        groups = " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))
        lines.append(f"{number}  {groups}  {_line_check(number, part)}")
    return lines


def read_paper(text: str) -> Ed25519PrivateKey:
    """Return the key of four lines that were typed from paper; other lines are passed over.

    Raises:
        RootKeyUnreadable: a line is missing or mistyped; the message says which.
    """
    found: dict[int, bytes] = {}
    for line in text.splitlines():
        if (match := _LINE.match(line)) is None:
            continue
        number, part = int(match[1]), bytes.fromhex("".join(match[2].split()))
        if _line_check(number, part) != match[3].lower():
            raise RootKeyUnreadable(f"line {number} is mistyped: its last group does not fit the others")
        found[number] = part
    if missing := [str(number) for number in range(1, 5) if number not in found]:
        raise RootKeyUnreadable(
            f"line {', '.join(missing)} is missing: each has its number, four groups of four digits (0-9, a-f), and a "
            "check of four digits"
        )
    return Ed25519PrivateKey.from_private_bytes(b"".join(found[number] for number in range(1, 5)))


def identifier_of(key: Ed25519PrivateKey) -> str:
    """Return the identifier by which key lists name a key."""
    return key_identifier(public_hex(key))


def _line_check(number: int, part: bytes) -> str:
    return hashlib.sha256(bytes([number]) + part).hexdigest()[:4]
