"""The key list: which keys sign for which role, signed itself by two of three root keys.

The root keys are needed only to sign a key list, see ``key_rotation``. Once it is stored they belong on memory sticks
in different places; the server runs without them.
"""

from __future__ import annotations

import datetime as dt

from beffroi_content import trust
from beffroi_content.trust import TrustAnchor
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import KeyList, RoleKeys, SigningRole
from beffroi_content.wire.messages import KEYS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.delivery import key_files, signing
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.delivery.models import SignedKeyList


def former_key_lists(limit: int) -> list[bytes]:
    """Return the signed key lists before the one in force, the newest first."""
    rows = SignedKeyList.objects.exclude(published_at=None).order_by("-sequence").values_list("payload", flat=True)
    return [bytes(each) for each in rows[1 : limit + 1]]


def check_private_keys() -> None:
    """Check that the key of each role is there, and is the one that players know from the key list.

    Raises:
        KeysMissing: one cannot be read, or is another one; players would refuse all that it signs.
    """
    listed = published_key_list()
    for role in key_files.SIGNING_ROLES:
        name = envelope.key_identifier(envelope.public_hex(key_files.private_key(role)))
        if listed is not None and role in listed.roles and name not in listed.roles[role].keys:
            raise KeysMissing(
                f"{key_files.key_path(role)} is not the key that players know: they would refuse all that it signs. "
                "Put the right file back from the backup of the keys, or replace it: docs/keys.en.md"
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
    return trust.root_fingerprint(_published_root_keys()[1].values())[:32]


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
