"""Addresses of services that Apprise sends to: which are allowed, and what is checked before each sending.

An address names a service and holds its password, such as ``octopush://login/key/+33612345678``. Only services that
people outside read are allowed, by name: no local programs, files or buses, of which Apprise has many. Where the
address names the host itself, it is asked by https alone, with a certificate that is valid for that name, without
redirects, and may not be in a private network. A name that leads elsewhere at the next look-up (DNS rebinding) has no
certificate there.

Source: https://appriseit.com/services/
"""

from __future__ import annotations

import socket
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from beffroi_server.core.checked_addresses import is_address_allowed
from beffroi_server.core.webhooks import allowed_networks

TIMEOUT_S = 4
"""Seconds for connecting and for each piece of an answer."""
SMS = frozenset(
    {
        "46elks", "bulksms", "clicksend", "clickatell", "cm", "freemobile", "msgbird", "octopush", "seven", "sinch",
        "twilio", "vonage",
    }
)  # fmt: skip
SOCIAL = frozenset({"bluesky", "bsky", "tgram", "x"})
CHATS = frozenset({"discord", "gchat", "slack", "wxteams"})
_WITH_HOST = frozenset({"infobip", "mastodons", "mmosts", "nctalks", "rockets", "toots", "workflows"})
"""Services whose host the address names."""
HARD_LIMITS = {
    "bluesky": 280, "bsky": 280, "cm": 1_224, "discord": 2_000, "mastodons": 500, "octopush": 1_224, "toots": 500,
    "x": 280,
}  # fmt: skip
"""Characters that a service takes at most, where it refuses longer texts; a gateway joins several SMS."""
ALLOWED = SMS | SOCIAL | CHATS | _WITH_HOST
_ALLOWED_OPTIONS = frozenset(
    {
        "batch", "from", "key", "lang", "language", "login", "purpose", "sensitive", "source", "spoiler", "thread",
        "to", "token", "topic", "ttl", "type", "visibility",
    }
)  # fmt: skip
"""Options that neither read a file nor change how the service is connected to."""


def service_of(address: str) -> str:
    """Return the name of the service that an address is of, which is no secret; empty for none."""
    return address.partition("://")[0].strip().lower() if "://" in address else ""


def check_form(address: str) -> None:
    """Check that an address is of a service that is allowed, without asking anybody.

    Raises:
        ValidationError: it is not; the message holds nothing of the address but the name of the service.
    """
    service = service_of(address)
    if not service or len(address) > 1_000 or any(letter.isspace() for letter in address):
        raise ValidationError(_("Enter the whole address, such as octopush://login/key/+33612345678."))
    if service not in ALLOWED:
        raise ValidationError(
            _("“%(service)s” is not among the services: %(names)s.")
            % {"service": service, "names": ", ".join(sorted(ALLOWED))}
        )
    options = {name for name, _value in _options_of(address)}
    if unknown := sorted(options - _ALLOWED_OPTIONS):
        raise ValidationError(_("Leave this option out of the address: %(names)s.") % {"names": ", ".join(unknown)})


def names_host(address: str) -> bool:
    """Tell whether an address names the host of its service itself."""
    return service_of(address) in _WITH_HOST


def check_host(host: str, port: int | None) -> None:
    """Check that a host is on the Internet or in a network that is allowed.

    Raises:
        ValidationError: it is not, or is not found.
    """
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM) if host else []
    except (OSError, ValueError):
        found = []
    if not found:
        raise ValidationError(_("The host of the address is not found: is it written correctly?"))
    allowed = allowed_networks()
    if not all(is_address_allowed(str(info[4][0]), allowed.networks) for info in found):
        raise ValidationError(
            _("The address is in a private network. The person who runs the server can allow it: %(setting)s.")
            % {"setting": allowed.setting}
        )


def guarded(address: str) -> str:
    """Return an address with the options by which certificates are checked, redirects refused and time-outs set."""
    options = [*_options_of(address), ("verify", "yes"), ("redirect", "no")]
    options += [("cto", str(TIMEOUT_S)), ("rto", str(TIMEOUT_S))]
    return f"{address.partition('?')[0]}?{urlencode(options)}"


def _options_of(address: str) -> list[tuple[str, str]]:
    # As Apprise reads them: from the first question mark on, even behind a “#”, which begins a name of theirs.
    return [(name.lower(), value) for name, value in parse_qsl(address.partition("?")[2], keep_blank_values=True)]
