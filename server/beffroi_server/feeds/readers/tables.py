"""Reader of tables (CSV)."""

from __future__ import annotations

import csv
import io
from typing import Any

from beffroi_server.core.text import shorten_text
from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext
from beffroi_server.feeds.readers.text import decode_text, plain_text

MAX_ROWS, MAX_COLUMNS = 60, 8
CELL_LENGTH = 100
"""Characters of a cell."""


def read_table(content: bytes, context: ReadingContext) -> Reading:
    """Return the rows of a table in CSV, whatever its encoding and separator; the first row is the heading.

    Raises:
        FeedContentError: it is not a table, is empty, or has too many columns.
    """
    text = decode_text(content)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        lines = [[plain_text(cell) for cell in line] for line in csv.reader(io.StringIO(text), dialect)]
    except csv.Error as error:
        raise FeedContentError("not-a-table") from error
    rows = [line for line in lines if any(line)]
    if len(rows) < 2:
        raise FeedContentError("empty")
    if max(map(len, rows)) > MAX_COLUMNS:
        raise FeedContentError("too-wide")
    heading, *body = [[shorten_text(cell, CELL_LENGTH) for cell in row] for row in rows[: MAX_ROWS + 1]]
    return Reading({"heading": [shorten_text(cell, 60) for cell in heading], "rows": body})
