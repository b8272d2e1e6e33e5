"""Proof of play: one JSON line for each showing, numbered without a gap over the life of the player."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from beffroi_content.wire.reports import BEGINNING, Play, chained
from beffroi_player import machine
from beffroi_player.store import State

log = logging.getLogger(__name__)

LINES_PER_FILE = 1_000
FILES_KEPT = 200
"""Oldest first out: some weeks without a server, some tens of megabytes."""
SYNC_MS = 60_000
"""How much of the log a power cut may take: to wait for the disk at each line would wear a card out."""


class PlayLog:
    """The open end of the log."""

    def __init__(self, state: State, uptime: Callable[[], float] = machine.uptime) -> None:
        self._uptime = uptime
        self._folder = state.plays
        self._path, self._lines, last, self._chain = _end(self._folder)
        forwarded = state.forwarded.read()
        # A power cut may have taken lines that the server has already: their numbers are used up.
        if forwarded is not None and forwarded.number > last:
            last, self._chain = forwarded.number, forwarded.chain
        self._next = last + 1
        self._synced_ms = self._uptime()

    def append(self, play: Play) -> None:
        """Give the play its number and write it. Where the disk refuses, the play is lost, not the screen."""
        numbered = play.model_copy(update={"number": self._next})
        chain = chained(self._chain, numbered)
        try:
            self._write(numbered.model_copy(update={"chain": chain}).to_json() + b"\n")
        except OSError as error:
            log.warning("a play is not logged: %s", error)
            self._cut_torn_line()
            return
        self._next, self._chain = self._next + 1, chain
        self._lines += 1

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
            self._path, self._lines = self._folder / f"{self._next:012}.jsonl", 0
            _drop_oldest(self._folder)
        with open(self._path, "ab") as file:
            file.write(line)
            file.flush()
            if self._uptime() - self._synced_ms > SYNC_MS:
                os.fdatasync(file.fileno())
                self._synced_ms = self._uptime()


def _end(folder: Path) -> tuple[Path | None, int, int, str]:
    """Return the newest file, its number of lines, and the last number and chain; a torn last line is cut off."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        return None, 0, 0, BEGINNING
    path = files[-1]
    try:
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            os.truncate(path, len(whole))
        lines = whole.splitlines()
        play = Play.model_validate_json(lines[-1]) if lines else None
        last = play.number if play else int(path.stem) - 1
    except (OSError, ValueError, ValidationError) as error:
        log.warning("the play log %s is closed, it is damaged: %s", path.name, error)
        return None, 0, _first_number(path) + LINES_PER_FILE, BEGINNING
    return path, len(lines), last, (play.chain if play else None) or BEGINNING


def _first_number(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else 0


def _drop_oldest(folder: Path) -> None:
    for path in sorted(folder.glob("*.jsonl"))[:-FILES_KEPT]:
        path.unlink(missing_ok=True)
