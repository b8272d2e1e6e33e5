"""Certificates that browsers, players and this server meet: of the pages, and of the broker."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings

from beffroi_content.findings import Finding
from beffroi_server.core.tls import client_context
from beffroi_server.notifications.certificate import WARN_BEFORE

TIMEOUT_S = 5.0
_UNTRUSTED_BECAUSE_OF_TIME = {9, 10}
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED: the dates say so already."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The certificate of one address, as its clients see it."""

    service: str
    """``pages`` or ``broker``."""
    host: str
    begins_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    distrust: str = ""
    """Why this machine does not trust it, such as “self-signed certificate”; empty where it does."""
    problem: str = ""
    """Why it could not be read."""


def read_certificates() -> tuple[CertificateFacts, ...]:
    """Read the certificate of each address that has one. Takes seconds where something does not answer."""
    found, pages = [], urlsplit(settings.PUBLIC_URL)
    if pages.scheme == "https" and pages.hostname:
        found.append(read_certificate("pages", pages.hostname, pages.port or 443))
    if settings.MQTT_TLS and settings.MQTT_HOST:
        found.append(read_certificate("broker", settings.MQTT_HOST, settings.MQTT_PORT))
    return tuple(found)


def read_certificate(service: str, host: str, port: int, context: ssl.SSLContext | None = None) -> CertificateFacts:
    """Read one certificate, trusted or not.

    Args:
        service: Which service it is of.
        host: Where it is asked for, and the name that it should have.
        port: Where TLS is spoken from the first byte on.
        context: What it is verified with; by default the authorities of this machine and of the town.
    """
    try:
        encoded, distrust = _fetch(host, port, context or client_context()), ""
    except ssl.SSLCertVerificationError as error:
        distrust = "" if error.verify_code in _UNTRUSTED_BECAUSE_OF_TIME else error.verify_message
        encoded = None
    except OSError as error:
        return CertificateFacts(service, host, problem=error.strerror or str(error))
    try:
        certificate = x509.load_der_x509_certificate(encoded or _fetch(host, port, _unverified()))
    except (OSError, ValueError) as error:
        return CertificateFacts(service, host, distrust=distrust, problem=str(error))
    return CertificateFacts(service, host, certificate.not_valid_before_utc, certificate.not_valid_after_utc, distrust)


def check_certificates(found: tuple[CertificateFacts, ...], now: dt.datetime) -> Iterator[Finding]:
    """Yield what is wrong with certificates at an instant."""
    for each in found:
        values = {"host": each.host, "problem": each.problem or each.distrust}
        if each.ends_at is None or each.begins_at is None:
            yield Finding(f"{each.service}-certificate-unread", values)
            continue
        values["day"] = each.ends_at.date().isoformat()
        if each.ends_at <= now or each.begins_at > now:
            yield Finding(f"{each.service}-certificate-expired", values)
        elif each.distrust:
            yield Finding(f"{each.service}-certificate-untrusted", values)
        elif each.ends_at - now < WARN_BEFORE:
            yield Finding(f"{each.service}-certificate-ending", values)


def _fetch(host: str, port: int, context: ssl.SSLContext) -> bytes:
    with (
        socket.create_connection((host, port), TIMEOUT_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


def _unverified() -> ssl.SSLContext:
    # It is read and not trusted: what is wrong with it is told with its dates.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
