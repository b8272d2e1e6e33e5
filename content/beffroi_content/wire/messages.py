"""Every message of every topic, declared once: the wire is this table."""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_content.model import WireModel
from beffroi_content.wire.documents import (
    AlertSet,
    Beat,
    KeyList,
    ProgrammeDocument,
    ScreenCommand,
    SignedDocument,
    SigningRole,
)
from beffroi_content.wire.reports import PlayerReport, PlayerStatus, PlayLogBatch, ReceiptBatch
from beffroi_content.wire.topics import MessageDirection, ScopeKind, Topic

KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class WireMessage:
    """What travels under one leaf of the topic tree."""

    leaf: str
    direction: MessageDirection
    scopes: frozenset[ScopeKind]
    quality: int
    """MQTT quality of service: 0 or 1."""
    retained: bool
    size_limit: int
    """Bytes on the wire."""
    model: type[WireModel] | None
    """The body; None where the payload is a JPEG."""
    role: SigningRole | None = None
    """Who signs it; None for what players say."""

    def topic_for(self, site: str, scope: ScopeKind, name: str = "") -> Topic:
        """Return the topic for a scope.

        Raises:
            ValueError: the message does not exist for that scope.
        """
        if scope not in self.scopes:
            raise ValueError(f"{self.leaf} is not sent to a {scope}")
        return Topic(site, self.direction, scope.topic_part(name), self.leaf)


def _declare_down(
    leaf: str, role: SigningRole, model: type[SignedDocument], scopes: set[ScopeKind], kibibytes: int, **how: int
) -> WireMessage:
    return WireMessage(
        leaf=leaf,
        direction=MessageDirection.DOWN,
        scopes=frozenset(scopes),
        quality=how.get("quality", 1),
        retained=bool(how.get("retained", True)),
        size_limit=kibibytes * KIBIBYTE,
        model=model,
        role=role,
    )


def _declare_up(
    leaf: str, model: type[WireModel] | None, kibibytes: int, *, retained: bool, quality: int = 1
) -> WireMessage:
    return WireMessage(
        leaf=leaf,
        direction=MessageDirection.UP,
        scopes=frozenset({ScopeKind.SCREEN}),
        quality=quality,
        retained=retained,
        size_limit=kibibytes * KIBIBYTE,
        model=model,
    )


KEYS = _declare_down("keys", SigningRole.ROOT, KeyList, {ScopeKind.ALL}, 64)
ALERTS = _declare_down("alerts", SigningRole.ALERT, AlertSet, {ScopeKind.ALL, ScopeKind.GROUP, ScopeKind.SCREEN}, 256)
BEAT = _declare_down("beat", SigningRole.BEAT, Beat, {ScopeKind.ALL}, 32, quality=0)
PROGRAMME = _declare_down("programme", SigningRole.PROGRAMME, ProgrammeDocument, {ScopeKind.SCREEN}, 256)
COMMAND = _declare_down("command", SigningRole.COMMAND, ScreenCommand, {ScopeKind.SCREEN}, 4, retained=False)

STATUS = _declare_up("status", PlayerStatus, 1, retained=True)
REPORT = _declare_up("report", PlayerReport, 32, retained=True)
RECEIPTS = _declare_up("receipts", ReceiptBatch, 64, retained=False)
PLAYS = _declare_up("plays", PlayLogBatch, 128, retained=False)
SCREENSHOT = _declare_up("screenshot", None, 256, retained=False, quality=0)

MESSAGES = (KEYS, ALERTS, BEAT, PROGRAMME, COMMAND, STATUS, REPORT, RECEIPTS, PLAYS, SCREENSHOT)
_BY_LEAF = {(message.direction, message.leaf): message for message in MESSAGES}


def message_of(topic: Topic) -> WireMessage:
    """Return the message that a topic carries.

    Raises:
        ValueError: nothing is declared for it.
    """
    message = _BY_LEAF.get((topic.direction, topic.leaf))
    scope = {"all": ScopeKind.ALL, "g-": ScopeKind.GROUP}.get(
        topic.scope[:3] if topic.scope == "all" else topic.scope[:2]
    )
    if message is None or (scope or ScopeKind.SCREEN) not in message.scopes:
        raise ValueError(f"nothing is declared for {topic}")
    return message
