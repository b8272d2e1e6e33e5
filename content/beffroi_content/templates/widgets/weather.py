"""Weather: the forecast of today and of the next days."""

from __future__ import annotations

import datetime as dt

from beffroi_content.model.widgets import SkyCondition, WeatherDay, WeatherWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.dates import weekday_name
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.declarations import LocalisedText, TemplateField, WidgetTemplate
from beffroi_content.templates.samples import HOUR_MS, SAMPLE_AT_MS, SAMPLE_DAY
from beffroi_content.templates.widget_layout.phrases import degrees_text, phrase, sky_text
from beffroi_content.templates.widget_layout.stale_data import (
    message_page,
    missing_data_page,
    page_number_at,
    source_note,
)
from beffroi_content.templates.widget_layout.weather_symbols import draw_sky
from beffroi_content.templates.widget_layout.widget_page import (
    WidgetPage,
    add_paragraph,
    fit_one_line,
    local_time,
    open_widget_page,
    put_line,
)

_NBSP = "\N{NO-BREAK SPACE}"


def weather_page(widget: WeatherWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return today and the next days; what has passed is left out."""
    title = widget.title or phrase("weather", canvas.locale)
    if page := missing_data_page(widget, canvas, at_ms, title, needs_time=True):
        return page
    assert at_ms is not None
    today = local_time(at_ms, canvas).date()
    days = sorted((day for day in widget.days if day.day >= today), key=lambda day: day.day)
    if not days:
        return message_page(canvas, title, "no-data")
    board = open_widget_page(canvas, title, source_note(widget, canvas, at_ms))
    if board.crisp:
        _panel_days(board, days, today, at_ms)
    elif board.grid.is_wide:
        _add_day_columns(board, days[: 5 if board.width < 3 * board.height else 7], today)
    else:
        _add_day_rows(board, days[:5], today)
    return board.page


def _day_name(day: WeatherDay, today: dt.date, locale: str) -> str:
    away = (day.day - today).days
    return phrase(("today", "tomorrow")[away], locale) if away < 2 else weekday_name(day.day, locale).capitalize()


def _day_details(board: WidgetPage, day: WeatherDay) -> list[str]:
    wind = phrase("wind", board.locale, speed=day.wind_kmh) if day.wind_kmh is not None else ""
    return [text for text in (sky_text(day.sky, board.locale), wind) if text]


def _add_day_columns(board: WidgetPage, days: list[WeatherDay], today: dt.date) -> None:
    left, top, _right, bottom = board.box
    gap = board.grid.margin // 2
    wide = (board.width - gap * (len(days) - 1)) // len(days)
    for number, day in enumerate(days):
        x = left + number * (wide + gap)
        _add_day_card(board, day, today, (x, top, x + wide, bottom))


def _add_day_card(board: WidgetPage, day: WeatherDay, today: dt.date, box: Box) -> None:
    left, top, right, bottom = box
    height, pad = bottom - top, round(board.grid.margin * 0.35)
    inner = (left + pad, right - pad)
    board.page.add(FilledBox(box, board.palette.tint, board.grid.margin // 3))
    size = min(round(height * 0.32), inner[1] - inner[0])
    capital = min(height * 0.055, board.grid.largest)
    line = round(height * 0.14)
    text, style = fit_one_line(
        board, _day_name(day, today, board.locale), FontWeight.BOLD, capital, inner[1] - inner[0]
    )
    put_line(board, text, style, (inner[0], top + pad // 2, inner[1], top + line), board.palette.accent, "centre")
    draw_sky(board, day.sky, ((left + right - size) // 2, top + line, size), board.palette.tint)
    y = top + line + size
    text, style = fit_one_line(
        board, degrees_text(day.high, board.locale), FontWeight.BOLD, height * 0.12, inner[1] - inner[0]
    )
    put_line(board, text, style, (inner[0], y, inner[1], y + round(height * 0.2)), board.palette.ink, "centre")
    y += round(height * 0.19)
    low = [degrees_text(day.low, board.locale)] if day.low is not None else []
    for at, detail in enumerate([*low, *_day_details(board, day)]):
        size_of = capital * (1.1 if low and at == 0 else 0.95)
        text, style = fit_one_line(board, detail, FontWeight.REGULAR, size_of, inner[1] - inner[0])
        end = y + round(height * 0.095)
        put_line(board, text, style, (inner[0], y, inner[1], end), board.palette.soft_ink, "centre")
        y = end


def _add_day_rows(board: WidgetPage, days: list[WeatherDay], today: dt.date) -> None:
    left, top, right, _bottom = board.box
    gap = board.grid.margin // 3
    tall = min((board.height - gap * (len(days) - 1)) // len(days), round(board.width * 0.3))
    y = top
    for day in days:
        _add_day_strip(board, day, today, (left, y, right, y + tall))
        y += tall + gap


def _add_day_strip(board: WidgetPage, day: WeatherDay, today: dt.date, box: Box) -> None:
    left, top, right, bottom = box
    height, pad = bottom - top, round(board.grid.margin * 0.5)
    board.page.add(FilledBox(box, board.palette.tint, board.grid.margin // 3))
    size = round(height * 0.82)
    draw_sky(board, day.sky, (left + pad, top + (height - size) // 2, size), board.palette.tint)
    x, end = left + 2 * pad + size, right - pad
    split = x + round((end - x) * 0.72)
    middle = (top + bottom) // 2
    text, style = fit_one_line(
        board, _day_name(day, today, board.locale), FontWeight.BOLD, height * 0.2, split - x - pad
    )
    put_line(board, text, style, (x, top + height // 10, split, middle), board.palette.ink)
    text, small = fit_one_line(board, ", ".join(_day_details(board, day)), FontWeight.REGULAR, height * 0.15, split - x)
    put_line(board, text, small, (x, middle, split, bottom - height // 8), board.palette.soft_ink)
    text, style = fit_one_line(board, degrees_text(day.high, board.locale), FontWeight.BOLD, height * 0.3, end - split)
    put_line(
        board,
        text,
        style,
        (split, top, end, bottom - (height // 4 if day.low is not None else 0)),
        board.palette.ink,
        "right",
    )
    if day.low is not None:
        text, style = fit_one_line(
            board, degrees_text(day.low, board.locale), FontWeight.REGULAR, height * 0.15, end - split
        )
        put_line(
            board, text, style, (split, bottom - round(height * 0.34), end, bottom), board.palette.soft_ink, "right"
        )


def _panel_days(board: WidgetPage, days: list[WeatherDay], today: dt.date, at_ms: int) -> None:
    """Set one day a page on a small panel, and as many as have room side by side on a larger one."""
    free = max(1, min(board.width // 150, len(days)))
    shown = days[page_number_at(at_ms, -(-len(days) // free)) * free :][:free]
    wide = board.width // free
    for number, day in enumerate(shown):
        left = board.box[0] + number * wide
        _panel_day(board, day, today, (left, board.box[1], left + wide, board.box[3]))


def _panel_day(board: WidgetPage, day: WeatherDay, today: dt.date, box: Box) -> None:
    left, top, right, bottom = box
    size = min(bottom - top, (right - left) // 2, 64)
    has_symbol = size >= 20
    if has_symbol:
        draw_sky(board, day.sky, (left, top + (bottom - top - size) // 2, size), board.palette.paper)
    low = f"{_NBSP}/{_NBSP}{degrees_text(day.low, board.locale)}" if day.low is not None else ""
    parts = [
        (_day_name(day, today, board.locale), FontWeight.REGULAR, 0.3, board.palette.accent),
        (degrees_text(day.high, board.locale) + low, FontWeight.BOLD, 0.5, board.palette.ink),
        ("" if has_symbol else sky_text(day.sky, board.locale), FontWeight.REGULAR, 0.3, board.palette.ink),
    ]
    add_paragraph(board, parts, (left + size + 2 if has_symbol else left, top, right, bottom))


def _sample() -> WeatherWidget:
    forecast = (
        (SkyCondition.SHOWERS, 6, 11, 35),
        (SkyCondition.RAIN, 7, 10, 50),
        (SkyCondition.VEILED, 3, 9, 20),
        (SkyCondition.SUN, -1, 6, 10),
        (SkyCondition.SNOW, -3, 1, 15),
    )
    days = tuple(
        WeatherDay(day=SAMPLE_DAY + dt.timedelta(number), sky=sky, low=low, high=high, wind_kmh=wind)
        for number, (sky, low, high, wind) in enumerate(forecast)
    )
    return WeatherWidget(
        title="Météo à Saint-Aubin", days=days, credit="MET Norway, CC BY 4.0", fetched_at_ms=SAMPLE_AT_MS - HOUR_MS
    )


TEMPLATE = WidgetTemplate(
    name="weather",
    position=270,
    label=LocalisedText(en="Weather", fr="Météo"),
    summary=LocalisedText(
        en="the weather of the town today and on the next days",
        fr="la météo de la commune, aujourd’hui et les jours suivants",
    ),
    icon='<circle cx="9" cy="9" r="3.5"/><path d="M9 2.5v1.5M2.5 9H4m.4-4.6 1 1m8.2-1-1 1M9 19h9a3 3 0 0 0 0-6 4.5 4.5'
    ' 0 0 0-8.5 1.5A2.3 2.3 0 0 0 9 19z"/>',
    fields=frozenset({TemplateField.FEED}),
    widget=WeatherWidget,
    layout=weather_page,
    sample=_sample,
    feed="weather",
)
