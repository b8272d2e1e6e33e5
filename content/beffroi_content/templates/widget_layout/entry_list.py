"""List of entries one below the other, such as an agenda or headlines, over several pages in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import Rgb
from beffroi_content.raster.page import FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.widget_layout.stale_data import page_number_at
from beffroi_content.templates.widget_layout.widget_page import WidgetPage, open_widget_page, put_line, wrap_text


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One entry: what stands beside or above it, its text, and what is said more quietly."""

    lead: tuple[str, ...]
    text: str
    detail: str = ""
    short_lead: str = ""
    """Instead of ``lead`` where that has no room on one line."""
    is_marked: bool = False
    """It is on now, or today's."""


@dataclass(frozen=True, slots=True)
class _StyledLine:
    text: str
    style: TextStyle
    colour: Rgb


@dataclass(frozen=True, slots=True)
class _PlacedEntry:
    """An entry in lines: beside each other if ``lead_width``, else all in ``lines``."""

    lead: tuple[_StyledLine, ...]
    lines: tuple[_StyledLine, ...]
    lead_width: int
    height: int
    is_marked: bool


def entry_page(canvas: Canvas, title: str, note: str, entries: Sequence[ListEntry], at_ms: int | None) -> Page:
    """Return the page of a list that is shown at an instant: all of it if it has room, else a part."""
    board = open_widget_page(canvas, title, note)
    pages = _entry_pages(board, entries)
    number = page_number_at(at_ms, len(pages))
    if len(pages) > 1 and not board.crisp:
        board = open_widget_page(canvas, title, note, f"{number + 1} / {len(pages)}")
    _set_entries(board, pages[number])
    return board.page


def _entry_pages(board: WidgetPage, entries: Sequence[ListEntry]) -> list[list[_PlacedEntry]]:
    least = board.smallest_capital
    placed: list[_PlacedEntry] = []
    # The largest size at which all entries have room on one page; if there is none, the smallest, over as many
    # pages as it takes. A list of more than twelve entries is set in the smallest at once: it never fits in one
    # page.
    for size in range(max(least, round(board.grid.largest * 1.2)), least - 1, -1):
        placed = [_place_entry(board, entry, size, len(entries)) for entry in entries]
        if sum(each.height for each in placed) <= board.height:
            return [placed]
        if len(entries) > 12:
            placed = [_place_entry(board, entry, least, len(entries)) for entry in entries]
            break
    pages: list[list[_PlacedEntry]] = [[]]
    for each in placed:
        if pages[-1] and sum(other.height for other in pages[-1]) + each.height > board.height:
            pages.append([])
        pages[-1].append(each)
    return pages


def _place_entry(board: WidgetPage, entry: ListEntry, size: int, count: int) -> _PlacedEntry:
    ink, soft, accent = board.palette.ink, board.palette.soft_ink, board.palette.accent
    bold, small = (
        board.text_style(FontWeight.BOLD, size),
        board.text_style(FontWeight.SEMIBOLD, max(board.smallest_capital * 0.8, size * 0.78)),
    )
    lead = [part for part in entry.lead if part]
    is_beside = bool(lead) and not board.crisp and board.width > 36 * size
    beside = round(12 * size) if is_beside else 0
    inset = round(size * 0.9) if not board.crisp else 2
    width = board.width - beside - 2 * inset
    most = 3 if entry.detail else 4
    most = max(1, min(most, board.height // board.line_height(bold) - bool(entry.detail) - bool(lead)))
    lines = [_StyledLine(text, bold, ink) for text in wrap_text(board, entry.text, bold, width, most)]
    quiet_style = board.text_style(FontWeight.REGULAR, small.capital)
    if entry.detail:
        lines += [
            _StyledLine(text, quiet_style, soft) for text in wrap_text(board, entry.detail, quiet_style, width, 1)
        ]
    if is_beside:
        leads = _lead_beside(board, lead, (bold, small), beside - size)
    else:
        leads = []
        text = typeset_text(" · ".join(lead), board.locale)
        text = text if font_face(small).text_width(text) <= width else entry.short_lead or text
        lines[:0] = (
            [_StyledLine(each, small, accent) for each in wrap_text(board, text, small, width, most)] if text else []
        )
    # An entry higher than the page loses lines from its end rather than pushing all others out for ever.
    while len(lines) > 1 and sum(board.line_height(line.style) for line in lines) > board.height:
        lines.pop()
    tall = max(sum(board.line_height(line.style) for line in part) for part in (lines, leads))
    return _PlacedEntry(
        tuple(leads), tuple(lines), beside, tall + (2 if board.crisp else round(size * 1.3)), entry.is_marked
    )


def _lead_beside(
    board: WidgetPage, lead: Sequence[str], styles: tuple[TextStyle, TextStyle], width: int
) -> list[_StyledLine]:
    """Return what stands beside an entry: its first part in the first style, all others in the second."""
    return [
        _StyledLine(text, styles[at > 0], board.palette.accent)
        for at, part in enumerate(lead)
        for text in wrap_text(board, part, styles[at > 0], width, 2)
    ]


def _set_entries(board: WidgetPage, entries: Sequence[_PlacedEntry]) -> None:
    left, top, right, _bottom = board.box
    spare = max(0, board.height - sum(entry.height for entry in entries))
    # Spare height goes between the entries, up to a third of one: more, and a short list would fall apart.
    gap = min(spare // max(1, len(entries)), entries[0].height // 3)
    y = top + (spare - gap * len(entries)) // 2 if board.crisp or len(entries) == 1 else top
    for number, entry in enumerate(entries):
        tall = entry.height + gap
        capital = entry.lines[-1].style.capital if entry.lines else board.smallest_capital
        inset = 2 if board.crisp else round(capital * 0.9)
        if entry.is_marked and not board.crisp:
            board.page.add(FilledBox((left, y, right, y + tall), board.palette.tint, inset // 2))
            board.page.add(FilledBox((left, y, left + max(3, inset // 4), y + tall), board.palette.accent))
        elif number and not board.crisp and not entries[number - 1].is_marked:
            board.page.add(FilledBox((left, y, right, y + max(1, board.grid.margin // 30)), board.palette.tint))
        x = left + inset
        _set_lines(board, entry.lead, x, y, tall)
        _set_lines(board, entry.lines, x + entry.lead_width, y, tall)
        y += tall


def _set_lines(board: WidgetPage, lines: Sequence[_StyledLine], x: int, y: int, tall: int) -> None:
    y += max(0, tall - sum(board.line_height(line.style) for line in lines)) // 2
    for line in lines:
        height = board.line_height(line.style)
        put_line(board, line.text, line.style, (x, y, board.box[2], y + height), line.colour)
        y += height
