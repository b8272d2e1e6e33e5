"""The fault harness of alerts: a whole town, and harm at the very instant of a broadcast.

    python -m tests.player.alert_faults --count 200 --seed 7

Each round an officer broadcasts, ends, withdraws or extends an alert, of any level and for any screens, while others
are on. At that instant something is killed without a word: the server, the broker, a player, its stage or its agent; or
the broker stands still for a while. The officer presses again until there is an answer, as people do. Then everything
has to be right again by itself:

- every alert that a screen must show is on it, with a receipt of its first showing, and with the time of that showing;
- no receipt tells of what the screen did not show;
- what the page says of each screen is what the screen shows, whatever hides what;
- nothing is on a screen past its end.

What a screen shows is read from what its stage presents, every few milliseconds and by another thread. The seed is
printed: the same seed does the same harm at the same instants.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import random
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import requests
from tests.support.town_processes import MOSQUITTO, PlayerProcess, TownProcesses
from tests.support.waiting import PATIENCE_S, until

from beffroi_player.state.directories import AlertsRecord

HEALED_WITHIN_S = 120.0
"""On a machine that does five other things; a receipt that the broker took along comes over HTTP within a minute."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
"""Between two looks at the receipts: whoever asks ten times a second for minutes is throttled."""
LATE_MS = 3_000
"""How long after its end an alert may still be seen: the stage wakes up, draws, and this harness reads."""
SCREENS = ("hall", "quay")
CONTENT = """
import datetime as dt
from beffroi_server.accounts.api_tokens import create_token
from beffroi_server.accounts.models import User
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.services import open_enrolment
from beffroi_server.schedule import publication
kind = ScreenClass.objects.order_by("width").first()
river = ScreenGroup.objects.create(slug="river", name="River")
for name in ("hall", "quay"):
    screen = Screen.objects.create(slug=name, name=name.title(), screen_class=kind)
    if name == "quay":
        screen.groups.add(river)
    publication.mark_screen(screen)
    print("enrol", open_enrolment(screen)[1])
scopes = ["alerts:read", "alerts:broadcast"]
print("token", create_token(User.objects.first(), "faults", scopes, dt.timedelta(days=1))[1])
"""
NEW_CODE = """
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.services import open_enrolment
print(open_enrolment(Screen.objects.get(slug="{name}"))[1])
"""
TARGETS: tuple[dict[str, Any], ...] = ({"everywhere": True}, {"groups": ["river"]}, {"screens": ["hall"]})
REACH = {"everywhere": SCREENS, "groups": ("quay",), "screens": ("hall",)}


class NotHealed(Exception):
    """The town is not right, though nothing harms it any more."""


@dataclass(frozen=True)
class Seen:
    """One image on a screen."""

    at_ms: int
    until_ms: int
    """When the next one was read; now, of the last one."""
    alerts: frozenset[tuple[str, str]]
    """Each alert in it, with its form."""


class GlassWatch:
    """Notes everything that a player presents, in a thread of its own."""

    def __init__(self, player: PlayerProcess) -> None:
        self._player, self._stopping = player, threading.Event()
        self._seen: list[tuple[int, frozenset[tuple[str, str]]]] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join()

    def images(self) -> list[Seen]:
        """Return what was presented so far, oldest first."""
        with self._lock:
            seen, now = list(self._seen), _now_ms()
        ends = [at for at, _ in seen[1:]] + [now]
        return [Seen(at, end, alerts) for (at, alerts), end in zip(seen, ends, strict=True)]

    def _run(self) -> None:
        number = (0, 0)
        while not self._stopping.wait(0.005):
            presented = self._player.presented
            if not presented or number == (now := (presented["started_at_ms"], presented["presented_at_ms"])):
                continue
            number = now
            parts = [] if presented["power"] == "off" else presented["showings"]
            alerts = frozenset((part["alert"], part["form"]) for part in parts if part.get("alert"))
            with self._lock:
                if not self._seen or self._seen[-1][1] != alerts:
                    self._seen.append((presented["presented_at_ms"], alerts))


@dataclass
class Broadcast:
    """An alert, as the officer knows it."""

    id: str
    screens: tuple[str, ...]
    pressed_ms: int
    ends_ms: int
    is_over: bool = False
    gone_by_ms: int = 0
    """When the server had confirmed that it is over, and everything was right again; 0: not yet."""
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)


