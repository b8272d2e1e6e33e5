"""Other keys for a repository of releases: players follow by themselves, since enough of the old root keys sign it.

Each new root file is signed by two root keys of the one before and by two of its own (TUF 1.0, section 6.1). A player
goes from the root file of its package to the newest one by all between them, so that old root files stay.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root

from beffroi_provisioning.releases import repository
from beffroi_provisioning.releases.faults import RepositoryFault
from beffroi_provisioning.releases.repository import KEY_NAMES, ROLES, ROOT_DAYS, ROOT_KEYS, ROOT_THRESHOLD


class Replacement(NamedTuple):
    """What was replaced."""

    root_file: Path
    """Belongs into the packages from now on."""
    new_keys: list[Path]
    signed_by: list[str]
    """The old root keys that have signed."""
    expires: dt.datetime


def replace_keys(folder: Path, names: Sequence[str], old: Sequence[Path], new: Path, now: dt.datetime) -> Replacement:
    """Make keys in place of others; without names, let the root keys hold for another ten years.

    Args:
        folder: The repository.
        names: The keys to replace, lost or not, such as ``root-2`` or ``releases``.
        old: Folders of the keys that are at hand: two root keys among them.
        new: The folder for the new keys.
        now: The time of the signatures.

    Raises:
        RepositoryFault: too few root keys are at hand, or something else is missing; nothing was changed.
        OSError: a file cannot be read or written.
    """
    if strange := set(names) - set(KEY_NAMES):
        raise RepositoryFault(f"there is no key {min(strange)}: {', '.join(KEY_NAMES)} there are")
    before = repository.newest_root(folder)
    signers = _root_keys_at_hand(before.signed, old)
    if len(signers) < ROOT_THRESHOLD:
        raise RepositoryFault(
            f"{len(signers)} of the root keys of {folder} are at hand, {ROOT_THRESHOLD} are needed: "
            "name their folders with --keys, once for each. With fewer no player would follow"
        )
    kept = [name for name in ROLES if name not in names]
    if len(kept) < len(ROLES):
        # What is signed anew below: better to miss it before anything is written.
        for name in kept:
            repository.read_key(old, name)
    made = repository.write_keys(new, names) if names else []
    after = Root.from_dict(before.signed.to_dict())
    after.version += 1
    after.expires = now + dt.timedelta(days=ROOT_DAYS)
    added = []
    for name in names:
        key = repository.read_key([new], name)
        _exchange(after, name, key)
        if name in ROOT_KEYS:
            added.append(key)
    path = folder / f"metadata/{after.version}.root.json"
    repository.write_signed(path, Metadata(after), [*signers.values(), *added])
    if len(kept) < len(ROLES):
        repository.renew(folder, [new, *old], now)
    return Replacement(path, made, list(signers), after.expires)


def _root_keys_at_hand(root: Root, folders: Sequence[Path]) -> dict[str, CryptoSigner]:
    """Return the root keys that count and that one of the folders has, by name."""
    found = {}
    for name, known in zip(ROOT_KEYS, root.roles[Root.type].keyids, strict=False):
        for folder in folders:
            if (folder / f"{name}.pem").exists():
                key = repository.read_key([folder], name)
                if key.public_key.keyid == known:
                    found[name] = key
    return found


def _exchange(root: Root, name: str, key: CryptoSigner) -> None:
    """Put a key into the place of the one of that name: the root keys are in the order of their numbers."""
    for role in ROLES.get(name, (Root.type,)):
        held = root.roles[role].keyids
        place = ROOT_KEYS.index(name) if name in ROOT_KEYS else 0
        lost = held[place]
        root.revoke_key(lost, role)
        root.add_key(key.public_key, role)
        held.remove(key.public_key.keyid)
        held.insert(place, key.public_key.keyid)
