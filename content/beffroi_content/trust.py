"""Checks of signed documents: may one that arrived replace the one in force.

Sans-I/O: bytes and a state go in, a document and the next state come out.

Checks, in this order; the first that fails refuses the document and changes nothing:

1. size: at most what the message table allows, before anything is parsed;
2. envelope: well formed; its role is the one that may speak on this topic;
3. audience: the topic is of this site, and of all screens, of a group of this screen, or of this screen;
4. keys: signed by as many keys of the role as the key list in force demands. A key list is signed by the root
   keys in force, and by its own;
5. content: the body is what the topic carries;
6. expiry: not older than its lifetime by the server's steady clock, where that can be read; otherwise not past its
   end, unless the clock is unknown. The document in force has no age;
7. sequence: above the newest seen of this stream. The same sequence with the same content is a duplicate, quietly
   ignored; with other content it is an equivocation, refused. A beat that answers the player's own nonce was signed
   just now, whatever its sequence: it lowers the floor of the beat where the server has lost its own.

A new key list that takes a key away from a role forgets the sequences of that role, and how late it was: whoever
stole the key may have burnt them. One that only adds keys forgets nothing, or what the others signed could be
replayed. Where the root keys changed more than once while a player was off, it follows them by the key lists between:
each is signed by the root keys before it and by its own. Rules after the TUF specification 1.5; see docs/decisions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from beffroi_content.model import Identifier, WireModel
from beffroi_content.model.base_models import Instant, WholeNumber
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.wire import envelope
from beffroi_content.wire.access import readable_topics
from beffroi_content.wire.documents import (
    Beat,
    KeyIdentifier,
    KeyList,
    PublicKey,
    RoleKeys,
    SignedDocument,
    SigningRole,
    SteadyInstant,
)
from beffroi_content.wire.messages import KEYS, MESSAGES, WireMessage, message_of
from beffroi_content.wire.scopes import TopicScope, screen_scopes
from beffroi_content.wire.topics import Topic, stream_leaf

MAX_STEPS = 64
"""Changes of the root keys that a player follows at once."""


class TrustAnchor(WireModel):
    """Where a player belongs and which root keys it trusts: given to it once, at its enrolment."""

    site: Identifier
    screen: Identifier
    root_keys: Annotated[dict[KeyIdentifier, PublicKey], Field(min_length=1, max_length=16)]
    threshold: Annotated[int, Field(ge=1, le=16)]

    @model_validator(mode="after")
    def _check_root_keys(self) -> TrustAnchor:
        if self.threshold > len(self.root_keys):
            raise ValueError("the threshold is higher than the number of root keys")
        if not _have_own_identifiers(self.root_keys):
            raise ValueError("a root key does not have the identifier that it is listed under")
        return self


class SequenceFloor(WireModel):
    """The newest document accepted of a stream: nothing below its sequence is accepted again."""

    sequence: WholeNumber
    digest: str
    """SHA-256 of the body, in hexadecimal: it tells a duplicate from an equivocation."""


class TrustState(WireModel):
    """Everything that the next check depends on."""

    anchor: TrustAnchor
    key_list: KeyList | None = None
    floors: dict[str, SequenceFloor] = {}
    """By stream."""
    groups: tuple[Identifier, ...] = ()
    newest_at_ms: Instant = 0
    """The newest instant at which a genuine document was issued: it cannot be earlier now, unless the server's clock
    was wrong then. A newer beat corrects it, also backwards."""


@dataclass(frozen=True, slots=True)
class AdmittedDocument:
    """A genuine document that is newer than what was there."""

    topic: Topic
    document: SignedDocument
    state: TrustState
    """The state after it."""


class DocumentRefused(Exception):
    """The document is not for this player, not genuine, or not newer.

    ``code`` is one of: ``too-large``, ``undeclared``, ``malformed``, ``wrong-role``, ``wrong-audience``,
    ``no-keys``, ``wrong-key``, ``invalid``, ``expired``, ``rollback``, ``equivocation``.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class DuplicateDocument(Exception):
    """The very document that is in force already."""


def admit_document(
    state: TrustState, topic_name: str, payload: bytes, moment: Moment, *,
    steady: SteadyInstant | None = None, nonce: str = "", steps: Sequence[bytes] = (),
) -> AdmittedDocument:  # fmt: skip
    """Check a document that arrived on a topic, and return it with the state after it.

    Args:
        state: The state before it.
        topic_name: The topic.
        payload: The document.
        moment: The time now, for a document of which the age is not known.
        steady: What the server's steady clock reads now; None where no beat has told it.
        nonce: What the player gave with its request; empty for a document that it did not ask for.
        steps: For a key list: earlier ones with which the root keys changed, the oldest first, whatever their age.

    Raises:
        DocumentRefused: it changes nothing, and the operator should know.
        DuplicateDocument: it changes nothing, and nobody need know.
    """
    topic, message = _find_message(topic_name)
    if len(payload) > message.size_limit:
        raise DocumentRefused("too-large", f"{len(payload)} bytes where {message.size_limit} are allowed")
    sealed = _parse_payload(payload)
    if sealed.role is not message.role:
        raise DocumentRefused("wrong-role", f"signed as {sealed.role}, but {topic.leaf} is for {message.role}")
    _check_audience(state, topic)
    # Nothing of the body is decompressed or parsed before its signatures are right: a stranger's bytes cost no more
    # than the check of a signature.
    document = _verify_document(state, topic, message, sealed, steps)
    floor = SequenceFloor(sequence=document.sequence, digest=sealed.digest)
    # A broker hands a retained document out again for as long as it likes: that is no reason to alarm anybody.
    if state.floors.get(topic.stream) == floor:
        raise DuplicateDocument
    _check_age(document, moment, steady)
    if not (nonce and isinstance(document, Beat) and document.nonce == nonce):
        _check_sequence(state.floors.get(topic.stream), floor)
    return AdmittedDocument(topic, document, _next_state(state, topic, document, floor))


