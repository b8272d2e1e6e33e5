"""Queries that are always the same, made into SQL once: that takes longer than the database does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import QuerySet

Row = TypeVar("Row")


class PreparedQuery(Generic[Row]):
    """Rows that a query finds, with the rows beside them that it reads at once, and what it annotates, or their values.

    Args:
        make: Makes the query, always the same one. It is called when rows are asked for first.
    """

    def __init__(self, make: Callable[[], QuerySet[Any, Row]]) -> None:
        self._make = make

    def rows(self, *parameters: object) -> list[Row]:
        """Return the rows that there are now.

        Args:
            parameters: Those of the statement, as the database takes them: all of them, in its order, where any of
                those that the query was made with does not hold any more.
        """
        query, compiler, (sql, made_with) = self._prepared
        if parameters and len(parameters) != len(made_with):
            raise ValueError(f"{len(parameters)} parameters for a statement with {len(made_with)}")
        statement = sql, parameters or made_with
        # What makes SQL of the query has done so, and knows which column is what; the connection is that of the thread.
        ready = copy.copy(compiler)
        ready.connection = connections[query.db]
        ready.as_sql = lambda *_args, **_kwargs: statement
        found = query.all()
        found.query.get_compiler = lambda *_args, **_kwargs: ready  # type: ignore[method-assign]
        return list(found)

    def first(self, *parameters: object) -> Row | None:
        """Return the first of :meth:`rows`; None where there is none."""
        return next(iter(self.rows(*parameters)), None)

    @cached_property
    def _prepared(self) -> tuple[QuerySet[Any, Row], Any, tuple[str, tuple[object, ...]]]:
        query = self._make()
        compiler: Any = query.query.get_compiler(query.db)
        return query, compiler, compiler.as_sql()
