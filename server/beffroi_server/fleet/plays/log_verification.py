"""Verification of a display log in a file: needs neither server nor database, so that anybody can run it.

The file is what ``log_export`` writes: JSON lines. The first names the format; for each screen, one line says from
which chain its plays go on, then come its plays, each with the SHA-256 of itself and of the chain before it, as
``beffroi_content.wire.plays.chain_digest`` defines it. The last line has the number of plays, so that a file that was
cut short is noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from beffroi_content.wire.plays import FIRST_CHAIN, Play, chain_digest
from beffroi_server.core.verify_command import run_verification

FORMAT = "beffroi-display-log"
VERSION = 1
MAX_LINE = 20_000
"""Bytes of a line: one of ours has some hundred."""
MAX_NAMED = 50
"""Gaps and changed plays of a screen that are named; the rest is counted."""


class LogUnreadable(Exception):
    """Refusal of a file that is no display log; the message says at which line, and what to do."""


@dataclass
class VerifiedScreen:
    """The result for one screen."""

    screen: str
    name: str = ""
    count: int = 0
    first: int | None = None
    last: int | None = None
    """Number of the last play; before the first one, that of the play from which the log goes on."""
    missing: list[tuple[int, int]] = field(default_factory=list)
    """First and last number of each gap."""
    broken: list[int] = field(default_factory=list)
    """Numbers of plays that do not follow from the one before."""
    begun: list[int] = field(default_factory=list)
    """Numbers at which a new chain begins, since the player had lost its log."""
    chain: str = FIRST_CHAIN
    """The chain at the end."""

    @property
    def is_whole(self) -> bool:
        """True if no play is missing and none was changed."""
        return not self.missing and not self.broken

    def add_play(self, play: Play) -> None:
        """Check the next play against the one before."""
        due = play.number if self.last is None else self.last + 1
        if play.number > due:
            self.missing.append((due, play.number - 1))
        follows = play.number == due and play.chain == chain_digest(self.chain, play)
        if not follows and play.chain == chain_digest(FIRST_CHAIN, play):
            self.begun.append(play.number)
        elif not follows and play.number <= due:
            self.broken.append(play.number)
        self.first = play.number if self.first is None else self.first
        self.count, self.last, self.chain = self.count + 1, play.number, play.chain or ""


class LogVerification:
    """Checks the lines of a display log, one after another."""

    def __init__(self) -> None:
        self.screens: list[VerifiedScreen] = []
        self.is_complete = False
        """Whether the last line of the log was there."""
        self._digest, self._lines, self._plays = hashlib.sha256(), 0, 0

    @property
    def sha256(self) -> str:
        """The digest of the whole file."""
        return self._digest.hexdigest()

    @property
    def count(self) -> int:
        """The number of plays."""
        return self._plays

    @property
    def is_whole(self) -> bool:
        """True if the file is complete and the log of each screen whole."""
        return self.is_complete and all(screen.is_whole for screen in self.screens)

    def read_line(self, line: bytes) -> None:
        """Check the next line, with its line break.

        Raises:
            LogUnreadable: it is none of a display log.
        """
        self._digest.update(line)
        self._lines += 1
        if self.is_complete:
            raise self._unreadable("something follows on the last line")
        try:
            found = json.loads(line) if len(line) <= MAX_LINE else None
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._unreadable("it is no line of a display log")
        if self._lines == 1:
            if found.get("format") != FORMAT or found.get("version") != VERSION:
                raise self._unreadable("it is no display log, or one of a newer version")
        elif "plays" in found:
            self.is_complete = found["plays"] == self._plays and line.endswith(b"\n")
        elif "screen" in found:
            self._begin_screen(found)
        elif "content" not in found:
            self._check_play(found)

    def _begin_screen(self, found: dict[str, Any]) -> None:
        after, chain = found.get("after"), found.get("chain", FIRST_CHAIN)
        if not isinstance(after, int | None) or not isinstance(chain, str):
            raise self._unreadable("it does not say from which play the log goes on")
        self.screens.append(VerifiedScreen(str(found["screen"]), str(found.get("name", "")), last=after, chain=chain))

    def _check_play(self, found: dict[str, Any]) -> None:
        try:
            play = Play.model_validate(found)
        except ValidationError:
            raise self._unreadable("it is no play") from None
        if not self.screens:
            raise self._unreadable("a play comes before its screen")
        self._plays += 1
        self.screens[-1].add_play(play)

    def _unreadable(self, reason: str) -> LogUnreadable:
        return LogUnreadable(f"line {self._lines}: {reason}. Ask for the file again, as it was exported")


def verify_lines(lines: Iterable[bytes]) -> LogVerification:
    """Return the result for the lines of a file.

    Raises:
        LogUnreadable: it is no display log.
    """
    found = LogVerification()
    for line in lines:
        found.read_line(line)
    if not found.screens and not found.is_complete:
        raise LogUnreadable("the file is empty or was cut short. Ask for it again, as it was exported")
    return found


def result_lines(found: LogVerification) -> list[str]:
    """Return the result as lines for a person."""
    lines = [f"SHA-256 of the file: {found.sha256}"]
    for screen in found.screens:
        state = "complete and unchanged" if screen.is_whole else "NOT COMPLETE"
        numbers = f", numbers {screen.first} to {screen.last}" if screen.count else ""
        lines.append(f"{screen.screen}: {screen.count} plays{numbers}, {state}")
        lines += [f"  missing: {first} to {last}" for first, last in screen.missing[:MAX_NAMED]]
        lines += [f"  changed, or what was before it: {number}" for number in screen.broken[:MAX_NAMED]]
        lines += [
            f"  the player began a new chain at {number}: its log was lost" for number in screen.begun[:MAX_NAMED]
        ]
        left_off = sum(max(0, len(each) - MAX_NAMED) for each in (screen.missing, screen.broken, screen.begun))
        lines += [f"  and {left_off} more"] if left_off else []
        lines.append(f"  chain at the end: {screen.chain}")
    if not found.is_complete:
        lines.append("the file was CUT SHORT: its last line is missing, or counts other plays")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Run ``beffroi-server plays verify FILE``; return 0 if the log is whole, 1 if not."""
    return run_verification(
        arguments, command="plays verify", file_help="the exported log (.jsonl)", max_line=MAX_LINE,
        description="Check that a display log is complete and unchanged. Needs no server, database or settings.",
        verify_lines=verify_lines, result_lines=result_lines, unreadable=LogUnreadable,
    )  # fmt: skip
