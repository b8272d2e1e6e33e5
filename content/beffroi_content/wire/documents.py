"""Signed documents: the bodies of what the server sends.

A body has what its author says; the document is the body with a sequence and times, which whoever signs it adds
(:func:`stamp_body`). On the wire both are one flat JSON object.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from beffroi_content.model import Alert, Identifier, Manifest, WireModel
from beffroi_content.model.base_models import Instant, StreamName, WholeNumber

SequenceNumber = Annotated[int, Field(gt=0, le=2**53 - 1)]
"""Rises within a stream: ``max(previous + 1, unix milliseconds)``, so that a restored backup still outranks."""

KeyIdentifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""The start of the SHA-256 of a public key, in hexadecimal."""
PublicKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""An Ed25519 public key in hexadecimal."""


NONCE_HEADER = "Beffroi-Nonce"
"""The header of a request for documents with a word that the beat in the answer repeats: letters and digits."""


BOX_HEADER = "Beffroi-Box"
"""The header of each request of a player that says on which machine it runs, and which start it is, with a space."""
BoxIdentifier = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{16})?$")]
"""Tells a machine from others, whatever memory card is in it; empty: it cannot be told."""


class SigningRole(StrEnum):
    """Role of a signing key: the documents that it may sign."""

    ROOT = "root"
    ALERT = "alert"
    PROGRAMME = "programme"
    COMMAND = "command"
    BEAT = "beat"


class SteadyInstant(WireModel):
    """A reading of the server's steady clock: it counts real milliseconds, and nobody can set it.

    Two readings of one epoch tell how much time lies between them, whatever the wall clock did meanwhile.
    """

    epoch: Identifier
    """Changes when the server's machine is started anew: readings of two epochs cannot be compared."""
    ms: Annotated[int, Field(ge=0, le=2**53 - 1)]


class DocumentStamp(NamedTuple):
    """The sequence and the times of a document."""

    sequence: int
    issued_at_ms: int
    expires_at_ms: int
    steady: SteadyInstant | None = None


class DocumentBody(WireModel):
    """Base of the bodies of documents, before they have a sequence and times."""


class SignedDocument(WireModel):
    """Base of the documents: the sequence and the times that each of them carries."""

    sequence: SequenceNumber
    issued_at_ms: Instant
    expires_at_ms: Instant
    """From here on a player that did not have it yet refuses it."""
    steady: SteadyInstant | None = None
    """When it was signed, by the server's steady clock: it tells the age of the document."""

    @property
    def lifetime_ms(self) -> int:
        """For how long after it was signed a player may accept it."""
        return self.expires_at_ms - self.issued_at_ms


class RoleKeys(WireModel):
    """Keys that may sign for a role, and how many of them must sign a document."""

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


