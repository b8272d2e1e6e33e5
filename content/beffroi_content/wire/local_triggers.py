"""Scenarios that may be triggered on the spot, and the signed statements of players about what was triggered.

The town signs scenarios ahead of time: what would be shown, where, for how long at most, and the keys of the players
that may trigger it. A player that is one of those says what it has triggered in a statement, signed with the key that
it made at its enrolment. A peer asks for it with a nonce, so a statement is worth nothing to anybody else, or later.
"""

from __future__ import annotations

import secrets
import uuid
from enum import StrEnum
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, StringConstraints, model_validator

from beffroi_content.model import Alert, Identifier, WireModel
from beffroi_content.model.base_models import Instant, Line
from beffroi_content.timeline import ClockState
from beffroi_content.wire.documents import DocumentBody, PublicKey, SignedDocument

MAX_SCENARIOS = 20
"""Scenarios of one scope at most."""
MAX_TRIGGERS = 32
"""Players that may trigger a scenario at most."""
MAX_CONTACTS = 8
"""Contacts of one player at most."""
MAX_ACTS = 10
"""Acts of one statement at most: the newest."""
MAX_STATEMENT = 8 * 1024
"""Bytes of a statement at most."""
LONGEST_MS = 86_400_000
_ACT_MARK = "10ca1ac7"
"""What the identifiers of alerts begin with that were triggered on the spot: whoever has not heard of the act yet knows
at least what it is."""
_DOMAIN = "BEFFROI1-ACTS"


class LocalScenario(WireModel):
    """A scenario that may be triggered on the spot."""

    id: Identifier
    name: Line
    """As a technician types it."""
    alert: Alert
    """What is shown; identifier and times are those of the act."""
    longest_ms: Annotated[int, Field(ge=60_000, le=LONGEST_MS)]
    """For how long it is shown at most."""
    triggers: Annotated[dict[Identifier, PublicKey], Field(max_length=MAX_TRIGGERS)] = {}
    """The public keys of the players that may trigger it, by screen."""
    is_shown: bool = True
    """Whether the screens of this scope show it; False: they may only trigger it for others."""


class TriggerContact(WireModel):
    """A contact at a player, such as a keyed switch, that triggers a scenario when it closes."""

    number: Annotated[int, Field(ge=1, le=MAX_CONTACTS)]
    """By which people know it."""
    chip: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")] = "gpiochip0"
    line: Annotated[int, Field(ge=0, le=1023)]
    """The line of that chip: on a Raspberry Pi the number of the GPIO."""
    scenario: Identifier
    is_active_low: bool = True
    """Whether closing the contact connects the line to ground."""
    hold_ms: Annotated[int, Field(ge=20, le=60_000)] = 100
    """For how long it must be closed, or open, before that counts."""
    lasts: Literal["closed", "ended"] = "closed"
    """Until when the alert is on: while the contact is closed, or until somebody ends it."""


class ScenarioSetBody(DocumentBody):
    """Every scenario of a scope that may be triggered on the spot: complete, so that an absent one is revoked."""

    scenarios: Annotated[tuple[LocalScenario, ...], Field(max_length=MAX_SCENARIOS)] = ()
    contacts: Annotated[tuple[TriggerContact, ...], Field(max_length=MAX_CONTACTS)] = ()
    """Of the player, in the set of one screen."""

    @model_validator(mode="after")
    def _check_names(self) -> ScenarioSetBody:
        if len({each.id for each in self.scenarios}) < len(self.scenarios):
            raise ValueError("two scenarios have the same identifier")
        return self


class ScenarioSet(SignedDocument, ScenarioSetBody):
    """The scenarios of a scope as sent."""


class TriggerKind(StrEnum):
    """Ways in which a scenario is triggered or ended on the spot."""

    COMMAND = "command"
    """The technician's command, on the machine."""
    CONTACT = "contact"
    """A contact, such as a keyed switch."""


class ActCause(WireModel):
    """Who or what did it, and when, by the clock of the player."""

    kind: TriggerKind | str
    who: Line = ""
    """The account that gave the command, or the number of the contact."""
    at_ms: Instant
    clock: ClockState


