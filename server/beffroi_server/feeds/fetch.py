"""Fetching of feeds: one document from an address that an editor typed in."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext as _

from beffroi_server.core import outside_http
from beffroi_server.core.outside_http import MAX_REDIRECTS, AllowedNetworks, OutsideRequestError

__all__ = ["MAX_REDIRECTS", "RESPONSE_LIMIT", "FetchError", "fetch_url"]
RESPONSE_LIMIT = 2 * 1024 * 1024
"""Bytes of a response body at most."""


class FetchError(Exception):
    """An address cannot be fetched; the message says why, for people."""


def fetch_url(address: str, headers: Mapping[str, str] | None = None, *, limit: int | None = None) -> bytes:
    """Return the response body of an address on the Internet.

    Args:
        address: An ``http`` or ``https`` URL.
        headers: Sent with the request and with each redirect.
        limit: Bytes of the body at most; by default ``RESPONSE_LIMIT``.

    Raises:
        FetchError: there is no usable answer, or the address may not be fetched.
    """
    allowed = AllowedNetworks(settings.FEED_NETWORKS, "BEFFROI_FEED_NETWORKS")
    try:
        answer = outside_http.send_request(
            "GET", address, allowed=allowed, headers=headers, limit=limit or RESPONSE_LIMIT
        )
    except OutsideRequestError as error:
        raise FetchError(str(error)) from error
    if answer.status != 200:
        raise FetchError(_("It responded with error %(code)d.") % {"code": answer.status})
    return answer.body
