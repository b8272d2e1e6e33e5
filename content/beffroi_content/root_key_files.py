"""Root keys on memory sticks: the files that ``root_keys`` describes, written once and read back."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from beffroi_content.root_keys import PublicRootKeys, RootKeyUnreadable, decode_root_key, encode_root_key

SIZE_LIMIT = 64 * 1024


def write_root_file(path: Path, key: Ed25519PrivateKey, passphrase: str = "") -> None:
    """Write a root key, and read back what is on the medium.

    Raises:
        FileExistsError: there is a file of that name.
        OSError: the medium does not take it, or gives something else back.
    """
    pem = encode_root_key(key, passphrase)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    if path.read_bytes() != pem:
        raise OSError(0, "it gives back something else than was written: use another medium", str(path))


def read_root_file(path: Path, passphrase_file: Path | None = None) -> Ed25519PrivateKey:
    """Return the root key of a file; where it needs a passphrase, people are asked for it.

    Args:
        path: The file.
        passphrase_file: Holds the passphrase, so that nobody is asked.

    Raises:
        RootKeyUnreadable: it cannot be used; the message names it.
        OSError: it cannot be read.
    """

    def ask() -> str:
        if passphrase_file is not None:
            return passphrase_file.read_text(encoding="utf-8").strip()
        try:
            return getpass.getpass(f"Passphrase of {path.name}: ")
        except EOFError as error:
            raise RootKeyUnreadable("it needs a passphrase, and nobody is there to give it") from error

    if path.stat().st_size > SIZE_LIMIT:
        raise RootKeyUnreadable(f"{path}: it is not the file of a root key")
    try:
        return decode_root_key(path.read_bytes(), ask)
    except RootKeyUnreadable as error:
        raise RootKeyUnreadable(f"{path}: {error}") from error


def read_public_keys(path: Path) -> PublicRootKeys:
    """Return the public root keys of a file.

    Raises:
        RootKeyUnreadable: it is no such file.
        OSError: it cannot be read.
    """
    try:
        return PublicRootKeys.model_validate_json(path.read_bytes()[:SIZE_LIMIT])
    except ValidationError as error:
        raise RootKeyUnreadable(f"{path} is not the file root-keys.json of “beffroi-provisioning keys make”") from error