class AlertFaults:
    """A town under fire."""

    def __init__(self, folder: Path, seed: int, say: Callable[[str], None]) -> None:
        self.chance, self.say = random.Random(seed), say
        # Of its own: players of other tests on this machine would answer its questions.
        self.town = TownProcesses(folder, f"town-{uuid.uuid4().hex[:8]}")
        self.alerts: list[Broadcast] = []
        self.watches: dict[str, GlassWatch] = {}
        self.token = ""
        self.latencies: list[float] = []

    def open(self) -> None:
        """Start everything, and wait until both screens show their programme."""
        said = self.town.open(CONTENT).splitlines()
        commands = [line.removeprefix("enrol ") for line in said if line.startswith("enrol ")]
        self.token = next(line.removeprefix("token ") for line in said if line.startswith("token "))
        for name, command in zip(SCREENS, commands, strict=True):
            player = self._enrol(name, command)
            player.process.start()
            self.watches[name] = GlassWatch(player)
        for player in self.town.players:
            until("the programme is on", lambda player=player: player.presented.get("programme"))

    def _enrol(self, name: str, command: str) -> PlayerProcess:
        """Enrol a player, as often as it takes on a machine that is busy."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.town.enrol_player(name, command)
            except AssertionError:
                # The server may have taken the code, and answered too late.
                if time.monotonic() > deadline:
                    raise
                command = self.town.run_server_code(NEW_CODE.format(name=name)).splitlines()[-1]

    def close(self) -> None:
        """End everything."""
        for watch in self.watches.values():
            watch.stop()
        self.town.close()

    # --- what the officer does

    def act(self) -> str:
        """Do something to the alerts; return what."""
        running = [each for each in self.alerts if not each.is_over]
        kind = self.chance.choice(["end", "withdraw", "extend"]) if running else "broadcast"
        if kind == "broadcast" or len(running) < 2 or (len(running) < 5 and self.chance.random() < 0.5):
            return self._broadcast()
        alert = self.chance.choice(running)
        values = {"minutes": 1} if kind == "extend" else {}
        self._press(f"/alerts/{alert.id}/{kind}", values)
        if kind == "extend":
            alert.ends_ms += 60_000
        else:
            alert.is_over, alert.ends_ms = True, min(alert.ends_ms, _now_ms())
        return f"{kind} {alert.id[:8]}"

    def _broadcast(self) -> str:
        targets = self.chance.choice(TARGETS)
        level = self.chance.choice(["information", "vigilance", "alert", "emergency"])
        minutes = self.chance.choice([1, 5, 60])
        values = {
            "title": f"Crue {len(self.alerts)}", "level": level, "source": "Mairie", "instruction": "Montez.",
            "status": self.chance.choice(["actual", "actual", "exercise"]), "all_clear_s": self.chance.choice([2, 20]),
            "duration_min": minutes, **targets,
        }  # fmt: skip
        pressed = _now_ms()
        answer = self._press("/alerts", values)
        # Pressed again, it is the same alert: its end counts from when the server took it in.
        ends = _unix_ms(answer["ends_at"])
        self.alerts.append(Broadcast(answer["id"], REACH[next(iter(targets))], pressed, ends))
        return f"{level} {answer['id'][:8]} for {minutes} min on {'+'.join(self.alerts[-1].screens)}"

    def _press(self, path: str, values: dict[str, Any]) -> dict[str, Any]:
        """Press a button until there is an answer: it is done, or the alert was over by itself."""
        key = {"Idempotency-Key": str(uuid.UUID(int=self.chance.getrandbits(128), version=4))}
        deadline = time.monotonic() + HEALED_WITHIN_S
        while time.monotonic() < deadline:
            with contextlib.suppress(requests.RequestException):
                answer = self._ask("POST", path, json=values, headers=key)
                if answer.ok or answer.json()["type"].endswith(":alert-over"):
                    return dict(answer.json())
                if answer.status_code == 429:
                    time.sleep(_retry_after_s(answer))
                    continue
                if answer.status_code < 500:
                    raise NotHealed(f"{path}: {answer.status_code} {answer.text[:500]}")
            time.sleep(0.1)
        raise NotHealed(f"{path}: the server does not answer")

    def _ask(self, method: str, path: str, headers: dict[str, str] | None = None, **values: Any) -> requests.Response:
        return requests.request(
            method, f"{self.town.url}/api/v1{path}", timeout=10, proxies={"http": ""},
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})}, **values,
        )  # fmt: skip

    # --- what can go wrong

    def harm(self) -> tuple[str, Callable[[], None]]:
        """Choose a harm; return its name and what does it, and mends it after a while."""
        pause = self.chance.choice([0.0, 0.3, 1.5])
        player = self.chance.choice(self.town.players)
        name = self.chance.choice(["server", "broker", "player", "stage", "agent", "frozen broker"])
        if name == "frozen broker":
            return name, lambda: self._freeze(2 * pause + 0.5)
        if name in {"stage", "agent"}:
            return name, lambda: _kill_child(player, name)
        process = {"server": self.town.server, "broker": self.town.broker, "player": player.process}[name]

        def kill() -> None:
            process.stop(signal.SIGKILL)
            time.sleep(pause)
            process.start()

        return name, kill

    def _freeze(self, seconds: float) -> None:
        assert self.town.broker.running
        self.town.broker.running.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.town.broker.running.send_signal(signal.SIGCONT)

    # --- a round

    def play_round(self, number: int) -> str:
        """Act and harm at the same time, and check that everything is right again. Return what was done."""
        name, do_harm = self.harm()
        delay = self.chance.choice([0.0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4])
        done: list[str] = []
        failures: list[BaseException] = []

        def act() -> None:
            try:
                done.append(self.act())
            except BaseException as error:  # raised in the main thread
                failures.append(error)

        # What is started again must not belong to a thread: the kernel ends it together with the thread.
        acting = threading.Thread(target=act)
        began = time.monotonic()
        acting.start()
        time.sleep(delay)
        do_harm()
        acting.join()
        if failures:
            raise failures[0]
        healed = self._wait_until_right()
        return f"round {number}: {name} {delay * 1000:.0f} ms after {done[0]}; right after {healed - began:.1f} s"

    def _wait_until_right(self) -> float:
        deadline, pause = time.monotonic() + HEALED_WITHIN_S, SHORTEST_PAUSE_S
        while problems := self._problems():
            if time.monotonic() > deadline:
                raise NotHealed("; ".join(problems))
            time.sleep(pause)
            pause = min(LONGEST_PAUSE_S, 1.5 * pause)
        for alert in self.alerts:
            if alert.is_over and not alert.gone_by_ms:
                alert.gone_by_ms = _now_ms()
        self._check_history()
        return time.monotonic()

    def _problems(self) -> list[str]:
        """Return what is not right now, at the end of a round."""
        found: list[str] = []
        for alert in self.alerts:
            if alert.gone_by_ms and alert.gone_by_ms < _now_ms() - 30_000:
                continue
            try:
                answer = self._ask("GET", f"/alerts/{alert.id}/receipts")
                if answer.status_code == 429:
                    time.sleep(_retry_after_s(answer))
                    return [*found, "the server wants fewer questions"]
                receipts = {each["screen"]: each for each in answer.json()["receipts"]}
            except (requests.RequestException, ValueError, KeyError):
                return [*found, "the server does not answer"]
            alert.receipts = receipts
            if set(receipts) != set(alert.screens):
                found.append(f"{alert.id[:8]}: the page names {sorted(receipts)}")
            for screen in alert.screens:
                found += self._problems_on(alert, screen, receipts.get(screen, {}))
        return found

    def _problems_on(self, alert: Broadcast, screen: str, said: dict[str, Any]) -> list[str]:
        """Return where the page and a screen do not agree on an alert."""
        name, visible = f"{alert.id[:8]} on {screen}", self._is_in_turn(alert, screen)
        was_seen = bool(self._showings(alert, screen))
        is_active = not alert.is_over and _now_ms() < alert.ends_ms - LATE_MS
        problems = []
        if was_seen != (said.get("state") == "shown"):
            problems.append(f"{name}: the page says {said.get('state')}, it was {'' if was_seen else 'not '}seen")
        if alert.is_over and visible:
            problems.append(f"{name}: it is over and on the screen")
        if alert.is_over and self._is_held(alert, screen):
            # Between two turns it is not seen, and it comes back: the player has not heard yet that it is over.
            problems.append(f"{name}: it is over, and the player holds it")
        if is_active and said.get("visibility") == "shown" and not was_seen:
            problems.append(f"{name}: it has not been seen yet")
        if is_active and visible and said.get("visibility") not in {"shown", None}:
            problems.append(f"{name}: the page says {said.get('visibility')}, it is on the screen")
        return problems

    def _is_in_turn(self, alert: Broadcast, screen: str) -> bool:
        """Tell whether an alert is on a screen now."""
        last = self.watches[screen].images()[-1:]
        return any(name == alert.id and form != "all-clear" for image in last for name, form in image.alerts)

    def _is_held(self, alert: Broadcast, screen: str) -> bool:
        """Tell whether a player holds an alert that goes on, in what its stage is told or on its disk."""
        player = self.town.players[SCREENS.index(screen)]
        for folder in (player.runtime, player.state):
            with contextlib.suppress(OSError, ValueError):
                record = AlertsRecord.model_validate_json((folder / "alerts.json").read_bytes())
                if any(held.alert.id == alert.id and held.alert.ends_at_ms > _now_ms() for held in record.all_held()):
                    return True
        return False

    def _showings(self, alert: Broadcast, screen: str) -> list[Seen]:
        return [
            image for image in self.watches[screen].images()
            if any(name == alert.id and form != "all-clear" for name, form in image.alerts)
        ]  # fmt: skip

    # --- what must hold of all that was

    def _check_history(self) -> None:
        for alert in self.alerts:
            for screen in SCREENS:
                shown = self._showings(alert, screen)
                if shown and screen not in alert.screens:
                    raise NotHealed(f"{alert.id}: it was on {screen}, which it was not for")
                # Its own end needs nobody; that it was ended before, the screen learns once everything is right.
                limit = max(alert.gone_by_ms, 0) if alert.is_over and alert.gone_by_ms else alert.ends_ms
                limit = min(limit, alert.ends_ms) if not alert.is_over else limit
                late = [image for image in shown if min(image.until_ms, _now_ms()) > limit + LATE_MS]
                if late:
                    raise NotHealed(f"{alert.id}: it was on {screen} {late[-1].until_ms - limit} ms past its end")
                self._check_all_clear(alert, screen, shown)
                self._check_receipt(alert, screen, shown)

    def _check_all_clear(self, alert: Broadcast, screen: str, shown: list[Seen]) -> None:
        ended = [image for image in self.watches[screen].images() if (alert.id, "all-clear") in image.alerts]
        if ended and not any(image.at_ms <= ended[0].at_ms for image in shown):
            raise NotHealed(f"{alert.id}: {screen} showed the end of what it had never shown")

    def _check_receipt(self, alert: Broadcast, screen: str, shown: list[Seen]) -> None:
        receipt = alert.receipts.get(screen, {})
        if receipt.get("state") != "shown":
            return
        if not shown:
            raise NotHealed(f"{alert.id}: a receipt of {screen}, which never showed it")
        at = _unix_ms(receipt["shown_at"])
        if abs(at - shown[0].at_ms) > 300:
            raise NotHealed(
                f"{alert.id}: the receipt of {screen} is {at - shown[0].at_ms} ms off: {receipt}, it was seen at "
                f"{[image.at_ms for image in shown[:3]]}, and now it is {_now_ms()}"
            )
        waited = at - alert.pressed_ms
        # The last press counts, of those that had no answer: it may have waited less, and never more.
        if not 0 <= receipt["latency_ms"] <= waited + 1_000:
            raise NotHealed(f"{alert.id}: {screen} took {waited} ms, the page says {receipt['latency_ms']}")
        self.latencies.append(receipt["latency_ms"])


def _kill_child(player: PlayerProcess, name: str) -> None:
    """Kill the stage or the agent of a player; its supervisor starts it again."""
    assert player.process.running
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (path / "cmdline").read_bytes().split(b"\0")
            if parent == player.process.running.pid and name.encode() in words:
                os.kill(int(path.name), signal.SIGKILL)


def _retry_after_s(answer: requests.Response) -> float:
    """Return how long a server asks to wait, as every client of the API has to."""
    return min(10.0, float(answer.headers.get("Retry-After", LONGEST_PAUSE_S)))


def _now_ms() -> int:
    return int(time.time() * 1000)


def _unix_ms(text: str) -> int:

    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)


def run(count: int, seed: int, say: Callable[[str], None]) -> Counter[str]:
    """Do harm so many times.

    Raises:
        NotHealed: something is not right afterwards; the message says what.
    """
    done: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="beffroi-alert-faults-") as folder:
        faults = AlertFaults(Path(folder), seed, say)
        try:
            faults.open()
            for number in range(1, count + 1):
                words = faults.play_round(number)
                say(words)
                done[words.split(": ", 1)[1].rsplit(" ms after", 1)[0].rsplit(" ", 1)[0]] += 1
        except (NotHealed, AssertionError):
            for path in sorted(Path(folder).glob("*.log")):
                say(f"-- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-40:]))
            raise
        finally:
            faults.close()
    return done


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Do harm at the instant of a broadcast, and check what follows.")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    if MOSQUITTO is None:
        print("Mosquitto is not installed: run scripts/prepare test")
        return 1
    print(f"seed {options.seed}", flush=True)
    try:
        done = run(options.count, options.seed, lambda text: print(text, flush=True))
    except (NotHealed, AssertionError) as error:
        print(f"NOT RIGHT (seed {options.seed}): {error}")
        return 1
    print(f"{sum(done.values())} rounds: {dict(done)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
