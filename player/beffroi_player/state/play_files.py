"""Files of the play log: open, as the stage writes them, and packed by the agent once they are closed.

A packed file is compressed and has the same lines without the fields that follow from the line before: the number
where it is the next, the start where it is the end of the play before, the chain where it is the computed one. The last
line has the number of plays and the last chain, so that a damaged file is recognised.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from beffroi_content.wire.plays import FIRST_CHAIN, Play, chain_digest

OPEN_SUFFIX, PACKED_SUFFIX = ".jsonl", ".jsonl.gz"
NOTE_PREFIX = b'{"next":'
"""Start of the lines with unfinished plays (``UnwrittenPlays``) in an open file. They are not packed."""


class DamagedPlayFile(Exception):
    """A packed file is damaged."""


@dataclass(frozen=True, slots=True)
class PlayFile:
    """A file of the play log."""

    folder: Path
    first: int
    """Number of its first play, which is also its name."""
    is_packed: bool = False
    """Whether it is compressed."""

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self.folder / f"{self.first:012}{PACKED_SUFFIX if self.is_packed else OPEN_SUFFIX}"


def play_files(folder: Path) -> list[PlayFile]:
    """Return the files of the log, oldest first; of a file in both forms, the open one."""
    try:
        # One listing instead of a pattern for each form: a year is three thousand files.
        names = [name.partition(".") for name in os.listdir(folder)]
    except OSError:
        return []
    packed = {int(number): True for number, _, ending in names if number.isdigit() and f".{ending}" == PACKED_SUFFIX}
    found = packed | {
        int(number): False for number, _, ending in names if number.isdigit() and f".{ending}" == OPEN_SUFFIX
    }
    return [PlayFile(folder, first, found[first]) for first in sorted(found)]


def read_plays(file: PlayFile) -> Iterator[Play]:
    """Yield the plays of a file in order. Invalid lines of an open file are skipped.

    Raises:
        DamagedPlayFile: a packed file is damaged. Plays that were yielded before may be wrong.
        OSError: the file cannot be read.
    """
    if file.is_packed:
        yield from _read_packed(file.path)
        return
    with file.path.open("rb") as lines:
        for line in lines:
            # A line without an end is being written by the stage.
            play = _parse_play(line) if line.endswith(b"\n") and not is_note(line) else None
            if play is not None:
                yield play


def is_note(line: bytes) -> bool:
    """Tell whether a line lists unfinished plays."""
    return line.startswith(NOTE_PREFIX)


def pack_file(file: PlayFile) -> bytes:
    """Return the content of the packed form of a file.

    Raises:
        OSError: the file cannot be read.
    """
    # Without a modification time in the header, the same plays give the same bytes.
    buffer = io.BytesIO()
    before: Play | None = None
    count = 0
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed:
        for play in read_plays(file):
            packed.write(_json_line(_without_derivable(play, before)))
            before, count = play, count + 1
        packed.write(_json_line({"plays": count, "chain": before.chain if before else None}))
    return buffer.getvalue()


def _without_derivable(play: Play, before: Play | None) -> dict[str, Any]:
    line = play.model_dump(mode="json", exclude_defaults=True)
    if before is None:
        return line
    if play.number == before.number + 1:
        del line["number"]
    if play.started_at_ms == before.started_at_ms + before.lasted_ms:
        del line["started_at_ms"]
    line["chain"] = play.chain
    if play.chain == chain_digest(before.chain or FIRST_CHAIN, play):
        del line["chain"]
    return line


def _read_packed(path: Path) -> Iterator[Play]:
    # Only the last line proves that the file is complete: plays are yielded before it is reached.
    before: Play | None = None
    count = 0
    try:
        with gzip.open(path) as lines:
            for text in lines:
                line = json.loads(text)
                if "plays" in line:
                    if (line["plays"], line["chain"]) == (count, before.chain if before else None):
                        return
                    break
                before = _with_derivable(line, before)
                count += 1
                yield before
    except (gzip.BadGzipFile, zlib.error, EOFError, ValueError, TypeError, KeyError) as error:
        raise DamagedPlayFile(f"{path.name}: {error}") from error
    raise DamagedPlayFile(f"{path.name}: its chain does not hold")


def _with_derivable(line: dict[str, Any], before: Play | None) -> Play:
    if before is None:
        return Play.model_validate(line)
    follows = {"number": before.number + 1, "started_at_ms": before.started_at_ms + before.lasted_ms}
    play = Play.model_validate(follows | line)
    if "chain" in line:
        return play
    return play.model_copy(update={"chain": chain_digest(before.chain or FIRST_CHAIN, play)})


def _json_line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _parse_play(line: bytes) -> Play | None:
    try:
        return Play.model_validate_json(line)
    except ValidationError:
        return None
