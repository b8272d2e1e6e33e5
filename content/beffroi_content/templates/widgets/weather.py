"""The weather, and the vigilance of the weather service."""

from __future__ import annotations

import datetime as dt

from beffroi_content.model.widgets import SkyCondition, VigilanceWidget, WeatherDay, WeatherWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import BLACK, WHITE, Rgb, mix_colours
from beffroi_content.raster.page import Box, FilledBox, Page, Pictogram, PlacedPictogram
from beffroi_content.raster.text.dates import weekday_name
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.widgets.board import (
    WidgetPage,
    add_paragraph,
    fit_one_line,
    local_time,
    open_widget_page,
    put_line,
)
from beffroi_content.templates.widgets.phrases import degrees_text, level_name, level_phrase, phrase, sky_text
from beffroi_content.templates.widgets.stale_data import message_page, missing_data_page, page_number_at, source_note

_LEVELS: dict[int, Rgb] = {1: (49, 170, 53), 2: (255, 246, 0), 3: (255, 184, 43), 4: (204, 0, 0)}
"""The colours of Météo-France."""
_NBSP = "\N{NO-BREAK SPACE}"
_SUN: Rgb = (240, 160, 20)
_RAIN: Rgb = (40, 130, 205)


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
    room = max(1, min(board.width // 150, len(days)))
    shown = days[page_number_at(at_ms, -(-len(days) // room)) * room :][:room]
    wide = board.width // room
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


def draw_sky(board: WidgetPage, sky: SkyCondition, place: tuple[int, int, int], ground: Rgb) -> None:
    """Draw the sky in a square: left, top and side in pixels."""
    is_mono = board.canvas.screen_class.colour_depth == 1
    dark = sum(ground) < 3 * 128
    cloud = WHITE if is_mono else mix_colours(WHITE, (130, 145, 165), 0.25 if dark else 0.75)
    sun, rain = (WHITE, WHITE) if is_mono else (_SUN, mix_colours(_RAIN, WHITE, 0.35) if dark else _RAIN)
    pen = _WeatherPen(board, place)
    if sky is SkyCondition.SUN:
        _draw_sun(pen, sun, (50, 50), 1.0)
    if sky in (SkyCondition.VEILED, SkyCondition.SHOWERS):
        _draw_sun(pen, sun, (64, 34), 0.72)
    if sky in (
        SkyCondition.VEILED,
        SkyCondition.CLOUD,
        SkyCondition.RAIN,
        SkyCondition.SHOWERS,
        SkyCondition.STORM,
        SkyCondition.SNOW,
    ):
        _draw_cloud(pen, cloud, ground)
    if sky in (SkyCondition.RAIN, SkyCondition.SHOWERS):
        for x, y in ((28, 76), (48, 80), (68, 76)):
            pen.bar(x, y, 7, 16, rain)
    if sky is SkyCondition.SNOW:
        for x, y in ((26, 78), (47, 84), (68, 78)):
            pen.disc(x + 3, y + 4, 5.5, rain)
    if sky is SkyCondition.STORM:
        for x, y in ((50, 68), (44, 76), (50, 80), (44, 88)):
            pen.bar(x - 3, y, 14 if y in (76, 80) else 8, 12, sun)
    if sky in (SkyCondition.FOG, SkyCondition.WIND):
        for number, (x, wide) in enumerate(((14, 62), (22, 66), (10, 56), (30, 52))):
            pen.bar(x, 24 + number * 15, wide, 7, cloud if sky is SkyCondition.FOG or number % 2 else rain)


class _WeatherPen:
    """Draws in hundredths of the side of a square."""

    def __init__(self, board: WidgetPage, place: tuple[int, int, int]) -> None:
        self._page, self._crisp, (self._x, self._y, side) = board.page, board.crisp, place
        self._unit = side / 100

    def bar(self, x: float, y: float, wide: float, tall: float, colour: Rgb) -> None:
        left, top = self._x + round(x * self._unit), self._y + round(y * self._unit)
        size = max(1, round(wide * self._unit)), max(1, round(tall * self._unit))
        self._page.add(FilledBox((left, top, left + size[0], top + size[1]), colour, min(size) // 2))

    def disc(self, x: float, y: float, radius: float, colour: Rgb) -> None:
        size = max(1, round(radius * self._unit))
        left, top = self._x + round(x * self._unit) - size, self._y + round(y * self._unit) - size
        if not self._crisp or size < 3:
            self._page.add(FilledBox((left, top, left + 2 * size, top + 2 * size), colour, size))
            return
        # Without grey, a rounded box stays a square: a circle is made of rows.
        for row in range(2 * size):
            half = round((size**2 - (row + 0.5 - size) ** 2) ** 0.5)
            self._page.add(FilledBox((left + size - half, top + row, left + size + half, top + row + 1), colour))


def _draw_sun(pen: _WeatherPen, colour: Rgb, centre: tuple[float, float], scale: float) -> None:
    x, y = centre
    pen.disc(x, y, 22 * scale, colour)
    for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1), (0.71, 0.71), (-0.71, 0.71), (0.71, -0.71), (-0.71, -0.71)):
        pen.disc(x + across * 37 * scale, y + down * 37 * scale, 5 * scale, colour)


def _draw_cloud(pen: _WeatherPen, colour: Rgb, ground: Rgb) -> None:
    for grow, paint in ((4, ground), (0, colour)):
        pen.disc(30, 54, 16 + grow, paint)
        pen.disc(48, 42, 20 + grow, paint)
        pen.disc(68, 54, 16 + grow, paint)
        pen.bar(30 - grow, 52, 38 + 2 * grow, 18 + grow, paint)


def vigilance_page(widget: VigilanceWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the level as a colour, a word and a sign, and the dangers with theirs."""
    title = widget.title or phrase("weather", canvas.locale)
    if page := missing_data_page(widget, canvas, at_ms, title, needs_time=True):
        return page
    board = open_widget_page(canvas, title if not canvas.size[1] < 60 else "", source_note(widget, canvas, at_ms))
    left, top, right, bottom = board.box
    is_mono = canvas.screen_class.colour_depth == 1
    phenomena = sorted((each for each in widget.phenomena if each.level > 1), key=lambda each: -each.level)
    has_rest = bool(phenomena or widget.advice) and board.height >= (40 if board.crisp else 120)
    least = 2 * board.line_height(board.text_style(FontWeight.BOLD, board.smallest_capital)) + board.grid.margin
    head = max(0.34 * board.height, min(0.5 * board.height, least))
    split = top + round(head) if has_rest else bottom
    ground: Rgb = BLACK if is_mono else _LEVELS[widget.level]
    ink = WHITE if is_mono or widget.level == 4 else BLACK
    board.page.add(FilledBox((left, top, right, split), ground, board.grid.margin // 3))
    pad = 2 if board.crisp else board.grid.margin // 2
    size = min(split - top - 2 * pad, board.width // 5)
    x = left + pad
    if size >= 8:
        sign = Pictogram.CHECK if widget.level == 1 else Pictogram.WARNING
        y = top + (split - top - size) // 2
        board.page.add(PlacedPictogram((x, y, x + size, y + size), sign, ink, ground))
        x += size + pad
    line = board.line_height(board.text_style(FontWeight.REGULAR, board.smallest_capital))
    words = [(level_phrase(widget.level, canvas.locale), FontWeight.BOLD, 0.5, ink)]
    words.append((widget.department if split - top - 2 * pad >= 2 * line else "", FontWeight.REGULAR, 0.28, ink))
    add_paragraph(board, words, (x, top + pad, right - pad, split - pad), "left")
    if has_rest:
        dangers = [(each.name, each.level) for each in phenomena]
        _add_dangers(board, dangers, widget.advice, (left, split, right, bottom), at_ms)
    return board.page


def _add_dangers(board: WidgetPage, dangers: list[tuple[str, int]], advice: str, box: Box, at_ms: int | None) -> None:
    left, top, right, bottom = box
    rest = round((bottom - top) * 0.34) if advice and not board.crisp else 0
    line = board.line_height(board.text_style(FontWeight.BOLD, board.smallest_capital)) + (
        1 if board.crisp else board.smallest_capital // 2
    )
    room = max(1, (bottom - top - rest) // max(1, line))
    shown = dangers[page_number_at(at_ms, -(-len(dangers) // room)) * room :][:room]
    tall = min((bottom - top - rest) // max(1, len(shown)), round(line * 1.5))
    y = top + (2 if board.crisp else board.grid.margin // 4)
    for name, level in shown:
        chip = round(tall * 0.5)
        place = (left, y + (tall - chip) // 2, left + chip, y + (tall - chip) // 2 + chip)
        colour = WHITE if board.canvas.screen_class.colour_depth == 1 else _LEVELS[level]
        board.page.add(FilledBox(place, colour, chip // 4))
        text, style = fit_one_line(
            board,
            f"{name} : {level_name(level, board.locale)}",
            FontWeight.SEMIBOLD,
            max(board.smallest_capital, min(board.grid.largest, tall * 0.4)),
            right - left - 2 * chip,
        )
        put_line(board, text, style, (left + round(chip * 1.6), y, right, y + tall), board.palette.ink)
        y += tall
    if rest:
        add_paragraph(
            board, [(advice, FontWeight.REGULAR, 0.55, board.palette.soft_ink)], (left, y, right, bottom), "left"
        )
