"""Django's way to a mail server, which believes the authorities of the town as well."""

from __future__ import annotations

import ssl

from django.core.mail.backends.smtp import EmailBackend
from django.utils.functional import cached_property

from beffroi_server.core.tls import client_context


class TownMailBackend(EmailBackend):
    """Speaks TLS to a mail server whose certificate is often of the town's own authority."""

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        """What its certificate is verified with."""
        return client_context()
