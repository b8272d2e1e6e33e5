"""The key list: which keys sign for which role, signed itself by two of three root keys.

The root keys are needed only to sign a key list. Once it is stored they belong on two memory sticks in two
places; the server runs without them.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from beffroi_content.trust import TrustAnchor
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import KeyList, KeyListBody, RoleKeys, SigningRole
from beffroi_content.wire.messages import KEYS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.delivery import key_files, signing
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.delivery.models import OutboxDocument, SignedKeyList

ROOT_THRESHOLD = 2


def ensure_keys() -> None:
    """Create the keys that do not exist yet, and sign the key list if there is none.

    Raises:
        KeysMissing: there is no key list, and fewer than two root keys to sign one.
    """
    if published_key_list() is not None:
        return
    key_files.create_missing_keys()
    sign_key_list()


def sign_key_list() -> OutboxDocument:
    """Sign a key list of the keys that are there, with the root keys that are there, and publish it.

    Raises:
        KeysMissing: fewer than two root keys are there, or the key of a role is not.
    """
    roots = key_files.root_keys()
    if len(roots) < ROOT_THRESHOLD:
        raise KeysMissing(f"{len(roots)} root keys in {settings.KEYS}: put two of them there to sign the key list")
    before = published_key_list()
    public = (
        {name: key for name, key in before.keys.items() if name in before.roles[SigningRole.ROOT].keys}
        if before
        else {}
    )
    public |= {envelope.key_identifier(key): key for key in map(envelope.public_hex, roots)}
    roles = {SigningRole.ROOT: RoleKeys(keys=frozenset(public), threshold=ROOT_THRESHOLD)}
    for role in key_files.SIGNING_ROLES:
        key = envelope.public_hex(key_files.private_key(role))
        public[envelope.key_identifier(key)] = key
        roles[role] = RoleKeys(keys=frozenset({envelope.key_identifier(key)}))
    body = KeyListBody(keys=public, roles=roles)
    with transaction.atomic():
        sealed = signing.seal_document(KEYS, TopicScope.all_screens(), body, keys=roots[:ROOT_THRESHOLD])
        SignedKeyList.objects.create(sequence=sealed.sequence, payload=bytes(sealed.payload), signed_at=timezone.now())
    return sealed


def former_key_lists(limit: int) -> list[bytes]:
    """Return the signed key lists before the one in force, the newest first."""
    rows = SignedKeyList.objects.order_by("-sequence").values_list("payload", flat=True)
    return [bytes(each) for each in rows[1 : limit + 1]]


def check_private_keys() -> None:
    """Check that the key of each role is there, and is the one that players know from the key list.

    Raises:
        KeysMissing: one cannot be read, or is another one; players would refuse all that it signs.
    """
    listed = published_key_list()
    for role in key_files.SIGNING_ROLES:
        name = envelope.key_identifier(envelope.public_hex(key_files.private_key(role)))
        if listed is not None and name not in listed.roles[role].keys:
            raise KeysMissing(
                f"{key_files.key_path(role)} is not the key that players know: they would refuse all that it signs. "
                "Put the right file back from the backup of the keys"
            )


def published_key_list() -> KeyList | None:
    """Return the key list in force; None before the first."""
    document = signing.published_document(KEYS, TopicScope.all_screens())
    return document if isinstance(document, KeyList) else None


def trust_anchor(screen: str) -> TrustAnchor:
    """Return the trust anchor that a player is given at its enrolment: site, screen and root keys.

    Raises:
        KeysMissing: no key list was signed yet.
    """
    listed, root_keys = _published_root_keys()
    return TrustAnchor(site=signing.current_site(), screen=screen, root_keys=root_keys, threshold=listed.threshold)


def root_fingerprint() -> str:
    """Return the fingerprint of the root keys, 32 hexadecimal digits, which a technician compares at enrolment.

    Raises:
        KeysMissing: no key list was signed yet.
    """
    return hashlib.sha256("\n".join(sorted(_published_root_keys()[1].values())).encode()).hexdigest()[:32]


def key_list_expires_in() -> dt.timedelta | None:
    """Return how long new players still accept the key list; None when there is none."""
    document = published_key_list()
    if document is None:
        return None
    return dt.datetime.fromtimestamp(document.expires_at_ms / 1000, dt.UTC) - dt.datetime.now(dt.UTC)


def _published_root_keys() -> tuple[RoleKeys, dict[str, str]]:
    document = published_key_list()
    if document is None:
        raise KeysMissing("there is no key list yet: run “beffroi-server init”")
    listed = document.roles[SigningRole.ROOT]
    return listed, {name: document.keys[name] for name in listed.keys}
