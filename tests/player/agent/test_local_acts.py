"""Scenarios that are triggered on the spot, while server and broker are gone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.player_harness import ManualClock, PlayerHarness
from tests.support.signing_town import SCREEN, SigningTown, alert, slide

from beffroi_content.wire.local_triggers import SignedStatement, TriggerKind, is_act_id
from beffroi_player.agent.effects import FollowStatement, NoteReported, SaveAlerts, TriggerScenario
from beffroi_player.agent.local_acts import TriggerRequest

MINUTE = 60_000
ON, CLEAR = "takeover", "all-clear"


def ask(player: PlayerHarness, scenario: str = "", *, ends: bool = False) -> tuple[bool, str]:
    """Trigger or end something as the technician's command does."""
    answers: list[tuple[bool, str]] = []
    request = TriggerRequest(TriggerKind.COMMAND, "pi", scenario, ends)
    player.carry_out(TriggerScenario(request, lambda done, text: answers.append((done, text))))
    return answers[0]


def forms(player: PlayerHarness) -> list[str]:
    return [form for name, form in player.alerts if is_act_id(name)]


def tell(trigger: PlayerHarness, peer: PlayerHarness, nonce: str = "n1") -> SignedStatement | None:
    """Have a peer ask the trigger what it has triggered."""
    statement = trigger.local.statement(nonce)
    if statement is not None:
        peer.carry_out(FollowStatement(statement, nonce))
    return statement


@pytest.fixture
def town_hall(player: PlayerHarness, hall: SigningTown) -> PlayerHarness:
    """A player that may trigger the scenario of a flood, and has heard nothing since."""
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))
    player.receive(hall.publish_scenarios(hall.local_scenario()))
    return player


@pytest.fixture
def quay(tmp_path: Path, hall: SigningTown, town_hall: PlayerHarness) -> Iterator[PlayerHarness]:
    """A player on the same network, which shows what the town hall triggers."""
    peer = PlayerHarness(hall, tmp_path / "quay", screen="quay")
    peer.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_scenarios(hall.local_scenario()))
    yield peer
    peer.close()


def test_a_dormant_scenario_is_not_shown(town_hall: PlayerHarness) -> None:
    assert (town_hall.slides, town_hall.alerts) == (["pool"], [])


@pytest.mark.parametrize("name", ["L'orne : flood", "L’Orne\u202f:  Flood"])
def test_a_french_name_is_known_as_a_keyboard_types_it(town_hall: PlayerHarness, hall: SigningTown, name: str) -> None:
    named = hall.local_scenario().model_copy(update={"name": "L’Orne\u00a0: Flood"})
    town_hall.receive(hall.publish_scenarios(named))
    assert ask(town_hall, name)[0]


@pytest.mark.parametrize("name", ["Flood", "flood", " FLOOD "])
def test_it_is_shown_at_once_and_ends_with_an_all_clear(town_hall: PlayerHarness, name: str) -> None:
    assert ask(town_hall, name) == (True, "“Flood” is on, for 60 minutes at most")
    assert forms(town_hall) == [ON]
    ((stream, alert_name),) = [(stream, name) for stream, _, name, _ in town_hall.receipts() if name]
    assert (stream, is_act_id(alert_name)) == ("local/alerts", True)

    assert ask(town_hall, ends=True)[0]

    assert forms(town_hall) == [CLEAR]
    town_hall.time.pass_by(MINUTE)
    assert (town_hall.slides, town_hall.alerts) == (["pool"], [])


def test_it_lasts_no_longer_than_the_town_allows_whatever_clocks_say(
    town_hall: PlayerHarness, hall: SigningTown
) -> None:
    ask(town_hall, "flood")
    town_hall.time.system_ms -= 400 * 86_400_000
    town_hall.time.pass_by(60 * MINUTE - 1)
    assert forms(town_hall) == [ON]
    town_hall.time.pass_by(1)
    assert forms(town_hall) == [CLEAR]


