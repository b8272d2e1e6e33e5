"""Reading of settings from the environment: each is checked, and one that makes no sense stops the start.

Secrets may be given in a file: ``BEFFROI_X_FILE`` names the file that holds the value of ``BEFFROI_X``. Every function
raises ``ImproperlyConfigured``, which says what is wrong and what to give.
"""

from __future__ import annotations

import ipaddress
import os
import zoneinfo
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.exceptions import ImproperlyConfigured


def read_text(name: str, default: str = "") -> str:
    """Return a setting, from the variable or from the file that ``<name>_FILE`` names."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise ImproperlyConfigured(f"{name}_FILE is {path}, which cannot be read: {error}") from error
    return os.environ.get(name, default)


def read_number(name: str, default: int, least: int, most: int) -> int:
    """Return a whole number within limits."""
    value = read_text(name, str(default))
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}: give a whole number") from error
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name} is {number}: give a number from {least} to {most}")
    return number


def read_flag(name: str, *, default: bool) -> bool:
    """Return a truth value, written as 1, true, yes, on, or 0, false, no, off."""
    value = read_text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: give 1 or 0")


def read_choice(name: str, default: str, choices: Collection[str]) -> str:
    """Return one of some words, as it stands there; it may be given in capitals or small letters."""
    given = read_text(name, default)
    for each in choices:
        if each.lower() == given.lower():
            return each
    raise ImproperlyConfigured(f"{name} is {given!r}: give one of {', '.join(choices)}")


def read_time_zone(name: str, default: str) -> str:
    """Return the name of a time zone that this machine knows."""
    given = read_text(name, default)
    try:
        zoneinfo.ZoneInfo(given)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise ImproperlyConfigured(f"{name} is {given!r}: give one such as Europe/Paris") from error
    return given


def read_networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return networks, separated by commas."""
    given = [network.strip() for network in read_text(name).split(",") if network.strip()]
    try:
        return [ipaddress.ip_network(network) for network in given]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}. Write it as 10.1.2.0/24") from error


def read_proxy(name: str) -> str:
    """Return the address of an HTTP proxy, such as ``http://proxy.example.org:3128``; it may hold name and password."""
    given = read_text(name).rstrip("/")
    if not given:
        return ""
    try:
        parts = urlsplit(given)
        is_proxy = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port and not parts.path
    except ValueError:
        is_proxy = False
    if not is_proxy:
        # What was given may hold a password.
        raise ImproperlyConfigured(f"{name}: give an address with its port, such as http://proxy.example.org:3128")
    return given


def read_certificates(name: str, most: int) -> tuple[str, ...]:
    """Return the certificates of the file that a setting names as PEM, each on its own; none where it is not given."""
    path = read_text(name)
    if not path:
        return ()
    try:
        found = x509.load_pem_x509_certificates(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{name} is {path}, which holds no certificates: {error}") from error
    if len(found) > most:
        raise ImproperlyConfigured(f"{name} has {len(found)} certificates, not {most} at most")
    return tuple(each.public_bytes(Encoding.PEM).decode() for each in found)
