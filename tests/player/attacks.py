"""The attacks that a signed wire must survive, against a real server, a real broker and a real player.

    python -m tests.player.attacks

After the TUF specification 1.5 (section 1.5.2) and Uptane (section 4). The attacker is a stranger, another enrolled
player, somebody who has stolen a key, or the broker itself: with the broker's rights it can say anything on any topic,
say it again, and keep it back. Each attack is a function whose first line says what must be seen; it raises
``AttackSucceeded`` where that is not so. What a broker cannot be kept from doing, such as to pass nothing on, has to be
noticed within ``NOTICED_S``, survived by the other way, and said.

Wrong files, slow ones and other mirrors are attacked in ``tests/player/agent/prepare``, root keys and clocks in
``tests/content/test_trust.py``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from tests.support.town_processes import BROKER_PASSWORD, MOSQUITTO, PlayerProcess, TownProcesses
from tests.support.waiting import until

from beffroi_content.model.base_models import MAX_WHOLE_NUMBER
from beffroi_content.wire.documents import SigningRole
from beffroi_content.wire.envelope import BodyEncoding, parse_envelope, seal_envelope
from beffroi_content.wire.limits import packet_limit
from beffroi_content.wire.messages import ALERTS

NOTICED_S = 90.0
"""Within which a denial by the broker is noticed and said."""
SETTLED_S = 3.0
"""After which something that must not happen is taken not to happen."""
WAIT_S = 90.0
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
    screen.groups.add(river)
    publication.mark_screen(screen)
    print("enrol", open_enrolment(screen)[1])
scopes = ["alerts:read", "alerts:broadcast", "screens:read"]
print("token", create_token(User.objects.first(), "attacks", scopes, dt.timedelta(days=1))[1])
"""
NEW_CODE = """
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.services import open_enrolment
print(open_enrolment(Screen.objects.get(slug="{name}"))[1])
"""
NEW_ALERT_KEY = """
from beffroi_content.wire.documents import SigningRole
from beffroi_server.delivery import key_rotation
key_rotation.sign_key_list(key_rotation.WantedKeys(replaced=frozenset({SigningRole.ALERT})))
key_rotation.adopt_next_keys()
"""


class AttackSucceeded(Exception):
    """An attack did what it must not do; the message says what."""


