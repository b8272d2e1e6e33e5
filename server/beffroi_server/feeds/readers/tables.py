"""Reader of tables: CSV as spreadsheets write it (RFC 4180, and what Excel adds to it)."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from beffroi_content.written_dates import parse_days
from beffroi_server.core.text import shorten_text
from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext, SkippedParts
from beffroi_server.feeds.readers.text import decode_text, plain_text

MAX_ROWS, MAX_COLUMNS = 60, 8
MAX_RECORDS = 5_000
"""Rows of a file that are looked at; past days and empty rows are among them."""
CELL_LENGTH, HEADING_LENGTH = 100, 60
"""Characters of a cell, and of one of the heading."""
_DELIMITERS = "\t;|,"
"""The first that fits is taken: where semicolons fit, commas are those of numbers."""
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[;,\t]*\n?', re.IGNORECASE)
_OTHER_FILE = re.compile(
    r"\s*(?:<!|<\?|<(?:html|head|body|rss|feed|rdf:|svg|div|table)\b|%PDF-|\{\\rtf|BEGIN:V)", re.IGNORECASE
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\ufffd]")
_Record = tuple[int, list[str]]
"""The number of its line from 1, and its cells."""


def read_table(content: bytes, context: ReadingContext) -> Reading:
    """Return the rows of a table in CSV, whatever its encoding and separator; the first row is the heading.

    Raises:
        FeedContentError: it is not a table, is empty, or has too many columns.
    """
    skipped = SkippedParts()
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FeedContentError("spreadsheet")
    text = decode_text(content, skipped).replace("\r\n", "\n").replace("\r", "\n")
    if _OTHER_FILE.match(text) or _is_json(text) or len(_CONTROLS.findall(text[:4096])) * 20 > len(text[:4096]):
        raise FeedContentError("not-a-table")
    delimiter = ""
    if found := _SEPARATOR_LINE.match(text):
        delimiter, text = found[1], "\n" * found[0].count("\n") + text[found.end() :]
    lines = text.split("\n")
    delimiter = delimiter or _choose_delimiter(lines)
    records = [
        (line, cells)
        for line, row in islice(_records(lines, delimiter, skipped), MAX_RECORDS)
        if any(cells := [plain_text(cell) for cell in row])
    ]
    if len(records) < 2:
        raise FeedContentError("empty")
    records = _fit_columns(_without_empty_columns(records), delimiter, skipped)
    (_, heading), *rows = _shorten_cells(_fit_rows(records, context, skipped), skipped)
    return Reading({"heading": heading, "rows": [row for _, row in rows]}, skipped)


def _is_json(text: str) -> bool:
    """Return whether a text is an answer of a programming interface, such as that something went wrong."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _choose_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter of cells: a comma, if none fits. A comma in sentences does not make columns."""
    for delimiter in _DELIMITERS:
        rows = [row for _, row in islice(_records(lines, delimiter, SkippedParts()), 100)]
        if _makes_columns([row for row in rows if any(map(str.strip, row))] or rows, delimiter):
            return delimiter
    # A letter that no text contains: everything is one column.
    return "\x1f"


def _makes_columns(rows: Sequence[Sequence[str]], delimiter: str) -> bool:
    widths = [len(row) for row in rows]
    width, often = Counter(widths).most_common(1)[0]
    if delimiter != ",":
        return max(widths) > 1 and (width > 1 or widths[0] > 1)
    if widths[0] < 2:
        # A title above the table has no comma; then all others must be alike, and none a sentence.
        return len(rows) > 2 and width > 1 and often == len(rows) - 1 and not _has_sentences(rows)
    if _has_sentences(rows):
        return often == len(rows)
    return max(len(_filled(row)) for row in rows) <= widths[0] or often * 2 > len(rows)


def _has_sentences(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether every comma between cells has a space after it, as in a sentence."""
    return all(cell.startswith(" ") for row in rows for cell in row[1:])


def _filled(row: Sequence[str]) -> Sequence[str]:
    """Return a row without its empty cells at the end."""
    used = max((at for at, cell in enumerate(row, 1) if cell.strip()), default=0)
    return row[:used]


def _records(lines: Sequence[str], delimiter: str, skipped: SkippedParts) -> Iterator[_Record]:
    """Yield the records of a file. A quotation mark that makes no sense counts as a letter, and its line is named."""
    start = 0
    while start < len(lines):
        parser = csv.reader((line + "\n" for line in islice(lines, start, None)), delimiter=delimiter, strict=True)
        begun = 0
        try:
            for row in parser:
                yield start + begun + 1, row
                begun = parser.line_num
        except csv.Error:
            start += begun
            skipped.add("row", "stray-quote", start + 1, plain_text(lines[start][:200]))
            yield start + 1, [cell.strip('"') for cell in lines[start][:10_000].split(delimiter)]
            start += 1
        else:
            return


def _without_empty_columns(records: Sequence[_Record]) -> list[_Record]:
    used = sorted({at for _, row in records for at, cell in enumerate(row) if cell})
    return [(line, _filled_or_one([row[at] for at in used if at < len(row)])) for line, row in records]


def _filled_or_one(row: list[str]) -> list[str]:
    return list(_filled(row)) or [""]


def _fit_columns(records: list[_Record], delimiter: str, skipped: SkippedParts) -> list[_Record]:
    """Return records with as many columns as can be read; of single rows with more, the last cells are joined.

    Raises:
        FeedContentError: most rows have more.
    """
    widths = [len(row) for _, row in records]
    if max(widths) <= MAX_COLUMNS:
        return records
    if sum(width > MAX_COLUMNS for width in widths) * 4 > len(widths):
        raise FeedContentError("too-wide")
    width = max((width for width in widths if width <= MAX_COLUMNS), default=MAX_COLUMNS)
    fitting = []
    for line, row in records:
        if len(row) > MAX_COLUMNS:
            skipped.add("row", "too-many-cells", line, row[0])
            fitting.append(
                (line, [*row[: width - 1], f"{delimiter.strip() or ','} ".join(filter(None, row[width - 1 :]))])
            )
        else:
            fitting.append((line, row))
    return fitting


def _fit_rows(records: list[_Record], context: ReadingContext, skipped: SkippedParts) -> list[_Record]:
    """Return the heading and as many rows as are shown; where there are more, those of past days go first."""
    heading, *rows = records
    if len(rows) > MAX_ROWS:
        today = context.now.astimezone(context.zone).date()
        days = ((record, parse_days(record[1][0], today)) for record in rows)
        rows = [record for record, day in days if day is None or day[1] >= today] or rows[-1:]
    if left := rows[MAX_ROWS:]:
        skipped.add("row", "too-many-rows", f"{left[0][0]}\u2013{left[-1][0]}", left[0][1][0])
    return [heading, *rows[:MAX_ROWS]]


def _shorten_cells(records: Sequence[_Record], skipped: SkippedParts) -> Iterator[_Record]:
    for number, (line, row) in enumerate(records):
        most = CELL_LENGTH if number else HEADING_LENGTH
        for cell in row:
            if len(cell) > most:
                skipped.add("cell", "shortened", line, cell)
        yield line, [shorten_text(cell, most) for cell in row]