def test_it_goes_on_after_a_crash_and_a_power_cut_for_what_it_had_left(town_hall: PlayerHarness) -> None:
    ask(town_hall, "flood")
    town_hall.start()
    assert forms(town_hall) == [ON]
    assert ask(town_hall, "flood") == (False, "“Flood” is on already")

    town_hall.time.pass_by(50 * MINUTE)
    town_hall.carry_out(SaveAlerts())
    town_hall.boot_id = "another"
    shutil.rmtree(town_hall.runtime.folder)
    town_hall.runtime.create_folder()
    town_hall.time = ManualClock(uptime_ms=5_000, system_ms=town_hall.time.system_ms)
    town_hall.start()
    assert forms(town_hall) == [ON]
    town_hall.time.pass_by(10 * MINUTE)
    assert forms(town_hall) != [ON]
    assert ask(town_hall, "flood")[0]


def test_what_the_town_does_not_name_cannot_be_triggered(town_hall: PlayerHarness, hall: SigningTown) -> None:
    done, text = ask(town_hall, "fire")
    assert (done, "“Flood”" in text) == (False, True)
    town_hall.receive(hall.publish_scenarios(hall.local_scenario(triggers=("quay",))))
    assert not ask(town_hall, "flood")[0]
    assert not ask(town_hall, ends=True)[0]
    assert town_hall.alerts == []


def test_a_newer_document_revokes_it_also_while_it_is_on(town_hall: PlayerHarness, hall: SigningTown) -> None:
    ask(town_hall, "flood")
    town_hall.receive(hall.publish_scenarios())
    assert town_hall.alerts == []
    town_hall.start()
    assert not ask(town_hall, "flood")[0]
    assert town_hall.alerts == []


def test_a_signature_that_is_too_old_triggers_nothing(town_hall: PlayerHarness, hall: SigningTown) -> None:
    town_hall.receive(hall.publish_scenarios(hall.local_scenario(), lives_ms=MINUTE))
    town_hall.time.pass_by(MINUTE)
    done, text = ask(town_hall, "flood")
    assert (done, "too old" in text) == (False, True)


def test_a_screen_may_trigger_for_others_alone(
    town_hall: PlayerHarness, quay: PlayerHarness, hall: SigningTown
) -> None:
    town_hall.receive(hall.publish_scenarios(hall.local_scenario(is_shown=False)))
    assert ask(town_hall, "flood")[0]
    tell(town_hall, quay)
    assert (town_hall.alerts, forms(quay)) == ([], [ON])


# --- peers


def test_a_peer_shows_it_and_its_end(town_hall: PlayerHarness, quay: PlayerHarness) -> None:
    assert tell(town_hall, quay) is None
    ask(town_hall, "flood")
    tell(town_hall, quay)
    assert quay.alerts == town_hall.alerts
    assert forms(quay) == [ON]
    ask(town_hall, ends=True)
    tell(town_hall, quay, "n2")
    assert forms(quay) == [CLEAR]


def test_a_statement_that_was_recorded_triggers_nothing_later(town_hall: PlayerHarness, quay: PlayerHarness) -> None:
    ask(town_hall, "flood")
    recorded = tell(town_hall, quay)
    assert recorded is not None
    ask(town_hall, ends=True)
    tell(town_hall, quay, "n2")
    quay.time.pass_by(2 * MINUTE)
    quay.carry_out(FollowStatement(recorded, "n3"))
    assert quay.alerts == []
    assert "statement-refused" in quay.codes()
    # Nor does another statement bring back what was over here.
    tell(town_hall, quay, "n4")
    assert quay.alerts == []


def test_a_player_that_the_town_does_not_name_triggers_nothing(
    town_hall: PlayerHarness, quay: PlayerHarness, hall: SigningTown
) -> None:
    ask(town_hall, "flood")
    quay.receive(hall.publish_scenarios(hall.local_scenario(triggers=("school",))))
    tell(town_hall, quay)
    assert quay.alerts == []
    # Nor one that only says that it is the one which the town names.
    quay.receive(hall.publish_scenarios(hall.local_scenario().replace(triggers={SCREEN: hall.trigger_public("mask")})))
    tell(town_hall, quay, "n2")
    assert quay.alerts == []
    assert quay.codes().count("statement-refused") == 1


