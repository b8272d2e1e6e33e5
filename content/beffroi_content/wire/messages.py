"""The message table: every message of every topic, declared once.

Topics, access rules, packet limits, the documentation of the protocol and the checks of trust are functions of this
table. A new message is a new entry here, with a model for its body.
"""

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
from beffroi_content.wire.local_triggers import ScenarioSet
from beffroi_content.wire.plays import PlayLogBatch
from beffroi_content.wire.reports import PlayerReport, PlayerStatus, ReceiptBatch
from beffroi_content.wire.scopes import ScopeKind, TopicScope
from beffroi_content.wire.topics import MessageDirection, Topic, stream_name

KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class WireMessage:
    """Declaration of one message: the leaf of its topics, who sends it, how, and what it carries."""

    leaf: str
    direction: MessageDirection
    scopes: frozenset[ScopeKind]
    quality: int
    """MQTT quality of service: 0 or 1."""
    retained: bool
    size_limit: int
    """Bytes of the payload, as sent."""
    model: type[WireModel] | None
    """The body; None where the payload is a JPEG."""
    document: type[SignedDocument] | None = None
    """The body where it is a signed document; None for what players send."""
    role: SigningRole | None = None
    """The role of the keys that sign it; None for what players send."""

    def topic_for(self, site: str, scope: TopicScope) -> Topic:
        """Return the topic of the message for a scope.

        Raises:
            ValueError: the message does not exist for scopes of that kind.
        """
        if scope.kind not in self.scopes:
            raise ValueError(f"{self.leaf} does not exist for the scope {scope}")
        return Topic(site, self.direction, scope, self.leaf)

    def stream_for(self, scope: TopicScope) -> str:
        """Return the name of the message's stream for a scope, such as ``s-hall/programme``."""
        return stream_name(scope, self.leaf)


def _declare_down(
    leaf: str, role: SigningRole, document: type[SignedDocument], scopes: set[ScopeKind], kibibytes: int, **how: int
) -> WireMessage:
    return WireMessage(
        leaf=leaf,
        direction=MessageDirection.DOWN,
        scopes=frozenset(scopes),
        quality=how.get("quality", 1),
        retained=bool(how.get("retained", True)),
        size_limit=kibibytes * KIBIBYTE,
        model=document,
        document=document,
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
SCENARIOS = _declare_down(
    "scenarios", SigningRole.ALERT, ScenarioSet, {ScopeKind.ALL, ScopeKind.GROUP, ScopeKind.SCREEN}, 128
)
BEAT = _declare_down("beat", SigningRole.BEAT, Beat, {ScopeKind.ALL}, 32, quality=0)
PROGRAMME = _declare_down("programme", SigningRole.PROGRAMME, ProgrammeDocument, {ScopeKind.SCREEN}, 256)
COMMAND = _declare_down("command", SigningRole.COMMAND, ScreenCommand, {ScopeKind.SCREEN}, 64, retained=False)

STATUS = _declare_up("status", PlayerStatus, 1, retained=True)
REPORT = _declare_up("report", PlayerReport, 32, retained=True)
RECEIPTS = _declare_up("receipts", ReceiptBatch, 64, retained=False)
PLAYS = _declare_up("plays", PlayLogBatch, 128, retained=False)
SCREENSHOT = _declare_up("screenshot", None, 256, retained=False, quality=0)

MESSAGES = (KEYS, ALERTS, BEAT, SCENARIOS, PROGRAMME, COMMAND, STATUS, REPORT, RECEIPTS, PLAYS, SCREENSHOT)
"""In the order in which a player subscribes: the keys come before what they open."""
_BY_LEAF = {(message.direction, message.leaf): message for message in MESSAGES}


def message_of(topic: Topic) -> WireMessage:
    """Return the message that a topic carries.

    Raises:
        ValueError: the table has none for its direction, scope and leaf.
    """
    message = _BY_LEAF.get((topic.direction, topic.leaf))
    if message is None or topic.scope.kind not in message.scopes:
        raise ValueError(f"no message is declared for {topic}")
    return message
