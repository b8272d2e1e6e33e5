"""The file of an enrolment card: it enrols the player of one screen, once, from the boot partition of its memory card.

Whoever holds the file can become that screen until it was used: it is as secret as a password.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from beffroi_content.model import Identifier, WireModel
from beffroi_content.model.base_models import Instant
from beffroi_content.model.manifest import MAX_AUTHORITIES, AuthorityPem

FILE_GLOB = "beffroi-card*.json"
"""Names under which a machine looks for it."""
SIZE_LIMIT = 16 * 1024
"""Bytes of a card, and of a ``user-data`` of cloud-init with a card in it."""
AUTHORITIES_LIMIT = 12 * 1024
"""Characters of all certificates of authorities together: what is left of a card besides."""
MAX_SERVERS = 4
ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,180}")
ServerAddress = Annotated[str, StringConstraints(pattern=f"^{ADDRESS.pattern}$")]


class EnrolmentCard(WireModel):
    """What a player needs to enrol itself."""

    format: Literal[1] = 1
    site: Identifier
    screen: Identifier
    name: Annotated[str, StringConstraints(max_length=80)]
    """Of the screen, for people."""
    code: Annotated[str, StringConstraints(min_length=8, max_length=64)] = Field(repr=False)
    servers: Annotated[tuple[ServerAddress, ...], Field(min_length=1, max_length=MAX_SERVERS)]
    """Addresses of the server, tried in this order."""
    root: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32,64}$")]
    """Fingerprint of the root keys of the town: the player believes no other server."""
    authorities: Annotated[tuple[AuthorityPem, ...], Field(max_length=MAX_AUTHORITIES)] = ()
    """Certificate authorities that vouch for these servers, beside those that the player's machine knows."""
    made_at_ms: Instant
    expires_at_ms: Instant
    """The server decides: a machine without a network has no clock."""

    @field_validator("authorities")
    @classmethod
    def _check_authorities(cls, authorities: tuple[str, ...]) -> tuple[str, ...]:
        if sum(map(len, authorities)) > AUTHORITIES_LIMIT:
            raise ValueError(f"the certificates of the authorities have more than {AUTHORITIES_LIMIT} characters")
        return authorities


def file_name(screen: str) -> str:
    """Return the name of the file of a screen."""
    return f"beffroi-card-{screen}.json"
