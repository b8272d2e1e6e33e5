"""The daily totals of a period as rows of a table: one for each content, screen and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from beffroi_server.fleet.play_models import DailyPlays
from beffroi_server.monitoring.proof import content_names
from beffroi_server.monitoring.proof.play_queries import PlayPeriod

_BATCH = 500


def headings() -> list[str]:
    """Return the headings, in the language of the reader."""
    return [
        _("Day"), _("Screen"), _("Location"), _("Content shown"), _("Times shown"), _("Of these confirmed"),
        _("Seconds"), _("First shown"), _("Last ended"), _("Identifier"),
    ]  # fmt: skip


def table_rows(period: PlayPeriod, zone: dt.tzinfo) -> Iterator[list[Any]]:
    """Yield the rows below the headings, by day, screen and content; local times as ISO 8601 without the zone."""
    found = period.daily_rows().select_related("screen").order_by("day", "screen__name", "content")
    rows = found.iterator(chunk_size=_BATCH)
    while batch := list(islice(rows, _BATCH)):
        names = content_names.names_of({row.content for row in batch})
        yield from (_table_row(row, names[row.content], zone) for row in batch)


def _table_row(row: DailyPlays, name: str, zone: dt.tzinfo) -> list[Any]:
    return [
        row.day.isoformat(), row.screen.name, row.screen.place, name, row.times, row.confirmed,
        round(row.lasted_ms / 1000), _local(row.first_at, zone), _local(row.last_at, zone), row.content,
    ]  # fmt: skip


def _local(instant: dt.datetime, zone: dt.tzinfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}"
