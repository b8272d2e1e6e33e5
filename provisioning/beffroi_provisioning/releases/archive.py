"""The archive of a release: what the package of the player holds for one Python and one machine."""

from __future__ import annotations

import io
import json
import lzma
import tarfile
from pathlib import Path
from typing import NamedTuple

LAUNCHER = 1
"""The rules between a release and the package that starts it; see ``beffroi_player.releases``."""
DESCRIPTION = "release.json"


class BuiltArchive(NamedTuple):
    """An archive, and what is signed of it."""

    path: Path
    target: str
    """Its path in the repository, such as ``1.4.0/arm64-python3.13.tar.xz``."""
    unpacked_bytes: int


def archive_name(version: str, architecture: str, python: str) -> str:
    """Return the path of an archive in the repository.

    Args:
        version: Of the release.
        architecture: Debian's name of it.
        python: Such as ``3.13``.
    """
    return f"{version}/{architecture}-python{python}.tar.xz"


def write_archive(
    site_packages: Path, version: str, architecture: str, python: str, out: Path, preset: int = 6
) -> BuiltArchive:
    """Write the archive of a release: equal input gives equal bytes.

    Args:
        site_packages: The folder of its Python packages.
        version: Of the release.
        architecture: Debian's name of it.
        python: Such as ``3.13``.
        out: Where the repository's folders go.
        preset: How much is done to make it small, from 0 to 9.

    Raises:
        OSError: a file cannot be read or written.
    """
    target = archive_name(version, architecture, python)
    path = out / target
    path.parent.mkdir(parents=True, exist_ok=True)
    named = {"version": version, "launcher": LAUNCHER, "python": python, "architecture": architecture}
    total = 0
    with lzma.open(path, "wb", preset=preset) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        files = sorted(each for each in site_packages.rglob("*") if each.is_file() and "__pycache__" not in each.parts)
        for file in files:
            name = f"lib/python{python}/site-packages/{file.relative_to(site_packages)}"
            total += _add(tar, name, file.read_bytes(), executable=bool(file.stat().st_mode & 0o100))
        # Last: a reader that finds it has all.
        total += _add(tar, DESCRIPTION, json.dumps(named, indent=1).encode(), executable=False)
    return BuiltArchive(path, target, total)


def describe_archive(path: Path) -> BuiltArchive:
    """Return what is signed of an archive that was written before.

    Raises:
        ValueError: it is none of a release.
        OSError: it cannot be read.
    """
    try:
        with tarfile.open(path, "r|xz") as tar:
            total, found = 0, b""
            for member in tar:
                total += member.size
                if member.name == DESCRIPTION and (content := tar.extractfile(member)) is not None:
                    found = content.read(64 * 1024)
        named = json.loads(found)
        target = archive_name(named["version"], named["architecture"], named["python"])
    except (tarfile.TarError, ValueError, KeyError, TypeError, EOFError) as error:
        raise ValueError(f"{path} is not the archive of a release") from error
    return BuiltArchive(path, target, total)


def _add(tar: tarfile.TarFile, name: str, content: bytes, *, executable: bool) -> int:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o755 if executable else 0o644
    tar.addfile(member, io.BytesIO(content))
    return member.size
