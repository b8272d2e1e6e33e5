"""Reading of query parameters that several areas of the pages share: numbers, search words, page numbers."""

from __future__ import annotations

import functools
import operator
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)
MAX_SEARCH_LENGTH = 200
"""Characters of a search that are read."""
MAX_SEARCH_WORDS = 10
MAX_DIGITS = 9
"""A longer number is no identifier of ours, and some databases refuse it."""


def parse_number(text: str | None) -> int:
    """Return a number of a query parameter; 0 for anything else than one to nine digits."""
    return int(text) if text and text.isdecimal() and len(text) <= MAX_DIGITS else 0


def read_search(request: HttpRequest) -> str:
    """Return the search words of a list page, without space around them and cut to a sensible length."""
    return request.GET.get("search", "").strip()[:MAX_SEARCH_LENGTH]


def filter_by_words(rows: QuerySet[Row], search: str, *fields: str) -> QuerySet[Row]:
    """Return the rows that contain every word of a search in at least one of the fields, in any case."""
    for word in search.split()[:MAX_SEARCH_WORDS]:
        rows = rows.filter(functools.reduce(operator.or_, (Q(**{f"{field}__icontains": word}) for field in fields)))
    return rows


def paginate(request: HttpRequest, rows: Any, per_page: int) -> Page[Any]:
    """Return the page of a list that the query parameter ``page`` asks for, or the nearest one that exists."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))
