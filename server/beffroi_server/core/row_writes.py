"""Writes of many rows in one statement, for what screens say: it must never hold what people do.

Between two statements Python may hand its lock to a thread that computes, for milliseconds each time, while the
database's only write lock is held. So there is one statement for all rows, and not one for each (as ``executemany``
and ``save`` have it); and its values stand in one row each, not in a CASE for every column (as ``bulk_update``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

MAX_PARAMETERS = 30_000
"""Values of one statement: SQLite takes 32,766."""
Row = Sequence[Any]


def insert_new_rows(model: type[models.Model], fields: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows; those that a unique constraint forbids are there already and are left out.

    Args:
        model: The table.
        fields: Names of fields, in the order of the values.
        rows: Values as the database takes them: see ``database_instant``.
    """
    _insert(model, fields, rows, "DO NOTHING")


def merge_rows(
    model: type[models.Model],
    fields: Sequence[str],
    rows: Sequence[Row],
    *,
    always: Iterable[str],
    where_given: Iterable[str] = (),
) -> None:
    """Insert rows, or change those with the same primary key. A new row has the defaults of other fields.

    Args:
        model: The table.
        fields: Names of fields, in the order of the values; the primary key is among them.
        rows: Values as the database takes them, each primary key once.
        always: The fields that change in a row that exists.
        where_given: Those that change only to a value that is not None.
    """
    table = _quote(model._meta.db_table)
    left = [
        field
        for field in model._meta.concrete_fields
        if field.name not in fields and not isinstance(field, models.AutoField)
    ]
    defaults = [field.get_db_prep_save(field.get_default(), connection) for field in left]
    columns = {name: _column(model, name) for name in fields}
    changes = [f"{columns[name]} = excluded.{columns[name]}" for name in always]
    changes += [
        f"{columns[name]} = COALESCE(excluded.{columns[name]}, {table}.{columns[name]})" for name in where_given
    ]
    key = _column(model, "pk")
    names = [*fields, *(field.name for field in left)]
    _insert(model, names, [[*row, *defaults] for row in rows], f"({key}) DO UPDATE SET {', '.join(changes)}")


def locked_rows(
    model: type[models.Model], fields: Sequence[str], key: str, values: Sequence[int]
) -> list[tuple[Any, ...]]:
    """Return fields of the rows with one of some keys, as the database has them, and lock these rows.

    JSON is a text. SQLite has locked everything with the transaction.
    """
    if not values:
        return []
    names = ", ".join(_column(model, name) for name in fields)
    marks = ", ".join(["%s"] * len(values))
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""
    query = f"SELECT {names} FROM {_quote(model._meta.db_table)} WHERE {_column(model, key)} IN ({marks}) {lock}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def database_instant(moment: Any) -> Any:
    """Return an instant as the database takes it in a statement of our own."""
    return connection.ops.adapt_datetimefield_value(moment)


def _insert(model: type[models.Model], fields: Sequence[str], rows: Sequence[Row], on_conflict: str) -> None:
    names = ", ".join(_column(model, name) for name in fields)
    # Names of our own models only; every value is a parameter.
    head = f"INSERT INTO {_quote(model._meta.db_table)} ({names}) VALUES "  # noqa: S608
    one = f"({', '.join(['%s'] * len(fields))})"
    with connection.cursor() as cursor:
        size = MAX_PARAMETERS // len(fields)
        for part in (rows[start : start + size] for start in range(0, len(rows), size)):
            values = [value for row in part for value in row]
            cursor.execute(f"{head}{', '.join([one] * len(part))} ON CONFLICT {on_conflict}", values)


def _column(model: type[models.Model], name: str) -> str:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return _quote(str(field.column))


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
