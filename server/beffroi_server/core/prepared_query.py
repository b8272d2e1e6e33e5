"""Queries without parameters, made into SQL once: for wide rows that takes longer than the database does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


class PreparedQuery(Generic[Row]):
    """Whole rows of one model that a query finds.

    Args:
        make: Makes the query, always the same one. It is called when rows are asked for first.
    """

    def __init__(self, make: Callable[[], QuerySet[Row]]) -> None:
        self._make = make

    def rows(self) -> list[Row]:
        """Return the rows that there are now."""
        model, sql, parameters = self._prepared
        return list(model._default_manager.raw(sql, parameters))

    @cached_property
    def _prepared(self) -> tuple[type[Row], str, tuple[object, ...]]:
        found = self._make()
        return (found.model, *found.query.sql_with_params())
