"""Addresses of pages and rows, each found once: a page names a hundred, and to find one takes longer than to print."""

from __future__ import annotations

from functools import lru_cache

from django.urls import get_script_prefix, get_urlconf, reverse

_REMEMBERED = 10_000


def row_address(view: str, *keys: object) -> str:
    """Return the address of a view, with the keys of what it is about.

    Raises:
        NoReverseMatch: there is none.
    """
    return _find_address(view, tuple(map(str, keys)), get_script_prefix(), get_urlconf())


@lru_cache(_REMEMBERED)
def _find_address(view: str, keys: tuple[str, ...], _prefix: str, urlconf: str | None) -> str:
    return reverse(view, urlconf, keys)
