"""Rows and columns: a timetable, the menu of the canteen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from beffroi_content.model.widget import TableWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.dates import weekday_name
from beffroi_content.raster.fonts import Style, Weight, face
from beffroi_content.raster.scene import Fill, Page
from beffroi_content.raster.typography import typeset
from beffroi_content.raster.widgets.ageing import missing, note_of, page_at, quiet
from beffroi_content.raster.widgets.board import Board, local, open_board, put, shortened
from beffroi_content.raster.widgets.lists import Entry, entry_page

_DATE = re.compile(r"(?:(\d{4})-(\d\d)-(\d\d)|(\d\d?)[/.](\d\d?)[/.](\d{4}))$")
Row = tuple[str, ...]


def table(widget: TableWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the rows; empty ones and days that have passed are left out, and today's row stands out."""
    dated = any(date_of(row[0]) for row in widget.rows)
    if page := missing(widget, canvas, at_ms, widget.title, needs_time=dated):
        return page
    today = None if at_ms is None else local(at_ms, canvas).date()
    rows = [row for row in widget.rows if _says_something(row, canvas.locale) and not _is_past(row[0], today)]
    if not rows:
        return quiet(canvas, widget.title, "no-data")
    marked = next((at for at, row in enumerate(rows) if today and is_today(row[0], today)), None)
    note = note_of(widget, canvas, at_ms)
    return _grid_page(widget, canvas, note, rows, marked, at_ms) or entry_page(
        canvas, widget.title, note, [_entry(row, at == marked) for at, row in enumerate(rows)], at_ms
    )


def date_of(cell: str) -> dt.date | None:
    """Return the date that a cell is: “2026-11-24” or “24/11/2026”."""
    found = _DATE.match(cell)
    if not found:
        return None
    year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def is_today(cell: str, today: dt.date) -> bool:
    """Whether a cell is today's date or weekday, in French or in English."""
    day = date_of(cell)
    return day == today if day else cell.casefold() in {weekday_name(today, name).casefold() for name in ("fr", "en")}


def _says_something(row: Row, locale: str) -> bool:
    return any(typeset(cell, locale).strip() for cell in row)


def _is_past(cell: str, today: dt.date | None) -> bool:
    day = date_of(cell)
    return day is not None and today is not None and day < today


def _entry(row: Row, is_marked: bool) -> Entry:
    rest = [cell for cell in row[1:] if cell]
    return Entry((row[0],), " · ".join(rest), is_marked=is_marked) if rest else Entry((), row[0], is_marked=is_marked)


def _grid_page(
    widget: TableWidget, canvas: Canvas, note: str, rows: Sequence[Row], marked: int | None, at_ms: int | None
) -> Page | None:
    """Return the table with columns, or None where they have no room."""
    board = open_board(canvas, widget.title, note)
    lines = [
        tuple(typeset(cell, canvas.locale).replace("\n", " ") for cell in row)
        for row in ((widget.heading,) if widget.heading else ()) + tuple(rows)
    ]
    count = max(len(line) for line in lines)
    head = 1 if widget.heading else 0
    for size in range(max(board.floor, round(board.grid.largest * 1.2)), board.floor - 1, -1):
        styles = board.style(Weight.REGULAR, size), board.style(Weight.BOLD, size)
        gap = round(size * 1.4)
        widths = [
            max(face(styles[1]).width(line[at]) if at < len(line) else 0 for line in lines) for at in range(count)
        ]
        tall = board.line_height(styles[0]) + (1 if board.crisp else round(size * 0.8))
        room = board.height // tall
        fits = sum(widths) + gap * (count + 1) <= board.width
        if fits and (room >= len(lines) or (size == board.floor and room >= head + 2)):
            spare = (board.width - sum(widths) - gap * (count + 1)) / count
            places = [board.box[0] + gap + round(sum(widths[:at]) + at * (gap + spare)) for at in range(count)]
            _set_table(board, lines, head, places, styles, tall, _shown(len(rows), room - head, at_ms), marked)
            return board.page
    return None


def _shown(count: int, room: int, at_ms: int | None) -> range:
    start = page_at(at_ms, -(-count // room)) * room
    return range(start, min(count, start + room))


def _set_table(
    board: Board,
    lines: Sequence[Row],
    head: int,
    places: Sequence[int],
    styles: tuple[Style, Style],
    tall: int,
    shown: range,
    marked: int | None,
) -> None:
    left, y, right, bottom = board.box
    if not board.crisp:
        tall += min(tall // 2, max(0, bottom - y - tall * (head + len(shown))) // (head + len(shown)))
    order = ([0] if head else []) + [head + at for at in shown]
    for line in order:
        is_head, is_marked = bool(head) and line == 0, marked is not None and line == head + marked
        ink = board.palette.accent if is_head else board.palette.band_ink if is_marked else board.palette.ink
        if is_marked:
            board.page.add(Fill((left, y, right, y + tall), board.palette.band, tall // 8))
        elif not is_head and not board.crisp:
            board.page.add(Fill((left, y, right, y + max(1, tall // 40)), board.palette.tint))
        for at, cell in enumerate(lines[line]):
            style = styles[1] if is_head or is_marked or at == 0 else styles[0]
            end = places[at + 1] if at + 1 < len(places) else right
            put(board, shortened(cell, style, end - places[at]), style, (places[at], y, end, y + tall), ink)
        y += tall
