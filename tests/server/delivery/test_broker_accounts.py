"""Mosquitto, set up as the guide says and under its own account, follows what the database says of players."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from tests.support.broker_visitor import Visitor
from tests.support.waiting import PATIENCE_S, free_port, listens, until

from beffroi_content.wire.broker_accounts import client_identifier
from beffroi_provisioning import broker_setup
from beffroi_provisioning.__main__ import main
from beffroi_server.delivery import broker_access, broker_accounts, broker_control
from beffroi_server.delivery.broker_access import RevocationWatch
from beffroi_server.delivery.broker_accounts import BrokerAccounts, accounts_due
from beffroi_server.delivery.broker_control import ControlConnection, PluginMissing
from beffroi_server.delivery.plain_publisher import PlainBroker
from beffroi_server.doctor import publishing
from beffroi_server.fleet import services as screens
from beffroi_server.fleet.models import Screen

PLUGINS = sorted(Path("/usr/lib").glob(f"*/{broker_setup.PLUGIN_NAME}"))
IS_DEBIAN = bool(PLUGINS) and os.geteuid() == 0 and "mosquitto" in {each.pw_name for each in pwd.getpwall()}
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("keyring"),
    pytest.mark.skipif(not IS_DEBIAN, reason="needs root, and Debian's package of Mosquitto with its plugin"),
]
DEBIAN_CONFIGURATION = """\
persistence true
persistence_location {root}/var/lib/mosquitto/
log_dest file {root}/var/log/mosquitto/mosquitto.log
include_dir {root}/etc/mosquitto/conf.d
"""


class Machine:
    """A folder that stands in for the root of a Debian machine with Mosquitto, which is started as root."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, free_port()
        for name in ("etc/mosquitto/conf.d", "var/lib/mosquitto", "var/log/mosquitto"):
            (root / name).mkdir(parents=True)
        for name in ("var/lib/mosquitto", "var/log/mosquitto"):
            shutil.chown(root / name, "mosquitto")
        (root / "etc/mosquitto/mosquitto.conf").write_text(DEBIAN_CONFIGURATION.format(root=root))
        given = ["broker", "--site", "saint-aubin", "--public-host", "screens.example", "--host", "127.0.0.1"]
        given += ["--port", str(self.port), "--root", str(root), "--plugin", str(PLUGINS[0])]
        assert main(given) == 0
        lines = (root / broker_setup.SERVER_SETTINGS).read_text().splitlines()
        self.settings = dict(line.split("=", 1) for line in lines)
        self.login = PlainBroker("127.0.0.1", self.port, "server", self.settings["BEFFROI_MQTT_PASSWORD"])
        self.accounts = root / broker_setup.ACCOUNT_FILE
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(["mosquitto", "-c", self.root / "etc/mosquitto/mosquitto.conf"])
        until("the broker listens, or has ended", lambda: listens(self.port) or self.process.poll() is not None)
        assert self.process.poll() is None, (self.root / "var/log/mosquitto/mosquitto.log").read_text()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    mask = os.umask(0o022)
    root = Path(tempfile.mkdtemp(prefix="beffroi-broker-"))
    root.chmod(0o755)
    machine = Machine(root)
    yield machine
    machine.stop()
    os.umask(mask)
    shutil.rmtree(root)


@pytest.fixture
def accounts(machine) -> BrokerAccounts:
    return BrokerAccounts(machine.login)


@pytest.fixture
def following(accounts) -> Iterator[BrokerAccounts]:
    """The accounts are kept as they are wanted."""
    stopping = threading.Event()
    thread = threading.Thread(target=accounts.run_until, args=(stopping,))
    broker_access.follow_accounts(accounts.note_change)
    accounts.compare_soon()
    thread.start()
    yield accounts
    broker_access.follow_accounts(None)
    stopping.set()
    accounts_due.set()
    thread.join(PATIENCE_S)


