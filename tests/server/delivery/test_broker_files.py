"""Tests of the files that the server writes for brokers that it cannot tell accounts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.broker_visitor import Visitor
from tests.support.waiting import PATIENCE_S, free_port, listens, until

from beffroi_content.wire.broker_accounts import client_identifier
from beffroi_server.delivery.broker_files import write_broker_files
from beffroi_server.fleet import services

NATS = shutil.which("nats-server", path=f"{Path(sys.executable).parent}:/usr/sbin:/usr/local/bin:/usr/bin")
PLUGINS = sorted(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
ROOT = "beffroi/1/saint-aubin"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keyring")]


@pytest.fixture(autouse=True)
def server_password(settings):
    settings.MQTT_PASSWORD = "secret"


def test_mosquitto_files_hold_who_is_enrolled(tmp_path, hall, quay):
    services.enrol_player(services.open_enrolment(hall)[0])

    passwords, _ = write_broker_files(tmp_path, "mosquitto")

    assert [line.split(":")[0] for line in passwords.read_text().splitlines()] == ["server", "s-hall"]
    assert passwords.stat().st_mode & 0o007 == 0
    services.revoke_player(hall)
    write_broker_files(tmp_path, "mosquitto")
    assert [line.split(":")[0] for line in passwords.read_text().splitlines()] == ["server"]


@pytest.mark.skipif(not PLUGINS, reason="Mosquitto is not installed with its plugin")
def test_a_new_broker_takes_all_accounts_from_a_file(tmp_path, hall):
    password = services.enrol_player(services.open_enrolment(hall)[0])["mqtt"]["password"]
    (accounts,) = write_broker_files(tmp_path, "plugin")
    port = free_port()
    (tmp_path / "conf").write_text(
        f"listener {port} 127.0.0.1\nuser root\nallow_anonymous false\nplugin {PLUGINS[0]}\n"
        f"plugin_opt_config_file {accounts}\n"
    )
    with started(["mosquitto", "-c", str(tmp_path / "conf")], port):
        assert visit(port, "s-hall", password)
        assert not visit(port, "s-hall", password, name="another")
        assert not visit(port, "s-hall", "wrong")


@pytest.mark.skipif(NATS is None, reason="nats-server is not installed")
def test_nats_lets_each_player_read_and_write_its_own_alone(tmp_path, hall, quay):
    password = services.enrol_player(services.open_enrolment(hall)[0])["mqtt"]["password"]
    (accounts,) = write_broker_files(tmp_path, "nats")
    assert accounts.stat().st_mode & 0o007 == 0
    port = free_port()
    (tmp_path / "nats.conf").write_text(
        f"listen: 127.0.0.1:{free_port()}\nserver_name: test\njetstream {{store_dir: {json.dumps(str(tmp_path))}}}\n"
        f"mqtt {{listen: 127.0.0.1:{port}}}\ninclude ./{accounts.name}\n"
    )
    with started([str(NATS), "-c", str(tmp_path / "nats.conf")], port):
        assert not visit(port, "s-hall", "wrong")
        assert not visit(port, "s-quay", password)
        server, player = Visitor(port, "server", "secret"), Visitor(port, "s-hall", password)
        assert server.subscribe(f"{ROOT}/up/#") == [True]
        assert player.subscribe(f"{ROOT}/down/all/keys", f"{ROOT}/down/g-river/alerts", f"{ROOT}/down/s-hall/programme")
        assert player.subscribe(f"{ROOT}/down/s-quay/programme", f"{ROOT}/up/#") == [False, False]
        for topic in ("up/s-quay/report", "down/all/alerts", "up/s-hall/report"):
            player.client.publish(f"{ROOT}/{topic}", b"x", 0)
        server.publish(f"{ROOT}/down/g-river/alerts")
        until("both hear something", lambda: server.heard and player.heard)
        assert [topic for topic, _ in server.heard] == [f"{ROOT}/up/s-hall/report"]
        assert [topic for topic, _ in player.heard] == [f"{ROOT}/down/g-river/alerts"]
        player.leave()
        server.leave()


class started:  # noqa: N801 - reads as a statement
    """A broker for the time of a block."""

    def __init__(self, command: list[str], port: int) -> None:
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("the broker listens, or has ended", lambda: listens(port) or self.process.poll() is not None)
        assert self.process.poll() is None

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_reason: object) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)


def visit(port: int, username: str, password: str, name: str = "") -> bool:
    """Tell whether the broker lets somebody in."""
    visitor = Visitor(port, username, password, name=name or client_identifier(password))
    visitor.leave()
    return visitor.connected
