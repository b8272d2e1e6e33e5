"""The silent drill on a player: it draws what it would show, shows nothing, and reports how it went."""

from __future__ import annotations

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content import rendering
from beffroi_content.model import AlertForm, AlertLevel, AlertStatus
from beffroi_content.wire.reports import DrillResult


@pytest.fixture
def informed(player: PlayerHarness, hall: SigningTown) -> PlayerHarness:
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))
    player.run_iteration()
    return player


def drilled(player: PlayerHarness, hall: SigningTown, name: str = "night") -> DrillResult:
    exercise = alert(name, level=AlertLevel.EMERGENCY, status=AlertStatus.EXERCISE)
    player.receive(hall.publish_command(f"c-{name}", "drill", alert=exercise))
    result = player.report().drill
    hall.now_ms = player.time.system_ms
    assert result is not None
    return result


def test_a_drill_reports_the_pixels_that_would_be_shown_and_shows_none(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    before = informed.run_iteration()
    result = drilled(informed, hall)
    exercise = alert("night", level=AlertLevel.EMERGENCY, status=AlertStatus.EXERCISE)
    informed.receive(hall.publish_alerts(exercise))
    shown = informed.run_iteration()
    assert (result.alert, result.problem) == ("night", "")
    assert before.showings[0].slide == "pool"
    assert shown.frame in result.frames


def test_a_drill_leaves_nothing_behind(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.run_iteration()
    files = {path.name for path in informed.runtime.folder.iterdir()}
    drilled(informed, hall)
    assert {path.name for path in informed.runtime.folder.iterdir()} == files
    assert informed.alerts == []
    assert informed.receipts()[1:] == []


def test_an_alert_that_cannot_be_drawn_is_what_the_drill_tells(
    informed: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise rendering.RasterError("no letters")

    monkeypatch.setattr(rendering, "draw_alert", fail)
    result = drilled(informed, hall)
    assert result.problem == "RasterError: no letters"
    assert result.frames == ()


def test_the_newest_drill_is_reported(informed: PlayerHarness, hall: SigningTown) -> None:
    drilled(informed, hall)
    assert drilled(informed, hall, "next-night").alert == "next-night"
    assert AlertForm.TAKEOVER not in {form for _, form in informed.alerts}
