"""An alert and its end reach a player that is cut off, by way of another one: in two network namespaces.

`make test-network` runs it, as root. Player A hears the server; player B, in another namespace, reaches A's card and
nothing else. It fails where B does not follow. Then the server dies, A is started anew, and both still have the alert;
a scenario is triggered at A, and ended there, and B follows. What A has said is recorded and played again to B, which
does not believe it.
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

from beffroi_content.wire.local_triggers import SignedStatement, is_act_id
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.agent.transport.alert_relay import AlertRelay
from beffroi_player.state.directories import StateDirectory
from tests.support.signing_town import SCREEN, SITE, SigningTown, alert, slide

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


def trigger(folder: Path, *what: str) -> None:
    """Give the technician's command at a player."""
    command = [sys.executable, "-m", "beffroi_player", "trigger", *what]
    run(*command, "--state", str(folder / "state"), "--runtime", str(folder / "run"))


def inside(folder: Path) -> None:
    """Do it, in the namespace of A, where the server is, too."""
    hall = SigningTown(now_ms=int(time.time() * 1000))
    connected, cut_off = folder / "a", folder / "b"
    with hall.serve() as url:
        for each, screen in ((connected, SCREEN), (cut_off, "quay")):
            hall.publish_programme(hall.manifest(slide("pool"), screen=screen))
            StateDirectory(each / "state").create_folders()
            AgentStorage(each / "state").enrolment.write(hall.enrolment(url, screen=screen))
        hall.publish_scenarios(hall.local_scenario())
        with player(cut_off, A):
            until("B has its programme", StateDirectory(cut_off / "state").programme.read)
            until("B has the scenario", AgentStorage(cut_off / "state").scenarios.read)
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
        with player(connected, A):
            hall.publish_alerts(alert("fire", now=int(time.time() * 1000)))
            until("A shows another alert", lambda: shown(connected) == ["fire"])
            until("A has it on its disk", lambda: "fire" in (connected / "state/alerts.json").read_text())
    print("the server is dead", flush=True)
    with player(connected, A), player(cut_off, B):
        until("B shows the alert that only A, started anew, can have given it", lambda: shown(cut_off) == ["fire"])
        print("a player that was started anew has given it to B", flush=True)
        # It hides the alert that is on: the scenario is an emergency.
        trigger(connected, "flood")
        until("A shows what was triggered", lambda: is_triggered(connected))
        print(f"what was triggered at A is on B after {until('B shows it', lambda: is_triggered(cut_off)):.1f} s")
        with recorded_peer() as replayed:
            trigger(connected, "--end")
            until("A has ended it", lambda: not is_triggered(connected))
            took = until("B has ended it", lambda: not is_triggered(cut_off))
            print(f"its end is on B after {took:.1f} s", flush=True)
            replayed.tell()
            until("B has asked whoever plays it again", lambda: replayed.asked, 30)
            for _ in range(40):
                if is_triggered(cut_off):
                    raise SystemExit("B has believed a recording")
                time.sleep(0.1)
        if "statement-refused" not in (folder / "b/log").read_text():
            raise SystemExit("B has not refused the recording")
        print("a recording triggers nothing", flush=True)


def is_triggered(folder: Path) -> bool:
    """Tell whether a player presents what was triggered on the spot, and not its end."""
    showings = json.loads((folder / "run/presented.json").read_text())["showings"]
    return any(is_act_id(each.get("alert") or "") and each["form"] == "takeover" for each in showings)


class RecordedPeer:
    """Plays again what A has said while the scenario was on, to whoever asks: as an attacker on the network would."""

    def __init__(self) -> None:
        self.asked = 0
        # What A answers to us: genuine, and with a nonce that B did not give.
        statements: list[bytes] = []
        asking = AlertRelay(
            SITE, list, lambda _: False, lambda: True, lambda _: None, lambda: 0.0,
            follow=lambda signed, _nonce: statements.append(signed.to_json()),
        )  # fmt: skip
        until("A answers a question", lambda: asking.fetch_once(wants_sets=False) or statements)
        self._relay = AlertRelay(
            SITE, list, lambda _: False, lambda: False, lambda _: None, lambda: time.monotonic() * 1000,
            acts=lambda nonce: self._answer(nonce, SignedStatement.model_validate_json(statements[0])),
        )  # fmt: skip
        self._relay.start()
        self.tell, self.stop = self._relay.tell_of_acts, self._relay.stop

    def _answer(self, nonce: str, recorded: SignedStatement) -> SignedStatement:
        self.asked += bool(nonce)
        return recorded


@contextlib.contextmanager
def recorded_peer() -> Iterator[RecordedPeer]:
    """Run an attacker in the namespace of A, until the end."""
    peer = RecordedPeer()
    try:
        yield peer
    finally:
        peer.stop()


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
