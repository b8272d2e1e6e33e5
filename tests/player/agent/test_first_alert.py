"""An alert before the first programme: in the size of the screen, and without a gap when the programme comes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.player_harness import ManualClock, PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import AlertLevel
from beffroi_player.agent.storage import EnrolledDisplay, PendingProgramme, PlayerEnrolment
from beffroi_player.stage.state_reader import REDRAWN_MS

PORTRAIT = (180, 320)


class EnrolledTown(SigningTown):
    """A town that says at enrolment what display the screen has."""

    def enrolment(self, *where: object, **which: object) -> PlayerEnrolment:
        display = EnrolledDisplay(size=PORTRAIT, rotation=90)
        return super().enrolment(*where, **which).model_copy(update={"display": display})


def test_it_has_the_size_that_the_enrolment_says(tmp_path: Path) -> None:
    town = EnrolledTown()
    player = PlayerHarness(town, tmp_path, time=ManualClock(system_ms=town.now_ms))
    player.receive(town.publish_keys(), town.publish_beat(), town.publish_alerts(alert(level=AlertLevel.EMERGENCY)))
    presented = player.run_iteration()
    assert (presented.size, presented.shows_alert, presented.faults) == (PORTRAIT, True, ())
    assert player.stage._reader.rotation == 90
    player.close()


@pytest.mark.parametrize("when", ["the programme is known", "the programme is active"])
def test_it_stays_on_while_the_programme_comes(
    player: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_alerts(alert(level=AlertLevel.EMERGENCY)))
    assert player.run_iteration().shows_alert
    offered: list[PendingProgramme] = []
    with monkeypatch.context() as slow:
        slow.setattr(player.preparer, "offer_programme", offered.append)
        player.receive(hall.publish_programme(hall.manifest(slide("pool"), size=PORTRAIT)))
    # It is downloaded and drawn for a while; what display this is, it says at once.
    presented = player.run_iteration()
    assert (presented.size, presented.shows_alert, presented.faults) == (PORTRAIT, True, ())
    if when == "the programme is active":
        player.preparer.offer_programme(offered[0])
        player.preparer.prepare_next()
        for _ in range(2):
            presented = player.run_iteration()
            assert (presented.shows_alert, presented.faults, presented.programme) == (True, (), hall.sequence)
            player.settle()
    assert "broken" not in [refusal.code for refusal in player.refusals.newest_first()]


@pytest.mark.parametrize(("level", "stays"), [(AlertLevel.EMERGENCY, True), (AlertLevel.VIGILANCE, False)])
def test_it_stays_on_while_it_is_drawn_for_another_display(
    player: PlayerHarness, hall: SigningTown, level: AlertLevel, stays: bool
) -> None:
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_alerts(alert(level=level)))
    player.receive(hall.publish_programme(hall.manifest(slide("pool"), size=PORTRAIT)))
    record = player.runtime.alerts.read()
    assert record is not None
    # For a moment the stage knows the new programme and the alerts as they were drawn for the old one.
    player.runtime.alerts.write(record.model_copy(update={"size": (320, 180)}))
    reader = player.stage._reader
    reader.refresh_files()
    assert reader.screen_size(PORTRAIT) == ((320, 180) if stays else PORTRAIT)
    player.time.pass_by(REDRAWN_MS)
    assert reader.screen_size(PORTRAIT) == PORTRAIT
