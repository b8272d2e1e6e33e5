"""Countdown: days, hours and minutes to an instant, and from then on a text."""

from __future__ import annotations

from beffroi_content.model.widgets import MINUTE_MS, CountdownWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.dates import day_text, time_text
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.declarations import EVENT_FIELDS, LocalisedText, WidgetTemplate
from beffroi_content.templates.samples import HOUR_MS, SAMPLE_AT_MS
from beffroi_content.templates.widget_layout.phrases import phrase
from beffroi_content.templates.widget_layout.widget_page import (
    WidgetPage,
    add_paragraph,
    fit_one_line,
    local_time,
    open_widget_page,
    put_line,
)


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
    # Under a day, hours and minutes only: a tile with 0 days says nothing and takes a third of the width.
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
    height, free = bottom - top, (right - left) * 0.84
    board.page.add(FilledBox(box, board.palette.tint, board.grid.margin // 3))
    text, style = fit_one_line(board, str(value), FontWeight.BOLD, height * 0.44, free)
    middle = top + round(height * 0.7)
    put_line(board, text, style, (left, top + height // 12, right, middle), board.palette.ink, "centre")
    text, style = fit_one_line(board, name, FontWeight.REGULAR, height * 0.11, free)
    put_line(board, text, style, (left, middle, right, bottom - height // 14), board.palette.soft_ink, "centre")


def _sample() -> CountdownWidget:
    return CountdownWidget(
        title="Feu d’artifice du Nouvel An",
        target_at_ms=SAMPLE_AT_MS + 22 * 24 * HOUR_MS + 9 * HOUR_MS,
        after="Bonne année !",
    )


TEMPLATE = WidgetTemplate(
    name="countdown",
    position=220,
    label=LocalisedText(en="Countdown", fr="Compte à rebours"),
    summary=LocalisedText(
        en="the days, hours and minutes to the start of an event, and from then on the text",
        fr="les jours, heures et minutes jusqu’au début d’un événement, puis le texte",
    ),
    icon='<path d="M6 3h12M6 21h12M7.5 3v4L12 12l4.5-5V3M7.5 21v-4L12 12l4.5 5v4"/>',
    fields=EVENT_FIELDS,
    hint=LocalisedText(
        en="It counts down to the start of the event. The text is shown from then on.",
        fr="Il compte jusqu’au début de l’événement. Le texte s’affiche à partir de là.",
    ),
    widget=CountdownWidget,
    layout=countdown_page,
    sample=_sample,
)