def enrol(screen: Screen) -> dict[str, str]:
    return screens.enrol_player(screens.open_enrolment(screen)[0])["mqtt"]


def compare(accounts: BrokerAccounts) -> None:
    accounts.compare_soon()
    accounts.work(threading.Event())


def listed(machine: Machine) -> dict[str, dict[str, object]]:
    with ControlConnection(machine.login) as connection:
        (answer,) = connection.execute([{"command": "listClients", "verbose": True}])
    return {each["username"]: each for each in answer["data"]["clients"]}


class TestFollowing:
    def test_an_enrolment_lets_a_player_in_and_another_one_replaces_it(self, machine, following, hall):
        first = enrol(hall)
        until("it has an account", lambda: "s-hall" in listed(machine))
        player = Visitor(machine.port, "s-hall", first["password"])
        assert player.connected

        second = enrol(hall)
        until("the former player is sent away", player.lost.is_set)
        player.leave()
        identifier = client_identifier(second["password"])
        until("the account is the new one", lambda: listed(machine).get("s-hall", {}).get("clientid") == identifier)
        assert not Visitor(machine.port, "s-hall", first["password"]).connected
        assert Visitor(machine.port, "s-hall", second["password"]).connected

    def test_a_revoked_player_is_sent_away_at_once(self, machine, following, hall):
        password = enrol(hall)["password"]
        until("it has an account", lambda: "s-hall" in listed(machine))
        player = Visitor(machine.port, "s-hall", password)

        screens.revoke_player(hall)

        until("it is sent away", player.lost.is_set)
        player.leave()
        assert not Visitor(machine.port, "s-hall", password).connected

    def test_a_player_that_another_process_revoked_is_sent_away_at_the_next_look(self, machine, following, hall):
        password = enrol(hall)["password"]
        until("it has an account", lambda: "s-hall" in listed(machine))
        player = Visitor(machine.port, "s-hall", password)
        watch = RevocationWatch()
        watch.look()
        broker_access.follow_accounts(None)
        screens.revoke_player(hall)
        broker_access.follow_accounts(following.note_change)

        watch.look()

        until("it is sent away", player.lost.is_set)
        player.leave()
        assert not Visitor(machine.port, "s-hall", password).connected

    def test_nobody_takes_the_client_identifier_of_another(self, machine, accounts, hall, quay):
        password, other = enrol(hall)["password"], enrol(quay)["password"]
        compare(accounts)

        assert not Visitor(machine.port, "s-hall", password, name=client_identifier(other)).connected
        assert not Visitor(machine.port, "s-hall", password, name="another").connected

    def test_a_player_reads_and_writes_its_own_alone(self, machine, accounts, hall):
        password = enrol(hall)["password"]
        compare(accounts)
        server = Visitor(machine.port, "server", machine.login.password)
        server.subscribe("beffroi/1/saint-aubin/#")
        for topic in ("up/s-quay/report", "down/all/alerts"):
            forger = Visitor(machine.port, "s-hall", password)
            forger.client.publish(f"beffroi/1/saint-aubin/{topic}", b"forged", 1)
            until("Mosquitto hangs up on who publishes what it may not", forger.lost.is_set)
            forger.leave()

        player = Visitor(machine.port, "s-hall", password)
        player.subscribe("beffroi/1/saint-aubin/#", "$CONTROL/#")
        player.publish("beffroi/1/saint-aubin/up/s-hall/report")
        for topic in ("down/s-quay/programme", "down/s-hall/programme"):
            server.publish(f"beffroi/1/saint-aubin/{topic}")

        until("both hear something", lambda: len(server.heard) == 3 and player.heard)
        assert server.heard[0] == ("beffroi/1/saint-aubin/up/s-hall/report", b"x")
        assert [topic for topic, _ in player.heard] == ["beffroi/1/saint-aubin/down/s-hall/programme"]
        player.leave()
        server.leave()


