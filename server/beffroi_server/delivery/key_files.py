"""Files of the town's private keys, PEM: three root keys, and one key for each other role."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from beffroi_content.wire.documents import SigningRole

SIGNING_ROLES = tuple(role for role in SigningRole if role is not SigningRole.ROOT)
_ROOT_NAMES = tuple(f"root-{number}" for number in (1, 2, 3))


class KeysMissing(Exception):
    """A key that is needed is missing or unreadable; the message names it."""


def create_missing_keys() -> None:
    """Create the keys that are missing, readable by their owner only."""
    settings.KEYS.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (*_ROOT_NAMES, *SIGNING_ROLES):
        if not key_path(name).exists():
            write_key(key_path(name), Ed25519PrivateKey.generate())


def private_key(role: SigningRole) -> Ed25519PrivateKey:
    """Return the key that signs for a role.

    Raises:
        KeysMissing: its file is not there, or cannot be read.
    """
    return _read_key(key_path(role))


def root_keys() -> list[Ed25519PrivateKey]:
    """Return the root keys that are there.

    Raises:
        KeysMissing: one is there and cannot be read.
    """
    return [_read_key(key_path(name)) for name in _ROOT_NAMES if key_path(name).exists()]


def exposed_files() -> list[Path]:
    """Return the keys, or their folder, that others than their owner may read or change."""
    folder = Path(settings.KEYS)
    return [path for path in (folder, *sorted(folder.glob("*.pem"))) if path.exists() and path.stat().st_mode & 0o077]


def key_path(name: str) -> Path:
    """Return where the key of a role, or a root key, is."""
    return Path(settings.KEYS) / f"{name}.pem"


def write_key(path: Path, key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> None:
    """Write a new private key, readable by its owner only.

    Raises:
        FileExistsError: there is one.
    """
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        return _load_key(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        raise KeysMissing(f"the key {path} cannot be read: {error}") from error


@lru_cache(maxsize=32)
def _load_key(path: Path, _modified: int) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("it is not an Ed25519 key")  # noqa: TRY004 - a file that does not do
    return key
