"""The copy of the signed releases that this server hands on to its players.

Everything is verified with the root keys of this package before it is kept, so that a broken download or a wrong stick
is noticed here. Players verify it again: nothing depends on this server being honest.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from django.conf import settings
from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
)
from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from beffroi_server.core import disk_space, outside_http

KEPT_VERSIONS = 3
"""Versions whose archives are kept: a player goes to the newest whatever it has missed, or back to one before."""
LARGEST_METADATA = 5_000_000
LARGEST_ARCHIVE = 500_000_000
PIECE_BYTES = 4 * 1024 * 1024
"""Of a download: each piece is a request of its own, and has the time of one."""
_METADATA_NAME = re.compile(r"(\d{1,6}\.)?(root|targets|snapshot|timestamp)\.json")
_PREFIX = "https://releases/"


class FaultKind(StrEnum):
    """Kinds of reasons why releases are not copied."""

    KEYS = "keys"
    """The package of this server has no keys of releases."""
    ADDRESS = "address"
    """The repository cannot be read."""
    SIGNATURE = "signature"
    """What came is not signed as it must be."""
    EXPIRED = "expired"
    """It was signed so long ago that it may be what an attacker has kept."""
    ROOM = "room"
    """The disk has no room for it."""
    DISK = "disk"
    """It cannot be written."""


class MirrorFault(Exception):
    """The releases cannot be copied; the message says why, for whoever runs the server.

    Args:
        message: The whole reason.
        kind: What of the several things that can be wrong it is.
        detail: What the message says beyond the kind.
    """

    def __init__(self, message: str, kind: FaultKind = FaultKind.ADDRESS, detail: str = "") -> None:
        super().__init__(message)
        self.kind, self.detail = kind, detail or message


class ReleaseSource(Protocol):
    """Where a repository of releases is."""

    def read_metadata(self, name: str) -> bytes | None:
        """Return a signed file; None where there is none of that name."""

    def copy_archive(self, path: str, size: int, to: Path) -> None:
        """Copy an archive, given its path below ``targets``."""


class FolderSource:
    """A repository in a folder, such as on a stick.

    Args:
        folder: The one with ``metadata`` and ``targets`` in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read_metadata(self, name: str) -> bytes | None:
        """Return a signed file; None where there is none of that name."""
        try:
            with (self._folder / "metadata" / name).open("rb") as file:
                return file.read(LARGEST_METADATA + 1)
        except FileNotFoundError:
            return None

    def copy_archive(self, path: str, size: int, to: Path) -> None:
        """Copy an archive."""
        with (self._folder / "targets" / path).open("rb") as source, to.open("wb") as target:
            left = size
            while left > 0 and (piece := source.read(min(left, PIECE_BYTES))):
                target.write(piece)
                left -= len(piece)


class WebSource:
    """A repository on a web server that answers requests for parts of files.

    Args:
        address: Of the folder with ``metadata`` and ``targets`` in it.
    """

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._allowed = outside_http.AllowedNetworks(settings.FEED_NETWORKS, "BEFFROI_FEED_NETWORKS")

    def read_metadata(self, name: str) -> bytes | None:
        """Return a signed file; None where there is none of that name."""
        answer = self._ask(f"metadata/{name}", {}, LARGEST_METADATA)
        if answer.status in (403, 404):
            return None
        if answer.status != 200:
            raise MirrorFault(f"{self._address} answers {answer.status}", detail=f"HTTP {answer.status}")
        return answer.body

    def copy_archive(self, path: str, size: int, to: Path) -> None:
        """Copy an archive, piece by piece."""
        with to.open("wb") as target:
            for start in range(0, size, PIECE_BYTES):
                end = min(start + PIECE_BYTES, size) - 1
                answer = self._ask(f"targets/{path}", {"Range": f"bytes={start}-{end}"}, PIECE_BYTES)
                if answer.status != 206 and not (answer.status == 200 and size == len(answer.body)):
                    raise MirrorFault(
                        f"{self._address} answers {answer.status} when asked for a part of a file",
                        detail=f"HTTP {answer.status} (Range)",
                    )
                target.write(answer.body)

    def _ask(self, path: str, headers: dict[str, str], limit: int) -> outside_http.OutsideResponse:
        try:
            return outside_http.send_request(
                "GET", f"{self._address}/{path}", allowed=self._allowed, headers=headers, limit=limit
            )
        except outside_http.OutsideRequestError as error:
            raise MirrorFault(f"{self._address}: {error}", detail=str(error)) from error


def source_of(text: str) -> ReleaseSource:
    """Return the repository at an address, or in a folder."""
    return WebSource(text) if text.startswith(("http://", "https://")) else FolderSource(Path(text))


def update_mirror(source: ReleaseSource) -> list[str]:
    """Copy what is new; return the versions that are here afterwards, newest first.

    Raises:
        MirrorFault: nothing was changed, except that archives may have come.
    """
    try:
        root = settings.RELEASES_ROOT.read_bytes()
    except OSError as error:
        raise MirrorFault(
            f"{settings.RELEASES_ROOT} is missing: this package brings no keys of releases. Set BEFFROI_RELEASES_ROOT",
            FaultKind.KEYS,
            str(settings.RELEASES_ROOT),
        ) from error
    try:
        _update_mirror(source, root)
    except ExpiredMetadataError as error:
        reason = str(error)
        raise MirrorFault(
            f"the signatures of the releases have expired: {reason}", FaultKind.EXPIRED, reason
        ) from error
    except DownloadError as error:
        # The library wraps what the source says.
        if isinstance(error.__cause__, MirrorFault):
            raise error.__cause__ from error
        reason = str(error.__cause__ or error)
        raise MirrorFault(f"the releases cannot be read: {reason}", detail=reason) from error
    except (RepositoryError, ValueError) as error:
        reason = str(error.__cause__ or error)
        message = f"the releases are not signed as they must be: {reason}"
        raise MirrorFault(message, FaultKind.SIGNATURE, reason) from error
    except OSError as error:
        reason = f"{error.filename or 'the disk'}: {error.strerror or error}"
        raise MirrorFault(reason, FaultKind.DISK) from error
    return list(available_versions())


