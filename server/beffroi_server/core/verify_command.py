"""Commands that verify an exported file line by line, on any machine: no server, database or settings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar


class Verification(Protocol):
    """What was found in a file."""

    @property
    def is_whole(self) -> bool:
        """True where nothing is missing or changed."""


Found = TypeVar("Found", bound=Verification)


def run_verification(
    arguments: Sequence[str], *, command: str, description: str, file_help: str, max_line: int,
    verify_lines: Callable[[Iterable[bytes]], Found], result_lines: Callable[[Found], list[str]],
    unreadable: type[Exception],
) -> int:  # fmt: skip
    """Run a command that verifies a file; return 0 if it is whole, 1 if not.

    Args:
        arguments: Of the command line.
        command: Its words, such as ``plays verify``.
        description: What it checks.
        file_help: What file it takes.
        max_line: Bytes that are read of a line, at most.
        verify_lines: Returns what is found in the lines.
        result_lines: Returns that for a person.
        unreadable: What ``verify_lines`` raises for another kind of file.
    """
    parser = argparse.ArgumentParser(prog=f"beffroi-server {command}", description=description)
    parser.add_argument("file", type=Path, help=file_help)
    path = parser.parse_args(arguments).file
    try:
        with open(path, "rb") as file:
            found = verify_lines(iter(lambda: file.readline(max_line + 1), b""))
    except OSError as error:
        sys.stderr.write(f"beffroi-server: {path}: {error.strerror or error}\n")
        return 1
    except unreadable as error:
        sys.stderr.write(f"beffroi-server: {path}: {error}\n")
        return 1
    sys.stdout.write("\n".join(result_lines(found)) + "\n")
    return 0 if found.is_whole else 1
