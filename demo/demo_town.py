"""A server with its broker and three players as child processes: started in order, stopped in the reverse order."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.processes import ChildProcess, free_port, run_program

from beffroi_player.state.default_paths import default_runtime
from demo.announcements import SITE, TOWN

SERVER = (sys.executable, "-m", "beffroi_server")
PLAYER = (sys.executable, "-m", "beffroi_player")
OFFICE = (sys.executable, "-m", "demo.office")
DEMO_SCREENS = ("hall", "marche", "quai")
UP = "Beffroi answers at"
"""What the server logs once it listens."""
START_ATTEMPTS = 4
START_S, REPORT_S = 120, 120
"""How long the server may take to answer, and the screens to report. Generous: a small board is slow at first."""
CHECKOUT = Path(__file__).parent.parent


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


class ScreensSilent(DemoError):
    """Not every screen says what it shows."""


@dataclass
class DemoTown:
    """The demo's programs and where they are.

    Args:
        state: The folder that is kept between starts.
        host: The name under which pages and players reach the server.
        windows: Whether players have a window each.
    """

    state: Path
    host: str
    windows: bool
    web_port: int = 0
    broker_port: int = 0
    children: list[ChildProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        self._memory = self.state / "demo.json"
        self._environment = _clean(os.environ)

    @property
    def url(self) -> str:
        """The address of the pages."""
        return f"http://{self.host}:{self.web_port}"

    def lock(self, started: ExitStack) -> None:
        """Make sure that nobody else runs this demo.

        Raises:
            DemoError: somebody does.
        """
        file = started.enter_context((self.state / "lock").open("w"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoError(
                f"the demo in {self.state} is running already: stop it, or choose another folder with --state"
            ) from error

    def prepare(self) -> bool:
        """Set the server up and load the town; return whether it was loaded now."""
        self._environment |= {
            "BEFFROI_DATA": str(self.state / "server"),
            "NO_PROXY": f"localhost,127.0.0.1,{self.host}",
        }
        self._ask(*SERVER, "init", "--town", TOWN, "--site", SITE)
        return bool(json.loads(self._ask(*OFFICE, "load"))["loaded"])

    def start_server(self, started: ExitStack) -> list[str]:
        """Start the server on ports that are free; return a sentence for each port that had to be another.

        Raises:
            DemoError: it does not start.
        """
        listen = "127.0.0.1" if self.host == "localhost" else "0.0.0.0"  # noqa: S104 - asked for
        for _attempt in range(START_ATTEMPTS):
            sentences = self._choose_ports()
            command = (*SERVER, "run", "--host", listen, "--port", str(self.web_port))
            server = self._start(started, "server", *command)
            if self._comes_up(server):
                return sentences
            self.children.remove(server)
            # Between looking at a port and listening to it, somebody else may have taken it.
            if "in use" not in server.last_words():
                break
        raise DemoError(f"the server does not start. The end of {server.log}:\n{server.last_words()}")

    def enrol_players(self) -> bool:
        """Enrol the players as screens, unless they are; return whether it was done now."""
        place = {"url": self.url, "broker_port": self.broker_port, "web_port": self.web_port}
        enrolled = all((self._player(slug) / "enrolment.json").exists() for slug in DEMO_SCREENS)
        if enrolled and self._remembered() == place:
            return False
        for line in self._ask(*OFFICE, "enrol").splitlines():
            answer = json.loads(line)
            # The very command that the page of the screen shows to whoever installs a player.
            words = answer["command"].split()[1:]
            self._ask(*PLAYER, *words, "--state", str(self._player(answer["screen"])))
        self._memory.write_text(json.dumps(place), encoding="utf-8")
        return True

    def start_players(self, started: ExitStack) -> None:
        """Start the players."""
        for slug in DEMO_SCREENS:
            state = self._player(slug)
            if not (state / "enrolment.json").exists():
                continue
            runtime = default_runtime(state)
            started.callback(shutil.rmtree, runtime, ignore_errors=True)
            output = "window" if self.windows else "headless"
            options = ("--state", str(state), "--runtime", str(runtime), "--output", output)
            self._start(started, f"player-{slug}", *PLAYER, "run", *options)

    def confirmations(self, patience_s: float = REPORT_S) -> Iterator[dict[str, Any]]:
        """Yield what each screen says that it shows, as it says it.

        Raises:
            Silent: a screen says nothing in time.
            DemoError: a program ended.
        """
        log = self.state / "logs" / "watch.log"
        log.unlink(missing_ok=True)
        with ExitStack() as watching:
            watch = self._start(watching, "watch", *OFFICE, "watch")
            deadline, heard = time.monotonic() + patience_s, 0
            while heard < len(DEMO_SCREENS):
                # Warnings go to the same file.
                lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
                yield from (json.loads(line) for line in lines[heard:])
                heard = len(lines)
                self.check()
                if watch.exit_code not in (None, 0):
                    raise DemoError(f"the screens cannot be watched:\n{watch.last_words()}")
                if time.monotonic() > deadline:
                    raise ScreensSilent(self._silence(patience_s))
                time.sleep(0.1)

    def check(self) -> list[str]:
        """Return the names of players that somebody has closed since the last time.

        Raises:
            DemoError: the server has ended, or a player has failed.
        """
        ended = [child for child in self.children if child.exit_code is not None]
        for child in ended:
            if child.exit_code or child.name == "server":
                raise DemoError(f"the {child.name} has ended. The end of {child.log}:\n{child.last_words()}")
            self.children.remove(child)
        return [child.name for child in ended]

    def sign_in_link(self) -> str:
        """Return an address that signs the administrator in, once."""
        return self._ask(*SERVER, "link").strip().splitlines()[-1]

    def _choose_ports(self) -> list[str]:
        """Choose the ports of the last time if they are free; return a sentence for each that had to be another."""
        known = self._remembered()
        sentences = []
        for name, use, usual in (("web_port", "the pages are at", 8000), ("broker_port", "the broker is at", 1883)):
            wanted = int(known.get(name, usual))
            setattr(self, name, free_port(wanted))
            if getattr(self, name) != wanted:
                sentences.append(f"port {wanted} is taken: {use} port {getattr(self, name)}")
        self._environment |= {"BEFFROI_URL": self.url, "BEFFROI_MQTT_PORT": str(self.broker_port)}
        return sentences

    def _comes_up(self, server: ChildProcess) -> bool:
        """Wait until the server, and not another at the same port, answers; return whether it does."""
        deadline = time.monotonic() + START_S
        while server.exit_code is None and time.monotonic() < deadline:
            if UP in server.last_words(1_000) and _answers(f"http://127.0.0.1:{self.web_port}/"):
                return True
            time.sleep(0.1)
        return False

    def _start(self, started: ExitStack, name: str, *command: str) -> ChildProcess:
        child = ChildProcess(name, command, self.state / "logs" / f"{name}.log", self._environment, CHECKOUT)
        started.callback(child.stop)
        if name != "watch":
            self.children.append(child)
        return child

    def _ask(self, *command: str) -> str:
        try:
            return run_program(command, self._environment, CHECKOUT)
        except subprocess.CalledProcessError as error:
            said = (error.stderr or error.stdout or "").strip().splitlines()
            raise DemoError(f"“{' '.join(command[2:5])}” failed:\n" + "\n".join(said[-8:])) from error

    def _player(self, slug: str) -> Path:
        return self.state / "players" / slug

    def _remembered(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._memory.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}

    def _silence(self, patience_s: float) -> str:
        players = [child for child in self.children if child.name != "server"]
        words = "\n".join(f"-- {child.log}\n{child.last_words(5)}" for child in players)
        hint = " If the windows are the trouble, try --headless." if self.windows else ""
        return f"not every screen has reported within {patience_s:.0f} seconds.{hint}\n{words}"


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without settings of another server: the demo is the same everywhere."""
    return {name: value for name, value in environment.items() if not name.startswith(("BEFFROI_", "DJANGO_"))} | {
        "PYTHONUNBUFFERED": "1"
    }


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
