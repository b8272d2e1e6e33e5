"""Search, filters and sorting of list pages. All of it is in the address, so that Back and bookmarks work.

A page reads what it offers with :func:`read_list`; ``web/list_bar.html`` shows it: the search words, the filters in a
fold, and a chip for each that is set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from beffroi_server.core.folded_text import search_words
from beffroi_server.web.requests import read_search
from beffroi_server.web.select_options import select_options

MAX_CHOICES = 300
"""Choices of a filter that are offered at most."""
SORT = "sort"


@dataclass(frozen=True)
class ListFilter:
    """A filter of a list: what can be chosen, and what is."""

    name: str
    """Its query parameter."""
    label: str
    choices: tuple[tuple[str, str], ...]
    value: str = ""
    """What was chosen; empty for everything, or for the first order of a list."""

    def options(self) -> SafeString:
        """Return an option for each choice."""
        return select_options(((value, capfirst(text)) for value, text in self.choices), self.value)

    @property
    def text(self) -> str:
        """The label of what was chosen."""
        return dict(self.choices).get(self.value, "")


@dataclass(frozen=True)
class FilterChip:
    """A filter that is set: its text, and the address of the list without it."""

    text: str
    address: str


@dataclass(frozen=True)
class ListState:
    """What the address of a list page asks for."""

    search: str
    filters: tuple[ListFilter, ...]
    order: ListFilter
    chips: tuple[FilterChip, ...]

    @property
    def words(self) -> list[str]:
        """The folded words of the search."""
        return search_words(self.search)

    @property
    def is_narrowed(self) -> bool:
        """Whether the list shows less than everything."""
        return bool(self.chips)

    @property
    def sort(self) -> str:
        """The order that is asked for; that of the list itself where none is."""
        return self.order.value or self.order.choices[0][0]

    def value_of(self, name: str) -> str:
        """Return what was chosen in a filter; empty for everything."""
        return next((each.value for each in self.filters if each.name == name), "")


def read_list(
    request: HttpRequest,
    filters: Iterable[tuple[str, str, Sequence[tuple[str, str]]]],
    orders: Sequence[tuple[str, str]],
) -> ListState:
    """Return what the address of a list page asks for; values that are not offered are left out.

    Args:
        request: The request of the page.
        filters: Query parameter, label and choices (value and text) of each filter; one without choices is left out.
        orders: Value and text of each order, the one of the list itself first.
    """
    read = tuple(_read_filter(request, name, label, choices) for name, label, choices in filters if choices)
    order = _read_filter(request, SORT, _("Sort by"), orders)
    search = read_search(request)
    chips = [
        FilterChip(f"{each.label}{_(':')} {each.text}", _without(request, each.name)) for each in read if each.value
    ]
    if search:
        chips.insert(0, FilterChip(_("“%(words)s”") % {"words": search}, _without(request, "search")))
    return ListState(search, read, order, tuple(chips))


def _read_filter(request: HttpRequest, name: str, label: str, choices: Sequence[tuple[str, str]]) -> ListFilter:
    offered = tuple((str(value), str(text)) for value, text in choices[:MAX_CHOICES])
    wanted = request.GET.get(name, "")
    return ListFilter(name, label, offered, wanted if wanted in dict(offered) else "")


def _without(request: HttpRequest, name: str) -> str:
    query = request.GET.copy()
    for each in (name, "page"):
        query.pop(each, None)
    return f"?{query.urlencode()}" if query else request.path
