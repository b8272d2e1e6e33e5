"""Verification of an exported audit trail: needs neither server nor database, so that anybody can run it.

The file has JSON lines: the first names the format, then come the events, oldest first, each with the hash of itself
and of the event before (see ``event_hash``); the last line has their number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from beffroi_server.core.verify_command import run_verification

FORMAT = "beffroi-audit-trail"
VERSION = 1
MAX_LINE = 1_000_000
"""Bytes of a line."""
MAX_NAMED = 50


class TrailUnreadable(Exception):
    """Refusal of a file that is no audit trail; the message says at which line, and what to do."""


def event_hash(before: str, at: str, actor: str, action: str, subject: str, detail: Any) -> str:
    """Return the SHA-256 of an event: of these as one JSON list with sorted keys, as Python writes it.

    Args:
        before: Hash of the event before it; empty for the first.
        at: ISO 8601 with the offset.
        actor: Name of the user; empty for the server.
        action: Code of what was done.
        subject: Of what.
        detail: Whatever else is recorded.
    """
    fields = [before, at, actor, action, subject, detail]
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


@dataclass
class TrailVerification:
    """The result for a file."""

    count: int = 0
    altered: list[int] = field(default_factory=list)
    """Numbers of events whose hash is not that of what they say."""
    gaps: list[int] = field(default_factory=list)
    """Numbers of events before which something is missing: it was taken out, or the export was filtered."""
    is_complete: bool = False
    """Whether the last line was there, and counts as many events."""
    head: str = ""
    """The hash of the last event."""
    sha256: str = ""
    """Of the file."""

    @property
    def is_whole(self) -> bool:
        """True if no event was altered and none is missing after the first of the file."""
        return self.is_complete and not self.altered and not self.gaps


def verify_lines(lines: Iterable[bytes]) -> TrailVerification:
    """Return the result for the lines of a file.

    Raises:
        TrailUnreadable: it is no audit trail.
    """
    found, digest = TrailVerification(), hashlib.sha256()
    for number, line in enumerate(lines, 1):
        digest.update(line)
        values = _read_line(line, number)
        if number == 1:
            if values.get("format") != FORMAT or values.get("version") != VERSION:
                raise _unreadable(number)
        elif found.is_complete:
            raise _unreadable(number)
        elif "events" in values:
            found.is_complete = values["events"] == found.count
        else:
            _check_event(found, values, number)
    found.sha256 = digest.hexdigest()
    return found


def _read_line(line: bytes, number: int) -> dict[str, Any]:
    try:
        values = json.loads(line) if len(line) <= MAX_LINE else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise _unreadable(number)
    return values


def _check_event(found: TrailVerification, values: dict[str, Any], number: int) -> None:
    try:
        computed = event_hash(*(values[name] for name in ("before", "at", "actor", "action", "subject", "detail")))
        event, stated = int(values["number"]), values["hash"]
    except (KeyError, TypeError, ValueError):
        raise _unreadable(number) from None
    if computed != stated:
        found.altered.append(event)
    if found.count and values["before"] != found.head:
        found.gaps.append(event)
    found.count, found.head = found.count + 1, str(stated)


def _unreadable(number: int) -> TrailUnreadable:
    return TrailUnreadable(f"line {number} is none of an audit trail. Ask for the file again, as it was exported")


def main(arguments: Sequence[str]) -> int:
    """Run ``beffroi-server audit verify FILE``; return 0 if the trail is whole, 1 if not."""
    return run_verification(
        arguments, command="audit verify", file_help="the exported trail (.jsonl)", max_line=MAX_LINE,
        description="Check that an exported audit trail is unaltered. Needs no server, database or settings.",
        verify_lines=verify_lines, result_lines=_result_lines, unreadable=TrailUnreadable,
    )  # fmt: skip


def _result_lines(found: TrailVerification) -> list[str]:
    lines = [
        f"SHA-256 of the file: {found.sha256}",
        f"{found.count} events, {'complete and unaltered' if found.is_whole else 'NOT COMPLETE'}",
        f"hash of the last event: {found.head}",
    ]
    lines += [f"  altered: event {number}" for number in found.altered[:MAX_NAMED]]
    lines += [f"  something is missing before event {number}" for number in found.gaps[:MAX_NAMED]]
    left_off = sum(max(0, len(each) - MAX_NAMED) for each in (found.altered, found.gaps))
    lines += [f"  and {left_off} more"] if left_off else []
    lines += [] if found.is_complete else ["the file was CUT SHORT: its last line is missing, or counts other events"]
    return lines
