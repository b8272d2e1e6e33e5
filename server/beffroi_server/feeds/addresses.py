"""Addresses of feeds as people type or paste them."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(?!\d)", re.IGNORECASE)
_SAME_AS_HTTPS = frozenset({"webcal", "webcals", "feed", "https"})
"""Schemes that calendars and readers of news use for addresses of the web."""
_OVERSEAS = frozenset({"971", "972", "973", "974", "975", "976", "977", "978", "986", "987", "988", "97", "98"})


def complete_address(typed: str) -> str:
    """Return an address on the web that begins with ``http://`` or ``https://``, as far as the text is one.

    ``webcal:``, ``webcals:`` and ``feed:`` stand for ``https:``, and so does no scheme at all. Other schemes stay as
    they are: who checks the address refuses them.
    """
    address = typed.strip().strip("<>\"'").strip()
    found = _SCHEME.match(address)
    if found is None:
        return f"https://{address.lstrip('/')}" if address else ""
    scheme, rest = found[1].lower(), address[found.end() :]
    if scheme == "feed" and _SCHEME.match(rest):
        return complete_address(rest)
    if scheme in _SAME_AS_HTTPS or scheme == "http":
        return f"{'http' if scheme == 'http' else 'https'}://{rest.lstrip('/')}"
    return address


def department_number(typed: str) -> str:
    """Return the number of a department as Météo-France writes it: “01” for “1”, “2A” for “2a”."""
    number = typed.strip().upper()
    return number.zfill(2) if number.isdecimal() else number


def is_overseas(number: str) -> bool:
    """Return whether a department is overseas: its vigilance is a service of its own."""
    return number in _OVERSEAS
