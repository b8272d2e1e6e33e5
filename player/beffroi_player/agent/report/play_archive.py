"""The archive of plays: packs the files that the stage has closed, and removes the oldest after a year.

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
"""The share of the disk that packed files may take."""
FILES_INSPECTED = 5
"""The number of files in which a play is looked for that was shown while the clock was trusted."""


class PlayArchive:
    """Packs and removes files of the play log, one at a time.

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
        """The first numbers of files that cannot be packed."""
        self._failed: set[int] = set()
        """The first numbers of files that could not be read or written when they were to be packed."""
        self._has_grown = True
        """Whether packed files may take more than their share."""
        self._oldest_end: tuple[Path, int] | None = None
        """The oldest file, and the instant of the newest play in it."""

    def tidy_files(self) -> None:
        """Pack the oldest file that is not packed, and remove the oldest packed file where it has to go."""
        # The newest file is the one that the stage writes to.
        closed = play_files(self._folder)[:-1]
        todo = [file for file in closed if not file.is_packed and file.first not in self._unpackable]
        # A file that cannot be read must not keep the others from being packed.
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
        # The original goes only after what was written was read back and compared.
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
            log.info("the oldest plays are removed: %s", packed[0].path.name)
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
    """Return the instant of the newest play in the first file with a trusted instant."""
    for file in files:
        with contextlib.suppress(DamagedPlayFile, OSError):
            known = [play.started_at_ms for play in read_plays(file) if play.clock is ClockState.TRUSTED]
            if known:
                return max(known)
    return otherwise


def _allocated_bytes(path: Path) -> int:
    """Return the bytes that a file takes on the disk, in whole blocks."""
    try:
        return path.stat().st_blocks * 512
    except OSError:
        return 0


def _disk_bytes(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_blocks * status.f_frsize
