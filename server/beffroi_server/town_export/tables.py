"""Rows of the export as a list of JSON and as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import get_language
from pydantic import BaseModel

from beffroi_server.core.csv_rows import csv_lines


def row_line(row: BaseModel) -> bytes:
    """Return a row as one line of JSON in UTF-8."""
    return json.dumps(row.model_dump(mode="json"), ensure_ascii=False).encode() + b"\n"


def json_list(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a JSON list of rows that are lines of JSON, each on a line of its own."""
    yield b"["
    separator = b"\n"
    for line in lines:
        yield separator + line.rstrip(b"\n")
        separator = b",\n"
    yield b"\n]\n"


def json_document(values: Any) -> bytes:
    """Return values as JSON in UTF-8 for people."""
    return json.dumps(values, ensure_ascii=False, indent=1).encode() + b"\n"


def json_table(shown: type[BaseModel], lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a table of rows that are lines of JSON, under the names that the JSON has.

    A list of words becomes one text; what has parts of its own stays JSON.

    Args:
        shown: The model of the rows.
        lines: The rows.
    """

    def rows() -> Iterator[list[Any]]:
        yield list(shown.model_fields)
        for line in lines:
            yield [_cell(value) for value in json.loads(line).values()]

    return csv_table(rows())


def csv_table(rows: Iterable[list[Any]]) -> Iterator[bytes]:
    """Yield the lines of a table as spreadsheets in the present language expect them."""
    return csv_lines(rows, separator=";" if get_language() == "fr" else ",")


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
