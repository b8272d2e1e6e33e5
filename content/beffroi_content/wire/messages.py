"""Every message of every topic, declared once: the wire is this table."""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_content.model import WireModel
from beffroi_content.wire.documents import AlertSet, Beat, Command, Document, KeyList, Programme, Role
from beffroi_content.wire.reports import Plays, Receipts, Report, Status
from beffroi_content.wire.topics import Direction, Scope, Topic

KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class Message:
    """What travels under one leaf of the topic tree."""

    leaf: str
    direction: Direction
    scopes: frozenset[Scope]
    quality: int
    """MQTT quality of service: 0 or 1."""
    retained: bool
    size_limit: int
    """Bytes on the wire."""
    model: type[WireModel] | None
    """The body; None where the payload is a JPEG."""
    role: Role | None = None
    """Who signs it; None for what players say."""

    def topic(self, site: str, scope: Scope, name: str = "") -> Topic:
        """Return the topic for a scope.

        Raises:
            ValueError: the message does not exist for that scope.
        """
        if scope not in self.scopes:
            raise ValueError(f"{self.leaf} is not sent to a {scope}")
        return Topic(site, self.direction, scope.of(name), self.leaf)


def _down(leaf: str, role: Role, model: type[Document], scopes: set[Scope], kibibytes: int, **how: int) -> Message:
    return Message(
        leaf=leaf,
        direction=Direction.DOWN,
        scopes=frozenset(scopes),
        quality=how.get("quality", 1),
        retained=bool(how.get("retained", True)),
        size_limit=kibibytes * KIBIBYTE,
        model=model,
        role=role,
    )


def _up(leaf: str, model: type[WireModel] | None, kibibytes: int, *, retained: bool, quality: int = 1) -> Message:
    return Message(
        leaf=leaf,
        direction=Direction.UP,
        scopes=frozenset({Scope.SCREEN}),
        quality=quality,
        retained=retained,
        size_limit=kibibytes * KIBIBYTE,
        model=model,
    )


KEYS = _down("keys", Role.ROOT, KeyList, {Scope.ALL}, 64)
ALERTS = _down("alerts", Role.ALERT, AlertSet, {Scope.ALL, Scope.GROUP, Scope.SCREEN}, 256)
BEAT = _down("beat", Role.BEAT, Beat, {Scope.ALL}, 32, quality=0)
PROGRAMME = _down("programme", Role.PROGRAMME, Programme, {Scope.SCREEN}, 256)
COMMAND = _down("command", Role.COMMAND, Command, {Scope.SCREEN}, 4, retained=False)

STATUS = _up("status", Status, 1, retained=True)
REPORT = _up("report", Report, 32, retained=True)
RECEIPTS = _up("receipts", Receipts, 64, retained=False)
PLAYS = _up("plays", Plays, 128, retained=False)
SCREENSHOT = _up("screenshot", None, 256, retained=False, quality=0)

MESSAGES = (KEYS, ALERTS, BEAT, PROGRAMME, COMMAND, STATUS, REPORT, RECEIPTS, PLAYS, SCREENSHOT)
_BY_LEAF = {(message.direction, message.leaf): message for message in MESSAGES}


def message_of(topic: Topic) -> Message:
    """Return the message that a topic carries.

    Raises:
        ValueError: nothing is declared for it.
    """
    message = _BY_LEAF.get((topic.direction, topic.leaf))
    scope = {"all": Scope.ALL, "g-": Scope.GROUP}.get(topic.scope[:3] if topic.scope == "all" else topic.scope[:2])
    if message is None or (scope or Scope.SCREEN) not in message.scopes:
        raise ValueError(f"nothing is declared for {topic}")
    return message
