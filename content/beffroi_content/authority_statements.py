"""What the server says of who vouches for it, to a player that no authority which it believes lets connect.

Such a player was off while the town changed its authority. It asks without TLS being verified and without its token;
what it is told is signed by the key of programmes, which name authorities too, and repeats the nonce of its question:
nobody else can have said it, nor said it before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, StringConstraints, ValidationError

from beffroi_content.model import Identifier, WireModel
from beffroi_content.model.manifest import MAX_AUTHORITIES, AuthorityPem
from beffroi_content.timeline import Moment
from beffroi_content.trust import DocumentRefused, TrustState, check_signatures, newest_key_list
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import SigningRole

ROLE = SigningRole.PROGRAMME
SIZE_LIMIT = 64 * 1024
"""Bytes of a statement at most."""


class AuthorityStatement(WireModel):
    """Who vouches for server and broker of a town."""

    site: Identifier
    nonce: Annotated[str, StringConstraints(min_length=16, max_length=64)]
    """Of whoever asked."""
    authorities: Annotated[tuple[AuthorityPem, ...], Field(max_length=MAX_AUTHORITIES)]


def sign_statement(statement: AuthorityStatement, keys: Iterable[Ed25519PrivateKey]) -> bytes:
    """Return a statement as it travels, in the envelope of signed documents."""
    return envelope.seal_envelope(ROLE, _audience(statement.site), statement.to_json(), keys)


def read_statement(
    state: TrustState, payload: bytes, nonce: str, moment: Moment, key_list: bytes, steps: Sequence[bytes] = ()
) -> AuthorityStatement:
    """Return a statement whose signature is right by the newest key list.

    Args:
        state: What the player trusts. Nothing of it is changed.
        payload: The statement.
        nonce: What was given with the question.
        moment: The time now.
        key_list: The newest key list, which may have changed meanwhile.
        steps: Earlier ones with which the root keys changed.

    Raises:
        DocumentRefused: it is not genuine, not of this town, or not the answer to that question.
    """
    if len(payload) > SIZE_LIMIT:
        raise DocumentRefused("too-large", f"{len(payload)} bytes where {SIZE_LIMIT} are allowed")
    try:
        sealed = envelope.parse_envelope(payload)
    except envelope.MalformedEnvelope as error:
        raise DocumentRefused("malformed", str(error)) from error
    known = newest_key_list(state, key_list, steps, moment)
    if sealed.role is not ROLE or (rule := known.roles.get(ROLE)) is None:
        raise DocumentRefused("wrong-role", f"signed as {sealed.role}, but authorities are for {ROLE}")
    check_signatures(sealed, _audience(state.anchor.site), rule, known.keys)
    try:
        statement = AuthorityStatement.model_validate_json(sealed.decode_body())
    except (envelope.MalformedEnvelope, ValidationError) as error:
        raise DocumentRefused("invalid", "the statement cannot be read") from error
    if (statement.site, statement.nonce) != (state.anchor.site, nonce):
        raise DocumentRefused("rollback", "it answers another question")
    return statement


def _audience(site: str) -> str:
    # No topic has it: whatever else was signed for one is no statement, and the other way round.
    return f"{site}/authorities"
