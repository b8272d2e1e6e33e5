"""Which signed document may replace which. Sans-I/O: bytes and state in, a document and the next state out.

Checks, in this order; the first that fails refuses the document and changes nothing:

1. size: at most what the message table allows, before anything is parsed;
2. envelope: well formed; its role is the one that may speak on this topic;
3. audience: the topic is of this site, and of all screens, of a group of this screen, or of this screen;
4. keys: signed by as many keys of the role as the key list in force demands. A key list is signed by the root
   keys in force, and by its own;
5. content: the body is what the topic carries;
6. expiry: not past its end, unless the clock is unknown;
7. sequence: above the newest seen of this stream. The same sequence with the same content is a duplicate, quietly
   ignored; with other content it is an equivocation, refused.

A new key list that changes the keys of a role forgets the sequences of that role: whoever stole a key may have
burnt them. Rules after the TUF specification 1.5; see docs/decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from beffroi_content.model import Identifier, WireModel
from beffroi_content.model.base import Instant
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import Document, KeyList, PublicKey, Role, RoleKeys
from beffroi_content.wire.messages import KEYS, MESSAGES, Message, message_of
from beffroi_content.wire.topics import Direction, Topic


class TrustAnchor(WireModel):
    """What a player is given once, at enrolment: where it belongs and which root keys speak for the town."""

    site: Identifier
    screen: Identifier
    root_keys: dict[str, PublicKey]
    """By key identifier."""
    threshold: int


class Floor(WireModel):
    """The newest document seen of a stream."""

    sequence: int
    digest: str


class TrustState(WireModel):
    """Everything that the next check depends on."""

    anchor: TrustAnchor
    key_list: KeyList | None = None
    floors: dict[str, Floor] = {}
    """By stream."""
    groups: tuple[Identifier, ...] = ()
    newest_at_ms: Instant = 0
    """The newest instant at which a genuine document was issued: it cannot be earlier now."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A genuine document that is newer than what was there."""

    topic: Topic
    document: Document
    state: TrustState
    """The state after it."""


