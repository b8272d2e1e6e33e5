"""A whole town as processes, for end-to-end tests and benchmarks: server, Mosquitto and players."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from beffroi_content.rendering import image_digest
from tests.support.processes import end_with_parent
from tests.support.waiting import PATIENCE_S, free_port, listens, until

PROGRAMS = Path(sys.executable).parent
MOSQUITTO = shutil.which("mosquitto", path=f"/usr/sbin:{os.environ['PATH']}")
SITE = "saint-aubin"
PRESENTED_NAMES = ("presented.json", "glass.json")
"""Files of the runtime directory that say what is presented: that of today, and that of before the first release."""
BROKER_PASSWORD = "of the server, for this test only"


@dataclass
class RestartableProcess:
    """A program that can be killed and started again; it ends when whoever started it dies."""

    command: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in a process group of its own."""
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command, stdout=log, stderr=log, env=bare_environment() | self.environment,
                start_new_session=True, preexec_fn=end_with_parent(os.getpid()),  # noqa: PLW1509 - before any thread
            )  # fmt: skip

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, and all that it started when it is killed."""
        if self.running is None or self.running.poll() is not None:
            return
        if how is signal.SIGKILL:
            os.killpg(self.running.pid, how)
        else:
            self.running.send_signal(how)
        self.running.wait(PATIENCE_S)


@dataclass
class PlayerProcess:
    """A player, and what it presents."""

    process: RestartableProcess
    state: Path
    runtime: Path

    @property
    def presented(self) -> dict[str, Any]:
        """What the stage says that it presents."""
        for name in PRESENTED_NAMES:
            with contextlib.suppress(OSError, ValueError):
                return dict(json.loads((self.runtime / name).read_text()))
        return {}

    def shown(self, name: str) -> list[Any]:
        """Return one field of everything that is presented, such as ``slide`` or ``alert``."""
        return [part.get(name) for part in self.presented.get("showings", []) if part.get(name)]

    def headless_image(self) -> Image.Image | None:
        """Return what a headless player presented last."""
        with contextlib.suppress(OSError, SyntaxError):
            return Image.open(self.runtime / "headless.png").convert("RGB")
        return None


class TownProcesses:
    """Server, Mosquitto and players of one town in a folder, as the installation guide sets them up.

    Args:
        folder: Where everything lies.
        site: The town's part of every topic.
        programs: Folder of the programs; those of another environment are another state.
    """

    def __init__(self, folder: Path, site: str = SITE, programs: Path = PROGRAMS) -> None:
        self.folder, self.site, self.programs = folder, site, programs
        self.port, self.broker_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "beffroi_server.settings",
            "BEFFROI_DATA": str(folder / "data"),
            "BEFFROI_URL": self.url,
            "BEFFROI_MQTT_HOST": "127.0.0.1",
            "BEFFROI_MQTT_PORT": str(self.broker_port),
            "BEFFROI_MQTT_PASSWORD": BROKER_PASSWORD,
            "BEFFROI_MQTT_ACCOUNTS": "files",
            "NO_PROXY": "127.0.0.1",
        }
        self.server = RestartableProcess(
            [str(programs / "beffroi-server"), "run", "--host", "127.0.0.1", "--port", str(self.port)],
            folder / "server.log",
            self.environment,
        )
        assert MOSQUITTO, "Mosquitto is not installed: run scripts/prepare test"
        self.broker = RestartableProcess(
            [MOSQUITTO, "-c", str(folder / "broker" / "mosquitto.conf")], folder / "broker.log"
        )
        self.players: list[PlayerProcess] = []

    def initialise(self) -> None:
        """Set the data of a new town up, and start nothing."""
        self.run("beffroi-server", "init", "--town", "Saint-Aubin", "--site", self.site)

    def open(self, content: str = "", data: Path | None = None) -> str:
        """Set everything up, run code that adds content, start server and broker; return what that code printed.

        Args:
            content: Code that runs beside the server's database before the server is started.
            data: The data of a town that is set up already, to be copied.
        """
        if data is None:
            self.initialise()
        else:
            shutil.copytree(data, self.folder / "data")
        printed = self.run_server_code(content) if content else ""
        self.write_broker_files()
        self.start_broker()
        self.start_server()
        return printed

    def close(self) -> None:
        """Stop everything."""
        for player in self.players:
            player.process.stop()
        self.server.stop()
        self.broker.stop()

    def start_server(self) -> None:
        """Start the server and wait for its answer."""
        self.server.start()
        until("the server answers", lambda: listens(self.port))

    def start_broker(self) -> None:
        """Start the broker and wait until it listens."""
        self.broker.start()
        until("the broker listens", lambda: listens(self.broker_port))

    def write_broker_files(self) -> None:
        """Tell the broker who may do what, as the installation guide says."""
        folder = self.folder / "broker"
        folder.mkdir(exist_ok=True)
        self.run("beffroi-server", "broker-files", str(folder))
        passwords = next(folder.glob("*passw*"))
        self.run(
            "beffroi-provisioning", "mosquitto", "--site", self.site, "--out", str(folder), "--host", "127.0.0.1",
            "--port", str(self.broker_port), "--password-file", str(passwords), "--persistence", str(folder),
            "--account", getpass.getuser(),
        )  # fmt: skip
        if self.broker.running:
            self.broker.running.send_signal(signal.SIGHUP)

    def run(self, program: str, *arguments: str) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [self.programs / program, *arguments],
            env=bare_environment() | self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=4 * PATIENCE_S,
        )
        assert done.returncode == 0, f"{program} {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def run_server_code(self, code: str) -> str:
        """Run Python beside the server, with its database, and return what it printed."""
        return self.run("python", "-c", f"import django; django.setup()\n{code}")

    def sign_in_link(self) -> str:
        """Return an address that signs the administrator in."""
        match = re.search(r"http\S+/sign-in/\S+", self.run("beffroi-server", "link"))
        assert match
        return match[0]

    def enrol_player(
        self, name: str, enrolment: str, *, output: str = "headless", display: str = "", runtime: Path | None = None
    ) -> PlayerProcess:
        """Enrol a player with the command that the page of its screen shows, and prepare its process."""
        state, runtime = self.folder / f"{name}-state", runtime or self.folder / f"{name}-runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        program, *arguments = enrolment.split()
        self.run(program, *arguments, "--state", str(state))
        self.write_broker_files()
        command = [str(self.programs / "beffroi-player"), "run", "--state", str(state), "--runtime", str(runtime)]
        process = RestartableProcess(
            [*command, "--output", output], self.folder / f"{name}.log", {"DISPLAY": display} if display else {}
        )
        player = PlayerProcess(process, state, runtime)
        self.players.append(player)
        return player


@contextlib.contextmanager
def open_town_processes(folder: Path, data: Path | None = None) -> Iterator[TownProcesses]:
    """Set a town up, with a copy of the data of another one if given, and leave nothing running."""
    town = TownProcesses(folder)
    try:
        town.open(data=data)
        yield town
    finally:
        town.close()


def bare_environment() -> dict[str, str]:
    """Return the environment without settings of another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BEFFROI_")}


def same_pixels(one: Image.Image, other: Image.Image) -> bool:
    """Tell whether two images are equal byte for byte."""
    return image_digest(one.convert("RGB")) == image_digest(other.convert("RGB"))
