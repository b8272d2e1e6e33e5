"""What a message of a screen changes. Rows are handed in; nothing here opens a transaction."""

from __future__ import annotations

import datetime as dt
import logging
import os
import tempfile
from pathlib import Path

from beffroi_content.model import WireModel
from beffroi_content.wire.reports import PlayerReport, PlayerStatus, PlayLogBatch, ReceiptBatch
from beffroi_server.fleet import play_gaps as ledgers
from beffroi_server.fleet.models import PlayRecord, ReceiptRecord, ScreenState
from beffroi_server.monitoring import screen_overview

logger = logging.getLogger(__name__)
_MAX_AHEAD = dt.timedelta(days=1)
_MAX_BIGINT = 2**63 - 1
"""That a column holds."""
_START_OF_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def apply_message(state: ScreenState, content: WireModel | bytes, now: dt.datetime) -> None:
    """Change the state of a screen, or store what it sent, as a message says. The caller saves the state."""
    if isinstance(content, bytes):
        _store_screenshot(state, content)
    elif isinstance(content, PlayerStatus):
        _apply_status(state, content)
    elif isinstance(content, PlayerReport):
        _apply_report(state, content)
    elif isinstance(content, ReceiptBatch):
        _store_receipts(state, content, now)
    elif isinstance(content, PlayLogBatch):
        _store_plays(state, content)
    state.seen_at = now


def _apply_status(state: ScreenState, status: PlayerStatus) -> None:
    """A last will may come after the birth of the next connection, or of the next boot: it is out of date then."""
    if not status.online and state.boot not in {"", status.boot}:
        return
    if status.boot == state.boot and status.connection < state.connection:
        return
    state.online, state.boot, state.connection = status.online, status.boot, status.connection


def _apply_report(state: ScreenState, report: PlayerReport) -> None:
    """Reports may arrive out of order; those of one boot are counted."""
    before = state.report or {}
    if before.get("boot") == report.boot and report.number <= state.report_number:
        return
    of_former_boot = bool(before) and before.get("boot") != report.boot and state.boot == before.get("boot")
    if of_former_boot and report.at_ms < int(before.get("at_ms", 0)):
        return
    said = report.model_dump(mode="json")
    # Said now and then only: until then, what was said last holds.
    said["machine"] = said["machine"] or before.get("machine")
    state.report, state.report_number = said, report.number


def _store_receipts(state: ScreenState, receipts: ReceiptBatch, now: dt.datetime) -> None:
    rows = [
        ReceiptRecord(
            screen_id=state.screen_id,
            stream=receipt.stream[:100],
            sequence=receipt.sequence,
            alert=receipt.alert or "",
            form=receipt.form or "",
            received_at=bounded_instant(receipt.received_at_ms, now),
            presented_at=bounded_instant(receipt.presented_at_ms, now),
            latency_ms=receipt.latency_ms,
            frame=receipt.frame,
            clock=receipt.clock,
        )
        for receipt in receipts.receipts
        if 0 <= receipt.sequence < 2**63
    ]
    ReceiptRecord.objects.bulk_create(rows, ignore_conflicts=True)


def _store_plays(state: ScreenState, plays: PlayLogBatch) -> None:
    rows = [
        PlayRecord(
            screen_id=state.screen_id,
            number=play.number,
            slide=play.slide or "",
            alert=play.alert or "",
            # As it was said, though the clock be wrong: the chain is of that.
            started_at=dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=play.started_at_ms),
            lasted_ms=min(play.lasted_ms, _MAX_BIGINT),
            frame=play.frame or "",
            page=min(max(play.page, 0), 1000),
            zone=play.zone or "",
            clock=play.clock,
            ended=play.ended or "",
            chain=play.chain or "",
        )
        for play in plays.plays
        # What is forgotten already does not come back.
        if state.plays_forgotten < play.number <= _MAX_BIGINT
    ]
    PlayRecord.objects.bulk_create(rows, ignore_conflicts=True)
    lost = [(first, last) for first, last in plays.lost if first <= last <= _MAX_BIGINT]
    if lost:
        logger.warning(
            "%s has not the plays %s either", state.screen.slug, ", ".join(f"{first} to {last}" for first, last in lost)
        )
    ledger = state.play_gaps.with_ranges([*ledgers.to_ranges(row.number for row in rows), *lost])
    state.plays_newest, state.plays_missing = ledger.newest, [list(row) for row in ledger.missing]


def bounded_instant(unix_ms: int, now: dt.datetime) -> dt.datetime:
    """Return an instant of a player's clock; one that is far in the future is drawn near, so that pages can show it."""
    return min(dt.datetime.fromtimestamp(unix_ms / 1000, dt.UTC), now + _MAX_AHEAD)


def _store_screenshot(state: ScreenState, picture: bytes) -> None:
    if not is_jpeg(picture):
        logger.warning("what %s sent as a screenshot is not a JPEG", state.screen.slug)
        return
    path = screen_overview.screenshot_path(state.screen.slug)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(picture)
    Path(name).replace(path)


def is_jpeg(data: bytes) -> bool:
    """Tell whether bytes are a whole JPEG of a sane size, by walking its segments without decoding anything."""
    if not data.startswith(b"\xff\xd8\xff") or not data.endswith(b"\xff\xd9"):
        return False
    position = 2
    while position + 9 < len(data) and data[position] == 0xFF:
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4])
        if marker in _START_OF_FRAME_MARKERS:
            height = int.from_bytes(data[position + 5 : position + 7])
            width = int.from_bytes(data[position + 7 : position + 9])
            return 0 < width <= 7680 and 0 < height <= 7680
        if marker == 0xDA or length < 2:
            return False
        position += 2 + length
    return False
