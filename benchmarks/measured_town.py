"""A server on Mosquitto and one 1080p player, as processes of their own, as a town would run them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.town_processes import BROKER_PASSWORD, PROGRAMS, PlayerProcess, TownProcesses
from tests.support.waiting import until

SITE, SCREEN, SERVER_USER = "mesure", "hall", "server"
CONTENT = f"""
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


class MeasuredTown(TownProcesses):
    """Everything that is measured. ``open_measured_town`` makes one."""

    player: PlayerProcess

    def __init__(self, folder: Path, runtime: Path, programs: Path = PROGRAMS) -> None:
        super().__init__(folder, SITE, programs)
        self.environment["BEFFROI_FEED_NETWORKS"] = "127.0.0.0/8"
        self.password = BROKER_PASSWORD
        self.runtime = runtime

    def show(self, content: str, display: str) -> None:
        """Start broker, server and player, and wait until the player shows the programme of the content."""
        command = self.open(content).strip().splitlines()[-1]
        output = "fullscreen" if display else "headless"
        self.player = self.enrol_player("player", command, output=output, display=display, runtime=self.runtime)
        self.player.process.start()
        try:
            until("the player shows its programme", lambda: self.presented().get("programme"))
        except AssertionError as error:
            logs = [f"-- {path.name}\n{path.read_text()[-1500:]}" for path in sorted(self.folder.glob("*.log"))]
            raise OSError("\n".join([str(error), *logs])) from error

    def presented(self) -> dict[str, Any]:
        """Return what the stage says that it presents."""
        return self.player.presented

    def active_programme(self) -> bytes:
        """Return the programme that the player holds, as it is on its disk; nothing while there is none."""
        with contextlib.suppress(OSError):
            return (self.player.state / "programme.json").read_bytes()
        return b""


@contextlib.contextmanager
def open_measured_town(content: str = CONTENT, display: str = "", programs: Path = PROGRAMS) -> Iterator[MeasuredTown]:
    """Open a town in a folder that is removed afterwards, and leave nothing running.

    Args:
        content: A program that makes a screen with a programme and prints, last, the command that enrols its player.
        display: The X display that the player fills; none: it is headless.
        programs: Folder of the programs; see ``content_of_state`` for those of another state.
    """
    with TemporaryDirectory(prefix="beffroi-bench-") as folder, ExitStack() as started:
        town = MeasuredTown(Path(folder), _memory_folder(started), programs)
        started.callback(town.close)
        town.show(content, display)
        yield town


def content_of_state(checkout: Path) -> str:
    """Return the program that makes the content in another state: modules had other names before the first release.

    Raises:
        OSError: there is no such checkout.
    """
    sources = [path for name in ("measured_town", "house") if (path := checkout / "benchmarks" / f"{name}.py").exists()]
    if not sources:
        raise FileNotFoundError(f"{checkout} has no benchmarks")
    found = re.search(r'^CONTENT = f"""\n(.*?)^"""', sources[0].read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if found is None:
        raise OSError(f"{sources[0]} has no content")
    return found[1].replace("{SCREEN}", SCREEN)


def _memory_folder(started: ExitStack) -> Path:
    """Return a folder in memory, as a player has it under systemd."""
    memory = Path("/dev/shm")  # noqa: S108 - within it, a folder that only its owner can enter
    return Path(started.enter_context(TemporaryDirectory(dir=memory if memory.is_dir() else None)))
