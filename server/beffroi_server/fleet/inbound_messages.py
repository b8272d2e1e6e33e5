"""Messages of players: how status, reports, receipts, plays and screenshots change the database.

``prepare_messages`` is registered with the inbound queue. It does all that takes time before the transaction; what is
left for the transaction are a few statements, however many screens have spoken.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from beffroi_content.model import WireModel
from beffroi_content.wire.messages import PLAYS, RECEIPTS, REPORT, SCREENSHOT, STATUS
from beffroi_content.wire.plays import NumberRange, PlayLogBatch
from beffroi_content.wire.reports import PlayerReport, PlayerStatus, ReceiptBatch
from beffroi_server.core import disk_space, row_writes
from beffroi_server.core.row_writes import Row, database_instant
from beffroi_server.core.timestamps import bounded_instant
from beffroi_server.delivery.inbound_queue import InboundMessage, StoreFunction
from beffroi_server.delivery.refused_messages import Refusal, RefusalReason, refused_messages
from beffroi_server.fleet import identity_watch, player_boxes, screenshots
from beffroi_server.fleet.box_models import PlayerBox
from beffroi_server.fleet.events import ReportedAlerts, reports_received
from beffroi_server.fleet.models import ReceiptRecord, Screen, ScreenState
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.fleet.plays import play_gaps
from beffroi_server.fleet.plays.intake_quotas import comparisons_quota, plays_quota, receipts_quota
from beffroi_server.fleet.plays.play_gaps import PlayGaps

HANDLED_MESSAGES = (STATUS, REPORT, RECEIPTS, PLAYS, SCREENSHOT)
_READ_FIELDS = (
    "online", "boot", "connection", "report_boot", "report_number", "report_at_ms",
    "plays_newest", "plays_missing", "plays_forgotten",
)  # fmt: skip
_GIVEN_FIELDS = ("report", "machine")
_WRITTEN_FIELDS = ("screen", *_READ_FIELDS, "seen_at", *_GIVEN_FIELDS)
_RECEIPT_FIELDS = (
    "screen", "stream", "sequence", "alert", "form", "received_at", "presented_at", "latency_ms", "frame", "clock",
    "steady_epoch", "steady_ms",
)  # fmt: skip
_PLAY_FIELDS = (
    "screen", "number", "slide", "alert", "started_at", "lasted_ms", "frame", "page", "zone", "clock", "ended", "chain",
)  # fmt: skip
_EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)


def prepare_messages(messages: Sequence[InboundMessage], now: dt.datetime) -> StoreFunction:
    """Return what stores a batch of messages in the order in which they came; unknown screens are left out."""
    names = {each.screen for each in messages}
    screens = dict(Screen.objects.filter(slug__in=names, enrolled_at__isnull=False).values_list("slug", "pk"))
    for name in names - screens.keys():
        refused_messages.note(name, RefusalReason.UNKNOWN_SCREEN, "no such screen is enrolled")
    by_screen: defaultdict[str, list[WireModel | bytes]] = defaultdict(list)
    for each in messages:
        if each.screen in screens:
            by_screen[each.screen].append(each.content)
    for name, said in by_screen.items():
        # Those of copies, too: it is by them that two players are told apart.
        statuses = [each for each in said if isinstance(each, PlayerStatus)]
        identity_watch.note_statuses(screens[name], name, statuses, now)
    _drop_copies(by_screen, screens, now)
    _tell_reported_alerts({name: said for name, said in by_screen.items() if _has_report(said)}, screens)
    return PreparedBatch(
        [_prepare_screen(name, screens[name], said, now) for name, said in by_screen.items()], now
    ).store


@dataclass
class PresentState:
    """The part of a screen's ``ScreenState`` on which the meaning of its messages depends."""

    online: bool = False
    boot: str = ""
    connection: int = 0
    report_boot: str = ""
    report_number: int = 0
    report_at_ms: int = 0
    plays_newest: int = 0
    plays_missing: str = "[]"
    """As JSON: it is read only where plays came."""
    plays_forgotten: int = 0

    def apply_status(self, status: PlayerStatus) -> bool:
        """Apply a status; return whether it changed anything.

        A last will may come after the birth of the next connection, or of the next boot: it is out of date then.
        """
        if not status.online and self.boot not in {"", status.boot}:
            return False
        if status.boot == self.boot and status.connection < self.connection:
            return False
        before = self.online, self.boot, self.connection
        self.online, self.boot, self.connection = status.online, status.boot, status.connection
        return before != (self.online, self.boot, self.connection)

    def apply_report(self, report: PlayerReport) -> bool:
        """Apply a report; return whether it is news.

        Reports may arrive out of order; those of one boot are counted. The broker hands the last one out again at each
        start of the server.
        """
        if self.report_boot == report.boot and report.number <= self.report_number:
            return False
        of_former_boot = self.report_boot not in {"", report.boot} and self.boot == self.report_boot
        if of_former_boot and report.at_ms < self.report_at_ms:
            return False
        self.report_boot, self.report_number, self.report_at_ms = report.boot, report.number, report.at_ms
        return True

    def apply_plays(self, received: Iterable[NumberRange]) -> None:
        """Apply ranges of plays that were received, or that the player has lost."""
        gaps = PlayGaps(self.plays_newest, tuple((first, last) for first, last in json.loads(self.plays_missing)))
        gaps = gaps.with_ranges(received)
        self.plays_newest, self.plays_missing = gaps.newest, json.dumps(gaps.missing)


