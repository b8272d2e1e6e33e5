"""A year of plays in bounded space: files that the stage has closed are packed, and the oldest go.

Nothing goes because it was sent: a server that was restored from a backup asks for it again. It goes after a year,
or before that where the packed files take more than their share of the disk.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from beffroi_content.timeline import ClockState, Moment
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.directories import StateDirectory
from beffroi_player.state.play_files import DamagedPlayFile, PlayFile, pack_file, play_files, read_plays

log = logging.getLogger(__name__)

RETENTION_MS = 366 * 86_400_000
LIMIT_BYTES = 256 * 1024 * 1024
DISK_SHARE = 0.02
"""Of the disk."""
FILES_INSPECTED = 5
"""Files in which one is looked for whose plays were shown by a clock that can be believed."""


class PlayArchive:
    """Minds the files of the play log; one of them at a time.

    Args:
        state: Where they are.
        now: Tells the time: by a wrong clock nothing is thrown away.
        disk_bytes: How large the disk is.
    """

    def __init__(
        self, state: StateDirectory, now: Callable[[], Moment], disk_bytes: Callable[[Path], int] | None = None
    ) -> None:
        self._folder = state.plays
        self._now = now
        self._disk_bytes = disk_bytes or _disk_bytes
        self._unpackable: set[int] = set()
        """Files that cannot be packed, by their first number."""
        self._failed: set[int] = set()
        """Files that the disk did not give, or had no room for, when they were to be packed."""
        self._has_grown = True
        """Whether there may be more than there should be."""
        self._oldest_end: tuple[Path, int] | None = None
        """Up to which instant the oldest file goes."""

    def tidy_files(self) -> None:
        """Pack the oldest file that is not packed, and remove the oldest if it has to go."""
        # The stage writes to the newest.
        closed = play_files(self._folder)[:-1]
        todo = [file for file in closed if not file.is_packed and file.first not in self._unpackable]
        # One that the disk does not give must not keep the others from being packed.
        for file in sorted(todo, key=lambda file: (file.first in self._failed, file.first))[:1]:
            try:
                self._pack_file(file)
            except OSError as error:
                self._failed.add(file.first)
                log.warning("%s is not packed: %s", file.path.name, error)
        self._remove_oldest()

    def _pack_file(self, file: PlayFile) -> None:
        packed = PlayFile(file.folder, file.first, is_packed=True)
        write_file(packed.path, pack_file(file))
        self._has_grown = True
        try:
            same = all(one == other for one, other in zip(read_plays(file), read_plays(packed), strict=True))
        except (DamagedPlayFile, ValueError) as error:
            log.error("what was packed cannot be read again, the original stays: %s", error)
            same = False
        if same:
            file.path.unlink(missing_ok=True)
        else:
            self._unpackable.add(file.first)
            packed.path.unlink(missing_ok=True)

    def _remove_oldest(self) -> None:
        packed = [file for file in play_files(self._folder)[:-1] if file.is_packed]
        if packed and (self._is_too_much(packed) or self._is_too_old(packed)):
            log.info("the oldest plays go: %s", packed[0].path.name)
            with contextlib.suppress(OSError):
                packed[0].path.unlink()

    def _is_too_much(self, packed: Sequence[PlayFile]) -> bool:
        if self._has_grown:
            limit = min(LIMIT_BYTES, DISK_SHARE * self._disk_bytes(self._folder))
            self._has_grown = sum(_allocated_bytes(file.path) for file in packed) > limit
        return self._has_grown

    def _is_too_old(self, packed: Sequence[PlayFile]) -> bool:
        now = self._now()
        if now.clock is not ClockState.TRUSTED:
            return False
        if self._oldest_end is None or self._oldest_end[0] != packed[0].path:
            self._oldest_end = packed[0].path, _last_instant(packed[:FILES_INSPECTED], otherwise=now.unix_ms)
        return self._oldest_end[1] < now.unix_ms - RETENTION_MS


def _last_instant(files: Sequence[PlayFile], otherwise: int) -> int:
    """Return up to which instant the first file goes, or the first one after it that says."""
    for file in files:
        with contextlib.suppress(DamagedPlayFile, OSError):
            known = [play.started_at_ms for play in read_plays(file) if play.clock is ClockState.TRUSTED]
            if known:
                return max(known)
    return otherwise


def _allocated_bytes(path: Path) -> int:
    """Return how many bytes of the disk a file takes: whole blocks."""
    try:
        return path.stat().st_blocks * 512
    except OSError:
        return 0


def _disk_bytes(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_blocks * status.f_frsize
