"""A whole agent with its own threads, between a scripted broker and a signing town: built, started, served, stopped."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.support.player_harness import until
from tests.support.private_authority import Authority
from tests.support.scripted_broker import ScriptedBroker
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.wire.documents import SigningRole
from beffroi_content.wire.reports import ConnectionState, PlayerReport
from beffroi_player import system_clock
from beffroi_player.agent import dispatcher, player_agent
from beffroi_player.agent.main import run_agent
from beffroi_player.agent.player_agent import PlayerAgent
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.agent.transport import broker_moves, mqtt_client, polling, trusted_authorities
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory
from beffroi_player.wakeup import WakeupSocket


@dataclass
class RunningAgent:
    """An agent that serves in a thread."""

    agent: PlayerAgent
    thread: threading.Thread
    broker: ScriptedBroker
    town: SigningTown
    state: StateDirectory
    runtime: RuntimeDirectory

    def report(self) -> PlayerReport:
        """Return the last report."""
        until("no report", lambda: self.broker.messages("report"))
        return PlayerReport.model_validate_json(self.broker.messages("report")[-1])

    def send(self, *documents: tuple[str, bytes]) -> None:
        """Send documents over MQTT."""
        until("no subscriptions", lambda: self.agent._mqtt.is_fully_subscribed)
        for topic, payload in documents:
            self.broker.send(topic, payload)


@pytest.fixture
def town() -> SigningTown:
    return SigningTown(now_ms=system_clock.system_ms())


@pytest.fixture
def directories(tmp_path: Path) -> tuple[StateDirectory, RuntimeDirectory]:
    state, runtime = StateDirectory(tmp_path / "state"), RuntimeDirectory(tmp_path / "run")
    state.create_folders()
    runtime.create_folder()
    return state, runtime


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for that is waited for in service."""
    monkeypatch.setattr(mqtt_client, "FIRST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(mqtt_client, "LONGEST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(polling, "SPACING_SECONDS", 0.05)
    monkeypatch.setattr(polling, "SPREAD_SECONDS", 0.0)
    monkeypatch.setattr(dispatcher, "AFTER_ALERT_SECONDS", 0.01)
    monkeypatch.setattr(player_agent.gc, "freeze", lambda: None)


@pytest.fixture
def running(
    town: SigningTown, directories: tuple[StateDirectory, RuntimeDirectory], hurried: None
) -> Iterator[RunningAgent]:
    with run(town, directories) as running:
        yield running


@contextmanager
def run(
    town: SigningTown, directories: tuple[StateDirectory, RuntimeDirectory], context: ssl.SSLContext | None = None,
    **identity: object,
) -> Iterator[RunningAgent]:  # fmt: skip
    """Run an agent whose server speaks TLS where there is a context, with further values of its identity."""
    state, runtime = directories
    broker = ScriptedBroker()
    with town.serve(context=context) as url, WakeupSocket(runtime.agent_socket) as wakeups:
        agent = PlayerAgent(town.enrolment(url, broker.port).model_copy(update=identity), state, runtime)
        thread = threading.Thread(target=agent.serve, args=(wakeups,))
        agent.start()
        thread.start()
        try:
            yield RunningAgent(agent, thread, broker, town, state, runtime)
        finally:
            agent.on_signal(15, None)
            thread.join(10)
            agent.stop()
            broker.close()


def test_a_new_player_says_what_it_waits_for_and_reports(running: RunningAgent) -> None:
    assert running.state.notice_image.exists()
    assert running.report().programme is None
    assert running.report().machine is not None


def test_a_programme_comes_from_the_broker_and_is_made_active(running: RunningAgent) -> None:
    town = running.town
    programme = town.publish_programme(town.manifest(slide("pool")))
    running.send(town.publish_keys(), town.publish_beat(), programme)
    until("it is not active", running.state.programme.read, 30)
    active = running.state.programme.read()
    assert active is not None
    assert all((running.state.frames / name).exists() for name in active.frame_names)
    until("it is not reported", lambda: running.report().programme == active.sequence)
    # The first beat may have come by polling, which proves nothing of the broker.
    town.now_ms += 1_000
    running.send(town.publish_beat())
    until("it is not live", lambda: running.report().link is ConnectionState.LIVE)


def test_an_alert_is_held_in_memory_and_then_on_the_disk(running: RunningAgent) -> None:
    town = running.town
    running.send(town.publish_keys(), town.publish_alerts(alert(now=town.now_ms)))
    for record in (running.runtime.alerts, running.state.alerts):
        until("it is not held", lambda record=record: (found := record.read()) is not None and found.all_held())
    until("it is not reported", lambda: running.report().alerts == {"all/alerts": town.sequence})


def test_what_the_broker_does_not_bring_comes_by_polling(running: RunningAgent) -> None:
    town = running.town
    until("no subscriptions", lambda: running.agent._mqtt.is_fully_subscribed)
    town.publish_keys()
    town.publish_alerts(alert(now=town.now_ms))
    running.broker.hang_up()
    until("no poll", lambda: (found := running.runtime.alerts.read()) is not None and found.all_held())


def test_a_new_player_fetches_its_first_programme_from_a_server_that_its_card_vouches_for(
    town: SigningTown, directories: tuple[StateDirectory, RuntimeDirectory], hurried: None, tmp_path: Path
) -> None:
    authority = Authority("town")
    town.publish_keys()
    town.publish_beat()
    town.publish_programme(town.manifest(slide("pool"), authorities=(authority.pem,)))
    with run(town, directories, authority.server_context(tmp_path), authorities=(authority.pem,)) as running:
        until("it is not active", running.state.programme.read, 30)
    trusted_authorities.believe(())


@pytest.fixture
def former(
    town: SigningTown, directories: tuple[StateDirectory, RuntimeDirectory], hurried: None, tmp_path: Path
) -> Iterator[Authority]:
    """The authority that vouched for the server when the player was switched off."""
    authority = Authority("former")
    town.publish_keys()
    town.publish_beat()
    town.publish_programme(town.manifest(slide("pool"), authorities=(authority.pem,)))
    with run(town, directories, authority.server_context(tmp_path), authorities=(authority.pem,)) as running:
        until("it is not active", running.state.programme.read, 30)
    yield authority
    trusted_authorities.believe(())
    trusted_authorities.believe_too(())


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_player_that_was_off_while_the_authority_changed_comes_back_by_itself(
    former: Authority, town: SigningTown, directories: tuple[StateDirectory, RuntimeDirectory], tmp_path: Path
) -> None:
    newer = Authority("newer")
    town.authorities = (newer.pem,)
    town.publish_programme(town.manifest(slide("market"), authorities=(newer.pem,)))
    with run(town, directories, newer.server_context(tmp_path), authorities=(former.pem,)) as running:

        def has_the_newer() -> bool:
            active = running.state.programme.read()
            return active is not None and active.manifest.settings.authorities == (newer.pem,)

        until("it does not come back", has_the_newer, 30)
    assert "Authorization" not in town.shown_to_strangers


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_player_believes_no_authority_that_the_town_has_not_signed(
    former: Authority, town: SigningTown, directories: tuple[StateDirectory, RuntimeDirectory], tmp_path: Path
) -> None:
    strange = Authority("strange")
    town.authorities, town.keys[SigningRole.PROGRAMME] = (strange.pem,), Ed25519PrivateKey.generate()
    asked = len(town.requests)
    with run(town, directories, strange.server_context(tmp_path), authorities=(former.pem,)) as running:
        until("it does not ask", lambda: town.shown_to_strangers)
        running.agent._poller.poll_once()
        assert not running.agent._poller.is_answered
    assert {path for path, _range in town.requests[asked:]} == {"/device/v1/authorities"}


def test_a_new_connection_is_told_everything_again(running: RunningAgent) -> None:
    first = running.report()
    running.broker.hang_up()
    until("no report", lambda: running.report().number > first.number)
    until("no machine", lambda: running.report().machine is not None)


@pytest.mark.parametrize("is_fixed", [False, True])
def test_a_broker_that_has_moved_is_found_through_the_server(running: RunningAgent, is_fixed: bool) -> None:
    until("no subscriptions", lambda: running.agent._mqtt.is_fully_subscribed)
    moved = ScriptedBroker()
    if is_fixed:
        moves, enrolment = running.agent._broker_moves, running.agent._enrolment
        fixed = enrolment.mqtt.model_copy(update={"is_fixed": True})
        moves._enrolment = enrolment.model_copy(update={"mqtt": fixed})
    running.town.answer_headers["Beffroi-Broker"] = (
        f'{{"host": "127.0.0.1", "port": {moved.port}, "tls": false, "username": "s-hall", "password": "another"}}'
    )
    running.agent._poller.poll_once()
    assert not moved.logins  # the broker may be only a moment away
    # As though it had been away for long; a limit of nothing would have the agent go back at once.
    running.agent._broker_moves._since_ms -= broker_moves.MOVE_MS
    running.agent._poller.poll_once()
    if is_fixed:
        assert running.agent._mqtt._broker.port == running.broker.port
    else:
        until("it does not move", lambda: moved.logins)
        stored = AgentStorage(running.state.folder).enrolment.read()
        assert stored is not None
        assert (stored.mqtt.port, stored.mqtt.username, stored.mqtt.password) == (moved.port, "s-hall", "another")
        assert b"another" in moved.logins[0]
    moved.close()


def test_a_restart_is_commanded_once_and_ends_the_service(running: RunningAgent) -> None:
    town = running.town
    running.send(town.publish_keys(), town.publish_beat(), town.publish_command("c1", "restart"))
    running.thread.join(10)
    assert not running.thread.is_alive()
    assert AgentStorage(running.state.folder).done.read().commands == ("c1",)


def test_an_agent_that_starts_again_holds_what_it_held(
    running: RunningAgent, directories: tuple[StateDirectory, RuntimeDirectory]
) -> None:
    town = running.town
    running.send(town.publish_keys(), town.publish_beat(), town.publish_alerts(alert(now=town.now_ms)))
    until("it is not held", lambda: (found := running.state.alerts.read()) is not None and found.all_held())
    again = PlayerAgent(town.enrolment(), *directories)
    again._dispatcher.restore_alerts()
    assert again._facts.collect().alerts == {"all/alerts": town.sequence}
    for end in (again._mqtt._wake_in, again._mqtt._wake_out):
        end.close()


# --- before it serves


def test_an_enrolment_that_cannot_be_read_is_not_taken_for_none(
    directories: tuple[StateDirectory, RuntimeDirectory], caplog: pytest.LogCaptureFixture
) -> None:
    AgentStorage(directories[0].folder).enrolment.path.write_text("{")
    assert run_agent(*directories) == 1
    assert "enrolment.json cannot be used" in caplog.text
