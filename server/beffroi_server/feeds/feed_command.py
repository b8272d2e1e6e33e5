"""Command ``beffroi-server feed read``: what a widget would get from a file, and what is skipped.

Needs neither settings nor database nor network. The file is read in the same confined process as a feed in service.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from beffroi_server.feeds.feed_limits import CONTENT_LIMITS
from beffroi_server.feeds.reading_process import FeedRefused, run_reader
from beffroi_server.feeds.skipped_texts import skipped_sentence


def main(arguments: Sequence[str]) -> int:
    """Run the command; return 0 if the file can be shown, 1 if it is refused, 2 if the call is wrong."""
    if not settings.configured:
        # Sentences are those of the pages, in English; nothing else of the settings is needed.
        settings.configure(USE_I18N=False)
    parser = _build_parser()
    parsed = parser.parse_args(arguments)
    limit = CONTENT_LIMITS[parsed.kind]
    try:
        content = _read_content(parsed.file, limit)
    except OSError as error:
        parser.error(f"{parsed.file}: {error.strerror or error}. Give the path of a file, or - for standard input.")
    if len(content) > limit:
        return _refuse(f"{parsed.file} is larger than {limit // 1024**2} MB, which is more than is read.", "too-large")
    now = _moment(parsed.now, parsed.zone)
    try:
        found = run_reader(
            content, kind=parsed.kind, zone=parsed.zone.key, now=now.isoformat(), department=parsed.department
        )
    except FeedRefused as refused:
        if refused.code == "no-department" and not parsed.department:
            parser.error("the chart has several departments: say which with --department, for example 44 or 2A")
        return _refuse(str(refused), refused.code)
    _print_result(parsed.kind, now, found)
    return 0


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="beffroi-server feed", description="Look at what others publish.")
    read = parser.add_subparsers(dest="action", required=True).add_parser(
        "read", help="print as JSON what a widget would get from a file, and what is skipped"
    )
    read.add_argument("kind", metavar="KIND", choices=sorted(CONTENT_LIMITS), help=", ".join(sorted(CONTENT_LIMITS)))
    read.add_argument("file", metavar="FILE", help="the feed as it was fetched; - for standard input")
    read.add_argument("--now", metavar="ISO", type=_iso_moment, help="the instant for which to read; by default now")
    read.add_argument("--zone", metavar="Z", type=_zone, default="Europe/Paris", help="the town's time zone")
    read.add_argument("--department", metavar="N", default="", type=str.upper, help="for vigilance, such as 44 or 2A")
    return parser


def _iso_moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no instant such as 2026-11-29T09:00") from None
    if not 1970 <= moment.year <= 2199:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 1970 and 2199")
    return moment


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"{name!r} is no time zone such as Europe/Paris") from None


def _moment(given: dt.datetime | None, zone: ZoneInfo) -> dt.datetime:
    """Return the instant for which to read; one without an offset is of the zone."""
    if given is None:
        return dt.datetime.now(zone)
    return given.astimezone(zone) if given.tzinfo else given.replace(tzinfo=zone)


def _read_content(name: str, limit: int) -> bytes:
    """Return a file, cut off one byte after the limit."""
    if name == "-":
        return sys.stdin.buffer.read(limit + 1)
    with Path(name).open("rb") as file:
        return file.read(limit + 1)


def _print_result(kind: str, now: dt.datetime, found: dict[str, Any]) -> None:
    skipped = [{**part, "sentence": skipped_sentence(part)} for part in found["skipped"]]
    _print_json(
        {"kind": kind, "now": now.isoformat(), "data": found["data"], "skipped": skipped,
         "skipped_count": found["skipped_count"]}
    )  # fmt: skip


def _refuse(reason: str, code: str) -> int:
    _print_json({"refused": reason, "code": code})
    sys.stderr.write(f"beffroi-server: {reason}\n")
    return 1


def _print_json(value: object) -> None:
    # Escaped where the terminal could not show it: the output is for programs, too.
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=(sys.stdout.encoding or "").lower() != "utf-8") + "\n")
