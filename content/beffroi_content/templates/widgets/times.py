"""What the time alone changes: a clock, a countdown, messages one after the other."""

from __future__ import annotations

import datetime as dt
import math

from beffroi_content.model.widgets import MESSAGE_MS, MINUTE_MS, ClockWidget, CountdownWidget, TickerWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import Rgb
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.dates import day_text, short_day_text, time_text
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.widgets.board import (
    WidgetPage,
    add_paragraph,
    fit_one_line,
    local_time,
    open_widget_page,
    put_line,
)
from beffroi_content.templates.widgets.phrases import phrase
from beffroi_content.templates.widgets.stale_data import message_page


def clock_page(widget: ClockWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the time and the date; while nobody knows the time, the title."""
    if at_ms is None:
        return message_page(canvas, widget.title or canvas.town.name, "no-time")
    now = local_time(at_ms, canvas)
    board = open_widget_page(canvas, widget.title if not _is_low(canvas) else "")
    box = board.box
    if widget.is_analogue and not board.crisp and min(board.width, board.height) >= 240:
        box = _add_dial(board, now.time())
    gap = "\N{NARROW NO-BREAK SPACE}"
    is_french = canvas.locale == "fr" and not board.crisp
    text = f"{now.hour}{gap}h{gap}{now.minute:02}" if is_french else f"{now.hour}:{now.minute:02}"
    _time_and_date(board, text, now.date(), box)
    return board.page


def _is_low(canvas: Canvas) -> bool:
    return canvas.size[1] < 80


def _time_and_date(board: WidgetPage, text: str, day: dt.date, box: Box) -> None:
    width, height = box[2] - box[0], box[3] - box[1]
    if height < 20:
        shown, style = fit_one_line(board, text, FontWeight.BOLD, height, width)
        put_line(board, shown, style, box, board.palette.ink, "centre")
        return
    split = box[1] + round(height * 0.64)
    shown, style = fit_one_line(board, text, FontWeight.BOLD, height * (0.46 if not board.crisp else 0.56), width)
    words = day_text(day, board.locale)
    date, small = fit_one_line(
        board, words, FontWeight.SEMIBOLD, style.capital * 0.26, width, least=board.smallest_capital
    )
    if date.endswith("…"):
        date, small = fit_one_line(
            board, short_day_text(day, board.locale), FontWeight.SEMIBOLD, board.smallest_capital, width
        )
    if not board.crisp:
        # The two lines stand together in the middle, whatever the shape of the box.
        block = round(style.capital * 1.5 + small.capital * 1.6)
        top = box[1] + max(0, height - block) // 2
        split = top + round(style.capital * 1.35)
        put_line(board, shown, style, (box[0], top, box[2], split), board.palette.ink, "centre")
        put_line(board, date, small, (box[0], split, box[2], top + block), board.palette.accent, "centre")
        return
    put_line(board, shown, style, (box[0], box[1], box[2], split), board.palette.ink, "centre")
    put_line(board, date, small, (box[0], split, box[2], box[3]), board.palette.accent, "centre")


def _add_dial(board: WidgetPage, time: dt.time) -> Box:
    """Draw a face with hands; return the box that is left."""
    left, top, right, bottom = board.box
    is_wide = board.width > 1.2 * board.height
    side = min(board.height, round(board.width * 0.45)) if is_wide else min(board.width, round(board.height * 0.58))
    x, y = (left + side // 2, (top + bottom) // 2) if is_wide else ((left + right) // 2, top + side // 2)
    radius = side / 2
    _add_disc(board, x, y, radius, board.palette.tint)
    for mark in range(60):
        angle = math.tau * mark / 60
        size = radius * (0.035 if mark % 5 == 0 else 0.012)
        _add_disc(
            board, x + math.sin(angle) * radius * 0.9, y - math.cos(angle) * radius * 0.9, size, board.palette.ink
        )
    hours = (time.hour % 12 + time.minute / 60) / 12
    _add_hand(board, (x, y), hours, radius * 0.52, radius * 0.05)
    _add_hand(board, (x, y), time.minute / 60, radius * 0.8, radius * 0.034)
    _add_disc(board, x, y, radius * 0.075, board.palette.accent)
    return (left + side + board.grid.margin, top, right, bottom) if is_wide else (left, top + side, right, bottom)


def _add_hand(board: WidgetPage, centre: tuple[int, int], turn: float, length: float, thick: float) -> None:
    steps = max(2, round(length / thick * 4))
    for step in range(-steps // 7, steps + 1):
        reach = length * step / steps
        x, y = centre[0] + math.sin(math.tau * turn) * reach, centre[1] - math.cos(math.tau * turn) * reach
        _add_disc(board, x, y, thick, board.palette.ink)


def _add_disc(board: WidgetPage, x: float, y: float, radius: float, colour: Rgb) -> None:
    size = max(1, round(radius))
    left, top = round(x) - size, round(y) - size
    board.page.add(FilledBox((left, top, left + 2 * size, top + 2 * size), colour, size))


def countdown_page(widget: CountdownWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return how long it still is, and from the instant on what is said then."""
    then = local_time(widget.target_at_ms, canvas)
    date = f"{day_text(then.date(), canvas.locale)}, {time_text(then.time(), canvas.locale)}"
    board = open_widget_page(canvas, widget.title)
    ink, accent = board.palette.ink, board.palette.accent
    if at_ms is None:
        # The date is right whatever the time is.
        add_paragraph(board, [(date, FontWeight.BOLD, 0.4, ink)], board.box)
    elif at_ms >= widget.target_at_ms:
        add_paragraph(board, [(widget.after or widget.title or date, FontWeight.BOLD, 0.5, accent)], board.box)
    else:
        _add_remaining(board, -(-(widget.target_at_ms - at_ms) // MINUTE_MS), date)
    return board.page


def _add_remaining(board: WidgetPage, minutes: int, date: str) -> None:
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    parts = parts[0 if days else 1 :]
    left, top, right, bottom = board.box
    if board.crisp or min(board.width, board.height) < 100:
        text = phrase("short", board.locale, days=days, hours=hours, minutes=minutes)
        text = text if days else text.split(" ", 1)[-1]
        add_paragraph(board, [(text, FontWeight.BOLD, 1.0, board.palette.ink)], board.box)
        return
    low = bottom - round(board.height * (0.2 if board.grid.is_wide else 0.12))
    gap = board.grid.margin // 2
    is_stacked = board.height > 1.25 * board.width
    across, down = (1, len(parts)) if is_stacked else (len(parts), 1)
    wide, tall = (board.width - gap * (across - 1)) // across, (low - top - gap * (down - 1)) // down
    tall = min(tall, round(wide * 1.1))
    start = top + max(0, low - top - tall * down - gap * (down - 1)) // 2
    for number, (value, name) in enumerate(parts):
        x, y = left + number * (wide + gap) * (not is_stacked), start + number * (tall + gap) * is_stacked
        _add_tile(board, value, phrase(name if value < 2 else name + "s", board.locale), (x, y, x + wide, y + tall))
    text, style = fit_one_line(
        board, date, FontWeight.SEMIBOLD, board.grid.largest, board.width, least=board.smallest_capital
    )
    put_line(board, text, style, (left, low, right, bottom), board.palette.accent, "centre")


def _add_tile(board: WidgetPage, value: int, name: str, box: Box) -> None:
    left, top, right, bottom = box
    height, room = bottom - top, (right - left) * 0.84
    board.page.add(FilledBox(box, board.palette.tint, board.grid.margin // 3))
    text, style = fit_one_line(board, str(value), FontWeight.BOLD, height * 0.44, room)
    middle = top + round(height * 0.7)
    put_line(board, text, style, (left, top + height // 12, right, middle), board.palette.ink, "centre")
    text, style = fit_one_line(board, name, FontWeight.REGULAR, height * 0.11, room)
    put_line(board, text, style, (left, middle, right, bottom - height // 14), board.palette.soft_ink, "centre")


def ticker_page(widget: TickerWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the message whose turn it is; while nobody knows the time, one that never ends."""
    messages = [
        each.text for each in widget.messages if each.until_ms is None or (at_ms is not None and at_ms < each.until_ms)
    ]
    if not messages:
        return message_page(canvas, widget.title, "no-items")
    text = messages[0 if at_ms is None else at_ms // MESSAGE_MS % len(messages)]
    board = open_widget_page(canvas, widget.title)
    add_paragraph(board, [(text, FontWeight.BOLD, 0.55 if not board.crisp else 1.0, board.palette.ink)], board.box)
    return board.page
