"""The signed repository of releases: a folder of files that any server can hand on (TUF 1.0).

::

    metadata/N.root.json        the keys, signed by two of three root keys
    metadata/N.targets.json     every archive with its digest, signed by the key of releases
    metadata/N.snapshot.json, metadata/timestamp.json     which of these are the newest
    targets/VERSION/DIGEST.NAME the archives

The root keys are kept apart from each other and away from any network; who has a copy of the repository, or a server,
has none of the keys.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from beffroi_provisioning.releases.archive import BuiltArchive
from beffroi_provisioning.releases.faults import RepositoryFault

ROOT_KEYS = ("root-1", "root-2", "root-3")
ROOT_THRESHOLD = 2
RELEASE_KEY, FRESHNESS_KEY = "releases", "freshness"
"""The one signs what is a release, the other that it is the newest."""
KEY_NAMES = (*ROOT_KEYS, RELEASE_KEY, FRESHNESS_KEY)
ROLES = {RELEASE_KEY: (Targets.type,), FRESHNESS_KEY: (Snapshot.type, Timestamp.type)}
"""What these keys sign."""
ROOT_DAYS, RELEASE_DAYS = 3_650, 500
"""For how long signatures hold. A town without internet may bring a copy once a year."""


def create_keys(folder: Path) -> list[Path]:
    """Write the keys of a new repository, each into a file of its own.

    Raises:
        RepositoryFault: there are keys already.
        OSError: they cannot be written.
    """
    return write_keys(folder, KEY_NAMES)


def write_keys(folder: Path, names: Sequence[str]) -> list[Path]:
    """Make keys, each in a file of its own.

    Raises:
        RepositoryFault: there are keys of these names already.
        OSError: they cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths = [folder / f"{name}.pem" for name in names]
    if found := [path for path in paths if path.exists()]:
        raise RepositoryFault(f"{found[0]} is there already: keys are never written over")
    for path in paths:
        text = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    return paths


def init_repository(folder: Path, keys: Path, now: dt.datetime) -> Path:
    """Make an empty repository; return the root file, which belongs into the packages of players and servers.

    Raises:
        RepositoryFault: there is one already, or keys are missing.
        OSError: a file cannot be read or written.
    """
    if (folder / "metadata").exists():
        raise RepositoryFault(f"{folder} is a repository already")
    signers = {name: read_key([keys], name) for name in KEY_NAMES}
    root = Root(version=1, expires=now + dt.timedelta(days=ROOT_DAYS), consistent_snapshot=True)
    for name in ROOT_KEYS:
        root.add_key(signers[name].public_key, Root.type)
    root.roles[Root.type].threshold = ROOT_THRESHOLD
    for name, roles in ROLES.items():
        for role in roles:
            root.add_key(signers[name].public_key, role)
    (folder / "metadata").mkdir(parents=True)
    (folder / "targets").mkdir()
    path = folder / "metadata/1.root.json"
    write_signed(path, Metadata(root), [signers[name] for name in ROOT_KEYS])
    _publish(folder, [keys], Targets(version=1), now)
    return path


def add_release(folder: Path, keys: Path, archives: Iterable[BuiltArchive], now: dt.datetime) -> list[Path]:
    """Sign archives and put them into the repository.

    Raises:
        RepositoryFault: a release is there already with other content, or a key is missing.
        OSError: a file cannot be read or written.
    """
    targets = _newest_targets(folder)
    stored = []
    for archive in archives:
        file = TargetFile.from_file(archive.target, str(archive.path), ["sha256"])
        file.unrecognized_fields["custom"] = {"unpacked": archive.unpacked_bytes}
        known = targets.targets.get(archive.target)
        if known is not None and known.hashes != file.hashes:
            raise RepositoryFault(f"{archive.target} was released with other content: a release never changes")
        targets.targets[archive.target] = file
        name = Path(archive.target)
        path = folder / "targets" / name.parent / f"{file.hashes['sha256']}.{name.name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(archive.path, path)
        stored.append(path)
    targets.version += 1
    _publish(folder, [keys], targets, now)
    return stored


