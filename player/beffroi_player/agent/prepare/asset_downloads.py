"""The store of assets: downloads files, resumes and verifies them, and removes those that nothing needs.

A file is named by its SHA-256. While it comes it is called ``<sha256>.part``; only what is whole and has the right
digest is given its name, so that whoever finds a file by that name may use it unread.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import requests

from beffroi_content.model import AssetReference
from beffroi_player.agent.transport.http_client import ServerClient, ServerRefusal
from beffroi_player.agent.transport.peer_sharing import PeerSharing
from beffroi_player.agent.transport.rate_limit import RateLimit
from beffroi_player.state.atomic_files import remove_non_file, sync_folder

log = logging.getLogger(__name__)

SLOWEST_SERVER, GRACE_SERVER_SECONDS = 1_000, 30.0
"""Bytes a second, after so many seconds: slower than any real connection, so somebody holds it on purpose."""
SLOWEST_PEER, GRACE_PEER_SECONDS = 50_000, 2.0
"""The same for a peer: below that, the server is asked instead."""

RESERVE_BYTES, RESERVE_SHARE = 500_000_000, 0.2
"""The share of the disk that stays free: for the next programme, and because a nearly full card wears out fast."""

AssetSource = Callable[[int], AbstractContextManager[tuple[int, Iterator[bytes]]]]
"""Opens a file from a byte on: gives the byte at which the answer really starts, and the content."""


class AssetUnavailable(Exception):
    """A file cannot be fetched now; the message says why."""

    def __init__(self, why: str, *, is_full: bool = False) -> None:
        super().__init__(why)
        self.is_full = is_full
        """Whether the reason is that the disk is full."""


class WrongContent(ServerRefusal):
    """The content that came is not the file that was signed."""


class DownloadCancelled(Exception):
    """A download was ended because nobody needs the file any more."""


class AssetStore:
    """The folder of assets. Safe for threads, each with a file of its own.

    Args:
        folder: The folder.
        server: The server, which has all files.
        peers: Players on the same network that may have some.
        disk: Asks for the free space of a folder.
    """

    def __init__(
        self, folder: Path, server: ServerClient, peers: PeerSharing | None = None,
        disk: Callable[[Path], os.statvfs_result] = os.statvfs,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._server = server
        self._peers = peers
        self._disk = disk
        self.rate_limit = RateLimit()
        """The rate of all downloads together."""

    def asset_path(self, asset: AssetReference) -> Path:
        """Return the path of a file, whether it is there or not."""
        return self._folder / asset.sha256

    def ensure_downloaded(self, asset: AssetReference, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Make sure that a file is there and has the right content.

        Raises:
            Unavailable: it cannot be had; what has arrived of it is kept for the next try.
            Cancelled: ``cancelled`` became true.
        """
        path, part = self.asset_path(asset), self._partial_path(asset)
        if _file_digest(path) == asset.sha256:
            with contextlib.suppress(OSError):
                os.utime(path)
            return
        try:
            remove_non_file(path)
            remove_non_file(part)
            path.unlink(missing_ok=True)
            # A part may be whole already: the power went between the last byte and the rename.
            if not self._is_whole(asset) and not self._download_from_peers(asset, cancelled):
                self._download(asset, lambda start: self._server.open_asset(asset.sha256, start), cancelled)
            os.replace(part, path)
            sync_folder(self._folder)
        except OSError as error:
            # Nothing can be resumed of what is wrong, or longer than the server's file.
            if isinstance(error, WrongContent) or _is_range_refused(error):
                part.unlink(missing_ok=True)
            raise AssetUnavailable(str(error), is_full=error.errno == errno.ENOSPC) from error

    def remove_unneeded(self, needed: Iterable[AssetReference], *, everything: bool = False) -> None:
        """Remove files that are not needed, the least recently used first, until enough of the disk is free.

        Args:
            needed: What is never removed.
            all_else: Whether all others go, however much of the disk is free.
        """
        wanted = {asset.sha256 for asset in needed}
        others = [path for path in self._folder.iterdir() if path.name.split(".")[0] not in wanted]
        for path in sorted(others, key=_last_used):
            # A part of a file (it has a suffix) is of use only to whoever waits for that file.
            if everything or path.suffix or self._lacks_space():
                with contextlib.suppress(OSError):
                    path.unlink()

    def _lacks_space(self) -> bool:
        try:
            found = self._disk(self._folder)
        except OSError:
            return True
        free, whole = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
        return free < max(RESERVE_BYTES, RESERVE_SHARE * whole)

    def _download_from_peers(self, asset: AssetReference, cancelled: Callable[[], bool]) -> bool:
        """Fetch what is missing of a file from peers. Return whether one has given all of it.

        What a peer gave that turned out to be wrong is cut off again, so that the server goes on where the file was.
        """
        peers, part = self._peers, self._partial_path(asset)
        for host, port in peers.find_peers(asset.sha256) if peers else ():
            assert peers is not None
            source = partial(peers.open_asset, asset.sha256, host=host, port=port)
            have = _file_size(part)
            try:
                self._download(asset, source, cancelled, SLOWEST_PEER, GRACE_PEER_SECONDS)
            except OSError as error:
                log.info("%s does not come from %s: %s", asset.sha256[:12], host, error)
                peers.distrust_peer(host)
                with contextlib.suppress(OSError):
                    os.truncate(part, have)
            else:
                return True
        return False

    def _download(
        self, asset: AssetReference, source: AssetSource, cancelled: Callable[[], bool], slowest: int = SLOWEST_SERVER,
        grace: float | None = None,
    ) -> None:  # fmt: skip
        """Fetch what is missing of a file, and verify the whole.

        Raises:
            WrongContent: it is not the file that was signed.
            OSError: it does not come, or the disk does not take it.
        """
        part, grace = self._partial_path(asset), GRACE_SERVER_SECONDS if grace is None else grace
        have = _file_size(part)
        # A part of full size was found to be wrong: nothing of it can be resumed.
        if have >= asset.size:
            part.unlink()
            have = 0
        # The source may start anywhere before the wanted byte; the file is cut there and goes on.
        with source(have) as (start, chunks), open(part, "r+b" if have else "wb") as file:
            file.seek(start)
            file.truncate()
            began = time.monotonic()
            for chunk in chunks:
                if cancelled():
                    raise DownloadCancelled
                seconds = time.monotonic() - began
                if seconds > grace and file.tell() + len(chunk) - start < seconds * slowest:
                    raise ServerRefusal(f"the file comes at less than {slowest} bytes a second")
                if file.tell() + len(chunk) > asset.size:
                    raise WrongContent(f"the file is larger than the {asset.size} bytes that were signed")
                file.write(chunk)
                began += self._throttle(len(chunk), cancelled)
            # Before the rename: a name must never outlive its content in a power cut.
            file.flush()
            os.fsync(file.fileno())
        if (size := _file_size(part)) < asset.size:
            raise ServerRefusal(f"the connection ended after {size} of {asset.size} bytes")
        if not self._is_whole(asset):
            raise WrongContent("the file is not the one that was signed")

    def _throttle(self, count: int, cancelled: Callable[[], bool]) -> float:
        """Wait as long as the rate limit demands. Return the seconds: they do not count as slowness of the source."""
        wait = left = self.rate_limit.consume_bytes(count)
        while left > 0 and not cancelled():
            time.sleep(min(left, 0.25))
            left -= 0.25
        return wait

    def _partial_path(self, asset: AssetReference) -> Path:
        return self._folder / f"{asset.sha256}.part"

    def _is_whole(self, asset: AssetReference) -> bool:
        """Tell whether the part is complete and has the right digest."""
        part = self._partial_path(asset)
        return _file_size(part) == asset.size and _file_digest(part) == asset.sha256


def _is_range_refused(error: OSError) -> bool:
    return isinstance(error, ServerRefusal) and error.status == requests.codes.requested_range_not_satisfiable


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _last_used(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _file_digest(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
