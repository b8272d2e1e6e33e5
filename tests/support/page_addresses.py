"""Addresses of every page, by the name of its pattern."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, get_resolver
from django.urls.converters import IntConverter, UUIDConverter


def page_addresses() -> dict[str, str]:
    """Return an address of every page, with parts that name nothing that exists: 1, a UUID, or “x”."""
    return {
        str(entry.name): _address(entry, route)
        for entry, route in _patterns(get_resolver(), "")
        if entry.name and not route.startswith(("device/", "api/", "static/"))
    }


def _patterns(resolver: Any, route: str) -> Iterator[tuple[URLPattern, str]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield entry, route + str(entry.pattern)
        else:
            yield from _patterns(entry, route + str(entry.pattern))


def _address(entry: URLPattern, route: str) -> str:
    for name, converter in entry.pattern.converters.items():
        value = "1" if isinstance(converter, IntConverter) else str(uuid.UUID(int=1))
        if not isinstance(converter, IntConverter | UUIDConverter):
            value = "x"
        route = re.sub(rf"<(\w+:)?{name}>", value, route)
    return f"/{route}"
