"""A server on Mosquitto and one 1080p player, as processes of their own, as a town would run them."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from tests.support.processes import ChildProcess, free_port, run_program

SITE, SCREEN, SERVER_USER = "mesure", "hall", "server"
MODULE = (sys.executable, "-m")
PATIENCE_S = 60
CONTENT = f"""
import django
django.setup()
from beffroi_server.library.services import save_announcement
from beffroi_server.schedule import services as programme
from beffroi_server.schedule.models import ScheduleRule
from beffroi_server.fleet.models import Screen, ScreenClass
from beffroi_server.fleet.services import open_enrolment, save_screen

kind = ScreenClass.objects.get(width=1920, height=1080)
screen = save_screen(Screen(slug="{SCREEN}", name="Hall", screen_class=kind), user=None)
playlist = programme.create_playlist("Jour", user=None)
for title in ("La piscine rouvre lundi", "Grand marché dimanche"):
    text = save_announcement(user=None, template="notice", title=title, body="De 10 h à 19 h.")
    programme.add_entry(playlist, user=None, announcement=text, duration_s=10)
programme.save_rule(ScheduleRule(name="Toujours", playlist=playlist, everywhere=True), user=None)
print(open_enrolment(screen)[1])
"""
Found = TypeVar("Found")


class MeasuredTown:
    """Everything that is measured. ``opened`` makes one."""

    def __init__(self, folder: Path, started: ExitStack, content: str, display: str) -> None:
        self._folder, self._started = folder, started
        self._content, self._display = content, display
        self.web_port, self.broker_port = free_port(0), free_port(0)
        self.url = f"http://127.0.0.1:{self.web_port}"
        self.password = secrets.token_urlsafe(24)
        self.runtime = _in_memory(started)
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("BEFFROI_")} | {
            "DJANGO_SETTINGS_MODULE": "beffroi_server.settings",
            "BEFFROI_DATA": str(folder / "server"),
            "BEFFROI_URL": self.url,
            "BEFFROI_MQTT_HOST": "127.0.0.1",
            "BEFFROI_MQTT_PORT": str(self.broker_port),
            "BEFFROI_MQTT_USERNAME": SERVER_USER,
            "BEFFROI_MQTT_PASSWORD": self.password,
            "NO_PROXY": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
        }

    def open(self) -> None:
        """Start broker, server and player, and wait until the player shows the programme."""
        self._ask("beffroi_server", "init", "--town", "Mesure", "--site", SITE)
        command = (
            run_program([sys.executable, "-c", self._content], self._environment, self._folder).strip().splitlines()[-1]
        )
        broker = self._start_broker()
        self._start("server", "beffroi_server", "run", "--host", "127.0.0.1", "--port", str(self.web_port))
        self._until(lambda: _listens(self.web_port), "the server answers")
        state = ("--state", str(self._folder / "player"))
        self._ask("beffroi_player", *command.split()[1:], *state)
        self._write_passwords()
        broker.signal(signal.SIGHUP)
        output = "fullscreen" if self._display else "headless"
        self._environment["DISPLAY"] = self._display
        self._start("player", "beffroi_player", "run", *state, "--runtime", str(self.runtime), "--output", output)
        self._until(lambda: self.presented().get("programme"), "the player shows its programme")

    def presented(self) -> dict[str, Any]:
        """Return what the stage says that it presents."""
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads((self.runtime / "presented.json").read_bytes()))
        return {}

    def active_programme(self) -> bytes:
        """Return the programme that the player holds, as it is on its disk; nothing while there is none."""
        with contextlib.suppress(OSError):
            return (self._folder / "player" / "programme.json").read_bytes()
        return b""

    def sign_in_link(self) -> str:
        """Return an address that signs the administrator in, once."""
        return self._ask("beffroi_server", "link").strip().splitlines()[-1]

    def _start_broker(self) -> ChildProcess:
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        if program is None:
            raise FileNotFoundError("Mosquitto is not installed: apt-get install mosquitto")
        folder = self._folder / "broker"
        folder.mkdir()
        passwords = self._write_passwords()
        self._ask(
            "beffroi_provisioning", "mosquitto", "--site", SITE, "--out", str(folder), "--host", "127.0.0.1",
            "--port", str(self.broker_port), "--password-file", str(passwords), "--persistence", str(folder),
            "--account", getpass.getuser(),
        )  # fmt: skip
        broker = self._child("broker", (program, "-c", str(folder / "mosquitto.conf")))
        self._until(lambda: _listens(self.broker_port), "the broker listens")
        return broker

    def _write_passwords(self) -> Path:
        return Path(self._ask("beffroi_server", "broker-files", str(self._folder / "access")).splitlines()[0])

    def _start(self, name: str, *words: str) -> None:
        self._child(name, (*MODULE, *words))

    def _child(self, name: str, command: tuple[str, ...]) -> ChildProcess:
        child = ChildProcess(name, command, self._folder / "logs" / f"{name}.log", self._environment, self._folder)
        self._started.callback(child.stop)
        return child

    def _ask(self, *words: str) -> str:
        try:
            return run_program((*MODULE, *words), self._environment, self._folder)
        except subprocess.CalledProcessError as error:
            raise OSError(f"{' '.join(words[:2])}: {error.stderr}") from error

    def _until(self, look: Callable[[], object], what: str) -> None:
        try:
            until(look, what)
        except OSError as error:
            logs = [f"-- {path.name}\n{path.read_text()[-1500:]}" for path in sorted(self._folder.glob("logs/*.log"))]
            raise OSError("\n".join([str(error), *logs])) from error


def until(look: Callable[[], Found], what: str, *, pause_s: float = 0.05, patience_s: float = PATIENCE_S) -> Found:
    """Return what ``look`` finds as soon as it finds something.

    Raises:
        TimeoutError: it does not.
    """
    deadline = time.monotonic() + patience_s
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience_s} s: {what}")
        time.sleep(pause_s)
    return found


@contextlib.contextmanager
def open_measured_town(content: str = CONTENT, display: str = "") -> Iterator[MeasuredTown]:
    """Open a house in a folder that is removed afterwards, and leave nothing running.

    Args:
        content: A program that makes a screen with a programme and prints, last, the command that enrols its player.
        display: The X display that the player fills; none: it is headless.
    """
    with TemporaryDirectory(prefix="beffroi-bench-") as folder, ExitStack() as started:
        house = MeasuredTown(Path(folder), started, content, display)
        house.open()
        yield house


def _in_memory(started: ExitStack) -> Path:
    """Return a folder in memory, as a player has it under systemd."""
    memory = Path("/dev/shm")  # noqa: S108 - within it, a folder that only its owner can enter
    return Path(started.enter_context(TemporaryDirectory(dir=memory if memory.is_dir() else None)))


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
