"""The parts of the report, each alone: receipts, the report itself, and frames to be repaired."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.report_samples import ALERT, NOW_MS, facts, presented

from beffroi_content.wire.messages import MESSAGES, WireMessage
from beffroi_content.wire.reports import (
    ConnectionState,
    MachineDescription,
    PlayerHealth,
    PlayerReport,
    ReportedRefusal,
    ShownPart,
)
from beffroi_player.agent.report.frame_repair import FIRST_PAUSE_MS, FORGET_MS, LONGEST_PAUSE_MS, FrameRepairs
from beffroi_player.agent.report.receipts import proven_receipts
from beffroi_player.agent.report.report_sender import MACHINE_MS, REPORT_MS, SPACING_MS, ReportSender
from beffroi_player.state.directories import CRASH_FALLBACK, DocumentReception, FrameFault, PresentedStatus

SLIDE = ShownPart(slide="pool", reason="rule")


class BrokerLine:
    """Takes what is published, unless there is no connection."""

    def __init__(self) -> None:
        self.is_connected = True
        self.taken: list[tuple[str, bytes]] = []

    def publish(self, message: WireMessage, payload: bytes, _acknowledged: object) -> bool:
        if self.is_connected:
            self.taken.append((message.leaf, payload))
        return self.is_connected


@pytest.fixture
def line() -> BrokerLine:
    return BrokerLine()


# --- receipts


def test_a_receipt_states_the_time_from_arrival_to_the_screen() -> None:
    (receipt,) = proven_receipts(presented(ALERT), facts())
    assert (receipt.stream, receipt.sequence, receipt.alert, receipt.form) == ("all/alerts", 7, "flood", "takeover")
    assert receipt.latency_ms == 44.0
    assert receipt.received_at_ms == NOW_MS - 500
    assert receipt.frame == "a" * 64


@pytest.mark.parametrize(
    ("status", "programme", "proven"),
    [
        pytest.param(presented(), None, [], id="nothing shown"),
        pytest.param(presented(SLIDE), None, [], id="a slide proves no alert"),
        pytest.param(presented(ALERT), None, ["flood"], id="an alert"),
        pytest.param(presented(ALERT, overlay=True), None, [], id="an alert beneath an overlay"),
        pytest.param(presented(SLIDE), 3, [None], id="the programme that was received"),
        pytest.param(presented(SLIDE), 4, [], id="one that is not presented yet"),
        pytest.param(presented(SLIDE, overlay=True), 3, [None], id="the programme beneath an overlay"),
        pytest.param(presented(ALERT.model_copy(update={"alert": "storm"})), None, [], id="an alert of before"),
    ],
)
def test_what_the_screen_proves(status: PresentedStatus, programme: int | None, proven: list[str | None]) -> None:
    reception = DocumentReception("s-hall/programme", programme, NOW_MS, 60_000.0) if programme else None
    found = proven_receipts(status, facts(programme_reception=reception))
    assert [receipt.alert for receipt in found] == proven


# --- the report


class ReportClock:
    """A report sender whose time is set by hand."""

    def __init__(self, line: BrokerLine, machine: MachineDescription | None = None) -> None:
        self.uptime_ms = 0.0
        self.line = line
        self.sender = ReportSender("start1", line.publish, lambda: self.uptime_ms, machine)

    def send(self, after_ms: float, status: PresentedStatus | None = None, **changes: Any) -> float:
        self.uptime_ms += after_ms
        return self.sender.send_if_due(status, lambda: facts(**changes))

    @property
    def reports(self) -> list[PlayerReport]:
        return [PlayerReport.model_validate_json(payload) for _, payload in self.line.taken]


@pytest.fixture
def clock(line: BrokerLine) -> ReportClock:
    return ReportClock(line)


def test_a_report_is_sent_at_once_then_when_it_changes_or_is_old(clock: ReportClock) -> None:
    for after_ms, preparing in [(0, ""), (SPACING_MS, ""), (SPACING_MS, "drawing"), (REPORT_MS - 1, "drawing")]:
        clock.send(after_ms, preparing=preparing)
    assert [report.preparing for report in clock.reports] == ["", "drawing"]
    clock.send(1, preparing="drawing")
    assert [report.number for report in clock.reports] == [1, 2, 3]


def test_two_changes_at_once_make_two_reports_that_are_apart(clock: ReportClock) -> None:
    clock.send(0)
    seconds = clock.send(100, preparing="drawing")
    assert seconds == pytest.approx((SPACING_MS - 100) / 1000)
    assert len(clock.reports) == 1
    clock.send(1000 * seconds, preparing="drawing")
    assert [report.preparing for report in clock.reports] == ["", "drawing"]


@pytest.mark.parametrize(
    ("changes", "is_news"),
    [
        ({"at_ms": NOW_MS + 1}, False),
        ({"health": PlayerHealth(uptime_s=9)}, False),
        ({"health": PlayerHealth(uptime_s=9, problems=("hot",))}, True),
        ({"link": ConnectionState.POLLING}, True),
        ({"alerts": {"all/alerts": 8}}, True),
    ],
)
def test_what_makes_a_report_news(clock: ReportClock, changes: dict[str, Any], is_news: bool) -> None:
    clock.send(0, health=PlayerHealth(uptime_s=1))
    clock.send(SPACING_MS, **{"health": PlayerHealth(uptime_s=1), **changes})
    assert len(clock.reports) == 1 + is_news


def test_a_new_connection_is_told_everything(line: BrokerLine) -> None:
    machine = MachineDescription(model="Raspberry Pi 4 Model B Rev 1.5")
    clock = ReportClock(line, machine)
    clock.send(0)
    clock.send(REPORT_MS)
    clock.sender.repeat_everything()
    clock.send(SPACING_MS)
    clock.send(MACHINE_MS)
    assert [report.machine for report in clock.reports] == [machine, None, machine, machine]


def test_a_report_that_nobody_took_is_sent_again_with_its_number(clock: ReportClock) -> None:
    clock.line.is_connected = False
    clock.send(0)
    clock.line.is_connected = True
    clock.send(SPACING_MS)
    assert [report.number for report in clock.reports] == [1]


def test_a_report_is_never_larger_than_the_message_table_allows(clock: ReportClock) -> None:
    refusals = tuple(
        ReportedRefusal(subject="é" * 200, code="c" * 60, detail="é" * 300, last_at_ms=NOW_MS, count=10**9)
        for _ in range(20)
    )
    faults = tuple(FrameFault(frame=f"{number}" * 64, detail="é" * 400) for number in range(9))
    clock.send(0, presented(*[SLIDE] * 50, faults=faults), refusals=refusals, preparing="é" * 500)
    (report,) = clock.reports
    assert len(report.refusals) == 20
    assert [refusal.code for refusal in report.refusals[:6]] == ["frame"] * 5 + ["c" * 60]
    limit = next(message.size_limit for message in MESSAGES if message.leaf == "report")
    assert len(clock.line.taken[0][1]) <= limit


# --- frames to be repaired


class RepairClock:
    def __init__(self) -> None:
        self.uptime_ms = 0.0
        self.repairs = FrameRepairs(lambda: self.uptime_ms)

    def due(self, after_ms: float, *frames: str) -> tuple[str, ...]:
        self.uptime_ms += after_ms
        faults = tuple(FrameFault(frame=frame, detail="is damaged") for frame in frames)
        return self.repairs.due_frames(presented(SLIDE, faults=faults))


def test_a_broken_frame_is_repaired_at_once_and_then_ever_more_seldom() -> None:
    clock = RepairClock()
    asked = [clock.due(ms, "a.png") for ms in (0, FIRST_PAUSE_MS - 1, 1, FIRST_PAUSE_MS, FIRST_PAUSE_MS)]
    assert asked == [("a.png",), (), ("a.png",), (), ("a.png",)]
    assert clock.due(LONGEST_PAUSE_MS - 1, "a.png") == ()
    assert clock.due(1, "a.png") == ("a.png",)
    assert clock.due(LONGEST_PAUSE_MS, "a.png") == ("a.png",)


def test_another_frame_does_not_wait_for_the_first() -> None:
    clock = RepairClock()
    clock.due(0, "a.png")
    assert clock.due(1, "a.png", "b.png") == ("b.png",)


def test_a_frame_that_was_well_for_long_is_repaired_at_once_again() -> None:
    clock = RepairClock()
    clock.due(0, "a.png")
    clock.due(FIRST_PAUSE_MS, "a.png")
    assert clock.due(FORGET_MS, "a.png") == ("a.png",)
    assert clock.due(FIRST_PAUSE_MS, "a.png") == ("a.png",)


def test_what_crash_fallback_leaves_out_is_not_broken() -> None:
    assert RepairClock().due(0, CRASH_FALLBACK) == ()