def _update_mirror(source: ReleaseSource, root: bytes) -> None:
    for each in (_folder() / "metadata", _folder() / "targets", _verified(root)):
        each.mkdir(mode=0o750, parents=True, exist_ok=True)
    fetcher = _SourceFetcher(source)
    Updater(str(_verified(root)), _PREFIX, fetcher=fetcher, bootstrap=root).refresh()
    _copy_archives(source, _verified_targets(root))
    _keep_metadata(source, fetcher.read)


def available_versions() -> dict[str, tuple[str, ...]]:
    """Return the versions that are here, newest first, each with the names of its archives."""
    try:
        targets = _verified_targets(settings.RELEASES_ROOT.read_bytes())
    except (OSError, RepositoryError, ValueError):
        return {}
    found: dict[str, list[str]] = {}
    for path, file in targets.targets.items():
        version, _slash, name = path.partition("/")
        if _archive_path(file).is_file():
            found.setdefault(version, []).append(name)
    return {version: tuple(sorted(found[version])) for version in sorted(found, key=version_order, reverse=True)}


def version_order(version: str) -> tuple[int, ...]:
    """Return numbers by which versions are in order: 1.10 is newer than 1.9."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+", maxsplit=1)[0])[:6])


def metadata_file(name: str) -> bytes | None:
    """Return a signed file about releases as it was signed; None where there is none of that name."""
    if not _METADATA_NAME.fullmatch(name):
        return None
    try:
        return (_folder() / "metadata" / name).read_bytes()
    except OSError:
        return None


def archive_file(sha256: str) -> Path | None:
    """Return the archive with that digest, where it is here."""
    path = _folder() / "targets" / sha256
    return path if re.fullmatch(r"[0-9a-f]{64}", sha256) and path.is_file() else None


def _folder() -> Path:
    return Path(settings.DATA) / "releases"


def _verified(root: bytes) -> Path:
    # What was verified under other root keys means nothing.
    return _folder() / "verified" / hashlib.sha256(root).hexdigest()[:16]


def _verified_targets(root: bytes) -> Targets:
    # Read here: the library has an error of its own for a file that is missing.
    return Metadata[Targets].from_bytes((_verified(root) / "targets.json").read_bytes()).signed


def _archive_path(file: TargetFile) -> Path:
    return _folder() / "targets" / str(file.hashes.get("sha256", "-"))


def _copy_archives(source: ReleaseSource, targets: Targets) -> None:
    """Copy the archives of the newest versions, and remove all others."""
    versions = sorted({path.partition("/")[0] for path in targets.targets}, key=version_order, reverse=True)
    kept = frozenset(versions[:KEPT_VERSIONS])
    wanted = {path: file for path, file in targets.targets.items() if path.partition("/")[0] in kept}
    for path, file in wanted.items():
        if not _archive_path(file).is_file():
            _copy_archive(source, path, file)
    names = {_archive_path(file).name for file in wanted.values()}
    for old in (_folder() / "targets").iterdir():
        if old.name not in names:
            old.unlink()


def _copy_archive(source: ReleaseSource, path: str, file: TargetFile) -> None:
    if file.length > LARGEST_ARCHIVE or not disk_space.has_room_for(file.length):
        size = f"{file.length // 1_000_000} MB"
        raise MirrorFault(f"there is no room for {path} with its {size}", FaultKind.ROOM, f"{path}, {size}")
    version, _slash, name = path.rpartition("/")
    final = _archive_path(file)
    arriving = final.with_suffix(".part")
    source.copy_archive(f"{version}/{file.hashes['sha256']}.{name}", file.length, arriving)
    try:
        with arriving.open("rb") as content:
            file.verify_length_and_hashes(content)
            os.fsync(content.fileno())
    except LengthOrHashMismatchError:
        arriving.unlink()
        raise
    arriving.replace(final)


def _keep_metadata(source: ReleaseSource, read: dict[str, bytes]) -> None:
    """Keep what was read as players will ask for it: what points to the rest comes last."""
    folder = _folder() / "metadata"
    newest_root = max((int(name.split(".")[0]) for name in read if name.endswith(".root.json")), default=1)
    # A player whose package is older than this one needs the root files in between.
    for number in range(1, newest_root + 1):
        name = f"{number}.root.json"
        if name not in read and not (folder / name).exists() and (content := source.read_metadata(name)):
            read[name] = content
    for name in sorted(read, key=lambda name: name == "timestamp.json"):
        temporary = folder / f".{name}.tmp"
        with temporary.open("wb") as file:
            file.write(read[name])
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / name)


class _SourceFetcher(FetcherInterface):
    """Lets the library read from a source, and keeps what it has read."""

    def __init__(self, source: ReleaseSource) -> None:
        self._source = source
        self.read: dict[str, bytes] = {}

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.removeprefix(_PREFIX)
        content = self._source.read_metadata(name)
        if content is None:
            raise DownloadHTTPError(f"{name} is not there", 404)
        self.read[name] = content
        return iter([content])