@dataclass
class PreparedScreen:
    """What one screen said in a batch, prepared for the database."""

    screen_id: int
    reports_and_status: list[PlayerReport | PlayerStatus] = field(default_factory=list)
    plays: list[Row] = field(default_factory=list)
    lost: list[NumberRange] = field(default_factory=list)
    receipts: list[Row] = field(default_factory=list)
    last_report: str | None = None
    """The last of the reports as it is stored."""
    is_live: bool = False
    """Whether something came that no broker retains: the player is there."""

    def state_row(self, state: PresentState, seen_at: Any) -> Row | None:
        """Apply everything to a state; return the row to write, or None if nothing is new."""
        newest: PlayerReport | None = None
        machine = None
        is_news = self.is_live
        for each in self.reports_and_status:
            if isinstance(each, PlayerStatus):
                is_news |= state.apply_status(each)
            elif state.apply_report(each):
                newest, machine = each, each.machine or machine
        if self.plays or self.lost:
            numbers = (row[1] for row in self.plays if row[1] > state.plays_forgotten)
            state.apply_plays([*play_gaps.to_ranges(numbers), *self.lost])
        if newest is None and not is_news:
            return None
        values = [getattr(state, name) for name in _READ_FIELDS]
        report = self.last_report if newest is self._newest_report() else newest and _report_json(newest)
        return (self.screen_id, *values, seen_at, report, machine.model_dump_json() if machine else None)

    def prepare_report(self) -> None:
        """Write the last report as it is stored: most likely it is the one that counts."""
        report = self._newest_report()
        self.last_report = _report_json(report) if report else None

    def _newest_report(self) -> PlayerReport | None:
        return next((each for each in reversed(self.reports_and_status) if isinstance(each, PlayerReport)), None)


class PreparedBatch:
    """What several screens said, prepared for the database."""

    def __init__(self, screens: list[PreparedScreen], now: dt.datetime) -> None:
        self._screens = screens
        self._seen_at = database_instant(now)

    def store(self) -> None:
        """Write it, inside a transaction."""
        states = _locked_states([each.screen_id for each in self._screens])
        rows, plays, receipts = [], [], []
        for each in self._screens:
            state = states.get(each.screen_id) or PresentState()
            # Plays that retention has deleted do not come back.
            plays += [row for row in each.plays if row[1] > state.plays_forgotten]
            receipts += each.receipts
            if row := each.state_row(state, self._seen_at):
                rows.append(row)
        always = ("seen_at", *(name for name in _READ_FIELDS if name != "plays_forgotten"))
        row_writes.merge_rows(ScreenState, _WRITTEN_FIELDS, rows, always=always, where_given=_GIVEN_FIELDS)
        row_writes.insert_new_rows(PlayRecord, _PLAY_FIELDS, plays)
        row_writes.insert_new_rows(ReceiptRecord, _RECEIPT_FIELDS, receipts)


def _locked_states(screens: list[int]) -> dict[int, PresentState]:
    """Return the states by the key of the screen, their rows locked.

    Retention changes the same rows: who holds the lock decides how far the plays of a screen are here.
    """
    rows = row_writes.locked_rows(ScreenState, ("screen", *_READ_FIELDS), "screen", screens)
    return {row[0]: PresentState(*row[1:]) for row in rows}


def _prepare_screen(name: str, screen_id: int, said: list[WireModel | bytes], now: dt.datetime) -> PreparedScreen:
    found = PreparedScreen(screen_id)
    for content in said:
        if isinstance(content, PlayerStatus | PlayerReport):
            found.reports_and_status.append(content)
            continue
        found.is_live = True
        if isinstance(content, bytes):
            _store_screenshot(name, content)
        elif isinstance(content, ReceiptBatch):
            if _is_within(receipts_quota.take(screen_id, len(content.receipts)), name, "receipts"):
                found.receipts += _receipt_rows(screen_id, content, now)
        elif isinstance(content, PlayLogBatch) and _takes_plays(screen_id, name, len(content.plays)):
            found.plays += _play_rows(screen_id, content)
            # What is lost stays visible as a gap: see ``play_audit``.
            found.lost += [(first, last) for first, last in content.lost if first <= last]
    found.prepare_report()
    return found


