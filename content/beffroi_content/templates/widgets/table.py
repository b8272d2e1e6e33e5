"""Table: rows and columns, such as a timetable or the menu of a canteen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from beffroi_content.model.widgets import TableWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.declarations import LocalisedText, RowFormat, TemplateField, WidgetTemplate
from beffroi_content.templates.widget_layout.entry_list import ListEntry, entry_page
from beffroi_content.templates.widget_layout.stale_data import (
    message_page,
    missing_data_page,
    page_number_at,
    source_note,
)
from beffroi_content.templates.widget_layout.widget_page import (
    WidgetPage,
    local_time,
    open_widget_page,
    put_line,
    shorten_text,
)
from beffroi_content.written_dates import parse_days, weekday_number

_ANY_DAY = dt.date(2024, 1, 1)
"""A day for asking whether a text is a date at all; around a leap year, so that 29 February is one."""
TableRow = tuple[str, ...]


def table_page(widget: TableWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the rows; empty ones and days that have passed are left out, and today's row stands out."""
    dated = any(parse_days(row[0], _ANY_DAY) for row in widget.rows)
    if page := missing_data_page(widget, canvas, at_ms, widget.title, needs_time=dated):
        return page
    today = None if at_ms is None else local_time(at_ms, canvas).date()
    rows = [row for row in widget.rows if _says_something(row, canvas.locale) and not _is_past(row[0], today)]
    if not rows:
        return message_page(canvas, widget.title, "no-data")
    marked = next((at for at, row in enumerate(rows) if today and is_today(row[0], today)), None)
    note = source_note(widget, canvas, at_ms)
    return _grid_page(widget, canvas, note, rows, marked, at_ms) or entry_page(
        canvas, widget.title, note, [_row_entry(row, at == marked) for at, row in enumerate(rows)], at_ms
    )


def is_today(cell: str, today: dt.date) -> bool:
    """Tell whether a cell is today's date or weekday, or days around today."""
    if days := parse_days(cell, today):
        return days[0] <= today <= days[1]
    return weekday_number(cell) == today.weekday()


def _says_something(row: TableRow, locale: str) -> bool:
    return any(typeset_text(cell, locale).strip() for cell in row)


def _is_past(cell: str, today: dt.date | None) -> bool:
    days = None if today is None else parse_days(cell, today)
    return days is not None and today is not None and days[1] < today


def _row_entry(row: TableRow, is_marked: bool) -> ListEntry:
    cells = [cell for cell in row[1:] if cell]
    return (
        ListEntry((row[0],), " · ".join(cells), is_marked=is_marked)
        if cells
        else ListEntry((), row[0], is_marked=is_marked)
    )


def _grid_page(
    widget: TableWidget, canvas: Canvas, note: str, rows: Sequence[TableRow], marked: int | None, at_ms: int | None
) -> Page | None:
    """Return the table with columns, or None where they have no room."""
    board = open_widget_page(canvas, widget.title, note)
    lines = [
        tuple(typeset_text(cell, canvas.locale).replace("\n", " ") for cell in row)
        for row in ((widget.heading,) if widget.heading else ()) + tuple(rows)
    ]
    count = max(len(line) for line in lines)
    head = 1 if widget.heading else 0
    # From large to small: the first size at which all columns fit and all rows are on one page; at the smallest,
    # rows may go over several pages, as long as two of them fit under the heading.
    for size in range(max(board.smallest_capital, round(board.grid.largest * 1.2)), board.smallest_capital - 1, -1):
        styles = board.text_style(FontWeight.REGULAR, size), board.text_style(FontWeight.BOLD, size)
        gap = round(size * 1.4)
        widths = [
            max(font_face(styles[1]).text_width(line[at]) if at < len(line) else 0 for line in lines)
            for at in range(count)
        ]
        tall = board.line_height(styles[0]) + (1 if board.crisp else round(size * 0.8))
        free = board.height // tall
        fits = sum(widths) + gap * (count + 1) <= board.width
        if fits and (free >= len(lines) or (size == board.smallest_capital and free >= head + 2)):
            spare = (board.width - sum(widths) - gap * (count + 1)) / count
            places = [board.box[0] + gap + round(sum(widths[:at]) + at * (gap + spare)) for at in range(count)]
            _set_table(board, lines, head, places, styles, tall, _shown_rows(len(rows), free - head, at_ms), marked)
            return board.page
    return None


def _shown_rows(count: int, free: int, at_ms: int | None) -> range:
    start = page_number_at(at_ms, -(-count // free)) * free
    return range(start, min(count, start + free))


def _set_table(
    board: WidgetPage,
    lines: Sequence[TableRow],
    head: int,
    places: Sequence[int],
    styles: tuple[TextStyle, TextStyle],
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
            board.page.add(FilledBox((left, y, right, y + tall), board.palette.band, tall // 8))
        elif not is_head and not board.crisp:
            board.page.add(FilledBox((left, y, right, y + max(1, tall // 40)), board.palette.tint))
        for at, cell in enumerate(lines[line]):
            style = styles[1] if is_head or is_marked or at == 0 else styles[0]
            end = places[at + 1] if at + 1 < len(places) else right
            put_line(board, shorten_text(cell, style, end - places[at]), style, (places[at], y, end, y + tall), ink)
        y += tall


def _sample() -> TableWidget:
    return TableWidget(
        title="Au menu de la cantine",
        heading=("", "Entrée", "Plat", "Dessert"),
        rows=(
            ("Lundi", "Carottes râpées", "Poulet rôti, semoule", "Yaourt fermier"),
            ("Mardi", "Potage", "Lasagnes aux légumes", "Pomme"),
            ("Mercredi", "Betteraves", "Saucisse, lentilles", "Compote"),
            ("Jeudi", "Céleri rémoulade", "Poisson, riz", "Fromage blanc"),
            ("Vendredi", "Salade verte", "Gratin dauphinois", "Clémentines"),
        ),
    )


TEMPLATE = WidgetTemplate(
    name="table",
    position=290,
    label=LocalisedText(en="Menu or hours by day", fr="Menu ou horaires par jour"),
    summary=LocalisedText(
        en="a table, written here or from a feed (CSV), such as the menu of the canteen; today’s row stands out, and"
        " days that are over leave",
        fr="un tableau, écrit ici ou tiré d’un flux (CSV), par exemple le menu de la cantine ; la ligne du jour est"
        " mise en avant, les jours passés disparaissent",
    ),
    hint=LocalisedText(
        en="Today’s row stands out, and rows of days that are over disappear by themselves. A feed replaces the table.",
        fr="La ligne du jour est mise en avant, celles des jours passés disparaissent d’elles-mêmes. Un flux remplace"
        " le tableau.",
    ),
    rows=RowFormat(separator="|", has_days=True),
    icon='<rect x="3.5" y="5" width="17" height="14" rx="1"/><path d="M3.5 9.5h17M3.5 14.2h17M10 5v14"/>',
    fields=frozenset({TemplateField.FEED}),
    widget=TableWidget,
    layout=table_page,
    sample=_sample,
    feed="table",
)