def newest_key_list(state: TrustState, payload: bytes, steps: Sequence[bytes], moment: Moment) -> KeyList:
    """Return the key list that came just now, or the one in force where it is that, without taking it in.

    Args:
        state: What the player trusts. Nothing of it is changed.
        payload: The key list.
        steps: See :func:`admit_document`.
        moment: The time now.

    Raises:
        DocumentRefused: it is not genuine, too old, or older than the one in force.
    """
    topic = str(KEYS.topic_for(state.anchor.site, TopicScope.all_screens()))
    try:
        document: SignedDocument | None = admit_document(state, topic, payload, moment, steps=steps).document
    except DuplicateDocument:
        document = state.key_list
    assert isinstance(document, KeyList)
    return document


def concerned_topics(state: TrustState) -> tuple[Topic, ...]:
    """Return every topic that concerns the player, in the order in which it is to be read: the keys first."""
    return readable_topics(state.anchor.site, state.anchor.screen, state.groups)


def _find_message(topic_name: str) -> tuple[Topic, WireMessage]:
    try:
        topic = Topic.parse(topic_name)
        message = message_of(topic)
    except ValueError as error:
        raise DocumentRefused("undeclared", str(error)) from error
    if message.role is None:
        raise DocumentRefused("undeclared", f"{topic} is for messages of players")
    return topic, message


def _parse_payload(payload: bytes) -> envelope.Envelope:
    try:
        return envelope.parse_envelope(payload)
    except envelope.MalformedEnvelope as error:
        raise DocumentRefused("malformed", str(error)) from error


def _check_audience(state: TrustState, topic: Topic) -> None:
    anchor = state.anchor
    if topic.site != anchor.site or topic.scope not in screen_scopes(anchor.screen, state.groups):
        own = TopicScope.of_screen(anchor.screen)
        raise DocumentRefused("wrong-audience", f"{topic.audience} is not {anchor.site}/{own}")


def _verify_document(
    state: TrustState, topic: Topic, message: WireMessage, sealed: envelope.Envelope, steps: Sequence[bytes]
) -> SignedDocument:
    if message is KEYS:
        return _verify_key_list(state, topic, sealed, steps)
    if state.key_list is None:
        raise DocumentRefused("no-keys", "no key list has arrived yet")
    rule = state.key_list.roles.get(sealed.role)
    if rule is None:
        raise DocumentRefused("wrong-key", f"the key list lets nobody sign as {sealed.role}")
    check_signatures(sealed, topic.audience, rule, state.key_list.keys)
    return _read_body(message, sealed)


def _verify_key_list(state: TrustState, topic: Topic, sealed: envelope.Envelope, steps: Sequence[bytes]) -> KeyList:
    """Return a key list that the root keys in force have signed, or those to which the steps lead from them."""
    if state.key_list is None:
        roots = RootKeys(state.anchor.root_keys, state.anchor.threshold)
    else:
        roots = RootKeys.of(state.key_list)
    try:
        return verify_key_list(roots, topic, sealed)
    except DocumentRefused:
        if not (reached := _follow_steps(roots, topic, steps)):
            raise
        return verify_key_list(reached, topic, sealed)


