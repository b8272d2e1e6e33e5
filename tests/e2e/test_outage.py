"""Server and broker die, the network lies, the player restarts: the screen shows what the town said last."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt import client as mqtt
from tests.support.town_processes import BROKER_PASSWORD, SITE, PlayerProcess, TownProcesses, open_town_processes
from tests.support.waiting import PATIENCE_S, until

from beffroi_content.wire import envelope
from beffroi_content.wire.documents import AlertSet, SigningRole

CONTENT = """
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import publication
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule
from beffroi_server.fleet.models import Screen, ScreenClass
from beffroi_server.fleet.services import open_enrolment

screen = Screen.objects.create(
    slug="hall", name="Hall", screen_class=ScreenClass.objects.get(width=1920, height=1080)
)
playlist = Playlist.objects.create(name="Jour")
for position, title in enumerate(("La piscine rouvre lundi", "Marché de Noël")):
    announcement = Announcement.objects.create(title=title, template="notice")
    Entry.objects.create(playlist=playlist, position=position, announcement=announcement, duration_s=2)
ScheduleRule.objects.create(name="Toujours", playlist=playlist, everywhere=True)
publication.mark_screen(screen)
print(open_enrolment(screen)[1])
"""
BROADCAST = """
from beffroi_server.alerts.services import broadcast_alert
from beffroi_server.fleet.targets import EVERYWHERE
broadcast_alert(
    level="emergency", title="Crue", source="Mairie", targets=EVERYWHERE, duration_min=60, all_clear_s=1, user=None
)
"""
END = """
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.services import end_alert
end_alert(Alert.objects.get(), user=None)
"""
REPORT = """
import json
from beffroi_server.fleet.models import ScreenState
print(json.dumps(ScreenState.objects.get().report))
"""


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, new_town: Path) -> Iterator[TownProcesses]:
    with open_town_processes(tmp_path_factory.mktemp("house"), new_town) as house:
        yield house


@pytest.fixture
def player(house: TownProcesses) -> PlayerProcess:
    player = house.enrol_player("hall", house.run_server_code(CONTENT).strip().splitlines()[-1])
    player.process.start()
    until("the programme is on", lambda: player.shown("rule"))
    return player


def test_a_player_goes_on_without_server_and_broker_and_comes_back_by_itself(
    house: TownProcesses, player: PlayerProcess
) -> None:
    house.server.stop(signal.SIGKILL)
    house.broker.stop(signal.SIGKILL)
    player.process.stop(signal.SIGKILL)
    (player.runtime / "presented.json").unlink()

    player.process.start()
    until("the programme is on again, with nobody to ask", lambda: player.shown("rule"))

    house.start_broker()
    house.start_server()
    house.run_server_code(BROADCAST)
    until("an alert reaches it, without anybody's help", lambda: player.shown("alert"))
    house.run_server_code(END)
    until("the loop is back", lambda: player.shown("rule"))


def test_an_alert_survives_a_restart_of_the_player_without_anybody_to_ask(
    house: TownProcesses, player: PlayerProcess
) -> None:
    house.run_server_code(BROADCAST)
    until("the alert is on", lambda: player.shown("alert"))
    house.server.stop(signal.SIGKILL)
    house.broker.stop(signal.SIGKILL)
    player.process.stop(signal.SIGKILL)
    (player.runtime / "presented.json").unlink()

    player.process.start()

    until("the alert is still on", lambda: player.shown("alert"))


def test_what_the_town_did_not_sign_changes_nothing_and_is_reported(
    house: TownProcesses, player: PlayerProcess
) -> None:
    topic = f"beffroi/1/{SITE}/down/all/alerts"
    document = AlertSet(sequence=2**52, issued_at_ms=2**41, expires_at_ms=2**42)
    forged = envelope.seal_envelope(
        SigningRole.ALERT, f"{SITE}/all", document.to_json(), [Ed25519PrivateKey.generate()]
    )
    broker = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    broker.username_pw_set("server", BROKER_PASSWORD)
    broker.connect("127.0.0.1", house.broker_port)
    broker.loop_start()
    broker.publish(topic, forged, qos=1).wait_for_publish(PATIENCE_S)
    broker.disconnect()
    broker.loop_stop()

    def refusal() -> object:
        report = json.loads(house.run_server_code(REPORT).strip().splitlines()[-1]) or {}
        return [found for found in report.get("refusals", []) if found["code"] == "wrong-key"]

    assert until("the refusal is reported", refusal)
    assert player.shown("alert") == []
    assert player.shown("rule")
