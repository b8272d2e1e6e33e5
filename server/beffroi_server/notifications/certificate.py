"""Certificate of the public address of the pages: when it expires, as a browser would see it."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings

from beffroi_server.notifications import conditions

WARN_BEFORE = dt.timedelta(days=14)
"""Certificates of ninety days are renewed a month before their end as a rule."""
TIMEOUT_S = 10


def watch_certificate(now: dt.datetime) -> dt.datetime | None:
    """Look at the certificate and note its state; return when it expires, or None where it cannot be read."""
    expires_at = read_expiry(settings.PUBLIC_URL)
    if expires_at is None:
        return None
    reason = "expired" if expires_at <= now else "expiring" if expires_at - now < WARN_BEFORE else ""
    detail = {"host": urlsplit(settings.PUBLIC_URL).hostname, "expires_ms": round(expires_at.timestamp() * 1000)}
    conditions.record_condition("certificate", now, reason=reason, detail=detail)
    return expires_at


def read_expiry(address: str) -> dt.datetime | None:
    """Return when the certificate of an ``https`` address expires; None where there is none or it cannot be read."""
    parts = urlsplit(address)
    if parts.scheme != "https" or parts.hostname is None:
        return None
    # It is read and not trusted: an expired one, or one of the town's own authority, is to be read as well.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as connection,
        ):
            encoded = connection.getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(encoded).not_valid_after_utc if encoded else None
    except (OSError, ValueError):
        return None
