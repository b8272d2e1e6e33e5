"""Operators' pages as a test reads them."""

from __future__ import annotations

import re

from django.http.response import HttpResponseBase


def page_text(response: HttpResponseBase) -> str:
    """Return the HTML of a page with every run of spaces and line ends as one space, as a browser shows it."""
    content: bytes = response.content  # type: ignore[attr-defined]
    # No-break spaces stay: French typography is part of what is tested.
    return re.sub(r"[ \n\t]+", " ", content.decode())
