"""Queries without parameters, made into SQL once: for wide rows that takes longer than the database does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


class PreparedQuery(Generic[Row]):
    """Rows that a query finds, with the rows beside them that it reads at once, and what it annotates.

    Args:
        make: Makes the query, always the same one. It is called when rows are asked for first.
    """

    def __init__(self, make: Callable[[], QuerySet[Row]]) -> None:
        self._make = make

    def rows(self) -> list[Row]:
        """Return the rows that there are now."""
        query, compiler, statement = self._prepared
        # What makes SQL of the query has done so, and knows which column is what; the connection is that of the thread.
        ready = copy.copy(compiler)
        ready.connection = connections[query.db]
        ready.as_sql = lambda *_args, **_kwargs: statement
        found = query.all()
        found.query.get_compiler = lambda *_args, **_kwargs: ready  # type: ignore[method-assign]
        return list(found)

    @cached_property
    def _prepared(self) -> tuple[QuerySet[Row], Any, tuple[str, tuple[object, ...]]]:
        query = self._make()
        compiler: Any = query.query.get_compiler(query.db)
        return query, compiler, compiler.as_sql()
