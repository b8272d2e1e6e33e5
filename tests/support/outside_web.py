"""Servers outside, for what the server fetches by itself."""

from __future__ import annotations

from beffroi_server.core import outside_http
from beffroi_server.core.outside_http import OutsideRequestError, OutsideResponse


class OutsideWeb:
    """Answers requests as a server outside would, and notes them."""

    def __init__(self, monkeypatch) -> None:
        self.pages: dict[str, OutsideResponse] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        monkeypatch.setattr(outside_http, "send_request", self.answer)

    def answer(self, _method, address, *, headers, **_limits):
        self.asked.append((address, headers))
        if address not in self.pages:
            raise OutsideRequestError("No connection.")
        page = self.pages[address]
        is_known = "ETag" in page.headers and headers.get("If-None-Match") == page.headers["ETag"]
        return OutsideResponse(304, {}, b"") if is_known else page
