"""What the server verifies others with when it speaks TLS to them."""

from __future__ import annotations

import ssl

from django.conf import settings


def client_context(only: str = "") -> ssl.SSLContext:
    """Return a context that believes the authorities of the machine and of the town (``BEFFROI_AUTHORITIES``).

    Args:
        only: Certificates as PEM that are believed instead; empty: those.

    Raises:
        ssl.SSLError: they cannot be read.
    """
    context = ssl.create_default_context(cadata=only or None)
    # From Python 3.13 on certificates need extensions that those of a town's own authority often lack: what is
    # believed on Debian 12 is believed on Debian 13.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not only:
        for pem in settings.AUTHORITIES:
            context.load_verify_locations(cadata=pem)
    return context
