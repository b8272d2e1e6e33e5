"""How the keys of the town are doing: until when, where the root keys are, what is under way, what to do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from beffroi_content.trust import RootKeys
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import KeyList, SigningRole
from beffroi_content.wire.messages import KEYS
from beffroi_server.delivery import key_files, signing
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.delivery.models import SignedKeyList
from beffroi_server.delivery.signing_keys import published_key_list

WEEKS_AHEAD, DAYS_AHEAD = dt.timedelta(weeks=26), dt.timedelta(days=14)
"""How long before its end people are asked to sign the key list again, and asked urgently: root keys may lie in other
houses, and a new player cannot be enrolled after the end."""


class KeyTask(StrEnum):
    """Something that people have to do about the keys, the most urgent first."""

    MISSING = "missing"
    """There is no key list: nothing can be signed."""
    KEY_LOST = "key-lost"
    """The key of a role is missing, or is not the one that players know."""
    ENDED = "ended"
    """No new player accepts the key list any more."""
    ENDING_SOON = "ending-soon"
    ENDING = "ending"
    ROOTS_HERE = "roots-here"
    """Whoever takes over the server could take over the town for good."""


BROKEN = frozenset({KeyTask.MISSING, KeyTask.KEY_LOST, KeyTask.ENDED})
"""Tasks with which something does not work already."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """How the keys are doing."""

    fingerprint: str
    """Of the root keys; empty without a key list."""
    sequence: int
    signed_at: dt.datetime | None
    ends_at: dt.datetime | None
    """From then on new players refuse the key list; those that have it go on."""
    roles: dict[SigningRole, tuple[str, ...]]
    """The identifiers of the keys that count, by role, the root keys among them."""
    changing: tuple[SigningRole, ...]
    """Roles with a former key that still counts."""
    drops_at: dt.datetime | None
    """When those former keys count no more, at the earliest; None: nothing is under way, or documents are still being
    signed again."""
    root_files: tuple[str, ...]
    """Names of the files of root keys that are on this machine."""
    lost_roles: tuple[SigningRole, ...]
    """Roles whose key is not on this machine, or is none that the key list names."""
    tasks: tuple[KeyTask, ...]


def read_key_state(now: dt.datetime) -> KeyState:
    """Return how the keys are doing."""
    listed = published_key_list()
    rows = list(SignedKeyList.objects.order_by("-sequence")[:2])
    waiting = next((row for row in rows if row.published_at is None), None)
    current = next((row for row in rows if row.published_at is not None), None)
    ends_at = _instant(listed.expires_at_ms) if listed else None
    files = tuple(path.name for path in key_files.root_files())
    settled_at = current.settled_at if current and waiting else None
    lost = tuple(role for role in key_files.SIGNING_ROLES if listed and not _is_usable(listed, role))
    return KeyState(
        fingerprint=RootKeys.of(listed).fingerprint[:32] if listed else "",
        sequence=listed.sequence if listed else 0,
        signed_at=_instant(listed.issued_at_ms) if listed else None,
        ends_at=ends_at,
        roles={role: tuple(sorted(rule.keys)) for role, rule in listed.roles.items()} if listed else {},
        changing=_changing(listed, waiting),
        drops_at=settled_at + OVERLAP if settled_at else None,
        root_files=files,
        lost_roles=lost,
        tasks=tuple(_tasks(ends_at, lost, files, now)),
    )


OVERLAP = dt.timedelta(days=1)
"""How long a former key still counts once everything is signed with the new one: some of it may be on its way."""


def _tasks(
    ends_at: dt.datetime | None, lost: tuple[SigningRole, ...], root_files: tuple[str, ...], now: dt.datetime
) -> list[KeyTask]:
    found = []
    if ends_at is None:
        found.append(KeyTask.MISSING)
    else:
        if lost:
            found.append(KeyTask.KEY_LOST)
        if ends_at <= now:
            found.append(KeyTask.ENDED)
        elif ends_at - now < DAYS_AHEAD:
            found.append(KeyTask.ENDING_SOON)
        elif ends_at - now < WEEKS_AHEAD:
            found.append(KeyTask.ENDING)
    if root_files:
        found.append(KeyTask.ROOTS_HERE)
    return found


def _is_usable(listed: KeyList, role: SigningRole) -> bool:
    try:
        key = envelope.key_identifier(envelope.public_hex(key_files.private_key(role)))
    except KeysMissing:
        return False
    return role in listed.roles and key in listed.roles[role].keys


def _changing(listed: KeyList | None, waiting: SignedKeyList | None) -> tuple[SigningRole, ...]:
    last = signing.open_own_document(KEYS, bytes(waiting.payload)) if waiting else None
    if listed is None or not isinstance(last, KeyList):
        return ()
    return tuple(role for role in SigningRole if role in last.roles and listed.roles[role].keys > last.roles[role].keys)


def _instant(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