def renew(folder: Path, keys: Sequence[Path], now: dt.datetime) -> None:
    """Sign again that what is there is the newest: before the signatures of the last time expire.

    Args:
        folder: The repository.
        keys: Folders of the keys that are at hand; what the first of them has counts.
        now: The time of the signatures.

    Raises:
        RepositoryFault: it is no repository, or a key is missing.
        OSError: a file cannot be read or written.
    """
    targets = _newest_targets(folder)
    targets.version += 1
    _publish(folder, keys, targets, now)


def newest_root(folder: Path) -> Metadata[Root]:
    """Return the root file that counts.

    Raises:
        RepositoryFault: there is none.
    """
    try:
        versions = [int(path.name.split(".")[0]) for path in (folder / "metadata").glob("*.root.json")]
        return Metadata[Root].from_file(str(folder / f"metadata/{max(versions)}.root.json"))
    except Exception as error:
        raise RepositoryFault(f"{folder} is no repository of releases: {error}") from error


def _publish(folder: Path, keys: Sequence[Path], targets: Targets, now: dt.datetime) -> None:
    """Write targets, snapshot and timestamp, in this order: a reader meets the old or the new state."""
    root = newest_root(folder).signed
    releases, freshness = (_counting_key(root, keys, name) for name in (RELEASE_KEY, FRESHNESS_KEY))
    expires, metadata = now + dt.timedelta(days=RELEASE_DAYS), folder / "metadata"
    targets.expires = expires
    write_signed(metadata / f"{targets.version}.targets.json", Metadata(targets), [releases])
    # Versions of all three rise together: there is one number to tell.
    snapshot = Snapshot(
        version=targets.version, expires=expires, meta={"targets.json": MetaFile(version=targets.version)}
    )
    write_signed(metadata / f"{snapshot.version}.snapshot.json", Metadata(snapshot), [freshness])
    timestamp = Timestamp(
        version=targets.version, expires=expires, snapshot_meta=MetaFile(version=snapshot.version)
    )  # fmt: skip
    write_signed(metadata / "timestamp.json", Metadata(timestamp), [freshness])


def _newest_targets(folder: Path) -> Targets:
    try:
        timestamp = Metadata[Timestamp].from_file(str(folder / "metadata/timestamp.json")).signed
        path = folder / f"metadata/{timestamp.version}.targets.json"
        return Metadata[Targets].from_file(str(path)).signed
    except Exception as error:
        raise RepositoryFault(f"{folder} is no repository of releases: {error}") from error


def write_signed(path: Path, metadata: Metadata[Any], signers: Iterable[CryptoSigner]) -> None:
    """Sign a file of the repository, and write it in one step.

    Raises:
        OSError: it cannot be written.
    """
    for signer in signers:
        metadata.sign(signer, append=True)
    temporary = path.with_suffix(".tmp")
    metadata.to_file(str(temporary))
    temporary.replace(path)


def _counting_key(root: Root, folders: Sequence[Path], name: str) -> CryptoSigner:
    """Read the key of releases or of freshness; one that was replaced signs nothing that a player believes."""
    key = read_key(folders, name)
    if key.public_key.keyid not in root.roles[ROLES[name][0]].keyids:
        raise RepositoryFault(f"{name}.pem was replaced by another key: bring that, then run this command again")
    return key


def read_key(folders: Sequence[Path], name: str) -> CryptoSigner:
    """Return the key of a name, from the first folder that has it.

    Raises:
        RepositoryFault: no folder has it, or it is none of these keys.
        OSError: it cannot be read.
    """
    path = next((found for folder in folders if (found := folder / f"{name}.pem").exists()), None)
    if path is None:
        raise RepositoryFault(f"{folders[0] / name}.pem is missing: bring the key, then run this command again")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise RepositoryFault(f"{path} is not a key as this command writes them") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise RepositoryFault(f"{path} is not a key as this command writes them")
    return CryptoSigner(key)