def _drop_copies(
    by_screen: Mapping[str, list[WireModel | bytes]], screens: Mapping[str, int], now: dt.datetime
) -> None:
    """Leave out what machines say of their screens that are not the players of these: see ``player_boxes``."""
    said = {name: [(each, box) for each in by_screen[name] if (box := _box_of(each))] for name in by_screen}
    boxes = player_boxes.boxes_of([screens[name] for name, messages in said.items() if messages])
    for name, messages in said.items():
        for each, box in messages:
            if not _is_taken_in(each, boxes[screens[name]], box, now):
                by_screen[name].remove(each)


def _box_of(content: WireModel | bytes) -> str:
    return screenshots.box_of(content) if isinstance(content, bytes) else getattr(content, "box", "")


def _is_taken_in(content: WireModel | bytes, boxes: Sequence[PlayerBox], box: str, now: dt.datetime) -> bool:
    if not isinstance(content, PlayerStatus):
        return player_boxes.may_speak(boxes, box, now)
    # A birth is said once. It may be that of the next player, whose card has just been moved.
    return content.online or player_boxes.may_say_goodbye(boxes, box, now)


def _has_report(said: Iterable[WireModel | bytes]) -> bool:
    return any(isinstance(each, PlayerReport) for each in said)


def _tell_reported_alerts(by_screen: Mapping[str, Iterable[WireModel | bytes]], screens: Mapping[str, int]) -> None:
    # To compare takes queries: a screen that floods, or makes up sequences, must not hold the others up.
    newest = {
        name: each
        for name, said in by_screen.items()
        if comparisons_quota.take(screens[name], 1)
        for each in said
        if isinstance(each, PlayerReport)
    }
    if newest:
        reports_received.send([
            ReportedAlerts(name, report.alerts, frozenset(part.alert for part in report.shown if part.alert))
            for name, report in newest.items()
        ])  # fmt: skip


def _report_json(report: PlayerReport) -> str:
    return report.model_dump_json(exclude={"machine"})


def _takes_plays(screen_id: int, name: str, count: int) -> bool:
    if disk_space.disk_state() is disk_space.DiskState.SCARCE:
        # The player keeps them, and sends them again once the server says that it misses them.
        refused_messages.note(
            name, RefusalReason.UNSTORABLE, "plays wait on the screen: the disk of the server is full"
        )
        return False
    return _is_within(plays_quota.take(screen_id, count), name, "plays")


def _is_within(is_within: bool, screen: str, what: str) -> bool:
    if not is_within:
        refused_messages.note(screen, RefusalReason.QUOTA, f"it has sent more {what} within an hour than are stored")
    return is_within


def _receipt_rows(screen_id: int, receipts: ReceiptBatch, now: dt.datetime) -> list[Row]:
    return [
        (
            screen_id, receipt.stream, receipt.sequence, receipt.alert or "", str(receipt.form or ""),
            database_instant(bounded_instant(receipt.received_at_ms, now)),
            database_instant(bounded_instant(receipt.presented_at_ms, now)),
            receipt.latency_ms, receipt.frame, str(receipt.clock),
            receipt.presented_steady.epoch if receipt.presented_steady else "",
            receipt.presented_steady.ms if receipt.presented_steady else 0,
        )
        for receipt in receipts.receipts
    ]  # fmt: skip


def _play_rows(screen_id: int, plays: PlayLogBatch) -> list[Row]:
    return [
        (
            screen_id, play.number, play.slide or "", play.alert or "",
            # As reported, even by a wrong clock: the hash chain covers that value.
            database_instant(_EPOCH + dt.timedelta(milliseconds=play.started_at_ms)),
            play.lasted_ms, play.frame or "", play.page, play.zone or "", str(play.clock),
            str(play.ended or ""), play.chain or "",
        )
        for play in plays.plays
    ]  # fmt: skip


def _store_screenshot(name: str, image: bytes) -> None:
    try:
        screenshots.store_screenshot(name, image)
    except ValueError:
        refused_messages.note(name, RefusalReason.MALFORMED, "what it sent as a screenshot is not a JPEG")
    except OSError as error:
        refused_messages.note(name, RefusalReason.UNSTORABLE, f"its screenshot could not be written: {error}")


def store_refusals(refusals: Sequence[Refusal]) -> None:
    """Write down which screens sent messages that were refused, for their pages."""
    now = timezone.now()
    with transaction.atomic():
        for each in refusals:
            ScreenState.objects.filter(screen__slug=each.screen).update(
                refused_at=now, refused_reason=each.reason, refused_count=each.count
            )
