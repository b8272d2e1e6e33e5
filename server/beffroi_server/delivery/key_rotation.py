"""New key lists: proposed here, signed by two root keys here or elsewhere, taken back, published, and followed up.

A role gets a new key in four steps, so that no player refuses anything meanwhile: a list is published in which both
keys count; the new key signs from then on; everything that screens have is signed with it; a day later a second list,
which was signed together with the first, names the new key alone. Where the former key was stolen or lost there is one
list, without it.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from beffroi_content.key_changes import (
    KeyChange,
    KeyChangeRefused,
    ProposedList,
    missing_signatures,
    sign_change,
)
from beffroi_content.root_keys import ROOT_COUNT, ROOT_THRESHOLD, PublicRootKeys
from beffroi_content.trust import DocumentRefused, RootKeys, verify_key_list
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import (
    MAX_EARLIER,
    KeyList,
    KeyListBody,
    RoleKeys,
    SigningRole,
    next_sequence,
)
from beffroi_content.wire.messages import KEYS
from beffroi_content.wire.scopes import TopicScope
from beffroi_content.wire.topics import Topic
from beffroi_server.accounts import audit
from beffroi_server.core.events import Event
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import key_files, signing
from beffroi_server.delivery.key_files import SIGNING_ROLES, KeysMissing
from beffroi_server.delivery.key_state import OVERLAP
from beffroi_server.delivery.models import OutboxDocument, SignedKeyList
from beffroi_server.delivery.signing_keys import published_key_list

logger = logging.getLogger(__name__)
SENDING = dt.timedelta(seconds=30)
"""After so long a new key signs although the broker has not confirmed the list: it may be away for hours."""
keys_changed: Event[None] = Event("keys-changed")
"""Sent in the leading process: what was signed with a former key is to be signed again."""


@dataclass(frozen=True, slots=True)
class WantedKeys:
    """What is to change in the key list, besides its end. Nothing: it is renewed."""

    rotated: frozenset[SigningRole] = frozenset()
    """Roles that get a new key, while the former one counts for some time."""
    replaced: frozenset[SigningRole] = frozenset()
    """Roles of which the former key counts no more at once: it was stolen or lost."""
    roots: PublicRootKeys | None = None
    """The new root keys."""


def ensure_keys(roots: PublicRootKeys | None = None) -> None:
    """Create the keys that do not exist yet, and sign the key list if there is none.

    Args:
        roots: Root keys that were made elsewhere. Then the key list is signed there, and taken in later.

    Raises:
        KeysMissing: there is no key list, and fewer than two root keys to sign one.
    """
    if published_key_list() is not None:
        return
    key_files.create_missing_keys(with_roots=roots is None and key_files.first_roots() is None)
    if roots is None and key_files.first_roots() is None:
        sign_key_list()
    elif roots is not None:
        key_files.keep_first_roots(roots)


def sign_key_list(wanted: WantedKeys | None = None, *, now: dt.datetime | None = None) -> None:
    """Sign a key list with the root keys that are on this machine, and publish it.

    Raises:
        KeysMissing: fewer than two root keys are there, or the key of a role is not.
    """
    now = now or timezone.now()
    change = propose_change(wanted or WantedKeys(), now)
    change = sign_with(change, key_files.root_keys())
    if missing := missing_signatures(change):
        raise KeysMissing(
            f"the key list needs {missing} more root keys than are in {settings.KEYS}: give their files with --root"
        )
    install_change(change, now)


def sign_with(change: KeyChange, keys: Iterable[Ed25519PrivateKey]) -> KeyChange:
    """Return a change, signed by as many of some root keys as are needed."""
    for key in keys:
        if not missing_signatures(change):
            break
        # One of before the root keys changed is of no use.
        with contextlib.suppress(KeyChangeRefused):
            change = sign_change(change, key)
    return change


def propose_change(wanted: WantedKeys, now: dt.datetime) -> KeyChange:
    """Return the key list that is wanted, unsigned; the new keys are made and stay on this machine.

    Raises:
        KeysMissing: the key of a role is not there, or nobody knows the root keys.
    """
    roots = _wanted_roots(wanted)
    final, first = _wanted_roles(wanted, published_key_list())
    sequence = next_sequence(signing.newest_sequence(_topic()), unix_ms(now))
    earlier = _earlier_digests()
    lists: list[ProposedList] = []
    for roles in [final] if first == final else [first, final]:
        body = _key_list_body(roles, roots, earlier)
        document = signing.stamp_document(KEYS, body, sequence + len(lists), now)
        text = document.to_json().decode()
        lists.append(ProposedList(text=text))
        earlier = [hashlib.sha256(text.encode()).hexdigest(), *earlier]
    current = _published_row()
    return KeyChange(
        site=signing.current_site(),
        current=base64.b64encode(bytes(current.payload)).decode() if current else "",
        lists=tuple(lists),
    )


def check_change(change: KeyChange) -> list[KeyList]:
    """Return the lists of a change, if every player will accept them and this server can work with them.

    Raises:
        KeyChangeRefused: it is not so; the message says why.
    """
    current = _published_row()
    if change.site != signing.current_site():
        raise KeyChangeRefused(f"it is for the town {change.site}, this one is {signing.current_site()}")
    if change.current != (base64.b64encode(bytes(current.payload)).decode() if current else ""):
        raise KeyChangeRefused("another key list has come into force since it was written: write a new one")
    if missing := missing_signatures(change):
        raise KeyChangeRefused(f"{missing} more root keys have to sign it: beffroi-provisioning keys sign")
    lists = [proposed.key_list for proposed in change.lists]
    roots = RootKeys.of(published_key_list() or lists[0])
    for proposed, listed in zip(change.lists, lists, strict=True):
        try:
            verify_key_list(roots, change.topic, envelope.parse_envelope(proposed.to_envelope()))
        except (DocumentRefused, envelope.MalformedEnvelope) as error:
            raise KeyChangeRefused(f"players would refuse it: {error}") from error
        roots = RootKeys.of(listed)
    if lists[0].sequence <= signing.newest_sequence(_topic()):
        raise KeyChangeRefused("its sequence is not above that of the list in force: write a new one")
    for role in SIGNING_ROLES:
        if not _own_identifiers(role) & lists[-1].roles[role].keys:
            raise KeyChangeRefused(f"the key of the role {role} that it names is not on this machine: write a new one")
    return lists


def install_change(change: KeyChange, now: dt.datetime) -> list[KeyList]:
    """Publish the first list of a change, and keep the second one for later; return both.

    Nothing changes unless all of it does. New keys sign once the broker has the list: see ``advance_change``.

    Raises:
        KeyChangeRefused: players would not accept it, or this server could not work with it.
    """
    with transaction.atomic():
        lists = check_change(change)
        SignedKeyList.objects.filter(published_at=None).delete()
        for proposed, listed in zip(change.lists, lists, strict=True):
            SignedKeyList.objects.create(sequence=listed.sequence, payload=proposed.to_envelope(), signed_at=now)
        _publish(SignedKeyList.objects.get(sequence=lists[0].sequence), lists[0], now)
        if change.current:
            names = {role.value: sorted(lists[-1].roles[role].keys) for role in SigningRole if role in lists[-1].roles}
            audit.record_event(None, "keys-changed", change.site, sequence=lists[0].sequence, roles=names)
    return lists


def advance_change(now: dt.datetime) -> bool:
    """Take the next step of a change, where one is under way; return whether one is still under way.

    In the leading process, every few seconds.
    """
    row = _published_row()
    waiting = SignedKeyList.objects.filter(published_at=None).order_by("sequence").first()
    if row is None or (row.settled_at is not None and waiting is None):
        return False
    if row.settled_at is None:
        _settle(row, now)
    elif waiting is not None and row.settled_at + OVERLAP <= now:
        _publish_waiting(waiting, now)
    return True


def renew_in_time(now: dt.datetime) -> bool:
    """Sign the key list again once half of its life is over, if two root keys are here; return whether it was signed.

    Raises:
        KeysMissing: a root key cannot be read, as one with a passphrase, or the key of a role is not there.
    """
    listed = published_key_list()
    if listed is None or len(key_files.root_files()) < ROOT_THRESHOLD:
        return False
    if unix_ms(now) < (listed.issued_at_ms + listed.expires_at_ms) // 2:
        return False
    sign_key_list(now=now)
    logger.info("the key list was signed again with the root keys that are on this machine")
    return True


def adopt_next_keys() -> list[SigningRole]:
    """Have those next keys sign from now on that the key list in force names; return their roles."""
    listed = published_key_list()
    adopted: list[SigningRole] = []
    for role in SIGNING_ROLES if listed is not None else ():
        key = key_files.next_key(role)
        if key is not None and listed is not None and _identifier(key) in listed.roles[role].keys:
            key_files.adopt_next_key(role)
            adopted.append(role)
            logger.info("a new key signs for the role %s", role)
    return adopted


@lru_cache(maxsize=4)
def key_steps(sequence: int) -> tuple[bytes, ...]:
    """Return the key lists up to a sequence with which the root keys changed, the oldest first.

    By them a player that was off meanwhile follows from the root keys that it knows to those of now.
    """
    steps: list[bytes] = []
    before: RootKeys | None = None
    rows = SignedKeyList.objects.exclude(published_at=None).filter(sequence__lte=sequence).order_by("sequence")
    for payload in rows.values_list("payload", flat=True):
        document = signing.open_own_document(KEYS, bytes(payload))
        if not isinstance(document, KeyList):
            continue
        roots = RootKeys.of(document)
        if before is not None and roots != before:
            steps.append(bytes(payload))
        before = roots
    return tuple(steps)


def start_anew(now: dt.datetime) -> None:
    """Make new root keys and sign a list with them that no player accepts before it is enrolled again.

    For the day on which two root keys are lost.
    """
    roots = [key_files.make_root_key(number) for number in range(1, ROOT_COUNT + 1)]
    public = PublicRootKeys(keys=tuple(envelope.public_hex(key) for key in roots))
    change = propose_change(WantedKeys(roots=public), now)
    unrelated = change.model_copy(update={"current": "", "lists": change.lists[-1:]})
    for key in roots[:ROOT_THRESHOLD]:
        unrelated = sign_change(unrelated, key)
    with transaction.atomic():
        SignedKeyList.objects.filter(published_at=None).delete()
        (proposed,) = unrelated.lists
        listed = proposed.key_list
        row = SignedKeyList.objects.create(sequence=listed.sequence, payload=proposed.to_envelope(), signed_at=now)
        _publish(row, listed, now)
        audit.record_event(None, "keys-begun-anew", unrelated.site, sequence=listed.sequence)


def _settle(row: SignedKeyList, now: dt.datetime) -> None:
    sent = OutboxDocument.objects.filter(topic=str(_topic()), retained=True, sent_at__isnull=False).exists()
    if not sent and row.published_at is not None and now < row.published_at + SENDING:
        return
    adopt_next_keys()
    keys_changed.send(None)
    if (left := signing.count_signed_otherwise()) == 0:
        SignedKeyList.objects.filter(pk=row.pk).update(settled_at=now)
        logger.info("everything is signed with the keys of key list %d", row.sequence)
    else:
        logger.info("%d documents are still to be signed with the new keys", left)


def _publish_waiting(waiting: SignedKeyList, now: dt.datetime) -> None:
    document = signing.open_own_document(KEYS, bytes(waiting.payload))
    with transaction.atomic():
        if isinstance(document, KeyList) and document.sequence > signing.newest_sequence(_topic()):
            _publish(waiting, document, now)
            audit.record_event(None, "former-keys-dropped", signing.current_site(), sequence=document.sequence)
        else:
            waiting.delete()


def _publish(row: SignedKeyList, document: KeyList, now: dt.datetime) -> None:
    signing.publish_signed(KEYS, TopicScope.all_screens(), document, bytes(row.payload))
    SignedKeyList.objects.filter(pk=row.pk).update(published_at=now)


def _wanted_roots(wanted: WantedKeys) -> RootKeys:
    if wanted.roots is not None:
        keys = {envelope.key_identifier(key): key for key in wanted.roots.keys}
        return RootKeys(keys, wanted.roots.threshold)
    if (listed := published_key_list()) is not None:
        return RootKeys.of(listed)
    if (first := key_files.first_roots()) is not None:
        return RootKeys({envelope.key_identifier(key): key for key in first.keys}, first.threshold)
    public = [envelope.public_hex(key) for key in key_files.root_keys()]
    if len(public) < ROOT_THRESHOLD:
        raise KeysMissing("there are no root keys yet: give the file root-keys.json of those that were made elsewhere")
    return RootKeys({envelope.key_identifier(key): key for key in public}, ROOT_THRESHOLD)


def _wanted_roles(wanted: WantedKeys, listed: KeyList | None) -> tuple[dict[SigningRole, dict[str, str]], ...]:
    """Return the public keys of each role as they are to be in the end, and before that."""
    waiting = signing.open_own_document(KEYS, _waiting_payload())
    last = waiting if isinstance(waiting, KeyList) else listed
    final: dict[SigningRole, dict[str, str]] = {}
    first: dict[SigningRole, dict[str, str]] = {}
    for role in SIGNING_ROLES:
        if role in wanted.rotated or role in wanted.replaced:
            key = envelope.public_hex(key_files.make_next_key(role, anew=role in wanted.replaced))
            final[role] = {envelope.key_identifier(key): key}
            first[role] = final[role] | (_listed_keys(listed, role) if role in wanted.rotated else {})
        elif listed is None or last is None:
            key = envelope.public_hex(key_files.private_key(role))
            final[role] = first[role] = {envelope.key_identifier(key): key}
        else:
            final[role], first[role] = _listed_keys(last, role), _listed_keys(listed, role)
    return final, first


def _listed_keys(listed: KeyList | None, role: SigningRole) -> dict[str, str]:
    return {name: listed.keys[name] for name in sorted(listed.roles[role].keys)} if listed else {}


def _key_list_body(roles: dict[SigningRole, dict[str, str]], roots: RootKeys, earlier: list[str]) -> KeyListBody:
    rules = {role: RoleKeys(keys=frozenset(keys)) for role, keys in roles.items()}
    rules[SigningRole.ROOT] = RoleKeys(keys=frozenset(roots.keys), threshold=roots.threshold)
    keys = {name: key for named in (roots.keys, *roles.values()) for name, key in named.items()}
    return KeyListBody(keys=keys, roles=rules, earlier=tuple(earlier[:MAX_EARLIER]))


def _earlier_digests() -> list[str]:
    rows = SignedKeyList.objects.exclude(published_at=None).order_by("-sequence").values_list("payload", flat=True)
    return [envelope.parse_envelope(bytes(payload)).digest for payload in rows[:MAX_EARLIER]]


def _published_row() -> SignedKeyList | None:
    return SignedKeyList.objects.exclude(published_at=None).order_by("-sequence").first()


def _waiting_payload() -> bytes:
    row = SignedKeyList.objects.filter(published_at=None).order_by("-sequence").first()
    return bytes(row.payload) if row is not None else b""


def _own_identifiers(role: SigningRole) -> set[str]:
    found = {_identifier(key)} if (key := key_files.next_key(role)) is not None else set[str]()
    try:
        return found | {_identifier(key_files.private_key(role))}
    except KeysMissing:
        return found


def _identifier(key: Ed25519PrivateKey) -> str:
    return envelope.key_identifier(envelope.public_hex(key))


def _topic() -> Topic:
    return KEYS.topic_for(signing.current_site(), TopicScope.all_screens())
