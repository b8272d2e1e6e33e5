"""Files named by their content: resumed, verified, and only then given their name."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import requests

from beffroi_content.model import AssetReference
from beffroi_player.agent.http import Refusal, Server
from beffroi_player.files import sync_folder

log = logging.getLogger(__name__)

SLOWEST = 1_000
"""Bytes a second, after ``GRACE_SECONDS``: slower than any real line, so somebody holds the connection."""
GRACE_SECONDS = 30.0


class Unavailable(Exception):
    """The file cannot be had now; the message says why."""


class Cancelled(Exception):
    """Nobody needs the file any more."""


class Assets:
    """The folder of files."""

    def __init__(self, folder: Path, server: Server) -> None:
        self._folder = folder
        self._server = server

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
            return
        path.unlink(missing_ok=True)
        try:
            self._download(asset, cancelled)
        except (requests.RequestException, OSError) as error:
            if isinstance(error, Refusal) and error.status == requests.codes.requested_range_not_satisfiable:
                self._part(asset).unlink(missing_ok=True)
            raise Unavailable(str(error)) from error

    def keep_only(self, assets: Iterable[AssetReference]) -> None:
        """Remove every file that is not one of these."""
        wanted = {asset.sha256 for asset in assets}
        for path in self._folder.iterdir():
            if path.name.split(".")[0] not in wanted:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _download(self, asset: AssetReference, cancelled: Callable[[], bool]) -> None:
        part = self._part(asset)
        have = part.stat().st_size if part.exists() else 0
        if have >= asset.size:
            part.unlink()
            have = 0
        with self._server.asset(asset.sha256, have) as (start, chunks), open(part, "r+b" if have else "wb") as file:
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
            file.flush()
            os.fsync(file.fileno())
        self._accept(part, asset)

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


def _digest(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
