"""What the report of proof of play says, before it is laid out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.accounts.models import Town, User
from beffroi_server.core import formatting
from beffroi_server.fleet.plays import log_export
from beffroi_server.fleet.plays.log_verification import LogVerification, VerifiedScreen
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.town_branding import logo_of
from beffroi_server.monitoring.proof import content_names, play_queries
from beffroi_server.monitoring.proof.play_queries import PlayPeriod, day_bounds
from beffroi_server.web.plays.period_form import AskedPeriod

MAX_ROWS = 400
"""Rows of the table: the rest is counted, and is in the CSV file."""
MAX_LOG_PLAYS = 60_000
"""Plays whose chain a report verifies: a week of one screen, some seconds of a processor."""


@dataclass(frozen=True)
class ProofReport:
    """Everything that a report says, as text."""

    town: str
    logo: Path | None
    title: str
    subject: Sequence[tuple[str, str]]
    """What was asked for, and the totals: names and values."""
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_off: str
    """Says how many rows are not in the table; empty if all are."""
    log: Sequence[tuple[str, str]]
    """The digest of the display log, and the state of the chain of each screen."""
    log_note: str
    footer: str


def build_report(asked: AskedPeriod, town: Town, user: User, now: dt.datetime) -> ProofReport:
    """Return the report of a period, in the language of the reader and the town's time."""
    logo = logo_of(town) if town.pk else None
    rows, left_off = _table(asked)
    log, note = _verified_log(asked.period, town)
    return ProofReport(
        town.name,
        media_path(logo.picture_id) if logo is not None else None,
        _("Proof of play"),
        _subject(asked),
        _columns(asked.grouping),
        rows,
        left_off,
        log,
        note,
        _("Made by %(name)s on %(day)s at %(hour)s with Beffroi")
        % {
            "name": user.get_full_name() or user.get_username(),
            "day": formatting.format_day(timezone.localdate(now)),
            "hour": formatting.format_hour(timezone.localtime(now)),
        },
    )


def _subject(asked: AskedPeriod) -> list[tuple[str, str]]:
    period, total = asked.period, play_queries.total_of(asked.period)
    days = formatting.format_day(period.first)
    if period.last != period.first:
        days = _("%(first)s to %(last)s") % {"first": days, "last": formatting.format_day(period.last)}
    place = period.screen or period.group
    lines = [(_("Period"), days), (_("Where"), str(place) if place is not None else _("All screens"))]
    if asked.content:
        lines.append((_("Content shown"), content_names.names_of([asked.content])[asked.content]))
    elif asked.search:
        lines.append((_("Contents whose name contains"), asked.search))
    if total["shown"] is None:
        return [*lines, (_("Shown"), _("Nothing was shown, or nothing has been received yet."))]
    proven = ngettext("%(count)d showing", "%(count)d showings", total["proven"]) % {"count": total["proven"]}
    return [
        *lines,
        (_("Shown"), ngettext("%(count)d time", "%(count)d times", total["shown"]) % {"count": total["shown"]}),
        (_("Total length"), formatting.format_duration(total["length_ms"] // 1000)),
        (_("Screens"), str(total["on_screens"])),
        (_("First shown"), _instant(total["begins_at"])),
        (_("Last ended"), _instant(total["ends_at"])),
        (_("Confirmed to the pixel"), proven),
    ]


def _columns(grouping: str) -> list[str]:
    first = {"content": _("Content shown"), "screen": _("Screen"), "day": _("Day")}[grouping]
    return [first, _("Times"), _("Length"), _("First shown"), _("Last ended"), _("Confirmed")]


def _table(asked: AskedPeriod) -> tuple[list[list[str]], str]:
    totals = play_queries.totals_by(asked.period, asked.grouping)
    rows = list(totals[: MAX_ROWS + 1])
    left = totals.count() - MAX_ROWS if len(rows) > MAX_ROWS else 0
    names = content_names.names_of({row["content"] for row in rows}) if asked.grouping == "content" else {}
    left_off = ngettext("and %(count)d more: see the CSV file", "and %(count)d more: see the CSV file", max(left, 1))
    return [_table_row(row, asked.grouping, names) for row in rows[:MAX_ROWS]], left_off % {
        "count": left
    } if left else ""


def _table_row(row: dict[str, Any], grouping: str, names: dict[str, str]) -> list[str]:
    if grouping == "content":
        first = names[row["content"]]
    else:
        first = row["screen__name"] if grouping == "screen" else formatting.format_day(row["day"])
    length = formatting.format_duration(row["length_ms"] // 1000)
    return [
        first, str(row["shown"]), length, _instant(row["begins_at"]), _instant(row["ends_at"]), str(row["proven"]),
    ]  # fmt: skip


def _verified_log(period: PlayPeriod, town: Town) -> tuple[list[tuple[str, str]], str]:
    """Return the digest of the display log that the page exports for the same period, and the state of its chains."""
    zone = timezone.get_current_timezone()
    start, end = day_bounds(period.first, zone)[0], day_bounds(period.last, zone)[1]
    if log_export.count_plays(period.screens(), start, end, MAX_LOG_PLAYS + 1) > MAX_LOG_PLAYS:
        return [], _(
            "The display log of this period has more than %(count)d records and was not checked for this report. "
            "Choose one screen and fewer days, or check the log with the command “beffroi-server plays verify”."
        ) % {"count": MAX_LOG_PLAYS}
    found = LogVerification()
    for line in log_export.log_lines(town, period.screens(), start, end, content_names.recorded_names_of):
        found.read_line(line)
    lines = [(_("SHA-256 of the display log"), found.sha256)]
    lines += [(screen.name, _chain_text(screen)) for screen in found.screens if screen.count]
    return lines, _(
        "The display log of the same period and screens is downloaded from the page “Proof of play”. Anybody can check "
        "it, without this server: beffroi-server plays verify FILE."
    )


def _chain_text(screen: VerifiedScreen) -> str:
    count = ngettext("%(count)d record", "%(count)d records", screen.count) % {"count": screen.count}
    numbers = _("numbers %(first)d to %(last)d") % {"first": screen.first, "last": screen.last}
    parts = [f"{count}, {numbers}"]
    if screen.is_whole:
        parts.append(_("complete and unchanged"))
    parts += [_("missing: %(first)d to %(last)d") % {"first": a, "last": b} for a, b in screen.missing[:10]]
    parts += [_("changed, or what was before it: %(number)d") % {"number": each} for each in screen.broken[:10]]
    parts += [_("new chain, the player had lost its log: %(number)d") % {"number": each} for each in screen.begun[:10]]
    parts.append(_("last fingerprint: %(chain)s") % {"chain": screen.chain})
    return " · ".join(parts)


def _instant(instant: dt.datetime) -> str:
    return f"{timezone.localtime(instant):%d/%m/%Y %H:%M:%S}"
