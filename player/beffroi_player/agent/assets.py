"""Files named by their content: resumed, verified, and only then given their name."""

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
from beffroi_player.agent.http import Refusal, Server
from beffroi_player.agent.neighbours import Neighbours
from beffroi_player.agent.pace import Pace
from beffroi_player.files import sync_folder

log = logging.getLogger(__name__)

SLOWEST = 1_000
"""Bytes a second, after ``GRACE_SECONDS``: slower than any real line, so somebody holds the connection."""
GRACE_SECONDS = 30.0


RESERVE_BYTES, RESERVE_SHARE = 500_000_000, 0.2
"""What stays free of the disk: room for the next programme, and a memory card that is nearly full wears out fast."""

Source = Callable[[int], AbstractContextManager[tuple[int, Iterator[bytes]]]]
"""Gives a file from a byte on."""


class Unavailable(Exception):
    """The file cannot be had now; the message says why."""

    def __init__(self, why: str, *, is_full: bool = False) -> None:
        super().__init__(why)
        self.is_full = is_full
        """Whether it is the disk that has no room."""


class Cancelled(Exception):
    """Nobody needs the file any more."""


class Assets:
    """The folder of files. Safe for threads, each with a file of its own.

    Args:
        folder: Where they are.
        server: Who has them all.
        neighbours: Who may have them, too.
        disk: Asks for the free space of a folder.
    """

    def __init__(
        self, folder: Path, server: Server, neighbours: Neighbours | None = None,
        disk: Callable[[Path], os.statvfs_result] = os.statvfs,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._server = server
        self._neighbours = neighbours
        self._disk = disk
        self.pace = Pace()
        """How fast they may come."""

    def path(self, asset: AssetReference) -> Path:
        """Return where the file is, or will be."""
        return self._folder / asset.sha256

    def ensure(self, asset: AssetReference, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Make sure that the file is there and is the right one.

        Raises:
            Unavailable: it cannot be had; what has arrived of it is kept for the next try.
            Cancelled: ``cancelled`` became true.
        """
        path = self.path(asset)
        if _digest(path) == asset.sha256:
            with contextlib.suppress(OSError):
                os.utime(path)
            return
        path.unlink(missing_ok=True)
        if self._from_neighbours(asset, cancelled):
            return
        try:
            self._download(asset, lambda start: self._server.asset(asset.sha256, start), cancelled)
        except (requests.RequestException, OSError) as error:
            if isinstance(error, Refusal) and error.status == requests.codes.requested_range_not_satisfiable:
                self._part(asset).unlink(missing_ok=True)
            raise Unavailable(str(error), is_full=getattr(error, "errno", None) == errno.ENOSPC) from error

    def tidy(self, needed: Iterable[AssetReference], *, all_else: bool = False) -> None:
        """Remove what is not needed, as far as room is wanted, what was used longest ago first.

        Args:
            needed: What is never removed.
            all_else: Whether everything else goes, however much room there is.
        """
        wanted = {asset.sha256 for asset in needed}
        others = [path for path in self._folder.iterdir() if path.name.split(".")[0] not in wanted]
        for path in sorted(others, key=_used_at):
            # Half a file is of no use to anybody but whoever waits for it.
            if all_else or path.suffix or self._lacks_room():
                with contextlib.suppress(OSError):
                    path.unlink()

    def _lacks_room(self) -> bool:
        try:
            found = self._disk(self._folder)
        except OSError:
            return True
        free, whole = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
        return free < max(RESERVE_BYTES, RESERVE_SHARE * whole)

    def _from_neighbours(self, asset: AssetReference, cancelled: Callable[[], bool]) -> bool:
        """Tell whether a neighbour has given the file. Whatever goes wrong, the server is asked next."""
        neighbours = self._neighbours
        for host, port in neighbours.who_has(asset.sha256) if neighbours else ():
            assert neighbours is not None
            try:
                self._download(asset, partial(neighbours.asset, asset.sha256, host=host, port=port), cancelled)
            except (requests.RequestException, OSError) as error:
                log.info("%s does not come from %s: %s", asset.sha256[:12], host, error)
                neighbours.blame(host)
            else:
                return True
        return False

    def _download(self, asset: AssetReference, source: Source, cancelled: Callable[[], bool]) -> None:
        part = self._part(asset)
        have = part.stat().st_size if part.exists() else 0
        if have >= asset.size:
            part.unlink()
            have = 0
        with source(have) as (start, chunks), open(part, "r+b" if have else "wb") as file:
            file.seek(start)
            file.truncate()
            began = time.monotonic()
            for chunk in chunks:
                if cancelled():
                    raise Cancelled
                if (seconds := time.monotonic() - began) > GRACE_SECONDS and file.tell() - start < seconds * SLOWEST:
                    raise Refusal(f"the file comes at less than {SLOWEST} bytes a second")
                if file.tell() + len(chunk) > asset.size:
                    raise Refusal(f"the file is larger than the {asset.size} bytes that were signed")
                file.write(chunk)
                began += self._rest(len(chunk), cancelled)
            file.flush()
            os.fsync(file.fileno())
        self._accept(part, asset)

    def _rest(self, count: int, cancelled: Callable[[], bool]) -> float:
        """Wait as long as the line is to be spared; return the seconds, which do not count as slowness."""
        wait = left = self.pace.take(count)
        while left > 0 and not cancelled():
            time.sleep(min(left, 0.25))
            left -= 0.25
        return wait

    def _part(self, asset: AssetReference) -> Path:
        return self._folder / f"{asset.sha256}.part"

    def _accept(self, part: Path, asset: AssetReference) -> None:
        size = part.stat().st_size
        if size < asset.size:
            raise Refusal(f"the connection ended after {size} of {asset.size} bytes")
        if _digest(part) != asset.sha256:
            part.unlink()
            raise Refusal("the file is not the one that was signed")
        os.replace(part, self.path(asset))
        sync_folder(self._folder)


def _used_at(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _digest(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