def test_a_peer_lets_nobody_prolong_it(town_hall: PlayerHarness, quay: PlayerHarness) -> None:
    ask(town_hall, "flood")
    tell(town_hall, quay)
    assert forms(quay) == [ON]
    quay.time.pass_by(59 * MINUTE)
    # The clock of the town hall stands still: it says again that an hour is left.
    tell(town_hall, quay, "n2")
    quay.time.pass_by(MINUTE)
    assert forms(quay) == [CLEAR]


# --- the server is back


def test_once_a_set_of_the_server_lists_it_the_set_says_what_is_so(town_hall: PlayerHarness, hall: SigningTown) -> None:
    ask(town_hall, "flood")
    ((name, _),) = town_hall.alerts
    own = alert(name, "emergency", hall.now_ms, title="Inondation", all_clear_ms=MINUTE)
    town_hall.receive(hall.publish_alerts(own))
    assert town_hall.alerts == [(name, ON)]
    hall.now_ms += 1_000
    town_hall.receive(hall.publish_alerts())
    assert town_hall.alerts == []
    town_hall.start()
    assert town_hall.alerts == []


@pytest.mark.parametrize("is_withdrawn", [True, False])
def test_what_an_officer_has_ended_is_shown_again_when_it_is_triggered_again(
    town_hall: PlayerHarness, hall: SigningTown, is_withdrawn: bool
) -> None:
    ask(town_hall, "flood")
    ((name, _),) = town_hall.alerts
    running = alert(name, "emergency", hall.now_ms, title="Inondation", all_clear_ms=MINUTE)
    town_hall.receive(hall.publish_alerts(running))
    assert ask(town_hall, "flood") == (False, "“Flood” is on already")
    town_hall.time.pass_by(1_000)
    ended = running.model_copy(update={"ends_at_ms": hall.now_ms, "time_to_live_ms": 0})
    town_hall.receive(hall.publish_alerts(*([] if is_withdrawn else [ended])))
    assert ask(town_hall, ends=True) == (False, "nothing that was triggered here is on")

    assert ask(town_hall, "flood")[0]
    assert ON in forms(town_hall)


def test_the_key_still_ends_what_the_server_has_taken_over(town_hall: PlayerHarness, hall: SigningTown) -> None:
    ask(town_hall, "flood")
    ((name, _),) = town_hall.alerts
    own = alert(name, "emergency", hall.now_ms, title="Inondation", all_clear_ms=MINUTE)
    town_hall.receive(hall.publish_alerts(own))
    assert ask(town_hall, ends=True)[0]
    assert town_hall.alerts == [(name, CLEAR)]


def test_a_peer_follows_the_end_of_what_the_server_took_over_before_it_asked(
    town_hall: PlayerHarness, quay: PlayerHarness, hall: SigningTown
) -> None:
    ask(town_hall, "flood")
    ((name, _),) = town_hall.alerts
    own = alert(name, "emergency", hall.now_ms, title="Inondation", all_clear_ms=MINUTE)
    listed = hall.publish_alerts(own)
    town_hall.receive(listed)
    quay.receive(listed)
    tell(town_hall, quay)
    assert quay.alerts == [(name, ON)]
    # The server is gone, and the key is turned back.
    ask(town_hall, ends=True)
    tell(town_hall, quay, "n2")
    assert quay.alerts == [(name, CLEAR)]


def test_what_the_server_has_taken_in_is_owed_no_more_until_it_changes(town_hall: PlayerHarness) -> None:
    ask(town_hall, "flood")
    owed = town_hall.local.unreported
    assert [act.scenario for act in owed] == ["flood"]
    town_hall.carry_out(NoteReported(owed))
    assert town_hall.local.unreported == ()
    ask(town_hall, ends=True)
    town_hall.carry_out(NoteReported(owed))
    assert [act.ended.who for act in town_hall.local.unreported] == ["pi"]
