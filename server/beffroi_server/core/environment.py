"""Reading of settings from the environment: each is checked, and one that makes no sense stops the start.

Secrets may be given in a file: ``BEFFROI_X_FILE`` names the file that holds the value of ``BEFFROI_X``. Every function
raises ``SettingFault``, which says what is wrong and what to give.
"""

from __future__ import annotations

import gettext
import ipaddress
import os
import zoneinfo
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_noop as _

CATALOGUES = Path(__file__).parent.parent / "web/locale"


class SettingFault(ImproperlyConfigured):
    """A setting makes no sense; in English, and in any language in which the server speaks.

    Args:
        text: What is wrong and what to give, as the catalogues have it.
        values: What fits into it.
    """

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text % values)
        self._text, self._values = text, values

    def told_in(self, language: str) -> str:
        """Return the whole sentence for the operator. Django speaks no language yet while its settings are read."""
        catalogue = gettext.translation("django", CATALOGUES, [language], fallback=True)
        where = catalogue.gettext(_("(docs/settings.md lists all settings)"))
        return f"{catalogue.gettext(self._text) % self._values} {where}"


def unusable_data_folder(path: Path, error: OSError) -> SettingFault:
    """Return that a file of the data folder cannot be read or made."""
    return SettingFault(
        _("%(path)s cannot be used: %(problem)s. Set BEFFROI_DATA to a folder that this account may write to, or run "
          "the command as the account of the server"),
        path=path, problem=error.strerror,
    )  # fmt: skip


def read_text(name: str, default: str = "") -> str:
    """Return a setting, from the variable or from the file that ``<name>_FILE`` names."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SettingFault(
                _("%(name)s_FILE is %(path)s, which cannot be read: %(problem)s"), name=name, path=path, problem=error
            ) from error
    return os.environ.get(name, default)


def read_number(name: str, default: int, least: int, most: int) -> int:
    """Return a whole number within limits."""
    value = read_text(name, str(default))
    try:
        number = int(value)
    except ValueError as error:
        raise SettingFault(_("%(name)s is %(value)r: give a whole number"), name=name, value=value) from error
    if not least <= number <= most:
        raise SettingFault(
            _("%(name)s is %(value)d: give a number from %(least)d to %(most)d"), name=name, value=number, least=least,
            most=most,
        )  # fmt: skip
    return number


def read_flag(name: str, *, default: bool) -> bool:
    """Return a truth value, written as 1, true, yes, on, or 0, false, no, off."""
    value = read_text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise SettingFault(_("%(name)s is %(value)r: give 1 or 0"), name=name, value=value)


def read_choice(name: str, default: str, choices: Collection[str]) -> str:
    """Return one of some words, as it stands there; it may be given in capitals or small letters."""
    given = read_text(name, default)
    for each in choices:
        if each.lower() == given.lower():
            return each
    raise SettingFault(
        _("%(name)s is %(value)r: give one of %(choices)s"), name=name, value=given, choices=", ".join(choices)
    )


def read_time_zone(name: str, default: str) -> str:
    """Return the name of a time zone that this machine knows."""
    given = read_text(name, default)
    try:
        zoneinfo.ZoneInfo(given)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise SettingFault(_("%(name)s is %(value)r: give one such as Europe/Paris"), name=name, value=given) from error
    return given


def read_networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return networks, separated by commas."""
    given = [network.strip() for network in read_text(name).split(",") if network.strip()]
    try:
        return [ipaddress.ip_network(network) for network in given]
    except ValueError as error:
        raise SettingFault(_("%(name)s: %(problem)s. Write it as 10.1.2.0/24"), name=name, problem=error) from error


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
        raise SettingFault(
            _("%(name)s: give an address with its port, such as http://proxy.example.org:3128"), name=name
        )
    return given


def read_certificates(name: str, most: int) -> tuple[str, ...]:
    """Return the certificates of the file that a setting names as PEM, each on its own; none where it is not given."""
    path = read_text(name)
    if not path:
        return ()
    try:
        found = x509.load_pem_x509_certificates(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise SettingFault(
            _("%(name)s is %(path)s, which holds no certificates: %(problem)s"), name=name, path=path, problem=error
        ) from error
    if len(found) > most:
        raise SettingFault(
            _("%(name)s has %(count)d certificates, not %(most)d at most"), name=name, count=len(found), most=most
        )
    return tuple(each.public_bytes(Encoding.PEM).decode() for each in found)
