"""The command ``beffroi-server export``: write all that the town has made to one zip file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from django.utils import timezone

from beffroi_server.core import formatting

NAMED_AT_MOST = 20
"""Things that are missing which are named one by one; the README of the export has all of them."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of ``beffroi-server``."""
    parser = commands.add_parser(
        "export",
        help="write all that the town has made to a zip file that others can read without Beffroi",
        description="Writes all that the town has made to one zip file, while the server runs: announcements, images "
        "and videos, playlists, rules, screens, alerts with their dossiers, users, audit trail, proof of play, "
        "settings. They are JSON and tables, with a README in the language of the town. No password, key, token or "
        "address of a subscriber is in it; it names people who work for the town. It is no backup: no server can be "
        "restored from it.",
        epilog="Ends with 0, or with 1 where something could not be read: what, is said here and in the README.",
    )
    parser.add_argument("target", type=Path, metavar="FOLDER_OR_ZIP", help="a folder that is there, or a new .zip file")


def run(parsed: argparse.Namespace) -> int:
    """Make an export; 1 if something is missing in it."""
    from beffroi_server.town_export import writing  # noqa: PLC0415 - it loads the whole API, which no other command needs

    try:
        done = writing.make_export(parsed.target, timezone.now(), _print_progress)
    except writing.ExportFault as fault:
        sys.stderr.write(f"beffroi-server: {fault}\n")
        return 1
    size = formatting.english_size(done.size)
    sys.stdout.write(f"{done.path}: {done.rows} rows in {done.files} files, {size}, for your account alone\n")
    for problem in done.problems[:NAMED_AT_MOST]:
        sys.stderr.write(f"beffroi-server: {problem}\n")
    if len(done.problems) > NAMED_AT_MOST:
        left = len(done.problems) - NAMED_AT_MOST
        sys.stderr.write(f"beffroi-server: and {left} more: see README.txt in it\n")
    return 1 if done.problems else 0


def _print_progress(line: str) -> None:
    sys.stderr.write(f"· {line}\n")
