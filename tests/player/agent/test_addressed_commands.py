"""Commands that are meant for one of several players with the name of a screen; the others leave them alone."""

from __future__ import annotations

import pytest
from tests.support.player_harness import BOX, CREDENTIALS, PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import AlertLevel
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.state.directories import SILENT, Darkness


@pytest.fixture
def showing(player: PlayerHarness, hall: SigningTown) -> PlayerHarness:
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("a"))))
    player.run_iteration()
    return player


def test_a_machine_that_is_shut_out_says_so_and_leaves_the_screen_to_the_other(showing, hall):
    showing.receive(hall.publish_command("c1", "shut-out", 300, box=BOX))
    overlay = showing.runtime.overlay.read()
    assert overlay is not None
    assert overlay.until_uptime_ms == showing.time.uptime_ms + 300_000
    assert showing.away == [300]


@pytest.mark.parametrize("kind", ["shut-out", "copy-seen"])
def test_another_machine_is_not_concerned(showing, hall, kind):
    showing.receive(hall.publish_command("c1", kind, 300, box="a" * 16), hall.publish_command("c2", kind, 300))
    assert showing.runtime.overlay.read() is None
    assert showing.away == []


def test_the_player_of_the_screen_says_that_it_has_a_copy(showing, hall):
    showing.receive(hall.publish_command("c1", "copy-seen", 20, box=BOX))
    assert showing.runtime.overlay.read() is not None
    assert showing.away == []


def test_a_player_that_was_revoked_shows_nothing_of_the_town(showing, hall):
    emergency = alert(level=AlertLevel.EMERGENCY, ends_at_ms=hall.now_ms + 86_400_000)
    showing.receive(hall.publish_alerts(emergency))
    showing.receive(hall.publish_command("c1", "revoked", credentials="d" * 16))
    assert showing.alerts == [("flood", "takeover")]
    assert AgentStorage(showing.state.folder).done.read() is None, (
        "the former player of this screen was meant: nothing is written"
    )
    showing.receive(hall.publish_command("c2", "revoked", credentials=CREDENTIALS))
    assert showing.wait(1_000).showings == ()
    # Nor after a restart: nobody could tell it any more that the alert is over.
    showing.start()
    assert showing.wait(1_000).showings == ()


def test_a_player_that_has_heard_nothing_for_long_still_warns_people(showing, hall):
    showing.state.darkness.write(Darkness(reason=SILENT))
    assert showing.wait(1_000).showings == ()
    showing.receive(hall.publish_alerts(alert()))
    assert showing.alerts == [("flood", "takeover")]


@pytest.mark.parametrize("kind", ["test-card", "number", "identify"])
def test_what_technicians_ask_for_is_shown_for_its_time_and_ended_at_once(showing, hall, kind):
    showing.receive(hall.publish_command("c1", kind, 600, name="Hall", number=7))
    first = showing.runtime.overlay.read()
    assert first is not None
    assert first.until_uptime_ms == showing.time.uptime_ms + 600_000
    showing.receive(hall.publish_command("c2", kind, 600, name="Quay", number=8))
    assert showing.runtime.overlay.read().frame != first.frame
    showing.receive(hall.publish_command("c3", kind, 0, name="Quay", number=8))
    assert showing.runtime.overlay.read().until_uptime_ms <= showing.time.uptime_ms


def test_a_test_card_names_the_size_of_the_screen_once(player, hall):
    frames = []
    for number, name in enumerate(("P10", "P10, 320 × 180")):
        manifest = hall.manifest(slide("a"))
        kind = manifest.settings.screen_class.model_copy(update={"name": name})
        named = manifest.model_copy(update={"settings": manifest.settings.model_copy(update={"screen_class": kind})})
        player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(named))
        player.run_iteration()
        player.receive(hall.publish_command(f"c{number}", "test-card", 600, name="Hall"))
        frames.append(player.runtime.overlay.read().frame)
    assert frames[0] == frames[1]
