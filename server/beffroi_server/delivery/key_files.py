"""Files of the town's private keys, PEM: three root keys, and one key for each other role."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from beffroi_content.root_keys import PublicRootKeys
from beffroi_content.wire.documents import SigningRole

SIGNING_ROLES = tuple(role for role in SigningRole if role is not SigningRole.ROOT)
_ROOT_NAMES = tuple(f"root-{number}" for number in (1, 2, 3))


class KeysMissing(Exception):
    """A key that is needed is missing or unreadable; the message names it."""


def create_missing_keys(*, with_roots: bool = True) -> None:
    """Create the keys that are missing, readable by their owner only."""
    settings.KEYS.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (*(_ROOT_NAMES if with_roots else ()), *SIGNING_ROLES):
        if not key_path(name).exists():
            write_key(key_path(name), Ed25519PrivateKey.generate())


def private_key(role: SigningRole) -> Ed25519PrivateKey:
    """Return the key that signs for a role.

    Raises:
        KeysMissing: its file is not there, or cannot be read.
    """
    try:
        return _read_key(key_path(role))
    except KeysMissing as error:
        step = f"restore it from a backup, or replace it: beffroi-server keys rotate {role} --at-once (docs/keys.en.md)"
        raise KeysMissing(f"{error}; {step}") from error


def root_files() -> list[Path]:
    """Return the files of root keys that are on this machine."""
    return sorted(Path(settings.KEYS).glob("root-*.pem"))


def root_keys() -> list[Ed25519PrivateKey]:
    """Return the root keys that are there.

    Raises:
        KeysMissing: one is there and cannot be read, as one with a passphrase.
    """
    return [_read_key(path) for path in root_files()]


def first_roots() -> PublicRootKeys | None:
    """Return the public root keys for which the first key list is made, where they were made elsewhere."""
    try:
        return PublicRootKeys.model_validate_json(_first_roots_path().read_bytes())
    except (OSError, ValueError):
        return None


def keep_first_roots(roots: PublicRootKeys) -> None:
    """Keep the public root keys for which the first key list is made."""
    _first_roots_path().write_bytes(roots.to_json())


def next_key(role: SigningRole) -> Ed25519PrivateKey | None:
    """Return the key that is to sign for a role once players know it; None where there is none."""
    path = _next_path(role)
    return _read_key(path) if path.exists() else None


def make_next_key(role: SigningRole, *, anew: bool = False) -> Ed25519PrivateKey:
    """Return the key that is to sign for a role, made now where there is none.

    Args:
        role: The role.
        anew: Whether one that is there is thrown away: whoever stole the other may have it, too.
    """
    path = _next_path(role)
    if anew:
        path.unlink(missing_ok=True)
    if not path.exists():
        write_key(path, Ed25519PrivateKey.generate())
    return _read_key(path)


def adopt_next_key(role: SigningRole) -> None:
    """Have the next key of a role sign from now on. The former one is gone."""
    _next_path(role).replace(key_path(role))


def make_root_key(number: int) -> Ed25519PrivateKey:
    """Return a new root key, written beside the others; one that is there is put aside."""
    path = key_path(f"root-{number}")
    if path.exists():
        path.replace(path.with_name(f"former-{path.name}"))
    write_key(path, Ed25519PrivateKey.generate())
    return _read_key(path)


def drop_next_key(role: SigningRole) -> None:
    """Throw the next key of a role away."""
    _next_path(role).unlink(missing_ok=True)


def exposed_files() -> list[Path]:
    """Return the keys, or their folder, that others than their owner may read or change."""
    folder = Path(settings.KEYS)
    return [path for path in (folder, *sorted(folder.glob("*.pem"))) if path.exists() and path.stat().st_mode & 0o077]


def _first_roots_path() -> Path:
    return Path(settings.KEYS) / "first-roots.json"


def _next_path(role: SigningRole) -> Path:
    return Path(settings.KEYS) / f"{role}-next.pem"


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