class LocalAct(WireModel):
    """A scenario that was triggered on the spot, and how it stands."""

    id: Identifier
    """Identifier of the alert."""
    scenario: Identifier
    began: ActCause
    ended: ActCause | None = None
    left_ms: Annotated[int, Field(ge=0, le=LONGEST_MS)] = 0
    """How long it still lasts, counted without any clock of the day; 0: it is over."""
    is_taken_over: bool = False
    """Whether the server knows of it: from then on its alert sets say what is so, and this says only how it began."""


class ActStatement(WireModel):
    """Everything that a player has triggered of late."""

    site: Identifier
    screen: Identifier
    nonce: Annotated[str, StringConstraints(max_length=64)] = ""
    """Of whoever asked."""
    acts: Annotated[tuple[LocalAct, ...], Field(max_length=MAX_ACTS)] = ()


class SignedStatement(WireModel):
    """A statement as it travels: the exact text that was signed, and the signature."""

    body: Annotated[str, StringConstraints(max_length=MAX_STATEMENT)]
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


class StatementRefused(ValueError):
    """A statement is not of that player, or not what was asked for."""


def new_act_id() -> str:
    """Return the identifier of the alert of a new act: a random UUID of version 8 that begins with the mark of acts."""
    drawn = secrets.token_hex(12)
    return str(uuid.UUID(f"{_ACT_MARK}{drawn[:4]}8{drawn[5:8]}a{drawn[9:12]}{drawn[12:]}"))


def is_act_id(alert: str) -> bool:
    """Tell whether an alert was triggered on the spot."""
    return alert.startswith(_ACT_MARK)


def sign_statement(statement: ActStatement, key: Ed25519PrivateKey) -> SignedStatement:
    """Sign a statement with the key of its player."""
    body = statement.to_json().decode()
    return SignedStatement(body=body, signature=key.sign(_signed_bytes(body)).hex())


def read_screen(signed: SignedStatement) -> str:
    """Return whose statement it claims to be; unverified.

    Raises:
        StatementRefused: it is none.
    """
    return _read_body(signed).screen


def verify_statement(signed: SignedStatement, key: str) -> ActStatement:
    """Return a statement whose signature is that of a public key, in hexadecimal.

    Raises:
        StatementRefused: it is not.
    """
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signed.signature), _signed_bytes(signed.body))
    except (InvalidSignature, ValueError) as error:
        raise StatementRefused("it is not signed by the key of that player") from error
    return _read_body(signed)


def open_statement(signed: SignedStatement, key: str, site: str, screen: str, nonce: str = "") -> ActStatement:
    """Return a statement that was verified.

    Args:
        signed: It.
        key: The public key of the player.
        site: The town.
        screen: Whose statement it must be.
        nonce: What it must repeat; empty: nothing was asked.

    Raises:
        StatementRefused: it is not signed by that key, of another screen or town, or an answer to somebody else.
    """
    statement = verify_statement(signed, key)
    if (statement.site, statement.screen) != (site, screen):
        raise StatementRefused(f"it is of {statement.site}/{statement.screen}")
    if statement.nonce != nonce:
        raise StatementRefused("it answers another question")
    return statement


def act_alert(scenario: LocalScenario, act: LocalAct) -> Alert:
    """Return the alert that an act makes of a scenario. Screens name its end only by a clock that can be trusted."""
    return scenario.alert.model_copy(
        update={
            "id": act.id, "issued_at_ms": act.began.at_ms, "ends_at_ms": act.began.at_ms + scenario.longest_ms,
            "time_to_live_ms": scenario.longest_ms, "is_open_ended": act.began.clock is not ClockState.TRUSTED,
        }
    )  # fmt: skip


def _signed_bytes(body: str) -> bytes:
    return f"{_DOMAIN}\0".encode() + body.encode()


def _read_body(signed: SignedStatement) -> ActStatement:
    try:
        return ActStatement.model_validate_json(signed.body)
    except ValueError as error:
        raise StatementRefused(f"it cannot be read: {error}") from error
