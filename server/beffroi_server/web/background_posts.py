"""Forms that a page's script sends in the background, so that a server that is gone costs nobody what was typed.

A script cannot see where a redirect leads, and following it would use up the messages of the next page: the script is
told the address instead, and has the browser load it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

BACKGROUND_HEADER, LOCATION_HEADER = "X-Background", "X-Location"


class BackgroundPostMiddleware:
    """Middleware that answers a form sent in the background with 204 and an address, where it would redirect."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if request.headers.get(BACKGROUND_HEADER) != "yes" or response.status_code not in {301, 302, 303}:
            return response
        told = HttpResponse(status=204, headers={LOCATION_HEADER: response["Location"]})
        told.cookies = response.cookies
        return told
