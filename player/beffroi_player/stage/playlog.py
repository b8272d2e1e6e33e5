"""Proof of play: one JSON line for each showing, numbered without a gap over the life of the player."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Collection
from pathlib import Path

from pydantic import ValidationError

from beffroi_content.wire.reports import BEGINNING, Play, chained
from beffroi_player import machine
from beffroi_player.files import sync_file, sync_folder
from beffroi_player.playfiles import NOTE, OPEN, Damaged, PlayFile, is_note, play_files, plays_of
from beffroi_player.store import State, Unwritten

log = logging.getLogger(__name__)

LINES_PER_FILE = 1_000
FILES_KEPT = 200
"""Files that no agent packs: oldest first out, after some weeks and some tens of megabytes."""
SYNC_MS = 10_000
"""Between two waits for the disk: where more than one showing ends in that time, a power cut may take the later ones.
Each at once would wear a card out where several zones change every few seconds (docs/decisions/0022)."""


class PlayLog:
    """The open end of the log."""

    def __init__(self, state: State, uptime: Callable[[], float] = machine.uptime) -> None:
        self._uptime = uptime
        self._folder = state.plays
        self._path, self._lines, last, self._chain = _end(self._folder)
        self.left = _newest_note(self._folder)
        """What was on, by the last line that says so."""
        forwarded = state.forwarded.read()
        # A power cut may have taken lines that the server has already: their numbers are used up.
        if forwarded is not None and forwarded.number > last:
            last, self._chain = forwarded.number, forwarded.chain
        self._next = last + 1
        self._synced_ms = self._uptime() - SYNC_MS
        self._unsynced: set[Path] = set()
        self._syncing: threading.Thread | None = None
        self._is_refused = False

    @property
    def next(self) -> int:
        """The number of the next play."""
        return self._next

    def append(self, play: Play) -> bool:
        """Give the play its number and write it. Return whether the disk took it; if not, no number is used up."""
        numbered = play.model_copy(update={"number": self._next})
        chain = chained(self._chain, numbered)
        try:
            self._write(numbered.model_copy(update={"chain": chain}).to_json() + b"\n")
        except OSError as error:
            if not self._is_refused:
                log.warning("plays wait to be logged: %s", error)
            self._is_refused = True
            self._cut_torn_line()
            return False
        self._is_refused = False
        self._next, self._chain = self._next + 1, chain
        self._lines += 1
        return True

    def note(self, unwritten: Unwritten) -> None:
        """Write what is on, for a start after the power went. It may be lost: the log is whole without it."""
        try:
            self._write(unwritten.to_json() + b"\n")
        except OSError:
            self._cut_torn_line()

    def keep(self) -> None:
        """Have what was written brought to the disk, unless that was done of late. Nobody waits for it."""
        if not self._unsynced or self._uptime() - self._synced_ms < SYNC_MS:
            return
        if self._syncing is not None and self._syncing.is_alive():
            return
        self._synced_ms = self._uptime()
        todo, self._unsynced = self._unsynced, set()
        self._syncing = threading.Thread(target=_bring_to_disk, args=(todo,), name="play log", daemon=True)
        self._syncing.start()

    def sync(self) -> None:
        """Wait until the log is on the disk."""
        if self._syncing is not None:
            self._syncing.join()
        _bring_to_disk(self._unsynced)
        self._unsynced = set()

    def since(self, number: int) -> list[Play] | None:
        """Return the plays from a number on; None where they are not all in the two newest files."""
        if number >= self._next:
            return []
        newest = play_files(self._folder)[-2:]
        if not newest or newest[0].first > number:
            return None
        try:
            return [play for file in newest for play in plays_of(file) if play.number >= number]
        except (OSError, Damaged):
            return None

    def _cut_torn_line(self) -> None:
        """Take away what a full disk took of a line: the next would be written behind it."""
        try:
            if self._path is not None:
                data = self._path.read_bytes()
                os.truncate(self._path, data.rfind(b"\n") + 1)
        except OSError:
            self._path = None  # the next play begins another file

    def _write(self, line: bytes) -> None:
        if self._path is None or self._lines >= LINES_PER_FILE:
            self._path, self._lines = self._folder / f"{self._next:012}{OPEN}", 0
            _drop_oldest(self._folder)
        with open(self._path, "ab") as file:
            file.write(line)
        self._unsynced.add(self._path)


def _end(folder: Path) -> tuple[Path | None, int, int, str]:
    """Return the newest file, its number of lines, and the last number and chain; a torn last line is cut off."""
    files = play_files(folder)
    if not files:
        return None, 0, 0, BEGINNING
    newest, *older = reversed(files)
    # A packed one is closed: what was written after it is gone.
    path, lines = None if newest.is_packed else newest.path, 0
    for file in (newest, *older):
        try:
            count, last = _last(file)
        except (OSError, ValueError, ValidationError, Damaged) as error:
            log.warning("the play log %s is closed, it is damaged: %s", file.path.name, error)
            return None, 0, max(newest.first - 1, file.first + LINES_PER_FILE), BEGINNING
        if last is not None:
            lines = count if file is newest else 0
            return path, lines, max(last.number, newest.first - 1), last.chain or BEGINNING
    return path, 0, newest.first - 1, BEGINNING


def _last(file: PlayFile) -> tuple[int, Play | None]:
    """Return how many plays a file has, and the last of them."""
    if file.is_packed:
        plays = list(plays_of(file))
        return len(plays), plays[-1] if plays else None
    lines = [line for line in _whole_lines(file.path) if not is_note(line)]
    return len(lines), Play.model_validate_json(lines[-1]) if lines else None


def _newest_note(folder: Path) -> Unwritten | None:
    """Return what the newest file says last of what was on."""
    for file in play_files(folder)[-1:]:
        with contextlib.suppress(OSError, ValidationError):
            lines = b"" if file.is_packed else b"\n" + file.path.read_bytes()
            _, begins, rest = lines.rpartition(b"\n" + NOTE)
            return Unwritten.model_validate_json(NOTE + rest.partition(b"\n")[0]) if begins else None
    return None


def _bring_to_disk(files: Collection[Path]) -> None:
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
    for path in sorted(folder.glob(f"*{OPEN}"))[:-FILES_KEPT]:
        path.unlink(missing_ok=True)
