"""Play log on the disk: one JSON line for each showing, numbered without a gap over the life of the player.

Each line holds a digest chained to the line before (``chain_digest``), so that a line cannot be changed or taken out
unnoticed. Between plays there are notes: lines that say what is on at that instant, for a start after a power cut. They
carry no number, and the log is whole without them.

A file begins with the number of its first play and holds at most 1000. The agent packs closed files and removes old
ones; the stage only appends. Writing never waits for the card: the kernel takes the line, and a thread asks for it to
be brought to the disk every ten seconds (docs/decisions/0022 weighs that against the wear of the card).
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Collection
from pathlib import Path

from pydantic import ValidationError

from beffroi_content.wire.plays import FIRST_CHAIN, Play, chain_digest
from beffroi_player import system_clock
from beffroi_player.state.atomic_files import sync_file, sync_folder
from beffroi_player.state.directories import StateDirectory, UnwrittenPlays
from beffroi_player.state.play_files import (
    NOTE_PREFIX,
    OPEN_SUFFIX,
    DamagedPlayFile,
    PlayFile,
    is_note,
    play_files,
    read_plays,
)

log = logging.getLogger(__name__)

LINES_PER_FILE = 1_000
MAX_FILES = 200
"""Open files that are kept where no agent packs them; the oldest are removed. Some weeks, some tens of megabytes."""
SYNC_INTERVAL_MS = 10_000
"""Time between two syncs. A power cut may take the plays of that time; a sync for each would wear the card out."""


class PlayLog:
    """Appends to the log. Belongs to the frame loop.

    Args:
        state: Holds the files of the log.
        uptime: Returns milliseconds since boot.
    """

    def __init__(self, state: StateDirectory, uptime: Callable[[], float] = system_clock.uptime_ms) -> None:
        self._uptime = uptime
        self._folder = state.plays
        self._path, self._lines, last, self._chain = _read_end(self._folder)
        self.newest_note = _newest_note(self._folder)
        """The newest note of the process before."""
        forwarded = state.forwarded.read()
        # A power cut may have taken lines that the server has already. Their numbers must not be used for other plays.
        if forwarded is not None and forwarded.number > last:
            last, self._chain = forwarded.number, forwarded.chain
        self._next_number = last + 1
        self._synced_ms = self._uptime() - SYNC_INTERVAL_MS
        self._unsynced: set[Path] = set()
        self._syncing: threading.Thread | None = None
        self._is_refused = False

    @property
    def next_number(self) -> int:
        """The number of the next play."""
        return self._next_number

    def append_play(self, play: Play) -> bool:
        """Number a play and write it. Return whether the disk took it; if not, no number is used up."""
        numbered = play.model_copy(update={"number": self._next_number})
        chain = chain_digest(self._chain, numbered)
        try:
            self._write_line(numbered.model_copy(update={"chain": chain}).to_json() + b"\n")
        except OSError as error:
            if not self._is_refused:
                log.warning("plays wait to be logged: %s", error)
            self._is_refused = True
            self._cut_torn_line()
            return False
        self._is_refused = False
        self._next_number, self._chain = self._next_number + 1, chain
        self._lines += 1
        return True

    def append_note(self, unwritten: UnwrittenPlays) -> None:
        """Write a note of what is on, for a start after a power cut. It may be lost."""
        try:
            self._write_line(unwritten.to_json() + b"\n")
        except OSError:
            self._cut_torn_line()

    def sync_in_background(self) -> None:
        """Have a thread sync what was written, unless that was done in the last ten seconds."""
        if not self._unsynced or self._uptime() - self._synced_ms < SYNC_INTERVAL_MS:
            return
        if self._syncing is not None and self._syncing.is_alive():
            return
        self._synced_ms = self._uptime()
        files, self._unsynced = self._unsynced, set()
        self._syncing = threading.Thread(target=_sync_files, args=(files,), name="play log", daemon=True)
        self._syncing.start()

    def sync(self) -> None:
        """Wait until the log is on the disk."""
        if self._syncing is not None:
            self._syncing.join()
        _sync_files(self._unsynced)
        self._unsynced = set()

    def plays_since(self, number: int) -> list[Play] | None:
        """Return the plays from a number on; None if they are not all in the two newest files."""
        if number >= self._next_number:
            return []
        newest = play_files(self._folder)[-2:]
        if not newest or newest[0].first > number:
            return None
        try:
            return [play for file in newest for play in read_plays(file) if play.number >= number]
        except (OSError, DamagedPlayFile):
            return None

    def _cut_torn_line(self) -> None:
        """Truncate the part of a line that a full disk took: the next line would be written behind it."""
        try:
            if self._path is not None:
                data = self._path.read_bytes()
                os.truncate(self._path, data.rfind(b"\n") + 1)
        except OSError:
            self._path = None  # the next play begins another file

    def _write_line(self, line: bytes) -> None:
        if self._path is None or self._lines >= LINES_PER_FILE:
            self._path, self._lines = self._folder / f"{self._next_number:012}{OPEN_SUFFIX}", 0
            _drop_oldest(self._folder)
        with open(self._path, "ab") as file:
            file.write(line)
        self._unsynced.add(self._path)


def _read_end(folder: Path) -> tuple[Path | None, int, int, str]:
    """Return the path to append to, its number of lines, and the last number and chain.

    A torn last line is cut off. A file that is damaged otherwise is closed: its plays keep their numbers, as many as a
    file can hold at most, and a new chain begins.
    """
    files = play_files(folder)
    if not files:
        return None, 0, 0, FIRST_CHAIN
    newest, *older = reversed(files)
    # The newest one is packed: the open file that followed is gone. Nothing is appended to a packed one.
    path, lines = None if newest.is_packed else newest.path, 0
    for file in (newest, *older):
        try:
            count, last = _last_play(file)
        except (OSError, ValueError, ValidationError, DamagedPlayFile) as error:
            log.warning("the play log %s is closed, it is damaged: %s", file.path.name, error)
            return None, 0, max(newest.first - 1, file.first + LINES_PER_FILE), FIRST_CHAIN
        if last is not None:
            lines = count if file is newest else 0
            return path, lines, max(last.number, newest.first - 1), last.chain or FIRST_CHAIN
    return path, 0, newest.first - 1, FIRST_CHAIN


def _last_play(file: PlayFile) -> tuple[int, Play | None]:
    """Return the number of plays of a file, and the last of them."""
    if file.is_packed:
        plays = list(read_plays(file))
        return len(plays), plays[-1] if plays else None
    lines = [line for line in _whole_lines(file.path) if not is_note(line)]
    return len(lines), Play.model_validate_json(lines[-1]) if lines else None


def _newest_note(folder: Path) -> UnwrittenPlays | None:
    """Return the last note of the newest file."""
    for file in play_files(folder)[-1:]:
        with contextlib.suppress(OSError, ValidationError):
            lines = b"" if file.is_packed else b"\n" + file.path.read_bytes()
            _, begins, rest = lines.rpartition(b"\n" + NOTE_PREFIX)
            return UnwrittenPlays.model_validate_json(NOTE_PREFIX + rest.partition(b"\n")[0]) if begins else None
    return None


def _sync_files(files: Collection[Path]) -> None:
    try:
        for file in files:
            sync_file(file)
        for folder in {file.parent for file in files}:
            sync_folder(folder)
    except OSError as error:
        log.warning("the play log may not be on the disk: %s", error)


def _whole_lines(path: Path) -> list[bytes]:
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        os.truncate(path, len(whole))
    return whole.splitlines()


def _drop_oldest(folder: Path) -> None:
    for path in sorted(folder.glob(f"*{OPEN_SUFFIX}"))[:-MAX_FILES]:
        path.unlink(missing_ok=True)
