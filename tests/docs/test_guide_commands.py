"""The commands of the installation guide do what the guide says: they are taken from its text and run.

System folders become folders of the test; programs that change the machine (apt, useradd, systemctl) do nothing.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from tests.support.processes import free_port
from tests.support.waiting import until

GUIDE = Path(__file__).parents[2] / "docs/installation.md"
PROGRAMS = Path(sys.executable).parent
SUDO = """\
#!/bin/sh
[ "$1" = -u ] && shift 2
exec env "$@"
"""
NOTHING = "#!/bin/sh\n"
PLUGIN = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"), Path("none"))
DEBIAN_CONFIGURATION = """\
persistence true
persistence_location {root}/var/lib/mosquitto/
include_dir {root}/etc/mosquitto/conf.d
"""
PATIENCE_S = 60


def section_commands(text: str, heading: str) -> str:
    """Return the first block of commands below a heading of the guide."""
    found = re.search(rf"^#+ {re.escape(heading)}$.*?^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


@pytest.fixture
def machine() -> Iterator[Path]:
    """A folder that stands in for the root of a machine; the account of Mosquitto can reach it."""
    if os.geteuid() or "mosquitto" not in {each.pw_name for each in pwd.getpwall()}:
        pytest.skip("needs root, and the account that Debian's package of Mosquitto makes")
    mask = os.umask(0o022)
    root = Path(tempfile.mkdtemp(prefix="beffroi-guide-"))
    root.chmod(0o755)
    for name in ("etc/mosquitto/conf.d", "etc/systemd/system", "var/lib/mosquitto", "bin", "work"):
        (root / name).mkdir(parents=True)
    shutil.chown(root / "var/lib/mosquitto", "mosquitto")
    for name in ("apt", "useradd", "systemctl"):
        (root / "bin" / name).write_text(NOTHING)
    (root / "bin/sudo").write_text(SUDO)
    for path in (root / "bin").iterdir():
        path.chmod(0o755)
    yield root
    os.umask(mask)
    shutil.rmtree(root)


def run_commands(commands: str, root: Path) -> None:
    """Run commands of the guide with the folders and accounts of the test."""
    for before, after in (
        (r"/etc/", f"{root}/etc/"),
        (r"/var/lib/", f"{root}/var/lib/"),
        (r"/opt/beffroi/\.venv/bin", str(PROGRAMS)),
        (r"-o beffroi-server", "-o root"),
        (r"chown beffroi-server:", "chown root:"),
        (r"\bDIR\b", f"{root}/work/units"),
        (r"provisioning broker", f"provisioning broker --root {root} --plugin {PLUGIN}"),
    ):
        commands = re.sub(before, after, commands)
    environment = {"PATH": f"{root}/bin:{os.environ['PATH']}", "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=root / "work", env=environment, capture_output=True, text=True, timeout=3 * PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def connect_result(port: int, username: str, password: str) -> str:
    """Return what the broker answers to a name and a password."""
    answers: list[str] = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.username_pw_set(username, password)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(str(reason))
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        until("an answer of the broker", lambda: answers)
    finally:
        client.disconnect()
        client.loop_stop()
    return answers[0]


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_server_and_broker_start_by_the_commands_of_the_guide(machine: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    run_commands(section_commands(text, "At boot") + section_commands(text, "2. The broker"), machine)
    settings = dict(line.split("=", 1) for line in (machine / "etc/beffroi/server.env").read_text().splitlines())
    assert (machine / "etc/beffroi/server.env").stat().st_mode & 0o077 == 0
    assert (machine / "etc/systemd/system/beffroi-server.service").exists()

    added = machine / "etc/mosquitto/conf.d/beffroi.conf"
    port = free_port(1883)
    added.write_text(
        added.read_text(encoding="utf-8").replace("listener 1883", f"listener {port} 127.0.0.1"), encoding="utf-8"
    )
    configuration = machine / "etc/mosquitto/mosquitto.conf"
    configuration.write_text(DEBIAN_CONFIGURATION.format(root=machine), encoding="utf-8")
    command = ["mosquitto", "-c", str(configuration)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as broker:
        try:
            until("the broker listens", lambda: broker.poll() is not None or is_open(port))
            assert broker.poll() is None, broker.stderr and broker.stderr.read()
            assert os.stat(f"/proc/{broker.pid}").st_uid == pwd.getpwnam("mosquitto").pw_uid
            assert connect_result(port, "server", settings["BEFFROI_MQTT_PASSWORD"]) == "Success"
            assert connect_result(port, "server", "another") == "Not authorized"
        finally:
            broker.terminate()
