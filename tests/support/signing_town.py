"""A town hall in memory: it has keys, signs documents, and serves them and its files as a server does."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from beffroi_content.authority_statements import AuthorityStatement, sign_statement
from beffroi_content.model import (
    Alert,
    AlertLevel,
    Announcement,
    AnnouncementContent,
    AssetReference,
    ImageContent,
    Layout,
    Manifest,
    Playlist,
    ScheduleRule,
    ScreenClass,
    ScreenSettings,
    Slide,
    Town,
)
from beffroi_content.trust import TrustAnchor
from beffroi_content.wire.documents import (
    AlertSet,
    Beat,
    KeyList,
    ProgrammeDocument,
    RoleKeys,
    ScreenCommand,
    SignedDocument,
    SigningRole,
    SteadyInstant,
    next_sequence,
)
from beffroi_content.wire.envelope import BodyEncoding, key_identifier, public_hex, seal_envelope
from beffroi_content.wire.local_triggers import LocalScenario, ScenarioSet, TriggerContact
from beffroi_content.wire.messages import ALERTS, BEAT, COMMAND, KEYS, PROGRAMME, SCENARIOS, WireMessage
from beffroi_content.wire.scopes import TopicScope
from beffroi_player.agent.storage import BrokerAddress, PlayerEnrolment
from beffroi_server.fleet.plays.play_gaps import PlayGaps

SITE, SCREEN, TOKEN, PASSWORD = "saint-aubin", "hall", "the-secret-token", "the-secret-password"
NOON = 1_780_000_000_000
YEAR = 365 * 86_400_000


def screen_class(size: tuple[int, int] = (320, 180)) -> ScreenClass:
    return ScreenClass(name="Hall", width=size[0], height=size[1], physical_height_mm=700, viewing_distance_mm=3_000)


def slide(name: str, title: str | None = None, **fields: object) -> Slide:
    announcement = Announcement(id=name, template="notice", title=title or name, body="Ouvert.")
    return Slide(id=name, name=name, content=AnnouncementContent(announcement=announcement), **fields)


def picture_slide(name: str, asset: AssetReference) -> Slide:
    return Slide(id=name, name=name, content=ImageContent(picture=asset))


def alert(name: str = "flood", level: AlertLevel = AlertLevel.ALERT, now: int = NOON, **fields: object) -> Alert:
    values = {
        "title": "Inondation", "source": "Mairie", "instruction": "Montez à l’étage.", "issued_at_ms": now,
        "ends_at_ms": now + 3_600_000, "time_to_live_ms": 3_600_000,
    }  # fmt: skip
    return Alert(id=name, level=level, **{**values, **fields})


def jpeg(colour: str = "red", size: tuple[int, int] = (640, 360)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


@dataclass
class SigningTown:
    """The server side of one screen."""

    now_ms: int = NOON
    """Its wall clock. Add to it as time goes by; where somebody sets the clock, call ``set_clock``."""
    answers_nonces: bool = False
    """Whether every answer has a beat that was signed just now."""
    epoch: str = "boot1"
    wrong_ms: int = 0
    """How much further the wall clock was set than the steady clock."""
    sequence: int = 0
    beats: int = 0
    """The sequence of the newest beat."""
    retained: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range header of each request."""
    cut_after: int | None = None
    """Bytes of a file after which the connection ends."""
    ledger: PlayGaps | None = None
    answer_headers: dict[str, str] = field(default_factory=dict)
    """Of the answer to a poll, besides the plays."""
    """How far it has the plays; None: it does not say."""

    authorities: tuple[str, ...] = ()
    """Certificate authorities that it names to players that verify nobody; empty: it does not."""
    shown_to_strangers: dict[str, str] = field(default_factory=dict)
    """Headers of such questions."""

    def __post_init__(self) -> None:
        self.roots = [Ed25519PrivateKey.generate() for _ in range(3)]
        self.keys = {role: Ed25519PrivateKey.generate() for role in SigningRole if role is not SigningRole.ROOT}
        self.publish_keys()

    def trigger_key(self, screen: str = SCREEN) -> str:
        """The private key of a player, in hexadecimal."""
        return hashlib.sha256(f"trigger {screen}".encode()).hexdigest()

    def trigger_public(self, screen: str = SCREEN) -> str:
        """The public key of a player, in hexadecimal."""
        return public_hex(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.trigger_key(screen))))

    @property
    def anchor(self) -> TrustAnchor:
        return self.anchor_of(SCREEN)

    def anchor_of(self, screen: str) -> TrustAnchor:
        publics = [public_hex(key) for key in self.roots]
        return TrustAnchor(
            site=SITE, screen=screen, root_keys={key_identifier(key): key for key in publics}, threshold=2
        )

    def enrolment(self, server: str = "http://127.0.0.1:9", port: int = 9, screen: str = SCREEN) -> PlayerEnrolment:
        username = str(TopicScope.of_screen(screen))
        broker = BrokerAddress(host="127.0.0.1", port=port, username=username, password=PASSWORD)
        plays = self.ledger.newest if self.ledger else 0
        return PlayerEnrolment(
            site=SITE, screen=screen, server=server, token=TOKEN, mqtt=broker, anchor=self.anchor_of(screen),
            plays=plays, trigger_key=self.trigger_key(screen),
        )  # fmt: skip

    def sign(
        self,
        message: WireMessage,
        document: SignedDocument,
        scope: TopicScope,
        key: Ed25519PrivateKey | None = None,
    ) -> tuple[str, bytes]:
        """Return the topic and the payload of a document."""
        topic = message.topic_for(SITE, scope)
        assert message.role is not None
        keys = self.roots[:2] if message is KEYS else [key or self.keys[message.role]]
        encoding = BodyEncoding.ZLIB if message is PROGRAMME else BodyEncoding.JSON
        payload = seal_envelope(message.role, topic.audience, document.to_json(), keys, encoding)
        if message.retained:
            self.retained[str(topic)] = payload
        return str(topic), payload

    def set_clock(self, ms: int) -> None:
        """Set the wall clock forward, or back, while no time goes by."""
        self.now_ms += ms
        self.wrong_ms += ms

    @property
    def steady(self) -> SteadyInstant:
        """What the steady clock reads."""
        return SteadyInstant(epoch=self.epoch, ms=self.now_ms - self.wrong_ms)

    def stamps(self, lives_ms: int = YEAR) -> dict[str, object]:
        self.sequence = next_sequence(self.sequence, self.now_ms)
        return {
            "sequence": self.sequence, "issued_at_ms": self.now_ms, "expires_at_ms": self.now_ms + lives_ms,
            "steady": self.steady,
        }  # fmt: skip

    def publish_keys(self) -> tuple[str, bytes]:
        publics = {role: public_hex(key) for role, key in self.keys.items()}
        roots = [public_hex(key) for key in self.roots]
        every = [*publics.values(), *roots]
        roles = {role: RoleKeys(keys=frozenset({key_identifier(key)})) for role, key in publics.items()}
        roles[SigningRole.ROOT] = RoleKeys(keys=frozenset(map(key_identifier, roots)), threshold=2)
        document = KeyList(**self.stamps(), keys={key_identifier(key): key for key in every}, roles=roles)
        return self.sign(KEYS, document, TopicScope.all_screens())

    def publish_alerts(
        self, *alerts: Alert, planned: tuple[Alert, ...] = (), group: str = "", **how: object
    ) -> tuple[str, bytes]:
        document = AlertSet(**self.stamps(how.pop("lives_ms", YEAR)), alerts=alerts, planned=planned)
        scope = TopicScope.of_group(group) if group else TopicScope.all_screens()
        return self.sign(ALERTS, document, scope, **how)

    def publish_scenarios(
        self, *scenarios: LocalScenario, contacts: tuple[TriggerContact, ...] = (), screen: str = "", **how: object
    ) -> tuple[str, bytes]:
        document = ScenarioSet(**self.stamps(how.pop("lives_ms", YEAR)), scenarios=scenarios, contacts=contacts)
        scope = TopicScope.of_screen(screen) if screen else TopicScope.all_screens()
        return self.sign(SCENARIOS, document, scope, **how)

    def local_scenario(
        self, name: str = "flood", triggers: tuple[str, ...] = (SCREEN,), minutes: int = 60, **fields: object
    ) -> LocalScenario:
        """Return a scenario that some screens may trigger."""
        level = fields.pop("level", AlertLevel.EMERGENCY)
        prepared = alert(name, level, ends_at_ms=NOON, all_clear_ms=60_000)
        return LocalScenario(
            id=name, name=name.title(), alert=prepared, longest_ms=minutes * 60_000,
            triggers={screen: self.trigger_public(screen) for screen in triggers}, **fields,
        )  # fmt: skip

    def publish_beat(self, nonce: str = "", **heads: int) -> tuple[str, bytes]:
        named = {name.replace("_", "/"): sequence for name, sequence in heads.items()}
        self.beats = next_sequence(self.beats, self.steady.ms)
        stamps = {**self.stamps(60_000), "sequence": self.beats}
        return self.sign(BEAT, Beat(**stamps, heads=named, nonce=nonce), TopicScope.all_screens())

    def publish_programme(self, manifest: Manifest, **how: object) -> tuple[str, bytes]:
        scope = TopicScope.of_screen(manifest.screen)
        return self.sign(PROGRAMME, ProgrammeDocument(**self.stamps(), manifest=manifest), scope, **how)

    def publish_command(self, identifier: str, kind: str, seconds: int = 0, **further: object) -> tuple[str, bytes]:
        document = ScreenCommand(**self.stamps(60_000), id=identifier, kind=kind, seconds=seconds, **further)
        return self.sign(COMMAND, document, TopicScope.of_screen(SCREEN))

    def add_file(self, content: bytes, media_type: str = "image/jpeg") -> AssetReference:
        sha256 = hashlib.sha256(content).hexdigest()
        self.files[sha256] = content
        return AssetReference(sha256=sha256, size=len(content), media_type=media_type)

    def manifest(
        self, *slides: Slide, size: tuple[int, int] = (320, 180), groups: tuple[str, ...] = (),
        screen: str = SCREEN, **settings: object,
    ) -> Manifest:  # fmt: skip
        """Return a programme that shows those slides one after another, all day."""
        return Manifest(
            screen=screen,
            settings=ScreenSettings(
                screen_class=screen_class(size), town=Town(name="Saint-Aubin"), groups=groups, **settings
            ),
            layout=Layout.full_screen(size),
            slides=slides,
            playlists=(Playlist(id="all", name="all", slides=tuple(slide.id for slide in slides)),),
            rules=(ScheduleRule(id="always", name="always", playlist="all"),),
            idle=slide("idle", "Saint-Aubin"),
        )

    @contextlib.contextmanager
    def serve(self, port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[str]:
        """Serve documents and files over HTTP, or HTTPS where there is a context, and give the address."""
        hall = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hall.requests.append((self.path, self.headers.get("Range", "")))
                if self.path == "/health":
                    self._json({"status": "ok"})
                elif self.path == "/device/v1/authorities" and hall.authorities:
                    hall.shown_to_strangers.update(self.headers)
                    self._json(hall.say_authorities(self.headers["Beffroi-Nonce"]))
                elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    self.send_error(401)
                elif self.path == "/device/v1/documents":
                    held = {"Beffroi-Plays": hall.ledger.to_wire().to_json().decode()} if hall.ledger else {}
                    held |= hall.answer_headers
                    if hall.answers_nonces:
                        hall.now_ms = time.time_ns() // 1_000_000
                        hall.publish_beat(self.headers.get("Beffroi-Nonce", ""))
                    self._json({"documents": hall.documents()}, held)
                elif (content := hall.files.get(self.path.rsplit("/", 1)[-1])) is not None:
                    self._file(content)
                else:
                    self.send_error(404)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if body.get("code") != "7KQ2-M4XD":
                    self.send_error(403)
                    return
                self._json(json.loads(hall.enrolment().model_dump_json()))

            def _json(self, answer: object, extra: dict[str, str] | None = None) -> None:
                self._send(200, json.dumps(answer).encode(), extra)

            def _file(self, content: bytes) -> None:
                start = int(self.headers.get("Range", "bytes=0-")[6:-1])
                extra = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
                cut, hall.cut_after = hall.cut_after, None
                self._send(206 if start else 200, content[start:], extra, cut)

            def _send(
                self, code: int, body: bytes, extra: dict[str, str] | None = None, cut: int | None = None
            ) -> None:
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                for name, value in (extra or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body[:cut])

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def say_authorities(self, nonce: str) -> dict[str, object]:
        """Return what it says of who vouches for it."""
        said = AuthorityStatement(site=SITE, nonce=nonce, authorities=self.authorities)
        key_list = self.retained[str(KEYS.topic_for(SITE, TopicScope.all_screens()))]
        signed = sign_statement(said, [self.keys[SigningRole.PROGRAMME]])
        return {"statement": base64.b64encode(signed).decode(), "key_list": base64.b64encode(key_list).decode()}

    def documents(self) -> list[dict[str, str]]:
        return [
            {"topic": topic, "payload": base64.b64encode(payload).decode()} for topic, payload in self.retained.items()
        ]
