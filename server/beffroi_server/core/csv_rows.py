"""Rows of CSV for spreadsheets, written as they come, in which no cell can be a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

BYTE_ORDER_MARK = "\ufeff"
"""By which spreadsheets know that a file is UTF-8."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
                   "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip


def csv_lines(rows: Iterable[Iterable[Any]], *, separator: str = ",") -> Iterator[bytes]:
    """Yield the lines of a CSV file in UTF-8.

    Args:
        rows: The first is that of the headings; numbers stay numbers.
        separator: A semicolon is what spreadsheets in French expect.
    """
    yield BYTE_ORDER_MARK.encode()
    for row in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=separator, lineterminator="\r\n").writerow([_safe_cell(cell) for cell in row])
        yield line.getvalue().encode()


def _safe_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet runs: a text that it would take for a formula begins with an apostrophe.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
