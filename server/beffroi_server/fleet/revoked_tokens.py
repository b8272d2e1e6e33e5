"""Credentials that were taken from players: a player that comes with them is told so, in a signed command.

The refusal of a request alone proves nothing: whoever stands between could make it. A player that was lost and comes
back to a network then shows nothing of the town any more.
"""

from __future__ import annotations

import datetime as dt
import uuid

from beffroi_content.wire.documents import CommandBody, CommandKind
from beffroi_content.wire.messages import COMMAND
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.box_models import RevokedToken
from beffroi_server.fleet.device_credentials import token_sha256
from beffroi_server.fleet.models import Screen

TOLD_EVERY = dt.timedelta(minutes=1)
MOST_OF_SCREEN = 20
"""The oldest ones beyond are forgotten: their players are refused all the same."""
DIGITS = 16


def note_revoked(screen: Screen, now: dt.datetime) -> None:
    """Write down that the present token of a screen is worth nothing from now on, and tell its player by the broker.

    Within the transaction that takes it away.
    """
    if not screen.token_sha256:
        return
    RevokedToken.objects.create(
        screen=screen, token_sha256=screen.token_sha256, enrolled_at=screen.enrolled_at, revoked_at=now
    )
    kept = RevokedToken.objects.filter(screen=screen).values_list("pk", flat=True)[:MOST_OF_SCREEN]
    RevokedToken.objects.filter(screen=screen).exclude(pk__in=list(kept)).delete()
    _send(screen, screen.token_sha256)


def order_for(token: str, address: str, now: dt.datetime) -> tuple[Screen, OutboxDocument] | None:
    """Return the screen of a revoked token, and the command that tells its player so; None: unknown, or just told."""
    row = RevokedToken.objects.select_related("screen").filter(token_sha256=token_sha256(token)).first()
    if row is None or (row.seen_at is not None and row.seen_at <= now < row.seen_at + TOLD_EVERY):
        return None
    with serialised():
        RevokedToken.objects.filter(pk=row.pk).update(seen_at=now, address=address[:45])
        return row.screen, _send(row.screen, row.token_sha256)


def _send(screen: Screen, digest: str) -> OutboxDocument:
    body = CommandBody(id=uuid.uuid4().hex, kind=CommandKind.REVOKED, credentials=digest[:DIGITS])
    return signing.seal_document(COMMAND, TopicScope.of_screen(screen.slug), body)
