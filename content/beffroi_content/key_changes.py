"""Key changes: a new key list on its way from the server to the root keys and back. Sans-I/O.

The server writes what it proposes into a file, two people sign it with their root keys on a machine without network,
and the server takes the file back. A change may have two lists: in the first, the former keys of a role and the new
ones may both sign, so that no player refuses anything while documents are signed again; the second, which the server
publishes once that is done, names the new ones only.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, ValidationError

from beffroi_content.model import Identifier, WireModel
from beffroi_content.root_keys import identifier_of
from beffroi_content.trust import RootKeys
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import KeyIdentifier, KeyList, SigningRole
from beffroi_content.wire.messages import KEYS
from beffroi_content.wire.scopes import TopicScope
from beffroi_content.wire.topics import Topic

SIZE_LIMIT = 1024 * 1024
"""Bytes of the file of a change."""


class KeyChangeRefused(Exception):
    """A change cannot be read, signed or taken; the message says why, and what to do."""


class ProposedList(WireModel):
    """A key list that is not published yet."""

    text: str
    """The list as JSON: these very characters are signed."""
    signatures: Annotated[dict[KeyIdentifier, str], Field(max_length=envelope.SIGNATURES_LIMIT)] = {}
    """By the identifiers of the root keys."""

    @property
    def key_list(self) -> KeyList:
        """The list.

        Raises:
            KeyChangeRefused: it is none.
        """
        try:
            return KeyList.model_validate_json(self.text)
        except ValidationError as error:
            raise KeyChangeRefused("the key list in the file cannot be read: ask the server for a new one") from error

    def to_envelope(self) -> bytes:
        """Return the list with its signatures, as it is published."""
        return envelope.join_envelope(SigningRole.ROOT, self.text.encode(), self.signatures)


class KeyChange(WireModel):
    """The file of a change."""

    format: Literal["beffroi-key-change"] = "beffroi-key-change"
    version: Literal[1] = 1
    site: Identifier
    current: str = ""
    """The key list in force as it is published, in base64; empty where this is the first."""
    lists: Annotated[tuple[ProposedList, ...], Field(min_length=1, max_length=2)]

    @property
    def topic(self) -> Topic:
        """The topic of the lists."""
        return KEYS.topic_for(self.site, TopicScope.all_screens())

    @property
    def current_list(self) -> KeyList | None:
        """The key list in force.

        Raises:
            KeyChangeRefused: it cannot be read.
        """
        if not self.current:
            return None
        try:
            sealed = envelope.parse_envelope(base64.b64decode(self.current, validate=True))
            return KeyList.model_validate_json(sealed.decode_body())
        except (ValueError, binascii.Error) as error:
            raise KeyChangeRefused("the key list in force cannot be read from the file") from error


def read_change(text: str | bytes) -> KeyChange:
    """Return the change that is in a file.

    Raises:
        KeyChangeRefused: it is none.
    """
    if len(text) > SIZE_LIMIT:
        raise KeyChangeRefused("it is too large to be a key change")
    try:
        change = KeyChange.model_validate_json(text)
    except ValidationError as error:
        raise KeyChangeRefused("it is not the file of a key change, or of a newer version") from error
    for proposed in change.lists:
        listed = proposed.key_list
        if any(envelope.key_identifier(key) != name for name, key in listed.keys.items()):
            raise KeyChangeRefused("a key of the list does not have the identifier that it is listed under")
    assert change.current_list is None or change.current
    return change


def sign_change(change: KeyChange, key: Ed25519PrivateKey) -> KeyChange:
    """Return a change with the signatures of a root key added.

    Raises:
        KeyChangeRefused: the key is neither among the root keys in force nor among the new ones.
    """
    name = identifier_of(key)
    if name not in {known for roots in signing_roots(change) for known in roots.keys}:
        raise KeyChangeRefused(f"the key {name} is no root key of {change.site}, neither now nor after this change")
    signed = []
    for proposed in change.lists:
        _, signature = envelope.sign_body(SigningRole.ROOT, change.topic.audience, proposed.text.encode(), key)
        signed.append(proposed.model_copy(update={"signatures": {**proposed.signatures, name: signature}}))
    return change.model_copy(update={"lists": tuple(signed)})


def signing_roots(change: KeyChange) -> list[RootKeys]:
    """Return the sets of root keys that must sign a change: those in force, and those that its lists name."""
    before = change.current_list
    found = [RootKeys.of(before)] if before is not None else []
    for proposed in change.lists:
        if (roots := RootKeys.of(proposed.key_list)) not in found:
            found.append(roots)
    return found


def missing_signatures(change: KeyChange) -> int:
    """Return how many more root keys have to sign, at the least: 0 where players would accept every list."""
    most = 0
    for roots in signing_roots(change):
        for proposed in change.lists:
            sealed = envelope.parse_envelope(proposed.to_envelope()) if proposed.signatures else None
            signers = sealed.valid_signers(change.topic.audience, roots.keys) if sealed else frozenset()
            most = max(most, roots.threshold - len(signers))
    return most


def describe_change(change: KeyChange) -> list[str]:
    """Return what would change, in sentences for the people who sign it."""
    before, last = change.current_list, change.lists[-1].key_list
    lines = [f"Key list of {change.site}, sequence {last.sequence}."]
    ends = dt.datetime.fromtimestamp(last.expires_at_ms / 1000, dt.UTC)
    lines.append(f"Accepted by new players until {ends:%Y-%m-%d}.")
    lines.append(f"Root fingerprint: {RootKeys.of(last).fingerprint[:32]}.")
    for role in SigningRole:
        old = before.roles[role].keys if before and role in before.roles else frozenset()
        new = last.roles[role].keys if role in last.roles else frozenset()
        if old == new:
            lines.append(f"{role}: unchanged ({_names(new)}).")
        elif not old:
            lines.append(f"{role}: {_names(new)}.")
        else:
            how = "" if role is SigningRole.ROOT else _pace(change, role, old)
            lines.append(f"{role}: {_names(old)} gives way to {_names(new)}{how}.")
    return lines


def _pace(change: KeyChange, role: SigningRole, old: frozenset[str]) -> str:
    first = change.lists[0].key_list
    keeps = role in first.roles and old <= first.roles[role].keys
    return ", both count while documents are signed again" if keeps else ", at once: the former counts no more"


def _names(keys: frozenset[str]) -> str:
    return ", ".join(sorted(keys)) or "none"