class Refused(Exception):
    """The document is not for this player, not genuine, or not newer.

    ``code`` is one of: ``too-large``, ``undeclared``, ``malformed``, ``wrong-role``, ``wrong-audience``,
    ``no-keys``, ``wrong-key``, ``invalid``, ``expired``, ``rollback``, ``equivocation``.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Duplicate(Exception):
    """The very document that is in force already."""


def admit(state: TrustState, topic_name: str, payload: bytes, moment: Moment) -> Admission:
    """Check a document that arrived on a topic.

    Raises:
        Refused: it changes nothing; say so to the operator.
        Duplicate: it changes nothing, and nobody need know.
    """
    topic, message = _declared(topic_name)
    if len(payload) > message.size_limit:
        raise Refused("too-large", f"{len(payload)} bytes where {message.size_limit} are allowed")
    sealed = _parsed(payload)
    if sealed.role is not message.role:
        raise Refused("wrong-role", f"signed as {sealed.role}, but {topic.leaf} is for {message.role}")
    _check_audience(state, topic)
    document = _genuine(state, topic, message, sealed)
    if moment.clock is not ClockState.UNKNOWN and document.expires_at_ms <= moment.unix_ms:
        raise Refused("expired", f"its end was {moment.unix_ms - document.expires_at_ms} ms ago")
    _check_sequence(state.floors.get(topic.stream), document, sealed.digest)
    return Admission(topic, document, _next_state(state, topic, document, sealed.digest))


def topics(state: TrustState) -> tuple[Topic, ...]:
    """Return every topic that concerns the player, in the order in which it is to be read."""
    scopes = ["all", *(f"g-{group}" for group in state.groups), f"s-{state.anchor.screen}"]
    found = []
    for message in MESSAGES:
        for scope in scopes:
            topic = Topic(state.anchor.site, Direction.DOWN, scope, message.leaf)
            if message.direction is Direction.DOWN and _exists(topic):
                found.append(topic)
    return tuple(found)


def _exists(topic: Topic) -> bool:
    try:
        message_of(topic)
    except ValueError:
        return False
    return True


def _declared(topic_name: str) -> tuple[Topic, Message]:
    try:
        topic = Topic.parse(topic_name)
        message = message_of(topic)
    except ValueError as error:
        raise Refused("undeclared", str(error)) from error
    if message.role is None:
        raise Refused("undeclared", f"{topic} is for what players say")
    return topic, message


def _parsed(payload: bytes) -> envelope.Envelope:
    try:
        return envelope.parse(payload)
    except envelope.MalformedEnvelope as error:
        raise Refused("malformed", str(error)) from error


def _check_audience(state: TrustState, topic: Topic) -> None:
    anchor = state.anchor
    own = {"all", f"s-{anchor.screen}", *(f"g-{group}" for group in state.groups)}
    if topic.site != anchor.site or topic.scope not in own:
        raise Refused("wrong-audience", f"{topic.audience} is not {anchor.site}/s-{anchor.screen}")


def _genuine(state: TrustState, topic: Topic, message: Message, sealed: envelope.Envelope) -> Document:
    if message is KEYS:
        return _genuine_key_list(state, topic, sealed)
    if state.key_list is None:
        raise Refused("no-keys", "no key list has arrived yet")
    rule = state.key_list.roles.get(sealed.role)
    if rule is None:
        raise Refused("wrong-key", f"the key list lets nobody sign as {sealed.role}")
    _check_signatures(sealed, topic, rule, state.key_list.keys)
    return _document(message, sealed)


def _genuine_key_list(state: TrustState, topic: Topic, sealed: envelope.Envelope) -> KeyList:
    if state.key_list is None:
        anchor = state.anchor
        rule = RoleKeys(keys=frozenset(anchor.root_keys), threshold=anchor.threshold)
        _check_signatures(sealed, topic, rule, anchor.root_keys)
    else:
        _check_signatures(sealed, topic, state.key_list.roles[Role.ROOT], state.key_list.keys)
    document = _document(KEYS, sealed)
    assert isinstance(document, KeyList)
    if any(envelope.key_identifier(key) != name for name, key in document.keys.items()):
        raise Refused("invalid", "a key of the list does not have the identifier that it is listed under")
    _check_signatures(sealed, topic, document.roles[Role.ROOT], document.keys)
    return document


def _check_signatures(sealed: envelope.Envelope, topic: Topic, rule: RoleKeys, keys: dict[str, str]) -> None:
    allowed = {name: keys[name] for name in rule.keys if name in keys}
    signers = sealed.signers(topic.audience, allowed)
    if len(signers) < rule.threshold:
        detail = f"{len(signers)} valid signatures by keys of {sealed.role} where {rule.threshold} are needed"
        raise Refused("wrong-key", detail)


def _document(message: Message, sealed: envelope.Envelope) -> Document:
    try:
        text = sealed.text()
        assert message.model is not None
        document = message.model.model_validate_json(text)
    except envelope.MalformedEnvelope as error:
        raise Refused("malformed", str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or message.leaf
        raise Refused("invalid", f"{where}: {first['msg']} ({error.error_count()} faults)") from error
    assert isinstance(document, Document)
    return document


def _check_sequence(floor: Floor | None, document: Document, digest: str) -> None:
    if floor is None or document.sequence > floor.sequence:
        return
    if document.sequence < floor.sequence:
        raise Refused("rollback", f"sequence {document.sequence} after {floor.sequence}")
    if digest == floor.digest:
        raise Duplicate
    raise Refused("equivocation", f"another content with the sequence {document.sequence}")


def _next_state(state: TrustState, topic: Topic, document: Document, digest: str) -> TrustState:
    floors = dict(state.floors)
    key_list, newest = state.key_list, max(state.newest_at_ms, document.issued_at_ms)
    if isinstance(document, KeyList):
        changed = _changed_roles(state.key_list, document)
        forgotten = {message.leaf for message in MESSAGES if message.role in changed}
        floors = {name: floor for name, floor in floors.items() if name.split("/")[-1] not in forgotten}
        key_list = document
        if Role.BEAT in changed:
            newest = document.issued_at_ms
    floors[topic.stream] = Floor(sequence=document.sequence, digest=digest)
    return state.model_copy(update={"floors": floors, "key_list": key_list, "newest_at_ms": newest})


def _changed_roles(before: KeyList | None, after: KeyList) -> set[Role]:
    if before is None:
        return set()
    return {role for role in Role if role is not Role.ROOT and before.roles.get(role) != after.roles.get(role)}
