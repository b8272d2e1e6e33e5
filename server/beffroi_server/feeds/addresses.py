"""Addresses of feeds as people type or paste them."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from beffroi_server.feeds.models import FeedKind
from beffroi_server.feeds.readers.vigilance import DEPARTMENTS

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


def checked_address(kind: FeedKind, typed: str) -> str:
    """Return the address of a feed of a kind: that of a web page, the number of a department, or nothing for weather.

    Raises:
        ValidationError: the text is none; the message is for people.
    """
    if kind is FeedKind.WEATHER:
        return ""
    if kind is FeedKind.VIGILANCE:
        return _checked_department(department_number(typed))
    address = complete_address(typed)
    try:
        URLValidator(["http", "https"])(address)
    except ValidationError as error:
        raise ValidationError(_("Enter the complete address, starting with https://.")) from error
    return address


def _checked_department(number: str) -> str:
    if number in DEPARTMENTS:
        return number
    if number == "20":
        raise ValidationError(_("Corsica is two departments: enter 2A or 2B."))
    if is_overseas(number):
        raise ValidationError(
            _("The warnings for overseas are another service of Météo-France, which is not supported yet.")
        )
    raise ValidationError(_("Enter the number of a department, for example 44 or 2A."))