@dataclass(frozen=True, slots=True)
class RootKeys:
    """Root keys by their identifiers, and how many of them must sign a key list."""

    keys: dict[str, str]
    threshold: int

    @classmethod
    def of(cls, key_list: KeyList) -> RootKeys:
        """Return the root keys that a key list names."""
        rule = key_list.roles[SigningRole.ROOT]
        return cls({name: key_list.keys[name] for name in sorted(rule.keys)}, rule.threshold)

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits by which people recognise them."""
        return root_fingerprint(self.keys.values())


def root_fingerprint(public_keys: Iterable[str]) -> str:
    """Return the fingerprint of root keys: SHA-256 over the sorted public keys in hexadecimal, one a line."""
    return hashlib.sha256("\n".join(sorted(public_keys)).encode()).hexdigest()


def verify_key_list(roots: RootKeys, topic: Topic, sealed: envelope.Envelope) -> KeyList:
    """Return a key list that some root keys have signed, and the root keys that it names as well.

    The second check refuses a list whose root keys nobody holds: no later list could ever replace it. Neither age nor
    sequence is checked.

    Raises:
        DocumentRefused: it is not signed by enough of either, or is no key list.
    """
    if sealed.role is not SigningRole.ROOT:
        raise DocumentRefused("wrong-role", f"signed as {sealed.role}, but a key list is for {SigningRole.ROOT}")
    check_signatures(
        sealed, topic.audience, RoleKeys(keys=frozenset(roots.keys), threshold=roots.threshold), roots.keys
    )
    document = _read_body(KEYS, sealed)
    assert isinstance(document, KeyList)
    if not _have_own_identifiers(document.keys):
        raise DocumentRefused("invalid", "a key of the list does not have the identifier that it is listed under")
    check_signatures(sealed, topic.audience, document.roles[SigningRole.ROOT], document.keys)
    return document


def _follow_steps(roots: RootKeys, topic: Topic, steps: Sequence[bytes]) -> RootKeys | None:
    """Return the root keys to which key lists lead from some, each signed by those before it; None where none does."""
    reached = None
    for payload in steps[:MAX_STEPS]:
        if len(payload) > KEYS.size_limit:
            continue
        try:
            reached = RootKeys.of(verify_key_list(reached or roots, topic, _parse_payload(payload)))
        except DocumentRefused:
            # One of before those that the player knows.
            continue
    return reached


def _have_own_identifiers(keys: dict[str, str]) -> bool:
    return all(envelope.key_identifier(key) == name for name, key in keys.items())


def check_signatures(sealed: envelope.Envelope, audience: str, rule: RoleKeys, keys: dict[str, str]) -> None:
    """Check that enough keys have signed something for an audience.

    Args:
        sealed: What they have signed.
        audience: For whom.
        rule: Whose signatures count, and how many are needed.
        keys: Public keys in hexadecimal by identifier.

    Raises:
        DocumentRefused: too few of them have.
    """
    allowed = {name: keys[name] for name in rule.keys if name in keys}
    signers = sealed.valid_signers(audience, allowed)
    if len(signers) < rule.threshold:
        detail = f"{len(signers)} valid signatures by keys of {sealed.role} where {rule.threshold} are needed"
        raise DocumentRefused("wrong-key", detail)


def _read_body(message: WireMessage, sealed: envelope.Envelope) -> SignedDocument:
    try:
        text = sealed.decode_body()
        assert message.document is not None
        return message.document.model_validate_json(text)
    except envelope.MalformedEnvelope as error:
        raise DocumentRefused("malformed", str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or message.leaf
        raise DocumentRefused("invalid", f"{where}: {first['msg']} ({error.error_count()} faults)") from error


def _check_age(document: SignedDocument, moment: Moment, steady: SteadyInstant | None) -> None:
    if steady is not None and document.steady is not None and document.steady.epoch == steady.epoch:
        late_ms = steady.ms - document.steady.ms - document.lifetime_ms
    elif moment.clock is not ClockState.UNKNOWN:
        late_ms = moment.unix_ms - document.expires_at_ms
    else:
        return
    if late_ms >= 0:
        raise DocumentRefused("expired", f"its end was {late_ms} ms ago")


def _check_sequence(before: SequenceFloor | None, after: SequenceFloor) -> None:
    if before is None or after.sequence > before.sequence:
        return
    if after.sequence < before.sequence:
        raise DocumentRefused("rollback", f"sequence {after.sequence} after {before.sequence}")
    raise DocumentRefused("equivocation", f"another content with the sequence {after.sequence}")


def _next_state(state: TrustState, topic: Topic, document: SignedDocument, floor: SequenceFloor) -> TrustState:
    """Return the state after a document: its floor, the newest time, and the effects of a new key list."""
    floors = dict(state.floors)
    key_list, newest = state.key_list, max(state.newest_at_ms, document.issued_at_ms)
    if isinstance(document, Beat):
        # It is the last word on the time: what was signed before, while the clock was ahead, no longer counts.
        newest = document.issued_at_ms
    if isinstance(document, KeyList):
        cleansed = _cleansed_roles(state.key_list, document)
        # Whoever had the key may have signed a sequence near the maximum, or a time in the far future: either would
        # lock the rightful signer out, so both are forgotten together with the key.
        forgotten = {message.leaf for message in MESSAGES if message.role in cleansed}
        floors = {stream: kept for stream, kept in floors.items() if stream_leaf(stream) not in forgotten}
        key_list = document
        if cleansed:
            newest = document.issued_at_ms
    floors[topic.stream] = floor
    return state.model_copy(update={"floors": floors, "key_list": key_list, "newest_at_ms": newest})


def _cleansed_roles(before: KeyList | None, after: KeyList) -> set[SigningRole]:
    """Return the roles that a key was taken away from. Root is not among them: its own sequence only ever rises."""
    if before is None:
        return set()
    return {
        role
        for role in SigningRole
        if role is not SigningRole.ROOT and _signing_keys(before, role) - _signing_keys(after, role)
    }


def _signing_keys(key_list: KeyList, role: SigningRole) -> frozenset[str]:
    rule = key_list.roles.get(role)
    return rule.keys if rule else frozenset()
