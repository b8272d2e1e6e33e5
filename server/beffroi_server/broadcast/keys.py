"""The town's keys: three root keys that sign the key list, two of them at least, and one key for each other role.

The root keys are needed only to sign a key list. Once it is stored they belong on two memory sticks in two drawers;
the server runs without them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from beffroi_content.trust import TrustAnchor
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import KeyList, Role, RoleKeys
from beffroi_content.wire.messages import KEYS
from beffroi_content.wire.topics import Scope
from beffroi_server.broadcast import signing
from beffroi_server.broadcast.models import Outgoing

ROOTS = 3
THRESHOLD = 2
ROLES = tuple(role for role in Role if role is not Role.ROOT)


class KeysMissing(Exception):
    """A key that is needed is not there. The message says which, and what to do."""


def create() -> None:
    """Create the keys that do not exist yet, and sign the key list if there is none.

    Raises:
        KeysMissing: there is no key list, and fewer than two root keys to sign one.
    """
    if published_list() is not None:
        return
    settings.KEYS.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (*(f"root-{number}" for number in range(1, ROOTS + 1)), *ROLES):
        if not _path(name).exists():
            _write(_path(name), Ed25519PrivateKey.generate())
    sign_list()


def sign_list() -> Outgoing:
    """Sign a key list of the keys that are there, with the root keys that are there, and publish it.

    Raises:
        KeysMissing: fewer than two root keys are there, or the key of a role is not.
    """
    roots = [_private(_path(f"root-{number}")) for number in range(1, ROOTS + 1) if _path(f"root-{number}").exists()]
    if len(roots) < THRESHOLD:
        raise KeysMissing(f"{len(roots)} root keys in {settings.KEYS}: put two of them there to sign the key list")
    before = published_list()
    public = {name: key for name, key in before.keys.items() if name in before.roles[Role.ROOT].keys} if before else {}
    public |= {envelope.key_identifier(key): key for key in map(envelope.public_hex, roots)}
    roles = {Role.ROOT: RoleKeys(keys=frozenset(public), threshold=THRESHOLD)}
    for role in ROLES:
        key = envelope.public_hex(private_key(role))
        public[envelope.key_identifier(key)] = key
        roles[role] = RoleKeys(keys=frozenset({envelope.key_identifier(key)}))
    document = KeyList(sequence=1, issued_at_ms=0, expires_at_ms=0, keys=public, roles=roles)
    return signing.seal_document(KEYS, Scope.ALL, "", document, keys=roots[:THRESHOLD])


def private_key(role: Role) -> Ed25519PrivateKey:
    """Return the key that signs for a role.

    Raises:
        KeysMissing: its file is not there, or cannot be read.
    """
    return _private(_path(role))


def published_list() -> KeyList | None:
    """Return the key list in force; None before the first."""
    document = signing.published(KEYS, Scope.ALL)
    return document if isinstance(document, KeyList) else None


def trust_anchor(screen: str) -> TrustAnchor:
    """Return what a player is given at its enrolment.

    Raises:
        KeysMissing: no key list was signed yet.
    """
    listed, root_keys = _roots()
    return TrustAnchor(site=signing.site(), screen=screen, root_keys=root_keys, threshold=listed.threshold)


def fingerprint() -> str:
    """Return 32 hexadecimal digits by which people recognise the root keys of their town.

    Raises:
        KeysMissing: no key list was signed yet.
    """
    return hashlib.sha256("\n".join(sorted(_roots()[1].values())).encode()).hexdigest()[:32]


def list_expires_in() -> dt.timedelta | None:
    """Return how long new players still accept the key list; None when there is none."""
    document = published_list()
    if document is None:
        return None
    return dt.datetime.fromtimestamp(document.expires_at_ms / 1000, dt.UTC) - dt.datetime.now(dt.UTC)


def _roots() -> tuple[RoleKeys, dict[str, str]]:
    document = published_list()
    if document is None:
        raise KeysMissing("there is no key list yet: run “beffroi-server init”")
    listed = document.roles[Role.ROOT]
    return listed, {name: document.keys[name] for name in listed.keys}


def _path(name: str) -> Path:
    return Path(settings.KEYS) / f"{name}.pem"


def _write(path: Path, key: Ed25519PrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def _private(path: Path) -> Ed25519PrivateKey:
    try:
        return _loaded(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        raise KeysMissing(f"the key {path} cannot be read: {error}") from error


@lru_cache(maxsize=32)
def _loaded(path: Path, _modified: int) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("it is not an Ed25519 key")  # noqa: TRY004 - a file that does not do
    return key
