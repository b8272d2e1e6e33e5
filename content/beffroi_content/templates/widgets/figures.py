"""Numbers and codes: a counter, a gauge, a poll, an address to scan."""

from __future__ import annotations

from beffroi_content.model.widgets import CounterWidget, GaugeWidget, PollWidget, QrWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import WHITE, Rgb, parse_colour
from beffroi_content.raster.page import Box, FilledBox, Page, QrCode
from beffroi_content.raster.page_painter import QUIET_MODULES
from beffroi_content.raster.text.fonts import FontWeight, font_face
from beffroi_content.templates.layout.qr_code import qr_modules, short_address
from beffroi_content.templates.widgets.board import WidgetPage, add_paragraph, fit_one_line, open_widget_page, put_line
from beffroi_content.templates.widgets.phrases import number_text, phrase, share_text
from beffroi_content.templates.widgets.stale_data import missing_data_page, source_note

_NARROW = "\N{NARROW NO-BREAK SPACE}"
_LEAST_MODULE = 2
"""Pixels, below which no telephone reads a code."""


def counter_page(widget: CounterWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return a number, as large as it can be, over what it counts."""
    if page := missing_data_page(widget, canvas, at_ms, widget.title, needs_time=False):
        return page
    board = open_widget_page(canvas, widget.title, source_note(widget, canvas, at_ms))
    value = number_text(widget.value, canvas.locale) + (_NARROW + widget.unit if widget.unit else "")
    change = ""
    if widget.change is not None:
        arrow = "▲" if widget.change > 0 else "▼" if widget.change < 0 else "="
        change = f"{arrow} {number_text(widget.change, canvas.locale, signed=True)} {widget.change_label}".strip()
    ink, soft, accent = board.palette.ink, board.palette.soft_ink, board.palette.accent
    parts = [(value, FontWeight.BOLD, 0.8, accent), (widget.label, FontWeight.SEMIBOLD, 0.17, ink)]
    add_paragraph(board, [*parts, (change, FontWeight.REGULAR, 0.13, soft)], board.box)
    return board.page


def gauge_page(widget: GaugeWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return a value, its word, and where it lies on the scale."""
    if page := missing_data_page(widget, canvas, at_ms, widget.title, needs_time=False):
        return page
    board = open_widget_page(canvas, widget.title, source_note(widget, canvas, at_ms))
    left, top, right, bottom = board.box
    is_tall = board.height >= (24 if board.crisp else 60)
    bar = max(2, round(min(board.height * 0.12, board.grid.title * 0.8))) if is_tall else 0
    low = bottom - 2 * bar if bar else bottom
    segment = widget.segments[widget.segment_index]
    value = number_text(widget.value, canvas.locale) + (_NARROW + widget.unit if widget.unit else "")
    parts = [(segment.word or value, FontWeight.BOLD, 0.5, board.palette.ink)]
    if segment.word:
        parts.append((value, FontWeight.SEMIBOLD, 0.24, board.palette.accent))
    parts.append((widget.advice if not board.crisp else "", FontWeight.REGULAR, 0.12, board.palette.soft_ink))
    add_paragraph(board, parts, (left, top, right, low - bar // 2))
    if bar:
        _add_scale(board, widget, (left, low, right, low + bar))
    return board.page


def _add_scale(board: WidgetPage, widget: GaugeWidget, box: Box) -> None:
    left, top, right, bottom = box
    gap = 1 if board.crisp else max(2, (bottom - top) // 10)
    is_mono = board.canvas.screen_class.colour_depth == 1
    wide = (right - left + gap) / len(widget.segments)
    for number, segment in enumerate(widget.segments):
        x, end = left + round(number * wide), left + round((number + 1) * wide) - gap
        is_own = number == widget.segment_index
        colour = parse_colour(segment.colour) if not is_mono else WHITE
        # The own segment is twice as high: colour alone does not say which one it is.
        rise = (bottom - top) // 2 if not is_own else 0
        board.page.add(FilledBox((x, top + rise, max(x + 1, end), bottom), colour, 0 if board.crisp else gap * 2))
    starts = [widget.least, *(segment.until for segment in widget.segments)]
    low, high = starts[widget.segment_index], starts[widget.segment_index + 1]
    part = min(1.0, max(0.0, (widget.value - low) / (high - low)))
    x = left + round((widget.segment_index + part) * wide - gap * part)
    size = max(2, (bottom - top) // 2)
    x = min(max(left, x - size // 2), max(left, right - size))
    mark = bottom + gap
    board.page.add(FilledBox((x, mark, x + size, mark + size), board.palette.ink, size // 2))


def poll_page(widget: PollWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the answers with their shares as bars."""
    if page := missing_data_page(widget, canvas, at_ms, widget.title, needs_time=False):
        return page
    total = sum(option.votes for option in widget.options)
    votes = phrase("votes" if total > 1 else "vote", canvas.locale, count=number_text(total, canvas.locale))
    board = open_widget_page(canvas, widget.title, source_note(widget, canvas, at_ms), votes)
    left, top, right, _bottom = board.box
    least = board.line_height(board.text_style(FontWeight.BOLD, board.smallest_capital))
    room = max(1, min(len(widget.options), board.height // max(1, least)))
    ranked = sorted(widget.options, key=lambda option: -option.votes)
    shown = widget.options if room == len(widget.options) else tuple(ranked[:room])
    tall = min(board.height // room, round(board.grid.title * 2))
    y = top + (board.height - tall * room) // 2
    capital = max(board.smallest_capital, min(board.grid.largest, tall * 0.24))
    room_for = board.width - font_face(board.text_style(FontWeight.BOLD, capital)).text_width("100 %") - capital
    for option in shown:
        fitting = fit_one_line(
            board, option.label, FontWeight.BOLD, capital, room_for, least=board.smallest_capital * 0.75
        )[1]
        capital = min(capital, fitting.capital)
    for option in shown:
        is_first = option.votes == ranked[0].votes and total > 0
        _add_bar(board, option.label, (option.votes, total), is_first, (left, y, right, y + tall), capital)
        y += tall
    return board.page


def _add_bar(board: WidgetPage, label: str, votes: tuple[int, int], is_first: bool, box: Box, capital: float) -> None:
    left, top, right, bottom = box
    percent, style = fit_one_line(
        board, share_text(*votes, board.locale), FontWeight.BOLD, capital, (right - left) * 0.4
    )
    taken = round(font_face(style).text_width(percent)) + max(2, round(capital))
    line = min(bottom - top, board.line_height(style))
    text, small = fit_one_line(
        board,
        label,
        FontWeight.BOLD if is_first else FontWeight.REGULAR,
        capital,
        right - left - taken,
        least=board.smallest_capital * 0.75,
    )
    colour = board.palette.accent if is_first else board.palette.ink
    put_line(board, text, small, (left, top, right, top + line), board.palette.ink)
    put_line(board, percent, style, (left, top, right, top + line), colour, "right")
    thick = min(round((bottom - top - line) * 0.55), round(capital * 1.1))
    if thick < 1:
        return
    radius = 0 if board.crisp else thick // 2
    if not board.crisp:
        board.page.add(FilledBox((left, top + line, right, top + line + thick), board.palette.tint, radius))
    wide = round((right - left) * votes[0] / max(1, votes[1]))
    fill: Rgb = board.palette.band if is_first else board.palette.soft_ink
    if wide > 0:
        board.page.add(FilledBox((left, top + line, left + max(wide, thick), top + line + thick), fill, radius))


def qr_page(widget: QrWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the code of an address beside its text; where no code could be read, the address in letters."""
    board = open_widget_page(canvas, widget.title)
    left, top, right, bottom = board.box
    rows = qr_modules(widget.address)
    count = len(rows) + 2 * QUIET_MODULES
    is_beside = board.width > 1.2 * board.height
    each = min(board.height, board.width // 2 if is_beside else round(board.height * 0.72), board.width) // count
    address = short_address(widget.address)
    ink, soft, accent = board.palette.ink, board.palette.soft_ink, board.palette.accent
    if each < _LEAST_MODULE:
        add_paragraph(
            board, [(widget.text, FontWeight.BOLD, 0.4, ink), (address, FontWeight.BOLD, 0.3, accent)], board.box
        )
        return board.page
    side = each * count
    x, y = (left, top + (board.height - side) // 2) if is_beside else (left + (board.width - side) // 2, top)
    board.page.add(QrCode((x, y, x + side, y + side), rows))
    gap = board.grid.margin if not board.crisp else 4
    box = (left + side + gap, top, right, bottom) if is_beside else (left, top + side, right, bottom)
    hint = "" if board.crisp else phrase("scan", canvas.locale)
    add_paragraph(
        board,
        [
            (widget.text, FontWeight.BOLD, 0.22, ink),
            (hint, FontWeight.REGULAR, 0.13, soft),
            (address, FontWeight.BOLD, 0.13, accent),
        ],
        box,
        "left" if is_beside else "centre",
    )
    return board.page
