"""Encryption of backups for a public key whose private half is kept elsewhere (age, X25519).

The server cannot open its own encrypted backups: whoever steals them, or the server, cannot either.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import pyrage
from pyrage import x25519

from beffroi_server.backups.layout import BackupFault, StoredFile

Identity: TypeAlias = Any
"""A private key of pyrage, which has no types."""
_CHUNK = 1024 * 1024
_SECRET_PREFIX = "AGE-SECRET-KEY-"  # noqa: S105 - how such keys begin, not one


def create_identity(path: Path) -> str:
    """Write a new private key, readable by its owner only; return the public key, which starts with ``age1``.

    Raises:
        BackupFault: there is a file of that name, or it cannot be written.
    """
    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    text = f"# Opens the backups that are encrypted for {public}\n{identity}\n"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise BackupFault(f"{path} is there already: a key is never overwritten. Give another name") from error
    except OSError as error:
        raise BackupFault(f"{path} cannot be written: {error.strerror}") from error
    return public


def read_identity(path: Path) -> Identity:
    """Return the private key of a file, as ``backup-key`` or ``age-keygen`` wrote it.

    Raises:
        BackupFault: there is none in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BackupFault(f"the key {path} cannot be read: {error}") from error
    for line in text.splitlines():
        if line.startswith(_SECRET_PREFIX):
            try:
                return x25519.Identity.from_str(line.strip())
            except pyrage.IdentityError as error:
                raise BackupFault(f"the key in {path} is damaged: copy it anew from where it is kept") from error
    raise BackupFault(f"{path} holds no key that begins with {_SECRET_PREFIX}")


def check_recipient(recipient: str) -> None:
    """Check a public key.

    Raises:
        BackupFault: it is none.
    """
    _recipient(recipient)


def store_file(source: Path, target: Path, recipient: str) -> StoredFile:
    """Copy a file into a backup, encrypted if there is a public key, and read back what was written.

    Raises:
        BackupFault: what was read back is not what was written: the medium is faulty.
        OSError: it cannot be read or written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    with source.open("rb") as reader, part.open("wb") as plain:
        writer = _DigestingWriter(plain)
        if recipient:
            pyrage.encrypt_io(reader, cast("Any", writer), [_recipient(recipient)])
        else:
            while chunk := reader.read(_CHUNK):
                writer.write(chunk)
        plain.flush()
        os.fsync(plain.fileno())
    stored = StoredFile(sha256=writer.digest(), size=writer.size)
    if read_back(part) != stored:
        raise BackupFault(f"{target} does not read back as it was written: use another disk for backups")
    part.replace(target)
    return stored


def read_back(path: Path) -> StoredFile:
    """Return digest and size of a file as it lies on the disk."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as reader:
        os.posix_fadvise(reader.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := reader.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return StoredFile(sha256=digest.hexdigest(), size=size)


def take_out(source: Path, target: Path, identity: Identity | None) -> StoredFile:
    """Copy a part of a backup out of it, decrypted if there is a key; return digest and size of what came out.

    Raises:
        BackupFault: it is damaged, or the key is not the right one.
        OSError: it cannot be read or written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reader, target.open("wb") as plain:
        writer = _DigestingWriter(plain)
        _copy_out(reader, writer, identity, source)
        plain.flush()
        os.fsync(plain.fileno())
    return StoredFile(sha256=writer.digest(), size=writer.size)


def read_through(source: Path, identity: Identity | None) -> StoredFile:
    """Read a part of a backup to its end, decrypted if there is a key; return digest and size of what was read.

    Raises:
        BackupFault: it is damaged, or the key is not the right one.
        OSError: it cannot be read.
    """
    writer = _DigestingWriter(None)
    with source.open("rb") as reader:
        _copy_out(reader, writer, identity, source)
    return StoredFile(sha256=writer.digest(), size=writer.size)


class _DigestingWriter(io.RawIOBase):
    """Writes on, and digests what it writes."""

    def __init__(self, file: BinaryIO | None) -> None:
        super().__init__()
        self._write: Callable[[Any], Any] | None = file.write if file else None
        self._digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        if self._write:
            self._write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)
        return len(chunk)

    def digest(self) -> str:
        return self._digest.hexdigest()


def _copy_out(reader: BinaryIO, writer: _DigestingWriter, identity: Identity | None, source: Path) -> None:
    if identity is None:
        while chunk := reader.read(_CHUNK):
            writer.write(chunk)
        return
    try:
        pyrage.decrypt_io(cast("Any", reader), cast("Any", writer), [identity])
    except pyrage.DecryptError as error:
        raise BackupFault(
            f"{source.name} cannot be decrypted: the key is not the one for which this backup was made, or the file is "
            "damaged"
        ) from error


def _recipient(text: str) -> Any:
    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise BackupFault(
            f"{text!r} is no public key: it begins with age1, and “beffroi-server backup-key FILE” prints one"
        ) from error
