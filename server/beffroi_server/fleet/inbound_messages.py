"""Messages of players: how status, reports, receipts, plays and screenshots change the database.

``store_messages`` is registered with the inbound queue, which calls it with one batch inside one transaction.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Sequence

from beffroi_content.model import WireModel
from beffroi_content.wire.messages import PLAYS, RECEIPTS, REPORT, SCREENSHOT, STATUS
from beffroi_content.wire.reports import PlayerReport, PlayerStatus, PlayLogBatch, ReceiptBatch
from beffroi_server.core.timestamps import bounded_instant
from beffroi_server.delivery.inbound_queue import InboundMessage
from beffroi_server.fleet import screenshots
from beffroi_server.fleet.models import PlayRecord, ReceiptRecord, Screen, ScreenState
from beffroi_server.fleet.plays import play_gaps

logger = logging.getLogger(__name__)
HANDLED_MESSAGES = (STATUS, REPORT, RECEIPTS, PLAYS, SCREENSHOT)
STATE_FIELDS = ("online", "boot", "connection", "seen_at", "report_number", "report", "plays_newest", "plays_missing")
"""The fields of ``ScreenState`` that messages change."""


def store_messages(messages: Sequence[InboundMessage], now: dt.datetime) -> None:
    """Store a batch of messages in the order in which they came; those of screens without enrolment are ignored."""
    names = {each.screen for each in messages}
    screens = {screen.slug: screen for screen in Screen.objects.filter(slug__in=names, enrolled_at__isnull=False)}
    for name in names - screens.keys():
        logger.warning("a message of %s, which is not enrolled, was ignored", name)
    states = _locked_states(screens.values())
    for each in messages:
        if each.screen in screens:
            apply_message(states[screens[each.screen].pk], each.content, now)
    ScreenState.objects.bulk_update(states.values(), STATE_FIELDS, batch_size=100)


def _locked_states(screens: Collection[Screen]) -> dict[int, ScreenState]:
    """Return the states by the key of the screen, created where there is none, their rows locked.

    Retention changes the same rows: who holds the lock decides how far the plays of a screen are here.
    """
    ScreenState.objects.bulk_create([ScreenState(screen=screen) for screen in screens], ignore_conflicts=True)
    locked = ScreenState.objects.select_for_update(of=("self",)).select_related("screen")
    return {state.screen_id: state for state in locked.filter(screen__in=screens)}


def apply_message(state: ScreenState, content: WireModel | bytes, now: dt.datetime) -> None:
    """Change the state of a screen as a message says, or store its contents. The caller saves the state."""
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
    stored = report.model_dump(mode="json")
    # The hardware is reported now and then only: until then, what was reported last holds.
    stored["machine"] = stored["machine"] or before.get("machine")
    state.report, state.report_number = stored, report.number


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
    ]
    ReceiptRecord.objects.bulk_create(rows, ignore_conflicts=True)


def _store_plays(state: ScreenState, plays: PlayLogBatch) -> None:
    rows = [
        PlayRecord(
            screen_id=state.screen_id,
            number=play.number,
            slide=play.slide or "",
            alert=play.alert or "",
            # As reported, even by a wrong clock: the hash chain covers that value.
            started_at=dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=play.started_at_ms),
            lasted_ms=play.lasted_ms,
            frame=play.frame or "",
            page=play.page,
            zone=play.zone or "",
            clock=play.clock,
            ended=play.ended or "",
            chain=play.chain or "",
        )
        for play in plays.plays
        # Plays that retention has deleted do not come back.
        if state.plays_forgotten < play.number
    ]
    PlayRecord.objects.bulk_create(rows, ignore_conflicts=True)
    lost = [(first, last) for first, last in plays.lost if first <= last]
    if lost:
        logger.warning(
            "%s has not the plays %s either", state.screen.slug, ", ".join(f"{first} to {last}" for first, last in lost)
        )
    gaps = state.play_gaps.with_ranges([*play_gaps.to_ranges(row.number for row in rows), *lost])
    state.plays_newest, state.plays_missing = gaps.newest, [list(row) for row in gaps.missing]


def _store_screenshot(state: ScreenState, image: bytes) -> None:
    try:
        screenshots.store_screenshot(state.screen.slug, image)
    except ValueError:
        logger.warning("what %s sent as a screenshot is not a JPEG", state.screen.slug)