class BesiegedTown:
    """A town with one player, and somebody with the rights of its broker."""

    def __init__(self, folder: Path) -> None:
        self.town = TownProcesses(folder, f"town-{uuid.uuid4().hex[:8]}")
        self.town.environment["BEFFROI_METRICS_NETWORKS"] = "127.0.0.0/8"
        self.root = f"beffroi/1/{self.town.site}"
        self.report: dict[str, Any] = {}
        self.retained: dict[str, bytes] = {}
        self.heard: list[tuple[str, bytes]] = []
        self._said: set[bytes] = set()
        self.token = ""
        self.hall: PlayerProcess
        self.quay: PlayerProcess
        self.broker: Client

    def open(self) -> None:
        """Start everything, and wait until the screen shows its programme."""
        said = self.town.open(CONTENT).splitlines()
        enrolments = [line.removeprefix("enrol ") for line in said if line.startswith("enrol ")]
        self.token = next(line.removeprefix("token ") for line in said if line.startswith("token "))
        self.hall, self.quay = (self._enrol(*each) for each in zip(("hall", "quay"), enrolments, strict=True))
        self.broker = self.client("server", BROKER_PASSWORD)
        self.broker.on_message = self._hear
        self.broker.subscribe(f"{self.root}/#", 1)
        self.hall.process.start()
        until("the programme is on", lambda: self.hall.presented.get("programme"))
        until("the screen reports", lambda: self.report.get("link") == "live", WAIT_S)

    def _enrol(self, name: str, command: str) -> PlayerProcess:
        """Enrol a player, as often as it takes on a machine that is busy."""
        for _ in range(5):
            with contextlib.suppress(AssertionError):
                return self.town.enrol_player(name, command)
            # The server may have taken the code, and answered too late.
            command = self.town.run_server_code(NEW_CODE.format(name=name)).splitlines()[-1]
        return self.town.enrol_player(name, command)

    def close(self) -> None:
        """End everything."""
        with contextlib.suppress(AttributeError):
            self.broker.disconnect()
            self.broker.loop_stop()
        self.town.close()

    # --- what the town does

    def client(self, user: str, password: str) -> Client:
        """Return a client that is connected, or that was refused: see ``is_connected``."""
        client = Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set(user, password)
        client.connect("127.0.0.1", self.town.broker_port)
        client.loop_start()
        time.sleep(1)
        return client

    def ask(self, method: str, path: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the API."""
        deadline = time.monotonic() + WAIT_S
        while True:
            with contextlib.suppress(requests.RequestException):
                answer = requests.request(
                    method, f"{self.town.url}/api/v1{path}", json=values, timeout=30, proxies={"http": ""},
                    headers={"Authorization": f"Bearer {self.token}"},
                )  # fmt: skip
                if answer.ok:
                    return dict(answer.json()) if answer.content else {}
                if answer.status_code < 500 and answer.status_code != 429:
                    raise AttackSucceeded(f"{path}: {answer.status_code} {answer.text[:300]}")
            if time.monotonic() > deadline:
                raise AttackSucceeded(f"{path}: the server does not answer")
            time.sleep(1)

    def broadcast(self, title: str = "Crue", **targets: Any) -> str:
        """Broadcast an alert; return its identifier."""
        values = {
            "title": title, "level": "emergency", "source": "Mairie", "all_clear_s": 0, "duration_min": 30,
            **(targets or {"everywhere": True}),
        }  # fmt: skip
        return str(self.ask("POST", "/alerts", values)["id"])

    def show(self, title: str = "Crue") -> str:
        """Broadcast an alert and wait until it is on the screen."""
        alert = self.broadcast(title)
        until("the alert is on the screen", lambda: self.is_shown(alert), WAIT_S)
        return alert

    def withdraw(self, alert: str) -> None:
        """Withdraw an alert and wait until it is off the screen."""
        self.ask("POST", f"/alerts/{alert}/withdraw", {})
        until("the alert is off the screen", lambda: not self.is_shown(alert), WAIT_S)

    def is_shown(self, alert: str) -> bool:
        """Tell whether an alert is on the screen."""
        return alert in self.hall.shown("alert")

    def reasons(self) -> list[str]:
        """Return what the server says is not right with the screen."""
        return list(self.ask("GET", "/screens/hall/now")["state"]["reasons"])

    # --- what the attacker does

    def key(self, role: SigningRole) -> Ed25519PrivateKey:
        """Return a key that was stolen."""
        path = next(Path(self.town.environment["BEFFROI_DATA"]).rglob(f"{role}.pem"))
        found = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(found, Ed25519PrivateKey)
        return found

    def say(self, topic: str, payload: bytes, *, retained: bool = True) -> None:
        """Say something as the broker can."""
        self._said.add(payload)
        self.broker.publish(f"{self.root}/down/{topic}", payload, 1, retained).wait_for_publish(10)

    def held(self, topic: str) -> bytes:
        """Return what the town has said last on a topic."""
        return until(f"something on {topic}", lambda: self.retained.get(f"{self.root}/down/{topic}"))

    def forge(
        self, payload: bytes, key: Ed25519PrivateKey, *, scope: str = "all", role: SigningRole | None = None,
        encoding: BodyEncoding = BodyEncoding.JSON, text: bytes | None = None, **changes: Any,
    ) -> bytes:  # fmt: skip
        """Return a genuine document with changes, signed with a key."""
        sealed = parse_envelope(payload)
        body = json.loads(sealed.decode_body()) | changes
        audience = f"{self.town.site}/{scope}"
        return seal_envelope(role or sealed.role, audience, text or json.dumps(body).encode(), [key], encoding)

    def refused(self, code: str, attack: Callable[[], object]) -> None:
        """Attack, and wait until the screen has refused it with this reason, and shows what it showed before."""
        before, began = self._on_screen(), time.time() * 1000 - 50
        attack()
        seen = until(f"a refusal as {code}", lambda: self._refusals(began), WAIT_S)
        if code not in seen:
            raise AttackSucceeded(f"refused as {seen}, not {code}")
        if self._on_screen() != before:
            raise AttackSucceeded(f"the screen shows {self._on_screen()} instead of {before}")

    def ignored(self, attack: Callable[[], object]) -> None:
        """Attack, and see that nothing comes of it: neither another image nor a refusal."""
        before, began = self._on_screen(), time.time() * 1000 - 50
        attack()
        time.sleep(SETTLED_S)
        if self._on_screen() != before or self._refusals(began):
            raise AttackSucceeded(f"{before} became {self._on_screen()}, refused: {self._refusals(began)}")

    @contextlib.contextmanager
    def withholding(self, *, is_kept_back: Callable[[str], bool]) -> Iterator[None]:
        """Have the broker pass on nothing of what the rules of players allow, without a word to them."""
        before = self._rules_file.read_text(encoding="ascii")
        lines = before.splitlines()
        kept = [line for line in lines if not (line.startswith("pattern") and is_kept_back(line))]
        assert len(kept) < len(lines), f"{self._rules_file} has no rules for players"
        self._use_rules("\n".join(kept) + "\n")
        try:
            yield
        finally:
            self._use_rules(before)
            until("the broker passes everything on", lambda: self.report.get("link") == "live", 2 * WAIT_S)

    @property
    def _rules_file(self) -> Path:
        lines = (self.town.folder / "broker" / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
        return Path(next(line.split()[1] for line in lines if line.startswith("acl_file")))

    def _use_rules(self, text: str) -> None:
        self._rules_file.write_text(text, encoding="ascii")
        assert self.town.broker.running
        self.town.broker.running.send_signal(signal.SIGHUP)
        time.sleep(0.5)

    def _on_screen(self) -> tuple[list[Any], list[Any]]:
        return sorted(set(self.hall.shown("alert"))), sorted(set(self.hall.shown("programme")))

    def _refusals(self, since_ms: float) -> list[str]:
        return [each["code"] for each in self.report.get("refusals", ()) if each["last_at_ms"] >= since_ms]

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))
        if message.topic == f"{self.root}/up/s-hall/report" and message.payload:
            self.report = json.loads(message.payload)
        elif "/down/" in message.topic and message.payload and bytes(message.payload) not in self._said:
            self.retained[message.topic] = bytes(message.payload)


# --- a broker that lies, and keys that were stolen


def forged_alert(town: BesiegedTown) -> None:
    """An alert signed by a stranger is refused, and what is on stays on."""
    key = Ed25519PrivateKey.generate()
    town.refused("wrong-key", lambda: town.say("all/alerts", town.forge(town.held("all/alerts"), key, sequence=2**50)))


def key_of_another_role(town: BesiegedTown) -> None:
    """A stolen programme key signs no alert, whatever role it claims."""
    key, genuine = town.key(SigningRole.PROGRAMME), town.held("all/alerts")
    town.refused("wrong-key", lambda: town.say("all/alerts", town.forge(genuine, key, sequence=2**50)))
    forged = town.forge(genuine, key, role=SigningRole.PROGRAMME, sequence=2**50)
    town.refused("wrong-role", lambda: town.say("all/alerts", forged))


def replay_after_the_end(town: BesiegedTown) -> None:
    """An alert that is over does not come back when its genuine set is said again."""
    alert = town.show()
    genuine = town.held("all/alerts")
    town.withdraw(alert)
    town.refused("rollback", lambda: town.say("all/alerts", genuine))


def duplicate(town: BesiegedTown) -> None:
    """The set in force, said again, changes nothing and alarms nobody."""
    alert = town.show()
    town.ignored(lambda: town.say("all/alerts", town.held("all/alerts")))
    town.withdraw(alert)


def equivocation(town: BesiegedTown) -> None:
    """Two different sets with one sequence: the second is refused, even with the right key."""
    alert = town.show()
    forged = town.forge(town.held("all/alerts"), town.key(SigningRole.ALERT), alerts=[])
    town.refused("equivocation", lambda: town.say("all/alerts", forged))
    town.withdraw(alert)


def moved_document(town: BesiegedTown) -> None:
    """A genuine document on the topic of another scope or another message is refused."""
    alert = town.broadcast("Quai", screens=["quay"])
    theirs = town.held("s-quay/alerts")
    town.refused("wrong-key", lambda: town.say("all/alerts", theirs))
    town.refused("wrong-key", lambda: town.say("s-hall/alerts", theirs))
    town.refused("wrong-role", lambda: town.say("s-hall/programme", theirs))
    town.ask("POST", f"/alerts/{alert}/withdraw", {})


def emptied_topic(town: BesiegedTown) -> None:
    """An empty retained message, which anybody can make, takes no alert off."""
    alert = town.show()
    town.ignored(lambda: town.say("all/alerts", b""))
    town.withdraw(alert)


def endless_data(town: BesiegedTown) -> None:
    """What is too large is refused before it is looked at; what no packet may have, the broker refuses."""
    too_large = town.held("all/alerts").ljust(ALERTS.size_limit + 1, b" ")
    town.refused("too-large", lambda: town.say("all/alerts", too_large))
    endless = b" " * (packet_limit() + 1)
    client = town.client("server", BROKER_PASSWORD)
    town.ignored(lambda: client.publish(f"{town.root}/down/all/alerts", endless, 1))
    client.loop_stop()


def compression_bomb(town: BesiegedTown) -> None:
    """A body that would inflate to a gigabyte is not inflated: not before its signature is right, and not after."""
    genuine, text = town.held("all/alerts"), b" " * (50 * 1024 * 1024)
    for key, code in ((Ed25519PrivateKey.generate(), "wrong-key"), (town.key(SigningRole.ALERT), "malformed")):
        bomb = town.forge(genuine, key, text=text, encoding=BodyEncoding.ZLIB)
        assert len(bomb) < ALERTS.size_limit
        town.refused(code, lambda: town.say("all/alerts", bomb))  # noqa: B023 - attacked at once


def late_delivery(town: BesiegedTown) -> None:
    """A genuine set that the broker kept back until it had expired is refused."""
    genuine = town.held("all/alerts")
    now = round(time.time() * 1000)
    late = town.forge(
        genuine, town.key(SigningRole.ALERT), sequence=now, issued_at_ms=now - 9_000_000, expires_at_ms=now - 8_000_000,
        steady=None,
    )  # fmt: skip
    town.refused("expired", lambda: town.say("all/alerts", late))


def old_beat(town: BesiegedTown) -> None:
    """A beat said again proves neither that the line is alive nor what time it is."""
    beat = town.held("all/beat")
    until("a newer beat", lambda: town.held("all/beat") != beat, WAIT_S)
    town.refused("rollback", lambda: town.say("all/beat", beat, retained=False))


def burnt_sequence(town: BesiegedTown) -> None:
    """Who steals the alert key and burns the sequence silences the town only until it changes the key."""
    last = MAX_WHOLE_NUMBER
    stolen = town.forge(town.held("all/alerts"), town.key(SigningRole.ALERT), alerts=[], sequence=last)
    town.say("all/alerts", stolen)
    until("the screen believes the thief", lambda: town.report.get("alerts", {}).get("all/alerts") == last, WAIT_S)
    town.town.server.stop()
    town.town.run_server_code(NEW_ALERT_KEY)
    town.town.start_server()
    town.withdraw(town.show("Nouvelle clé"))
    town.refused("wrong-key", lambda: town.say("all/alerts", stolen))


def replayed_reports(town: BesiegedTown) -> None:
    """Old reports and an old last will of a player, said again, do not make the server believe them."""
    old = [each for each in town.heard if each[0].startswith(f"{town.root}/up/s-hall/report")][0]
    will = json.dumps({"online": False, "boot": json.loads(old[1])["boot"], "connection": 0})
    town.broker.publish(*old, 1).wait_for_publish(10)
    town.broker.publish(f"{town.root}/up/s-hall/status", will, 1).wait_for_publish(10)
    time.sleep(SETTLED_S)
    state = town.ask("GET", "/screens/hall/now")["state"]
    if state["state"] == "offline" or "alerts-older" in state["reasons"]:
        raise AttackSucceeded(f"the server believes it: {state}")


# --- strangers, and another player


def stranger(town: BesiegedTown) -> None:
    """Who has no password, a wrong one, or that of another screen is not let in."""
    stolen = _broker_password(town.quay)
    for user, password in (("server", "guess"), ("s-hall", "guess"), ("s-hall", stolen), ("nobody", "")):
        client = town.client(user, password)
        if client.is_connected():
            raise AttackSucceeded(f"{user} was let in")
        client.loop_stop()


def _broker_password(player: PlayerProcess) -> str:
    return str(json.loads((player.state / "enrolment.json").read_text())["mqtt"]["password"])


def another_player(town: BesiegedTown) -> None:
    """A player that was taken over speaks for itself alone, and reads nobody else's programme or reports."""
    password = _broker_password(town.quay)
    read: list[str] = []
    client = town.client("s-quay", password)
    client.on_message = lambda _client, _data, message: read.append(message.topic)
    client.subscribe([("#", 1), (f"{town.root}/up/#", 1), (f"{town.root}/down/s-hall/programme", 1)])
    forged = town.forge(town.held("all/alerts"), Ed25519PrivateKey.generate(), sequence=2**50)
    heard = len(town.heard)
    for topic in ("down/all/alerts", "down/s-hall/alerts", "up/s-hall/report", "up/s-hall/receipts"):
        client.publish(f"{town.root}/{topic}", forged, 1)
    town.ignored(lambda: None)
    client.loop_stop()
    wrong = [topic for topic in read if "/up/" in topic or ("/s-hall/" in topic and not topic.endswith("/alerts"))]
    said = [topic for topic, payload in town.heard[heard:] if payload == forged]
    if wrong or said:
        raise AttackSucceeded(f"it read {wrong} and said {said}")


# --- denial by the broker


def one_topic_withheld(town: BesiegedTown) -> None:
    """An alert that the broker keeps back is missed by the beat's heads and fetched from the server."""
    with town.withholding(is_kept_back=lambda line: line.startswith("pattern read") and line.endswith("/alerts")):
        town.withdraw(_shown_within(town, NOTICED_S))


def everything_withheld(town: BesiegedTown) -> None:
    """A broker that passes nothing on to a player is noticed, said, and got around."""
    with town.withholding(is_kept_back=lambda line: line.startswith("pattern read")):
        _wait_until_said(town)
        town.withdraw(_shown_within(town, NOTICED_S))


def both_ways_withheld(town: BesiegedTown) -> None:
    """Also where what the player says does not arrive either: its receipt comes by the other way."""
    with town.withholding(is_kept_back=lambda _line: True):
        _wait_until_said(town)
        alert = _shown_within(town, NOTICED_S)
        until("the receipt is there", lambda: _receipt_of(town, alert).get("state") == "shown", WAIT_S)
        town.withdraw(alert)


def frozen_broker(town: BesiegedTown) -> None:
    """A broker that stands still is noticed by the server and the player, said, and got around."""
    assert town.town.broker.running
    town.town.broker.running.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        until("the server says that the broker is away", lambda: not _is_broker_well(town), NOTICED_S)
        _wait_until_said(town, began)
        alert = _shown_within(town, NOTICED_S)
    finally:
        town.town.broker.running.send_signal(signal.SIGCONT)
    until("the broker is back", lambda: _is_broker_well(town), WAIT_S)
    town.withdraw(alert)


def _shown_within(town: BesiegedTown, seconds: float) -> str:
    alert = town.broadcast("Par l’autre chemin")
    until("the alert is on the screen", lambda: town.is_shown(alert), seconds)
    return alert


def _wait_until_said(town: BesiegedTown, began: float | None = None) -> None:
    left = NOTICED_S - (time.monotonic() - began if began is not None else 0)
    until("the server says that the broker does not serve the screen", lambda: _is_said(town), left, pause_s=1.0)


def _is_said(town: BesiegedTown) -> bool:
    return bool({"connection-polling", "offline", "silent", "connection-lost"} & set(town.reasons()))


def _is_broker_well(town: BesiegedTown) -> bool:
    try:
        answer = requests.get(f"{town.town.url}/health/ready", timeout=10, proxies={"http": ""})
        return bool(answer.json()["checks"]["broker"])
    except (requests.RequestException, ValueError, KeyError):
        return False


def _receipt_of(town: BesiegedTown, alert: str) -> dict[str, Any]:
    found = town.ask("GET", f"/alerts/{alert}/receipts")["receipts"]
    return next((dict(each) for each in found if each["screen"] == "hall"), {})


ATTACKS: tuple[Callable[[BesiegedTown], None], ...] = (
    forged_alert, key_of_another_role, replay_after_the_end, duplicate, equivocation, moved_document, emptied_topic,
    endless_data, compression_bomb, late_delivery, old_beat, replayed_reports, stranger, another_player,
    one_topic_withheld, everything_withheld, both_ways_withheld, frozen_broker, burnt_sequence,
)  # fmt: skip


def run(attacks: tuple[Callable[[BesiegedTown], None], ...], say: Callable[[str], None]) -> list[str]:
    """Attack one after the other; return the names of those that succeeded."""
    succeeded = []
    with tempfile.TemporaryDirectory(prefix="beffroi-attacks-") as folder:
        town = BesiegedTown(Path(folder))
        try:
            town.open()
            for attack in attacks:
                began = time.monotonic()
                try:
                    attack(town)
                    outcome = f"held ({time.monotonic() - began:.1f} s)"
                except (AttackSucceeded, AssertionError) as error:
                    outcome = f"NOT HELD: {error}"
                    succeeded.append(attack.__name__)
                title = (attack.__doc__ or "").split("\n", 1)[0]
                say(f"{attack.__name__.replace('_', ' ')}: {title} {outcome}")
        finally:
            town.close()
    return succeeded


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Attack a real town in every way that its signatures must survive.")
    parser.add_argument("names", nargs="*", help="some attacks (all)", metavar="NAME")
    options = parser.parse_args()
    if MOSQUITTO is None:
        print("Mosquitto is not installed: run scripts/prepare test")
        return 1
    chosen = tuple(each for each in ATTACKS if not options.names or each.__name__ in options.names)
    succeeded = run(chosen, lambda text: print(text, flush=True))
    print(f"{len(chosen) - len(succeeded)} of {len(chosen)} attacks held off")
    return 1 if succeeded else 0


if __name__ == "__main__":
    sys.exit(main())
