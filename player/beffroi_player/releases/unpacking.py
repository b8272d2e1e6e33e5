"""Unpacking of a release beside the others: a program of its own, at the lowest priority.

::

    python -m beffroi_player.releases.unpacking ARCHIVE FOLDER VERSION BYTES

The archive was verified before; all the same, nothing in it can leave the folder. The folder has its name once
everything in it is on the disk, compiled modules included.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import stat
import sys
import tarfile
from pathlib import Path, PurePosixPath

from beffroi_player.releases.release_files import DESCRIPTION, is_version, python_name
from beffroi_player.state.atomic_files import sync_folder

MAX_FILES = 50_000


class BadArchive(Exception):
    """The archive is not that of a release; the message says why."""


def unpack_release(archive: Path, folder: Path, version: str, size_limit: int) -> None:
    """Unpack a release.

    Args:
        archive: A tar file, compressed.
        folder: The folder of releases.
        version: The version that it must be; its folder is replaced.
        size_limit: Bytes that its files may take together.

    Raises:
        BadArchive: it holds something else.
        OSError: the disk is full or broken.
    """
    if not is_version(version):
        raise BadArchive(f"{version!r} is no version")
    made = folder / f".unpacking-{version}"
    shutil.rmtree(made, ignore_errors=True)
    try:
        made.mkdir(mode=0o750, parents=True)
        _extract(archive, made, size_limit)
        _check_description(made, version)
        _make_environment(made)
        compileall.compile_dir(made / "lib", quiet=2, workers=1)
        # Thousands of small files: the whole disk at once is faster than each of them.
        os.sync()
        shutil.rmtree(folder / version, ignore_errors=True)
        made.rename(folder / version)
        sync_folder(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _extract(archive: Path, folder: Path, size_limit: int) -> None:
    total = 0
    try:
        with tarfile.open(archive, "r|*") as tar:
            for count, member in enumerate(tar):
                path = _place(folder, member.name)
                total += member.size
                if total > size_limit or count > MAX_FILES:
                    raise BadArchive("it is larger than its signatures say")
                if member.isdir():
                    path.mkdir(mode=0o750, parents=True, exist_ok=True)
                elif member.isreg() and (content := tar.extractfile(member)) is not None:
                    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
                    with path.open("xb") as file:
                        shutil.copyfileobj(content, file)
                    path.chmod(0o750 if member.mode & stat.S_IXUSR else 0o640)
                else:
                    raise BadArchive(f"{member.name} is neither a file nor a folder")
    except (tarfile.TarError, EOFError) as error:
        raise BadArchive(f"it cannot be read: {error}") from error


def _place(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or len(name) > 400:
        raise BadArchive(f"{name!r} is no place in it")
    return folder.joinpath(*parts)


def _check_description(folder: Path, version: str) -> None:
    try:
        found = json.loads((folder / DESCRIPTION).read_bytes())
        named = found["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadArchive(f"it says nothing of itself in {DESCRIPTION}") from error
    if named != version:
        raise BadArchive(f"it says that it is {named}")
    if not (folder / "lib" / python_name() / "site-packages/beffroi_player").is_dir():
        raise BadArchive(f"it has no player for {python_name()}")


def _make_environment(folder: Path) -> None:
    """Make the folder a virtual environment of this machine's Python, as the package is."""
    python = Path(sys.executable).resolve()
    (folder / "bin").mkdir(mode=0o750, exist_ok=True)
    link = folder / "bin/python"
    link.unlink(missing_ok=True)
    link.symlink_to(python)
    own = Path(sys.prefix) / "pyvenv.cfg"
    system = own.is_file() and "include-system-site-packages = true" in own.read_text(encoding="utf-8")
    (folder / "pyvenv.cfg").write_text(
        f"home = {python.parent}\ninclude-system-site-packages = {str(system).lower()}\n", encoding="utf-8"
    )


def main(arguments: list[str]) -> int:
    """Unpack a release; 1 and a sentence where that fails."""
    os.nice(19)
    os.umask(0o027)
    archive, folder, version, size = arguments
    try:
        unpack_release(Path(archive), Path(folder), version, int(size))
    except (BadArchive, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
