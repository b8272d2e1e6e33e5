"""What the server says: the bodies of signed documents."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from beffroi_content.model import Alert, Identifier, Manifest, WireModel
from beffroi_content.model.base_models import Instant

SequenceNumber = Annotated[int, Field(gt=0, le=2**53 - 1)]
"""Rises within a stream: ``max(previous + 1, unix milliseconds)``, so that a restored backup still outranks."""

KeyIdentifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
PublicKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""An Ed25519 public key in hexadecimal."""


def next_sequence(previous: int, now_ms: int) -> int:
    """Return the sequence that follows ``previous`` at that instant."""
    return max(previous + 1, now_ms)


class SigningRole(StrEnum):
    """What a key may sign."""

    ROOT = "root"
    ALERT = "alert"
    PROGRAMME = "programme"
    COMMAND = "command"
    BEAT = "beat"


class SignedDocument(WireModel):
    """What every signed document carries."""

    sequence: SequenceNumber
    issued_at_ms: Instant
    expires_at_ms: Instant
    """From here on a player that did not have it yet refuses it."""


class RoleKeys(WireModel):
    """Who may sign for a role, and how many of them must."""

    keys: Annotated[frozenset[KeyIdentifier], Field(min_length=1, max_length=16)]
    threshold: Annotated[int, Field(ge=1, le=16)] = 1

    @model_validator(mode="after")
    def _check_threshold(self) -> RoleKeys:
        if self.threshold > len(self.keys):
            raise ValueError("the threshold of a role is higher than the number of its keys")
        return self


def _known_roles(roles: Any) -> Any:
    """Leave out the roles of a newer version: a key list must stay readable, or a stolen key cannot be withdrawn."""
    return (
        {name: rule for name, rule in roles.items() if name in tuple(SigningRole)} if isinstance(roles, dict) else roles
    )


class KeyList(SignedDocument):
    """Which keys may sign what. Signed by the root keys, by those before and those after where they change."""

    keys: Annotated[dict[KeyIdentifier, PublicKey], Field(max_length=64)]
    roles: Annotated[dict[SigningRole, RoleKeys], BeforeValidator(_known_roles)]

    @model_validator(mode="after")
    def _check_key_names(self) -> KeyList:
        if SigningRole.ROOT not in self.roles:
            raise ValueError("a key list names its root keys")
        unknown = {key for role in self.roles.values() for key in role.keys} - set(self.keys)
        if unknown:
            raise ValueError(f"the key list does not contain the keys {', '.join(sorted(unknown))}")
        return self


class AlertSet(SignedDocument):
    """Every alert of a scope that is active or just over: complete, so that an absent one is withdrawn."""

    alerts: Annotated[tuple[Alert, ...], Field(max_length=50)] = ()


class Beat(SignedDocument):
    """Proves that the link lives, what time it is, and that nothing is withheld."""

    heads: Annotated[dict[str, int], Field(max_length=512)] = {}
    """The newest sequence of each stream that several screens share, such as ``all/alerts``."""


class ProgrammeDocument(SignedDocument):
    """What a screen has to show."""

    manifest: Manifest


class CommandKind(StrEnum):
    """What a player can be told to do."""

    IDENTIFY = "identify"
    """Show the screen's name over everything for ``seconds``."""
    SCREENSHOT = "screenshot"
    """Send what is on the glass, and again at each change for ``seconds``."""
    CAPTURE = "capture"
    """Send an exact picture of what is on the glass, once: over HTTP, since it is large."""
    RESTART = "restart"


class ScreenCommand(SignedDocument):
    """Something to do once. A player remembers the identifiers and does nothing twice."""

    id: Identifier
    kind: CommandKind | str
    """A kind that this version does not know is refused and reported."""
    seconds: Annotated[int, Field(ge=0, le=3600)] = 0
