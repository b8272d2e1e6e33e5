"""Sentences about the clocks of screens."""

from __future__ import annotations

import datetime as dt

import pytest

from beffroi_content.timeline import ClockState
from beffroi_content.wire.reports import (
    ClockReading,
    ConnectionState,
    PlayerReport,
    ReportedClockChange,
    ReportedRefusal,
    ZoneReading,
)
from beffroi_content.zone_data import next_clock_changes
from beffroi_server.monitoring import clock_text

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
AT_S = int(NOW.timestamp())
pytestmark = pytest.mark.usefixtures("english")


def report(off_s: int = 0, clock: ClockState = ClockState.TRUSTED, **reading: object) -> PlayerReport:
    found = ClockReading.model_validate(reading) if reading else None
    return PlayerReport(
        boot="b", number=1, at_ms=(AT_S + off_s) * 1000, clock=clock, link=ConnectionState.LIVE, clock_reading=found
    )


def say(one: PlayerReport) -> str:
    return " ".join(clock_text.clock_sentences(one, NOW))


@pytest.mark.parametrize(
    ("one", "begins"),
    [
        (report(), ""),
        (report(off_s=-90), ""),
        (report(off_s=3_720), "This screen’s clock is 62 minutes ahead of the server’s."),
        (report(off_s=59), ""),
        (report(off_s=-3_720, clock=ClockState.CARRIED), ""),
        (report(source="carried", server_ahead_s=3_720), "This screen’s clock is 62 minutes behind the server’s."),
        (report(off_s=-(10**8), clock=ClockState.UNKNOWN), ""),
        (report(source="beat", server_ahead_s=0), ""),
        (report(off_s=3_720, source="beat", server_ahead_s=0), ""),
        (
            report(source="ntp", server_ahead_s=-3_720),
            "This screen’s clock is 62 minutes ahead of the server’s. It is s",
        ),
        (report(source="ntp", server_ahead_s=86_400), "This screen’s clock is 24 hours behind the server’s. It is syn"),
        (report(source="beat", server_ahead_s=0, network_ahead_s=20), "The server’s clock is 20 seconds behind netwo"),
        (report(source="beat", server_ahead_s=0, network_ahead_s=-20), "The server’s clock is 20 seconds ahead of ne"),
        (report(source="ntp", server_ahead_s=10**11, network_ahead_s=0), "This screen’s clock is 1157407 days behind"),
    ],
)
def test_a_clock_that_differs_is_said_in_words(one: PlayerReport, begins: str) -> None:
    assert say(one).startswith(begins)
    assert bool(say(one)) is bool(begins)
    assert clock_text.clock_differs(one, NOW) is bool(begins)


def zone(shift_s: int = 0, name: str = "Europe/Paris") -> ZoneReading:
    known = next_clock_changes("Europe/Paris", AT_S)
    changes = tuple(ReportedClockChange(at_s=each.unix_s + shift_s, offset_s=each.offset_s) for each in known)
    return ZoneReading(name=name, data="2025b", changes=changes)


def test_zones_that_change_at_another_time_are_named_with_their_data() -> None:
    assert clock_text.zone_sentence(zone(), AT_S) == ""
    assert clock_text.zone_sentence(None, AT_S) == ""
    assert clock_text.zone_sentence(zone(name="Moon/Base"), AT_S) == ""
    assert "Europe/Paris are not the same on this screen (data 2025b)" in clock_text.zone_sentence(zone(3_600), AT_S)


@pytest.mark.parametrize(("code", "is_explained"), [("expired", True), ("rollback", True), ("disk", False)])
def test_what_is_refused_for_its_time_is_explained(code: str, is_explained: bool) -> None:
    refusal = ReportedRefusal(subject="x", code=code, detail="", last_at_ms=0)
    assert bool(clock_text.refusal_sentence(refusal)) is is_explained
