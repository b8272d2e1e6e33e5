"""An alert and its end reach a player that is cut off, by way of another one: in two network namespaces.

`make test-network` runs it, as root. Player A hears the server; player B, in another namespace, reaches A's card and
nothing else. It fails where B does not follow.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from beffroi_player.agent.storage import AgentStorage
from beffroi_player.state.directories import StateDirectory
from tests.support.signing_town import SigningTown, alert, slide

A, B = "beffroi-a", "beffroi-b"


def run(*command: str) -> None:
    """Run a command, and fail where it does."""
    subprocess.run(command, check=True)


@contextlib.contextmanager
def two_namespaces() -> Iterator[None]:
    """Make two namespaces that reach each other by one cable, and nothing else; remove them afterwards."""
    try:
        for name in (A, B):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", A, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", B)
        for name, address in ((A, "10.99.0.1/24"), (B, "10.99.0.2/24")):
            run("ip", "-n", name, "address", "add", address, "dev", "cable")
            run("ip", "-n", name, "link", "set", "cable", "up")
            run("ip", "-n", name, "route", "add", "default", "dev", "cable")
        yield
    finally:
        for name in (A, B):
            subprocess.run(["ip", "netns", "delete", name], check=False)


def until(what: str, found: Callable[[], object], seconds: float = 120.0) -> float:
    """Wait until something is so; return the seconds that it took."""
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        with contextlib.suppress(OSError, ValueError, LookupError, AttributeError):
            if found():
                return time.monotonic() - start
        time.sleep(0.02)
    raise SystemExit(f"not within {seconds:.0f} s: {what}")


def shown(folder: Path) -> list[str | None]:
    """Return the alerts that a player presents."""
    showings = json.loads((folder / "run/presented.json").read_text())["showings"]
    return [each["alert"] for each in showings if each.get("alert")]


@contextlib.contextmanager
def player(folder: Path, namespace: str) -> Iterator[None]:
    """Run a player in a namespace."""
    command = ["ip", "netns", "exec", namespace, sys.executable, "-m", "beffroi_player", "run"]
    command += ["--output", "headless", "--state", str(folder / "state"), "--runtime", str(folder / "run")]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def inside(folder: Path) -> None:
    """Do it, in the namespace of A, where the server is, too."""
    hall = SigningTown(now_ms=int(time.time() * 1000))
    connected, cut_off = folder / "a", folder / "b"
    with hall.serve() as url:
        hall.publish_programme(hall.manifest(slide("pool")))
        for each in (connected, cut_off):
            StateDirectory(each / "state").create_folders()
            AgentStorage(each / "state").enrolment.write(hall.enrolment(url))
        with player(cut_off, A):
            until("B has its programme", StateDirectory(cut_off / "state").programme.read)
        with player(connected, A), player(cut_off, B):
            until("A shows its programme", StateDirectory(connected / "state").programme.read)
            until("B shows its programme again", (cut_off / "run/presented.json").exists)
            hall.publish_alerts(alert(now=int(time.time() * 1000)))
            until("A shows the alert", lambda: shown(connected) == ["flood"])
            until("B shows the alert", lambda: shown(cut_off) == ["flood"])
            print("the alert is on B", flush=True)
            hall.publish_alerts()
            until("A has left it", lambda: shown(connected) == [])
            until("B has left it", lambda: shown(cut_off) == [])
            print("its end is on B", flush=True)


def main() -> int:
    """Make the namespaces, and run the rest inside."""
    if len(sys.argv) > 1:
        inside(Path(sys.argv[1]))
        return 0
    with tempfile.TemporaryDirectory() as name, two_namespaces():
        for each in ("a", "b"):
            (Path(name) / each).mkdir()
        command = ["ip", "netns", "exec", A, sys.executable, "-m", "tests.network.relay", name]
        done = subprocess.run(command, check=False, timeout=600)
        if done.returncode:
            for log in Path(name).glob("*/log"):
                print(log, log.read_text()[-4000:])
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