MAX_EARLIER = 500
"""Earlier key lists that one names at most: 34 KB of its 64."""
BodyDigest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of the body of a document, in hexadecimal."""


class KeyListBody(DocumentBody):
    """The keys of a town by role."""

    keys: Annotated[dict[KeyIdentifier, PublicKey], Field(max_length=64)]
    roles: Annotated[dict[SigningRole, RoleKeys], BeforeValidator(_known_roles)]
    earlier: Annotated[tuple[BodyDigest, ...], Field(max_length=MAX_EARLIER)] = ()
    """The key lists before this one, the newest first: by them is verified what a former key has signed. Whoever has
    stolen root keys that no longer count cannot make up another."""

    @model_validator(mode="after")
    def _check_key_names(self) -> KeyListBody:
        if SigningRole.ROOT not in self.roles:
            raise ValueError("a key list names its root keys")
        unknown = {key for role in self.roles.values() for key in role.keys} - set(self.keys)
        if unknown:
            raise ValueError(f"the key list does not contain the keys {', '.join(sorted(unknown))}")
        return self


class KeyList(SignedDocument, KeyListBody):
    """The key list as sent. Signed by the root keys; by those before and those after where they change."""


MAX_ALERTS = 50
"""Alerts of one set at most."""
MAX_PLANNED = 20
"""Planned alerts of one set at most."""


class AlertSetBody(DocumentBody):
    """Every alert of a scope that is active or just over: complete, so that an absent one is withdrawn."""

    alerts: Annotated[tuple[Alert, ...], Field(max_length=MAX_ALERTS)] = ()
    planned: Annotated[tuple[Alert, ...], Field(max_length=MAX_PLANNED)] = ()
    """Those that begin later, at their ``issued_at_ms``, also where nobody is there to say so then. A player that does
    not know this field shows none of them before the server has them among the others."""


class AlertSet(SignedDocument, AlertSetBody):
    """The alerts of a scope as sent."""


class BeatBody(DocumentBody):
    """The newest sequences: they show a player that nothing was withheld from it."""

    heads: Annotated[dict[StreamName, WholeNumber], Field(max_length=512)] = {}
    """The newest sequence of each stream that several screens share, such as ``all/alerts``."""
    nonce: Annotated[str, Field(max_length=64)] = ""
    """What a player gave with its request over HTTP: the beat was signed after it, and cannot be one played back."""


class Beat(SignedDocument, BeatBody):
    """The signed heartbeat: proves that the connection is alive, and what time it is."""


class ProgrammeBody(DocumentBody):
    """Everything that one screen has to show."""

    manifest: Manifest


class ProgrammeDocument(SignedDocument, ProgrammeBody):
    """The programme of a screen as sent."""


class CommandKind(StrEnum):
    """Commands that a player obeys."""

    IDENTIFY = "identify"
    """Show the screen's name over everything for ``seconds``."""
    TEST_CARD = "test-card"
    """Show a test card for ``seconds``; 0 ends it."""
    NUMBER = "number"
    """Show ``number`` in large figures for ``seconds``, so that somebody finds the screen in a list; 0 ends it."""
    SCREENSHOT = "screenshot"
    """Send a small JPEG of the screen, and again at each change for ``seconds``."""
    CAPTURE = "capture"
    """Send a PNG of the exact pixels of the screen, once: over HTTP, since it is large."""
    SOUND = "sound"
    """Play a chime at the volume of alerts, and say that it is a trial."""
    RESTART = "restart"
    DRILL = "drill"
    """Draw ``alert`` as if it were to be shown, do not show it, and tell in the report how it went: a silent drill."""
    SHUT_OUT = "shut-out"
    """Leave broker and screen to another player for ``seconds``: the machine ``box`` has a copy of its memory card."""
    REVOKED = "revoked"
    """Show nothing of the town any more: the credentials whose digest begins with ``credentials`` were taken away."""
    COPY_SEEN = "copy-seen"
    """Say on the screen for ``seconds`` that another machine has the same identity and is shut out."""


class CommandBody(DocumentBody):
    """An action to do once. A player remembers the identifiers and does nothing twice."""

    id: Identifier
    kind: CommandKind | str
    """A kind that this version does not know is refused and reported."""
    seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    alert: Alert | None = None
    """What a drill draws."""
    name: Annotated[str, Field(max_length=80)] = ""
    """Of the screen, as people call it, for what shows it; empty: its identifier."""
    number: Annotated[int, Field(ge=0, le=9999)] = 0
    box: BoxIdentifier = ""
    """The machine that is meant, where two have one identity; any other leaves the command alone."""
    credentials: BoxIdentifier = ""
    """The start of the SHA-256 of the device token that is meant; a player with another one does nothing."""


class ScreenCommand(SignedDocument, CommandBody):
    """A command to one screen as sent."""


AnyDocument = TypeVar("AnyDocument", bound=SignedDocument)


def next_sequence(previous: int, now_ms: int) -> int:
    """Return the sequence that follows ``previous`` at an instant, in Unix milliseconds."""
    return max(previous + 1, now_ms)


def stamp_body(model: type[AnyDocument], body: DocumentBody, stamp: DocumentStamp) -> AnyDocument:
    """Return the document of a body: with the sequence and times of a stamp.

    Args:
        model: The class of the document, such as ``AlertSet``.
        body: The body that belongs to it, or an earlier document of that class, which gets a new stamp.
        stamp: Not validated, and neither is the body again: that of a large manifest takes its time.

    Raises:
        TypeError: the body is not that of such a document.
    """
    if not issubclass(model, type(body)):
        raise TypeError(f"{type(body).__name__} is not the body of {model.__name__}")
    # Not dict(body): a key list has a field named ``keys``, which dict() would take for the method of a mapping.
    fields = {name: getattr(body, name) for name in type(body).model_fields}
    return model.model_construct(**{**fields, **stamp._asdict()})
