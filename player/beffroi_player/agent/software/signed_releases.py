"""Which releases exist, as their makers have signed it (TUF, https://theupdateframework.io).

The root keys come with the package of the machine. The server of the town hands on what was signed and can add
nothing: whoever takes it over cannot install software on a screen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from beffroi_content.model import AssetReference
from beffroi_player.agent.transport.http_client import ServerRefusal
from beffroi_player.releases.release_files import python_name

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
LARGEST_UNPACKED = 2_000_000_000
_PREFIX = "https://releases/"
"""Of addresses that only the fetcher below sees."""


class ReleaseUnavailable(Exception):
    """A release cannot be had; the message says why."""


class ReleaseArchive(NamedTuple):
    """The signed file of a release."""

    file: AssetReference
    unpacked_bytes: int


def archive_path(version: str) -> str:
    """Return the path by which the archive of a release for this machine is signed."""
    machine = platform.machine()
    return f"{version}/{ARCHITECTURES.get(machine, machine)}-{python_name()}.tar.xz"


class SignedReleases:
    """Asks the server which releases are signed.

    Args:
        folder: Where what was verified is kept, so that nothing older is believed again.
        root: The file with the root keys.
        read: Yields a signed file of the server by its name.
    """

    def __init__(self, folder: Path, root: Path, read: Callable[[str], Iterator[bytes]]) -> None:
        self._folder, self._root, self._fetcher = folder, root, _ServerFetcher(read)

    def find_archive(self, version: str, now_ms: int) -> ReleaseArchive:
        """Return the archive of a release for this machine.

        Args:
            version: The release.
            now_ms: The time by which signatures expire; only a trusted clock will do.

        Raises:
            ReleaseUnavailable: it is not signed, or not for this machine, or the server cannot be asked.
        """
        try:
            root = self._root.read_bytes()
            # Another package may bring other root keys, under which what was verified before means nothing.
            known = self._folder / hashlib.sha256(root).hexdigest()[:16]
            known.mkdir(mode=0o750, parents=True, exist_ok=True)
            updater = Updater(str(known), _PREFIX, fetcher=self._fetcher, bootstrap=root)
            # The system clock may be wrong where the player knows the time from its town. The library offers no other
            # way to say so (6.0).
            updater._trusted_set.reference_time = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
            updater.refresh()
            found = updater.get_targetinfo(archive_path(version))
        except (RepositoryError, DownloadError, OSError, ValueError) as error:
            raise ReleaseUnavailable(f"the signatures of releases: {_cause(error)}") from error
        if found is None:
            raise ReleaseUnavailable(f"{archive_path(version)} is not among the signed releases")
        return _archive_of(found)


def _archive_of(found: Any) -> ReleaseArchive:
    try:
        unpacked = int(found.unrecognized_fields["custom"]["unpacked"])
        file = AssetReference(
            sha256=found.hashes["sha256"], size=found.length, media_type="application/x-xz"
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise ReleaseUnavailable("what is signed of the release is incomplete") from error
    if not 0 < unpacked <= LARGEST_UNPACKED:
        raise ReleaseUnavailable("the release is too large")
    return ReleaseArchive(file, unpacked)


def _cause(error: BaseException) -> str:
    return str(error.__cause__ or error)[:300]


class _ServerFetcher(FetcherInterface):
    """Lets the library read from the server of the town."""

    def __init__(self, read: Callable[[str], Iterator[bytes]]) -> None:
        self._read = read

    def _fetch(self, url: str) -> Iterator[bytes]:
        # Read here, not later: only errors from here are told apart by the library.
        try:
            return iter(list(self._read(url.removeprefix(_PREFIX))))
        except ServerRefusal as refusal:
            if refusal.status:
                raise DownloadHTTPError(str(refusal), refusal.status) from refusal
            raise
