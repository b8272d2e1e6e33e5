"""The fault harness: a real player, a real broker, and everything that goes wrong, one after another.

    python tests/player/faults.py --count 300 --seed 7

Each round changes something (a programme, an alert, its end, a screenshot) and, at a random instant of what follows,
does harm: kill -9 of either process or of both, one that hangs, a power cut that takes what nobody has waited for,
flipped bits, cut or missing files and folders, folders where files belong, a disk that is full or read-only, a clock
that jumps, a broker or a server that is gone. Then the harm stops, and the player has to be right again by itself: the
newest programme or alert is on the glass, nothing of it that is over, and what is in the picture is what the player
says. At the end the plays are counted that reached the town: no number twice, none missing, the chain whole from
the first to the last, and what was on when the stage was killed is among them. Every other batch is lost on its way,
once, as with a broker that dies; the town says what it misses. The seed is printed: the same seed does the same harm.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

from paho.mqtt import client as mqtt
from PIL import Image
from tests.support.signing_town import SigningTown, alert, jpeg, picture_slide, slide
from tests.support.waiting import free_port, listens, until

from beffroi_content import rendering
from beffroi_content.model import DownloadSettings
from beffroi_content.wire.plays import FIRST_CHAIN, EndReason, Play, PlayLogBatch, chain_digest
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.stage.crash_fallback import STARTS_FILE
from beffroi_player.stage.play_log.log_file import PlayLog
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory
from beffroi_player.state.play_files import play_files, read_plays
from beffroi_server.fleet.plays.play_gaps import PlayGaps, to_ranges

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
HEALED_WITHIN_S = 60.0
"""The poll of a minute is not waited for: whatever is wrong is noticed before."""
PLAYS_WITHIN_S = 300.0
ASK_S = 15.0
"""How often the agent is started again while plays are awaited."""
DISK_MB = 24
JUMPS_S = (-400 * 86_400, -86_400, -3_600, -5, 5, 3_600, 86_400, 400 * 86_400)
"""By how much the system clock goes wrong; it stays so until it jumps again."""
BEAT_S = 1.0
"""How often the town says what time it is."""
CLOCK = """\
import time
from pathlib import Path
offset, true_ns = Path({path!r}), time.time_ns
time.time_ns = lambda: true_ns() + int(offset.read_text())
time.time = lambda: time.time_ns() / 1e9
"""
"""What each process of the player is told of time, as its ``sitecustomize``."""
CARD = """
import fcntl, os
card, true_sync = Path({card!r}), os.fdatasync
def fdatasync(handle):
    true_sync(handle)
    path = Path(os.readlink("/proc/self/fd/%d" % handle))
    if path.parent.name == "plays":
        # Both processes wait for the disk: what one read first must not replace what the other read later.
        with open(card / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (card / "new").write_bytes(path.read_bytes())
            os.replace(card / "new", card / path.name)
os.fdatasync = fdatasync
"""
"""What is on the memory card of the play log: no more than somebody has waited for."""
OVER_MS = 1_000
"""How long what is over may still be on the glass."""
SPARED = {"copies/enrolment.json"}
"""Where both are gone nobody can say whose screen this is: the technician enrols it again."""


class NotHealed(Exception):
    """The player is not right, though everything around it is."""


class FaultRun:
    """A player under fire, and its town."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        self.hall = SigningTown(now_ms=int(time.time() * 1000))
        self.state, self.runtime = folder / "state", folder / "run"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.started: dict[str, float] = {}
        self.broker: subprocess.Popen[bytes] | None = None
        self.server = ExitStack()
        self.port, self.http_port = free_port(), free_port()
        self.wanted: dict[str, float] = {}
        """The slides of the newest programme, each with the instant at which it is over."""
        self.alert: str | None = None
        self.alert_ends_ms = 0
        self.number = 0
        self.plays: dict[int, Play] = {}
        self.last_logged = 0
        self.doubled: list[int] = []
        self.killed: list[Play] = []
        """What was on when the stage was killed."""
        self.lost: list[tuple[int, int]] = []
        """What the player said not to have."""
        self.batches, self.dropped = 0, set[int]()
        """How many came; what the broker took along, once."""
        self.log = (folder / "player.log").open("ab")
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self.beaten = 0.0
        (folder / "clock").write_text("0")
        self.card = folder / "card"
        self.card.mkdir()
        shims = CLOCK.format(path=str(folder / "clock")) + CARD.format(card=str(self.card))
        (folder / "sitecustomize.py").write_text(shims)
        self.client.on_message = self._heard
        self.client.on_connect = lambda client, *_: client.subscribe("beffroi/1/saint-aubin/up/s-hall/plays", 1)

    # --- the town

    def open(self) -> None:
        """Start everything."""
        self.state.mkdir()
        self._mount()
        StateDirectory(self.state).create_folders()
        self.start_server()
        self.start_broker()
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()
        AgentStorage(self.state).enrolment.write(self.hall.enrolment(f"http://127.0.0.1:{self.http_port}", self.port))
        self.publish(self.hall.publish_keys())
        self.new_programme()
        self.start_player()

    def close(self) -> None:
        """End everything."""
        for process in self.processes.values():
            process.terminate()
            process.wait(20)
        self.client.disconnect()
        self.client.loop_stop()
        if self.broker:
            self.broker.kill()
            self.broker.wait()
        self.server.close()
        self.log.close()
        if os.path.ismount(self.state):
            subprocess.run(["umount", str(self.state)], check=True)

    def publish(self, document: tuple[str, bytes]) -> None:
        """Send a document; the broker keeps it."""
        self.client.publish(*document, qos=1, retain=True)

    def new_programme(self) -> None:
        """Publish other slides, some with a picture, one of them soon over; sometimes the picture comes slowly."""
        self.number += 1
        self._now()
        slides = [slide(f"text-{self.number}")]
        if self.chance.random() < 0.6:
            size = self.chance.choice([(640, 360), (1600, 900)])
            tail = bytes(self.chance.choice([0, 5_000, 600_000]) + self.chance.randrange(5_000))
            content = jpeg(self.chance.choice(["red", "green", "navy"]), size) + tail
            slides.append(picture_slide(f"photo-{self.number}", self.hall.add_file(content)))
            if self.chance.random() < 0.3:
                self.hall.cut_after = self.chance.randrange(len(content))
        self.wanted = {each.id: math.inf for each in slides}
        if self.chance.random() < 0.3:
            ends_ms = self.hall.now_ms + 2_500
            slides.append(slide(f"gone-{self.number}").replace(valid_until_ms=ends_ms))
            self.wanted[slides[-1].id] = ends_ms
        slides = [each.replace(duration_ms=1_000) for each in slides]
        downloads = DownloadSettings(kilobytes_per_second=self.chance.choice([None, 500]))
        self.publish(self.hall.publish_programme(self.hall.manifest(*slides, downloads=downloads)))

    def new_alert(self) -> None:
        """Broadcast an alert that takes the screen over, sometimes for a few seconds."""
        self.number += 1
        self._now()
        self.alert = f"alert-{self.number}"
        self.alert_ends_ms = self.hall.now_ms + self.chance.choice([3_000, 3_600_000, 3_600_000])
        told = alert(self.alert, now=self.hall.now_ms, ends_at_ms=self.alert_ends_ms)
        self.publish(self.hall.publish_alerts(told))

    def end_alert(self) -> None:
        """Withdraw every alert."""
        self._now()
        self.alert = None
        self.publish(self.hall.publish_alerts())

    def screenshot(self) -> None:
        """Ask for a picture of the glass."""
        self._now()
        self.number += 1
        kind = self.chance.choice(["screenshot", "capture"])
        self.client.publish(*self.hall.publish_command(f"shot-{self.number}", kind), qos=1)

    def beat(self) -> None:
        """Say what time it is, now and then."""
        if time.monotonic() - self.beaten > BEAT_S:
            self.beaten = time.monotonic()
            self._now()
            self.publish(self.hall.publish_beat())

    def _now(self) -> None:
        self.hall.now_ms = max(self.hall.now_ms + 1, int(time.time() * 1000))

    # --- what can go wrong

    def start_server(self) -> None:
        """Serve documents and files."""
        self.server = ExitStack()
        self.server.enter_context(self.hall.serve(self.http_port))

    def start_broker(self) -> None:
        """Start the broker; what it kept is published again, as the town's server does."""
        config = self.folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nallow_duplicate_messages true\n")
        assert MOSQUITTO
        self.broker = subprocess.Popen([MOSQUITTO, "-c", str(config)], stderr=subprocess.DEVNULL)
        until("the broker", lambda: listens(self.port), 10)

    def start_player(self, *names: str) -> None:
        """Start what does not run, both or one, as a service manager does."""
        for name in names or ("stage", "agent"):
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                command = [sys.executable, "-m", "beffroi_player", name, "--state", str(self.state)]
                command += ["--runtime", str(self.runtime), *(["--output", "headless"] if name == "stage" else [])]
                environment = {**os.environ, "PYTHONPATH": str(self.folder)}
                self.started[name] = time.time()
                self.processes[name] = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment)

    def kill(self, *names: str) -> None:
        """Kill processes without a word."""
        for name in names:
            self.processes[name].send_signal(signal.SIGKILL)
            self.processes[name].wait()
        if "stage" in names:
            unwritten = RuntimeDirectory(self.runtime).unwritten.read()
            self.killed += [play for play in (unwritten.plays if unwritten else ()) if play.ended is EndReason.DIED]

    def power_cut(self) -> None:
        """Both die, memory is empty, and of the play log there is what somebody has waited for."""
        self.kill("stage", "agent")
        shutil.rmtree(self.runtime, ignore_errors=True)
        for path in (self.state / "plays").glob("*.jsonl"):
            with contextlib.suppress(OSError):  # a disk that takes nothing has forgotten nothing either
                if (self.card / path.name).exists():
                    os.truncate(path, (self.card / path.name).stat().st_size)
                else:
                    path.unlink()
        log = PlayLog(StateDirectory(self.state))
        logged = {_showing(play) for file in play_files(StateDirectory(self.state).plays) for play in read_plays(file)}
        begun = {_showing(play) for play in (log.newest_note.plays if log.newest_note else ())}
        self.killed = [play for play in self.killed if _showing(play) in logged | begun]

    def hang(self, change: Callable[[], None]) -> str:
        """Let one of them stand still for a while, in which something may change."""
        name = self.chance.choice(["stage", "agent"])
        self.processes[name].send_signal(signal.SIGSTOP)
        if self.chance.random() < 0.5:
            change()
        time.sleep(self.chance.random())
        self.processes[name].send_signal(signal.SIGCONT)
        return name

    def damage(self) -> str:
        """Do something to a file that the player keeps."""
        files = [path for path in self.state.rglob("*") if path.is_file() and self._may_be_harmed(path)]
        if not files:
            return "no file"
        path = self.chance.choice(sorted(files))
        how = self.chance.choice(["flip", "cut", "remove", "empty", "folder for"])
        with contextlib.suppress(OSError):
            if how in {"remove", "folder for"}:
                path.unlink()
                if how == "folder for":
                    path.mkdir()
            elif how == "flip":
                content = bytearray(path.read_bytes())
                for _ in range(8):
                    if content:
                        content[self.chance.randrange(len(content))] ^= 1 << self.chance.randrange(8)
                path.write_bytes(content)
            else:
                os.truncate(path, path.stat().st_size // 2 if how == "cut" else 0)
        return f"{how} {path.relative_to(self.state)}"

    def lose_folder(self) -> str:
        """Remove a folder with all that is in it."""
        name = self.chance.choice(["assets", "frames"])
        shutil.rmtree(self.state / name, ignore_errors=True)
        return name

    def jump(self) -> str:
        """Set the system clock wrong, and perhaps let the player start with it."""
        seconds = self.chance.choice(JUMPS_S)
        (self.folder / "clock.new").write_text(str(seconds * 10**9))
        os.replace(self.folder / "clock.new", self.folder / "clock")
        then = self.chance.choice(["", "kill agent", "kill both", "power cut"])
        if then == "power cut":
            self.power_cut()
        elif then:
            self.kill(*(["stage", "agent"] if then == "kill both" else ["agent"]))
        return f"{seconds:+} s{', ' if then else ''}{then}"

    def stop_broker(self) -> None:
        """Kill the broker; for a while nobody is there."""
        assert self.broker
        self.broker.kill()
        self.broker.wait()
        time.sleep(self.chance.random())

    def stop_server(self) -> None:
        """Let nobody answer over HTTP for a while."""
        self.server.close()
        time.sleep(self.chance.random())

    def use_up_disk(self, change: Callable[[], None]) -> None:
        """Leave no room for a while, in which something may change."""
        self.fill_disk()
        self._meanwhile(change)

    def lock_disk(self, change: Callable[[], None]) -> None:
        """Let nothing be written for a while, as after an error of a memory card."""
        locked = subprocess.run(["mount", "-o", "remount,ro", str(self.state)], check=False, stderr=subprocess.DEVNULL)
        if locked.returncode == 0:
            self._meanwhile(change)

    def _meanwhile(self, change: Callable[[], None]) -> None:
        """Let something change while the disk takes nothing, or one of the two be killed and start so."""
        if self.chance.random() < 0.5:
            change()
        if self.chance.random() < 0.3:
            self.kill(self.chance.choice(["stage", "agent"]))
            self.start_player()
        time.sleep(self.chance.random())

    def _may_be_harmed(self, path: Path) -> bool:
        if str(path.relative_to(self.state)) in SPARED:
            return False
        # A line of the play log that is gone is gone: nobody else has it.
        return path.parent.name != "plays" and not path.name.endswith((".part", ".tmp"))

    def fill_disk(self) -> None:
        """Leave no byte on the disk of the state directory."""
        filler = self.state / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(b"\0" * 65_536)
                file.flush()

    def _mount(self) -> None:
        """Give the player a small disk of its own, where this machine lets us."""
        if os.geteuid() == 0 and shutil.which("mount"):
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(self.state)],
                check=False, stderr=subprocess.DEVNULL,
            )  # fmt: skip

    # --- one round

    def round(self) -> str:
        """Change something, do harm, let it stop, and wait until all is well; return what was done."""
        changes = [self.new_programme, self.new_programme, self.new_alert, self.end_alert, self.screenshot]
        change = self.chance.choice(changes)
        change()
        time.sleep(self.chance.random() ** 2 * 0.8)
        harm = self.chance.choice(
            [name for name in HARMS if os.path.ismount(self.state) or name not in {"full disk", "read-only disk"}]
        )
        detail = HARMS[harm](self, change) or ""
        self.mend(harm)
        said = f"{change.__name__.replace('_', ' ')}, {harm}{f' ({detail})' if detail else ''}"
        try:
            self.expect_right()
        except NotHealed as error:
            raise NotHealed(f"after {said}: {error}") from error
        return said

    def mend(self, harm: str) -> None:
        """Let the harm stop; nothing is done to the player that a service manager does not do."""
        if harm == "read-only disk":
            subprocess.run(["mount", "-o", "remount,rw", str(self.state)], check=True)
        (self.state / "filler").unlink(missing_ok=True)
        # Between two harms lie hours: else the breaker of crash loops would show less, and rightly so.
        (self.runtime / STARTS_FILE).unlink(missing_ok=True)
        if harm == "broker gone":
            self.start_broker()
            until("the town is connected", self.client.is_connected, 15)
            for document in list(self.hall.retained.items()):
                self.publish(document)
        if harm == "server gone":
            self.start_server()
        self.start_player()

    def expect_right(self) -> None:
        """Wait until the glass is right."""
        problem = ["nothing was seen"]

        def right() -> bool:
            self.start_player()
            self.beat()
            problem[0] = self._wrong()
            return not problem[0]

        try:
            until("", right, HEALED_WITHIN_S)
        except AssertionError as error:
            raise NotHealed(problem[0]) from error

    def _wrong(self) -> str:
        """Say what is not right; empty: nothing."""
        try:
            said_at = (self.runtime / "presented.json").stat().st_mtime
            glass: dict[str, Any] = json.loads((self.runtime / "presented.json").read_text())
            if said_at < self.started["stage"]:
                return "the stage has said nothing since it was started"
            if problem := self._wrong_showings(glass["showings"]):
                return problem
            with Image.open(self.runtime / "headless.png") as image:
                picture = image.convert("RGB")
        except (OSError, ValueError, SyntaxError) as error:
            return f"no picture: {error}"
        return self._wrong_picture(picture, glass["frame"])

    def _wrong_showings(self, showings: list[dict[str, Any]]) -> str:
        alerts = {each.get("alert") for each in showings if each.get("alert")}
        slides = {each.get("slide") for each in showings if each.get("slide")}
        now_ms = time.time() * 1_000
        wanted = {name for name, ends_ms in self.wanted.items() if now_ms < ends_ms + OVER_MS}
        if self.alert is not None and now_ms < self.alert_ends_ms - OVER_MS:
            return "" if alerts == {self.alert} else f"{self.alert} is not on the glass, but {showings}"
        if self.alert is not None and now_ms < self.alert_ends_ms + OVER_MS and alerts == {self.alert}:
            return ""
        # The end of an alert is said for a while.
        is_end = alerts and all(each.get("form") == "all-clear" for each in showings)
        if not is_end and (alerts or not slides or not slides <= wanted):
            return f"{sorted(wanted)} is not on the glass, but {showings}"
        return ""

    @staticmethod
    def _wrong_picture(picture: Image.Image, digest: str) -> str:
        if rendering.image_digest(picture) != digest:
            return "the picture is not what the player says"
        if picture.convert("L").getextrema() == (0, 0):
            return "the glass is black"
        return ""

    def _heard(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        batch = PlayLogBatch.model_validate_json(message.payload)
        numbers = {play.number for play in batch.plays}
        self.batches += 1
        if self.batches % 2 and not numbers <= self.dropped:
            # As if the broker had died with it.
            self.dropped |= numbers
            return
        for play in batch.plays:
            if self.plays.setdefault(play.number, play) != play:
                self.doubled.append(play.number)
        ledger = self.hall.ledger or PlayGaps()
        self.hall.ledger = ledger.with_ranges([*to_ranges(play.number for play in batch.plays), *batch.lost])
        self.lost += batch.lost

    def await_plays(self) -> None:
        """Wait until all that was logged has come. An agent that is started asks at once what the server misses."""
        state = StateDirectory(self.state)
        self.processes["stage"].terminate()
        self.processes["stage"].wait(20)
        self.last_logged = max(play.number for file in play_files(state.plays)[-1:] for play in read_plays(file))

        # A server that has none says so, too: the only batch may be one that was lost with the broker.
        self.hall.ledger = self.hall.ledger or PlayGaps()
        asked = -math.inf

        def all_here() -> bool:
            nonlocal asked
            self.beat()
            if time.monotonic() - asked > ASK_S:
                asked = time.monotonic()
                self.processes["agent"].terminate()
                self.processes["agent"].wait(20)
                self.start_player("agent")
            return set(self.plays) >= set(range(1, self.last_logged + 1))

        # What has not come is named below.
        with contextlib.suppress(AssertionError):
            until("the plays", all_here, PLAYS_WITHIN_S)

    def count_plays(self) -> str:
        """Say what is wrong with the plays that came; empty: nothing."""
        numbers = sorted(self.plays)
        missing = sorted(set(range(1, self.last_logged + 1)) - set(numbers))
        if self.doubled or missing or self.lost:
            return f"two showings: {self.doubled[:10]}; missing: {missing[:10]}; said to be lost: {self.lost[:10]}"
        chain = FIRST_CHAIN
        for number in numbers:
            if self.plays[number].chain != chain_digest(chain, self.plays[number]):
                return f"the chain does not hold at {number}"
            chain = self.plays[number].chain or ""
        return self._count_showings()

    def _count_showings(self) -> str:
        showings = Counter(map(_showing, self.plays.values()))
        unsaid = [number for number, play in self.plays.items() if play.ended is None]
        twice = [
            (play.number, play.alert or play.slide, play.page, play.started_at_ms, play.lasted_ms, str(play.ended))
            for play in self.plays.values()
            if showings[_showing(play)] > 1 and not self._was_set_back(play)
        ]
        gone = [showing for showing in map(_showing, self.killed) if not showings[showing]]
        if unsaid or twice or gone:
            return f"without a reason: {unsaid[:10]}; logged twice: {twice[:5]}; lost with the stage: {gone[:5]}"
        return ""

    def _was_set_back(self, play: Play) -> bool:
        """Tell whether a clock that was set back has let the instant of a play come again since, or before."""
        same = [other.number for other in self.plays.values() if _showing(other) == _showing(play)]
        around = [self.plays[number] for number in range(min(same), max(same) + 1)]
        starts = [other.started_at_ms for other in around if other.zone == play.zone]
        return any(later < earlier for earlier, later in pairwise(starts))


def _showing(play: Play) -> tuple[object, ...]:
    return play.zone, play.slide, play.alert, play.page, play.started_at_ms


def _damage_and_cut(fault_run: FaultRun) -> str:
    found = fault_run.damage()
    fault_run.power_cut()
    return found


HARMS: dict[str, Callable[[FaultRun, Callable[[], None]], str | None]] = {
    "kill agent": lambda target, _: target.kill("agent"),
    "kill stage": lambda target, _: target.kill("stage"),
    "kill both": lambda target, _: target.kill("stage", "agent"),
    "hang": lambda target, change: target.hang(change),
    "power cut": lambda target, _: target.power_cut(),
    "damage": lambda target, _: target.damage(),
    "damage and power cut": lambda target, _: _damage_and_cut(target),
    "folder lost": lambda target, _: target.lose_folder(),
    "clock jump": lambda target, _: target.jump(),
    "broker gone": lambda target, _: target.stop_broker(),
    "server gone": lambda target, _: target.stop_server(),
    "full disk": lambda target, change: target.use_up_disk(change),
    "read-only disk": lambda target, change: target.lock_disk(change),
}
"""What goes wrong, each as often as another."""


def run(count: int, seed: int, say: Callable[[str], None] = print) -> Counter[str]:
    """Do harm that many times; return how often each kind was done.

    Raises:
        NotHealed: the player was not right again.
    """
    done: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        target = FaultRun(Path(name), seed)
        try:
            target.open()
            target.expect_right()
            for number in range(1, count + 1):
                began = time.monotonic()
                said = target.round()
                done[said.split(", ")[1].split(" (")[0]] += 1
                say(f"{number:5} {time.monotonic() - began:5.1f} s  {said}")
            target.await_plays()
            wrong = target.count_plays()
            if wrong:
                raise NotHealed(wrong)
            say(f"{count} faults, seed {seed}, {len(target.plays)} plays counted: none missing, none twice")
            ended = Counter(play.ended for play in target.plays.values())
            say(", ".join(f"{times} x {reason}" for reason, times in ended.most_common()))
        except NotHealed:
            say((Path(name) / "player.log").read_text()[-6_000:])
            raise
        finally:
            target.close()
    return done


def main() -> int:
    """Run the harness from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=300, help="how many faults (300)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="the same seed, the same harm")
    options = parser.parse_args()
    print(f"{options.count} faults, seed {options.seed}", flush=True)
    try:
        done = run(options.count, options.seed, lambda text: print(text, flush=True))
    except NotHealed as error:
        print(f"NOT HEALED with seed {options.seed}: {error}", file=sys.stderr)
        return 1
    print(", ".join(f"{times} x {harm}" for harm, times in done.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
