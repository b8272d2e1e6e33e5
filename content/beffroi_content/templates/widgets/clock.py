"""Clock: the time of day and the date, with a dial where there is room."""

from __future__ import annotations

import datetime as dt
import math

from beffroi_content.model.widgets import ClockWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import Rgb
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.dates import day_text, short_day_text
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.declarations import LocalisedText, WidgetTemplate
from beffroi_content.templates.widget_layout.stale_data import message_page
from beffroi_content.templates.widget_layout.widget_page import (
    WidgetPage,
    fit_one_line,
    local_time,
    open_widget_page,
    put_line,
)


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
    full_date = day_text(day, board.locale)
    date, small = fit_one_line(
        board, full_date, FontWeight.SEMIBOLD, style.capital * 0.26, width, least=board.smallest_capital
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
    # Pages have boxes and discs but no lines: a hand is a row of overlapping discs, which also rounds its ends.
    steps = max(2, round(length / thick * 4))
    for step in range(-steps // 7, steps + 1):
        reach = length * step / steps
        x, y = centre[0] + math.sin(math.tau * turn) * reach, centre[1] - math.cos(math.tau * turn) * reach
        _add_disc(board, x, y, thick, board.palette.ink)


def _add_disc(board: WidgetPage, x: float, y: float, radius: float, colour: Rgb) -> None:
    size = max(1, round(radius))
    left, top = round(x) - size, round(y) - size
    board.page.add(FilledBox((left, top, left + 2 * size, top + 2 * size), colour, size))


def _sample() -> ClockWidget:
    return ClockWidget(title="Saint-Aubin-sur-Mer", is_analogue=True)


TEMPLATE = WidgetTemplate(
    name="clock",
    position=210,
    label=LocalisedText(en="Clock", fr="Horloge"),
    summary=LocalisedText(
        en="the time and the date; with hands where there is room",
        fr="l’heure et la date ; avec des aiguilles s’il y a la place",
    ),
    icon='<circle cx="12" cy="12" r="9"/><path d="M12 6.5V12l4 2.5"/>',
    widget=ClockWidget,
    layout=clock_page,
    sample=_sample,
)
