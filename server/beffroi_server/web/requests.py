"""Reading of query parameters that several areas of the pages share: numbers, search words, page numbers."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from beffroi_content.raster.text.characters import clean_text

MAX_SEARCH_LENGTH = 200
"""Characters of a search that are read."""
MAX_DIGITS = 9
"""A longer number is no identifier of ours, and some databases refuse it."""


def parse_number(text: str | None) -> int:
    """Return a number of a query parameter; 0 for anything else than one to nine digits."""
    return int(text) if text and text.isdecimal() and len(text) <= MAX_DIGITS else 0


def read_search(request: HttpRequest) -> str:
    """Return the search words of a list page, without space around them and cut to a sensible length."""
    return clean_text(request.GET.get("search", "")[:MAX_SEARCH_LENGTH]).strip()


def paginate(request: HttpRequest, rows: Any, per_page: int) -> Page[Any]:
    """Return the page of a list that the query parameter ``page`` asks for, or the nearest one that exists."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


def safe_redirect_path(request: HttpRequest, address: str, otherwise: str = "/") -> str:
    """Return an address if it leads to one of our pages, otherwise that of another page (no open redirect)."""
    own = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if own and address.startswith(("/", "http")) else otherwise
