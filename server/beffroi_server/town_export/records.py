"""Records that may be larger than memory, as lines: audit trail, receipts of alerts, proof of play; and dossiers."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, Min
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit_actions
from beffroi_server.accounts.audit_export import trail_rows
from beffroi_server.accounts.models import AuditEvent, Town, User, UserRole
from beffroi_server.alerts.models import Alert
from beffroi_server.dossiers.alert_dossier import build_dossier
from beffroi_server.dossiers.dossier_json import dossier_json
from beffroi_server.fleet.models import ReceiptRecord, Screen
from beffroi_server.fleet.play_models import DailyPlays, PlayRecord
from beffroi_server.fleet.plays.played_content import content_key
from beffroi_server.monitoring.proof import content_names, totals_export
from beffroi_server.monitoring.proof.play_queries import PlayPeriod
from beffroi_server.town_export.tables import csv_table

MODELS = (
    "accounts.AuditEvent", "fleet.ReceiptRecord", "fleet.DailyPlays", "fleet.PlayRecord", "fleet.PlayedContent",
)  # fmt: skip
"""The labels of the models that are in them."""
MADE_BY = "beffroi-server export"
"""Who has made the dossiers, as they say."""
_RECEIPT_FIELDS = (
    "screen__slug", "alert", "stream", "sequence", "form", "received_at", "presented_at", "latency_ms", "frame",
    "clock",
)  # fmt: skip
_PLAY_FIELDS = (
    "number", "started_at", "lasted_ms", "slide", "alert", "page", "zone", "ended", "clock", "frame", "chain",
)  # fmt: skip
_BATCH = 2_000


def first_texts() -> list[Any]:
    """Return the identifiers of the alerts that correct none: the dossier of each has all later texts too."""
    return list(Alert.objects.filter(corrects=None).order_by("issued_at", "pk").values_list("pk", flat=True))


def dossier_of(alert: Any, town: Town, now: dt.datetime) -> bytes:
    """Return the dossier of an alert, with the receipts of all screens, as JSON."""
    reader = User(username=MADE_BY, role=UserRole.ADMINISTRATOR)
    return dossier_json(build_dossier(Alert.objects.get(pk=alert), reader, town, now))


def trail_table() -> Iterator[bytes]:
    """Yield the audit trail as a table, the oldest event first."""
    headings = [_("Time"), _("Who"), _("What"), _("Of what"), _("Changes"), _("Fingerprint")]
    return csv_table(trail_rows(AuditEvent.objects.all(), audit_actions.ACTION_TEXTS, headings))


def receipt_table() -> Iterator[bytes]:
    """Yield the receipts of alerts, each as a player has sent it."""
    rows = ReceiptRecord.objects.exclude(alert="").order_by("pk").values_list(*_RECEIPT_FIELDS)
    headings = ["screen", *_RECEIPT_FIELDS[1:]]
    return csv_table(itertools.chain([headings], (_plain(row) for row in rows.iterator(chunk_size=_BATCH))))


def daily_table(zone: ZoneInfo) -> Iterator[bytes]:
    """Yield the daily totals, as the page of proof of play does."""
    days = DailyPlays.objects.aggregate(first=Min("day"), last=Max("day"))
    rows: Iterator[list[Any]] = iter(())
    if days["first"] is not None:
        rows = totals_export.table_rows(PlayPeriod(days["first"], days["last"]), zone)
    return csv_table(itertools.chain([totals_export.headings()], rows))


def screens_with_plays() -> list[Screen]:
    """Return the screens of which there are plays."""
    return [screen for screen in Screen.objects.order_by("slug") if PlayRecord.objects.filter(screen=screen).exists()]


def play_table(screen: Screen, names: dict[str, str]) -> Iterator[bytes]:
    """Yield the plays of a screen by their numbers, with the name of what each showed.

    Args:
        screen: Which one.
        names: By the key of the content; those that are missing are added.
    """
    return csv_table(itertools.chain([["name", *_PLAY_FIELDS]], _play_rows(screen, names)))


def _play_rows(screen: Screen, names: dict[str, str]) -> Iterator[list[Any]]:
    found = PlayRecord.objects.filter(screen=screen).order_by("number").values_list(*_PLAY_FIELDS)
    rows = found.iterator(chunk_size=_BATCH)
    while batch := list(itertools.islice(rows, _BATCH)):
        keys = [content_key(row[3], row[4]) for row in batch]
        if new := set(keys) - names.keys():
            names.update(content_names.names_of(new))
        yield from ([names[key], *_plain(row)] for key, row in zip(keys, batch, strict=True))


def _plain(row: tuple[Any, ...]) -> list[Any]:
    return [value.isoformat() if isinstance(value, dt.datetime) else value for value in row]
