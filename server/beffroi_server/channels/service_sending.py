"""Sending of one text to one service, by Apprise. Takes some seconds; never in a request or transaction."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from types import ModuleType
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from beffroi_server.channels import service_addresses
from beffroi_server.channels.alert_texts import ChannelText

_STATUS = re.compile(r"\berror=(\d{3})\b")


class ServiceFailed(Exception):
    """A service did not take a text; the message says why, for people, and holds nothing of the address.

    Args:
        message: Reason and next step.
        is_final: Whether another attempt would not help, or could tell people twice.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


def open_service(address: str) -> Any:
    """Return the service of an address, checked. Asks the name server for the host where the address names one.

    Raises:
        ValidationError: it is not allowed, not complete, or its host is private or not found.
    """
    service_addresses.check_form(address)
    service = _apprise().Apprise.instantiate(service_addresses.guarded(address), suppress_exceptions=True)
    if service is None:
        raise ValidationError(_("The address lacks a part: look at appriseit.com how this service writes it."))
    if service_addresses.names_host(address):
        # The host as Apprise has read it, which is the one that it asks.
        service_addresses.check_host(str(service.host or ""), getattr(service, "port", None))
    return service


def send_to_service(address: str, text: ChannelText) -> None:
    """Send a text to a service.

    Raises:
        ServiceFailed: it was not taken, or not by everybody.
    """
    try:
        service = open_service(address)
    except ValidationError as error:
        raise ServiceFailed(" ".join(error.messages)) from error
    apprise = _apprise()
    sender = apprise.Apprise()
    sender.add(service)
    result = sender.notify(body=text.text, body_format=apprise.NotifyFormat.TEXT)
    if result.status == apprise.AppriseResultStatus.SUCCESS:
        return
    count = 1
    with suppress(TypeError, NotImplementedError):
        count = len(service)
    if count > 1:
        # Apprise does not say who of them has it: whoever has it is not told twice.
        raise ServiceFailed(
            _("Not all of the %(count)d recipients may have received it. It is not sent again.") % {"count": count},
            is_final=True,
        )
    # Apprise sends in threads of its own, and keeps what it would log; only the number in it is no secret.
    said = " ".join(entry.message for each in result for attempt in each.attempts for entry in attempt.logs)
    if found := _STATUS.search(said):
        raise ServiceFailed(_("The service responded with error %(code)d.") % {"code": int(found[1])})
    raise ServiceFailed(_("The service did not take the message, or did not respond."))


def _apprise() -> ModuleType:
    """Import Apprise, which loads 180 services in some seconds: only where something is sent."""
    import apprise  # noqa: PLC0415

    # It writes phone numbers and names into its log.
    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.WARNING)
    return apprise
