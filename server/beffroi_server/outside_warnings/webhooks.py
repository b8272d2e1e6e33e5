"""Messages that a source sends by itself, as the CAP Composer of the WMO does: raw CAP, with a secret in a header."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.utils import timezone

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.transactions import serialised
from beffroi_server.outside_warnings import following, intake, silence
from beffroi_server.outside_warnings.document_reading import read_confined
from beffroi_server.outside_warnings.models import SourceKind, WarningSource

BODY_LIMIT = 2 * 1024 * 1024
_NO_SECRET = hashlib.sha256(b"").hexdigest()


def new_secret(source: WarningSource, *, user: User | None) -> str:
    """Give the webhook of a source another secret, and return it: it is stored as a digest, and shown once."""
    require(user, "may_administer")
    secret = secrets.token_urlsafe(32)
    with serialised():
        WarningSource.objects.filter(pk=source.pk).update(secret_sha256=_digest(secret))
        audit.record_event(user, "warning-source-secret", source)
    source.secret_sha256 = _digest(secret)
    return secret


def source_of(token: str, secret: str) -> WarningSource | None:
    """Return the source of a webhook; None where token or secret is wrong, which take the same time."""
    source = WarningSource.objects.filter(kind=SourceKind.WEBHOOK, token=token, is_on=True).first()
    expected = source.secret_sha256 if source is not None and source.secret_sha256 else _NO_SECRET
    is_right = hmac.compare_digest(_digest(secret), expected) and bool(secret)
    return source if is_right else None


def source_of_secret(secret: str) -> WarningSource | None:
    """Return the source that has a secret, whatever address it is sent to: for the size of a body."""
    found = WarningSource.objects.filter(kind=SourceKind.WEBHOOK, secret_sha256=_digest(secret), is_on=True)
    return found.first() if secret else None


def receive_body(source: WarningSource, body: bytes) -> int:
    """Take in what a webhook has sent, and do what it asks for; return how many messages were new.

    Raises:
        DocumentRefused: it cannot be read.
    """
    found = read_confined(body, source.certificates)
    now = timezone.now()
    count = intake.take_in(source, found.document.alerts, now, signatures=found.signatures)
    silence.note_received(source, now)
    following.follow_source(source, now)
    return count


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
