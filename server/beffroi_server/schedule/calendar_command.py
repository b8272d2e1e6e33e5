"""Command ``beffroi-server calendar read``: the special days in a file, and what is skipped.

Needs neither settings nor database nor network. The file is read in the same confined process as on the pages.
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

from beffroi_server.feeds.skipped_texts import skipped_sentence
from beffroi_server.schedule.calendar_reading import SIZE_LIMIT, DayImportError, read_days

MAX_DAYS = 40_000
"""Days that are written out one by one; of more there are the ranges only."""
_DAY = dt.timedelta(days=1)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return 0 if there are days, 1 if the file is refused, 2 if the call is wrong."""
    if not settings.configured:
        # Sentences are those of the pages, in English; nothing else of the settings is needed.
        settings.configure(USE_I18N=False)
    parser = _build_parser()
    parsed = parser.parse_args(arguments)
    try:
        content = _read_content(parsed.file)
    except OSError as error:
        parser.error(f"{parsed.file}: {error.strerror or error}. Give the path of a file, or - for standard input.")
    try:
        found = read_days(content, parsed.zone, parsed.year)
    except DayImportError as refused:
        _print_json({"refused": str(refused), "code": refused.code})
        sys.stderr.write(f"beffroi-server: {parsed.file}: {refused}\n")
        return 1
    _print_json(_summary(found, parsed.year, parsed.place))
    return 0


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="beffroi-server calendar", description="Look at a calendar of special days.")
    read = parser.add_subparsers(dest="action", required=True).add_parser(
        "read", help="print as JSON the days that an import would have, and what is skipped"
    )
    read.add_argument("file", metavar="FILE", help="a calendar in iCal format (.ics); - for standard input")
    read.add_argument("--year", metavar="Y", type=_year, help="the days of this year only")
    read.add_argument("--zone", metavar="Z", type=_zone, default="Europe/Paris", help="the town's time zone")
    read.add_argument(
        "--place", metavar="P", default="", help="of school holidays: those of this zone, such as 'Zone B'"
    )
    return parser


def _year(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1900 <= int(text) <= 2199:
        raise argparse.ArgumentTypeError(f"{text!r} is no year from 1900 to 2199")
    return int(text)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"{name!r} is no time zone such as Europe/Paris") from None


def _read_content(name: str) -> bytes:
    """Return a file, cut off one byte after the limit."""
    if name == "-":
        return sys.stdin.buffer.read(SIZE_LIMIT + 1)
    with Path(name).open("rb") as file:
        return file.read(SIZE_LIMIT + 1)


def _summary(found: dict[str, Any], year: int | None, place: str) -> dict[str, Any]:
    ranges = [each for each in found["data"]["ranges"] if not place or not each["places"] or place in each["places"]]
    return {
        "days": _days(ranges, year),
        "ranges": ranges,
        "places": found["data"]["places"],
        "skipped": [{**part, "sentence": skipped_sentence(part)} for part in found["skipped"]],
        "skipped_count": found["skipped_count"],
    }


def _days(ranges: Sequence[dict[str, Any]], year: int | None) -> list[str]:
    """Return each day once, as ISO dates in order."""
    found: set[dt.date] = set()
    for each in ranges:
        first, last = dt.date.fromisoformat(each["first"]), dt.date.fromisoformat(each["last"])
        if year is not None:
            first, last = max(first, dt.date(year, 1, 1)), min(last, dt.date(year, 12, 31))
        length = min((last - first).days + 1, MAX_DAYS - len(found))
        found.update(first + number * _DAY for number in range(length))
    return [day.isoformat() for day in sorted(found)]


def _print_json(value: object) -> None:
    # Escaped where the terminal could not show it: the output is for programs, too.
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=(sys.stdout.encoding or "").lower() != "utf-8") + "\n")
