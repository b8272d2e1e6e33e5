"""The keys of a server as one file: signing keys, certificates, and the secret of the sessions."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

from django.conf import settings

from beffroi_server.backups.layout import BackupFault

SECRET_NAME = "secret_key"  # noqa: S105 - a file's name
_FILE_LIMIT = 1024 * 1024
_COUNT_LIMIT = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def write_key_archive(target: Path, *, with_root_keys: bool) -> bool:
    """Write the keys that are on this machine to a file.

    Args:
        target: The file; only its owner may read it.
        with_root_keys: Whether root keys may be in it, where they lie beside the others.

    Returns:
        Whether there are root keys, and they were left out.

    Raises:
        BackupFault: there are no keys.
    """
    found = sorted(path for path in Path(settings.KEYS).glob("*") if path.is_file() and _NAME.fullmatch(path.name))
    taken = [path for path in found if with_root_keys or not path.name.startswith("root-")]
    if not taken:
        raise BackupFault(
            f"there are no keys in {settings.KEYS}: look at BEFFROI_KEYS, and run “beffroi-server doctor”"
        )
    secret = Path(settings.DATA) / SECRET_NAME
    with tarfile.open(target, "w") as archive:
        for path in [*taken, *([secret] if secret.is_file() else [])]:
            archive.add(path, arcname=f"keys/{path.name}" if path != secret else SECRET_NAME, recursive=False)
    target.chmod(0o600)
    return len(taken) < len(found)


def read_key_archive(source: Path) -> dict[str, bytes]:
    """Return the files of an archive by their names: ``keys/alert.pem``, ``secret_key``.

    Raises:
        BackupFault: it is damaged, or holds what none of ours holds.
    """
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(source, "r:") as archive:
            for member in archive:
                folder, _, name = member.name.rpartition("/")
                is_ours = member.isreg() and member.size <= _FILE_LIMIT and folder in {"", "keys"}
                if not is_ours or not _NAME.fullmatch(name) or len(found) >= _COUNT_LIMIT:
                    raise BackupFault(f"{source.name} holds {member.name!r}, which no backup of ours does")
                content = archive.extractfile(member)
                found[member.name] = content.read() if content else b""
    except (tarfile.TarError, OSError) as error:
        raise BackupFault(f"{source.name} is damaged: {error}") from error
    return found


def put_keys_back(files: dict[str, bytes], keys: Path, data: Path) -> None:
    """Write the files of an archive to a folder of keys and a data folder, for their owner alone.

    Raises:
        OSError: they cannot be written.
    """
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in files.items():
        folder, _, last = name.rpartition("/")
        path = (keys if folder else data) / last
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        part.write_bytes(content)
        part.replace(path)
