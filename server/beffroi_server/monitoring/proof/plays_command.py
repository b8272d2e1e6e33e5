"""The command ``beffroi-server plays``: check the logs, or write proof of play of a period to a file."""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db.models import Min
from django.utils import timezone

from beffroi_server.accounts.models import Town
from beffroi_server.core.csv_rows import csv_lines
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.play_models import DailyPlays
from beffroi_server.fleet.plays import log_export, play_audit
from beffroi_server.fleet.plays.played_content import ANNOUNCEMENT, announcement_key, identifier_in
from beffroi_server.monitoring.proof import content_names, daily_totals, totals_export
from beffroi_server.monitoring.proof.play_queries import PlayPeriod, day_bounds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("screen", nargs="?", help="the identifier of one screen; by default all")
    parser.add_argument("--from", dest="first", type=dt.date.fromisoformat, metavar="DAY", help="such as 2026-11-28")
    parser.add_argument("--until", dest="last", type=dt.date.fromisoformat, metavar="DAY", help="this day included")
    parser.add_argument("--announcement", default="", metavar="ID", help="only this announcement, by its identifier")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write how often and how long, by day; - for here")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write the display log, which “plays verify” checks")


def run(parsed: argparse.Namespace) -> int:
    """Run the command; return 0 if it was done and the logs are whole."""
    screen = Screen.objects.filter(slug=parsed.screen).first() if parsed.screen else None
    if parsed.screen and screen is None:
        return _print_error(f"no screen is called {parsed.screen}")
    if parsed.csv is None and parsed.log is None:
        if parsed.first or parsed.last or parsed.announcement:
            return _print_error("say where to write that to: --csv FILE or --log FILE")
        return _audit([screen] if screen is not None else Screen.objects.all())
    content = announcement_key(parsed.announcement) if parsed.announcement else ""
    if content and not identifier_in(content, ANNOUNCEMENT):
        return _print_error(f"{parsed.announcement} is no identifier of an announcement: see the address of its page")
    daily_totals.count_new_plays()
    earliest = DailyPlays.objects.aggregate(day=Min("day"))["day"] or timezone.localdate()
    first, last = parsed.first or earliest, parsed.last or timezone.localdate()
    _write_files(PlayPeriod(first, last, (content,) if content else None, screen), parsed)
    return 0


def _write_files(period: PlayPeriod, parsed: argparse.Namespace) -> None:
    town = Town.objects.get()
    zone = ZoneInfo(town.time_zone)
    if parsed.csv is not None:
        rows = itertools.chain([totals_export.headings()], totals_export.table_rows(period, zone))
        _write(parsed.csv, csv_lines(rows))
    if parsed.log is not None:
        start, end = day_bounds(period.first, zone)[0], day_bounds(period.last, zone)[1]
        _write(parsed.log, log_export.log_lines(town, period.screens(), start, end, content_names.recorded_names_of))


def _write(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file whole or not at all; ``-`` is the standard output."""
    if str(path) == "-":
        sys.stdout.buffer.writelines(lines)
        return
    unfinished = path.with_name(f".{path.name}.part")
    with open(unfinished, "wb") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def _audit(screens: Iterable[Screen]) -> int:
    worst = 0
    for screen in screens:
        found = play_audit.audit_plays(screen)
        sys.stdout.write("".join(f"{line}\n" for line in _audit_lines(screen, found)))
        worst |= not found.is_whole
    return int(worst)


def _audit_lines(screen: Screen, found: play_audit.PlayAudit) -> Iterator[str]:
    yield f"{screen.slug}: {found.count} plays, {'complete' if found.is_whole else 'NOT COMPLETE'}"
    if found.ended:
        reasons = sorted(found.ended.items(), key=lambda pair: -pair[1])
        yield "  ended: " + ", ".join(f"{count} {reason or 'unknown'}" for reason, count in reasons)
    if found.forgotten:
        yield f"  deleted by age: up to {found.forgotten}; the chain goes on from {found.chain}"
    yield from (f"  missing: {first} to {last}" for first, last in found.missing)
    yield from (f"  changed, or what was before it: {number}" for number in found.broken)
    yield from (f"  the player began a new chain at {number}: its log was lost" for number in found.begun)


def _print_error(reason: str) -> int:
    sys.stderr.write(f"beffroi-server: {reason}\n")
    return 1
