"""HEAD, as health checks ask it (RFC 9110, section 9.3.2): the answer to GET without its body."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase


class HeadMiddleware:
    """Middleware that hands HEAD to the views as GET, and leaves the body out.

    To a view everything that is not GET changes something, so none may see a method that needs no CSRF token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "HEAD":
            return self._get_response(request)
        request.method = "GET"
        found = self._get_response(request)
        headers = dict(found.items())
        if isinstance(found, HttpResponse):
            headers.setdefault("Content-Length", str(len(found.content)))
        answer = HttpResponse(status=found.status_code, headers=headers)
        # Files of the answer close with it.
        answer._resource_closers.append(found.close)  # type: ignore[attr-defined]
        answer.cookies = found.cookies
        return answer