class TestComparing:
    def test_a_broker_that_has_forgotten_everything_heals(self, machine, accounts, hall, quay):
        password = enrol(hall)["password"]
        enrol(quay)
        compare(accounts)
        machine.stop()
        machine.accounts.write_text("{}")
        machine.start()
        assert listed(machine) == {}

        compare(accounts)

        assert set(listed(machine)) == {"s-hall", "s-quay"}
        player = Visitor(machine.port, "s-hall", password)
        assert player.connected
        player.leave()

    def test_what_differs_is_put_right_and_what_is_of_others_is_left_alone(self, machine, accounts, hall, quay):
        enrol(hall)
        enrol(quay)
        compare(accounts)
        expected = listed(machine)
        with ControlConnection(machine.login) as connection:
            answers = connection.execute([
                {"command": "createClient", "username": "s-ghost", "password": "x"},
                {"command": "createClient", "username": "technician", "password": "x"},
                {"command": "createRole", "rolename": "everything"},
                {"command": "addClientRole", "username": "s-hall", "rolename": "everything"},
                {"command": "disableClient", "username": "s-quay"},
                {"command": "setDefaultACLAccess", "acls": [{"acltype": "publishClientSend", "allow": True}]},
            ])  # fmt: skip
        assert not any("error" in answer for answer in answers)

        compare(accounts)

        found = listed(machine)
        assert found.pop("technician")
        assert found == expected
        with ControlConnection(machine.login) as connection:
            (answer,) = connection.execute([{"command": "getDefaultACLAccess"}])
        assert not any(each["allow"] for each in answer["data"]["acls"])

    def test_many_go_in_batches_and_a_change_goes_before_them(self, machine, accounts, hall, monkeypatch):
        monkeypatch.setattr(broker_accounts, "FIRST_BATCH", 2)
        monkeypatch.setattr(broker_accounts, "LARGEST_BATCH", 2)
        monkeypatch.setattr(broker_accounts, "PAGE_SIZE", 3)
        batches: list[list[str]] = []
        repair = broker_accounts._repair
        monkeypatch.setattr(
            broker_accounts, "_repair", lambda connection, names: (batches.append(names), repair(connection, names))
        )
        with ControlConnection(machine.login) as connection:
            connection.execute([{"command": "createClient", "username": f"s-old-{each}"} for each in range(7)])
        enrol(hall)
        accounts.note_change("s-hall")

        compare(accounts)

        assert batches[0][0] == "s-hall"
        assert max(map(len, batches)) == 2
        assert set(listed(machine)) - {"technician"} == {"s-hall"}


class TestWithoutPlugin:
    @pytest.fixture
    def plain(self, tmp_path) -> Iterator[PlainBroker]:
        port = free_port()
        (tmp_path / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
        process = subprocess.Popen(["mosquitto", "-c", tmp_path / "conf"], stderr=subprocess.DEVNULL)
        until("the broker listens", lambda: listens(port))
        yield PlainBroker("127.0.0.1", port, "server", "x")
        process.terminate()
        process.wait(PATIENCE_S)

    def test_page_and_doctor_say_what_to_do(self, plain, monkeypatch, settings):
        monkeypatch.setattr(broker_control, "FIRST_ANSWER_S", 0.2)
        accounts = BrokerAccounts(plain)
        accounts.compare_soon()

        with pytest.raises(PluginMissing) as caught:
            accounts.work(threading.Event())
        accounts._note_failure(caught.value)

        assert accounts.problem == "accounts"
        assert "broker-files" in render_to_string("web/restoration_notice.html", {"broker": accounts.problem})
        settings.MQTT_HOST, settings.MQTT_PORT, settings.MQTT_ACCOUNTS = plain.host, plain.port, "plugin"
        assert [each.code for each in publishing.check_broker(publishing.read_broker(), is_running=True)] == [
            "broker-accounts"
        ]
        settings.MQTT_ACCOUNTS = "files"
        assert not [*publishing.check_broker(publishing.read_broker(), is_running=True)]
