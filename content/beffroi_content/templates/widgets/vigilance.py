"""Vigilance: the level of danger that the weather service has declared for a department."""

from __future__ import annotations

from collections.abc import Sequence

from beffroi_content.model.widgets import VigilancePeriod, VigilanceWidget, WeatherDanger
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics import pictograms
from beffroi_content.raster.graphics.palettes import BLACK, WHITE, Rgb
from beffroi_content.raster.page import Box, FilledBox, Page, PlacedPictogram
from beffroi_content.raster.text.dates import time_text, weekday_name
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.declarations import LocalisedText, TemplateField, WidgetTemplate
from beffroi_content.templates.samples import HOUR_MS, SAMPLE_AT_MS
from beffroi_content.templates.widget_layout.phrases import level_name, level_phrase, phrase
from beffroi_content.templates.widget_layout.stale_data import missing_data_page, page_number_at, source_note
from beffroi_content.templates.widget_layout.widget_page import (
    WidgetPage,
    add_paragraph,
    fit_one_line,
    local_time,
    open_widget_page,
    put_line,
)

_LEVELS: dict[int, Rgb] = {1: (49, 170, 53), 2: (255, 246, 0), 3: (255, 184, 43), 4: (204, 0, 0)}
"""The colours of Météo-France."""
_SIGNS = {0: pictograms.INFORMATION, 1: pictograms.CHECK}
_UNKNOWN: Rgb = (118, 118, 118)
"""The colour of a level that nobody knows: none of theirs."""


def vigilance_page(widget: VigilanceWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the level as a colour, a word and a sign, and the dangers with theirs."""
    title = widget.title or phrase("weather", canvas.locale)
    if page := missing_data_page(widget, canvas, at_ms, title, needs_time=True):
        return page
    assert at_ms is not None
    board = open_widget_page(canvas, title if not canvas.size[1] < 60 else "", source_note(widget, canvas, at_ms))
    left, top, right, bottom = board.box
    now, following = widget.period_at(at_ms), widget.next_period_at(at_ms)
    dangers = [(each.name, each.level) for each in _gravest_first(now.phenomena) if each.level != 1]
    if following:
        dangers += _announced(following, _time_name(following, at_ms, canvas))
    has_details = bool(dangers or widget.advice) and board.height >= (40 if board.crisp else 120)
    # The coloured field takes a third of the height, but always has room for two lines of legible text.
    least = 2 * board.line_height(board.text_style(FontWeight.BOLD, board.smallest_capital)) + board.grid.margin
    head = max(0.34 * board.height, min(0.5 * board.height, least))
    split = top + round(head) if has_details else bottom
    if following and not has_details and page_number_at(at_ms, 2):
        # Without room for what is announced, it takes turns with what is in force.
        text = f"{_time_name(following, at_ms, canvas)} : {level_name(following.level, board.locale)}"
        _add_level(board, following.level, (text, widget.department), (left, top, right, split))
    else:
        texts = level_phrase(now.level, board.locale), widget.department
        _add_level(board, now.level, texts, (left, top, right, split))
    if has_details:
        _add_dangers(board, dangers, widget.advice, (left, split, right, bottom), at_ms)
    return board.page


def _gravest_first(phenomena: Sequence[WeatherDanger]) -> list[WeatherDanger]:
    return sorted(phenomena, key=lambda each: -(each.level or 0))


def _announced(period: VigilancePeriod, time: str) -> list[tuple[str, int | None]]:
    """Return the dangers of a coming period with its level, or that level alone."""
    grave = [each for each in _gravest_first(period.phenomena) if each.level == period.level]
    return [(f"{time}, {each.name}", each.level) for each in grave] or [(time, period.level)]


def _time_name(period: VigilancePeriod, at_ms: int, canvas: Canvas) -> str:
    """Return “Dès 16 h”, “Demain” or “Jeudi”."""
    begins = local_time(period.begins_at_ms, canvas)
    away = (begins.date() - local_time(at_ms, canvas).date()).days
    if away == 0:
        return phrase("from", canvas.locale, time=time_text(begins.time(), canvas.locale))
    return phrase("tomorrow", canvas.locale) if away == 1 else weekday_name(begins.date(), canvas.locale).capitalize()


def _add_level(board: WidgetPage, level: int | None, texts: tuple[str, str], box: Box) -> None:
    """Add a field in the colour of a level, with its sign and two texts, the second only where it has room."""
    left, top, right, bottom = box
    is_mono = board.canvas.screen_class.colour_depth == 1
    ground: Rgb = BLACK if is_mono else _LEVELS.get(level or 0, _UNKNOWN)
    ink = WHITE if is_mono or level in {None, 4} else BLACK
    board.page.add(FilledBox(box, ground, board.grid.margin // 3))
    pad = 2 if board.crisp else board.grid.margin // 2
    size = min(bottom - top - 2 * pad, board.width // 5)
    x = left + pad
    if size >= 8:
        sign = _SIGNS.get(level or 0, pictograms.WARNING)
        y = top + (bottom - top - size) // 2
        board.page.add(PlacedPictogram((x, y, x + size, y + size), sign, ink, ground))
        x += size + pad
    line = board.line_height(board.text_style(FontWeight.REGULAR, board.smallest_capital))
    second = texts[1] if bottom - top - 2 * pad >= 2 * line else ""
    parts = [(texts[0], FontWeight.BOLD, 0.5, ink), (second, FontWeight.REGULAR, 0.28, ink)]
    add_paragraph(board, parts, (x, top + pad, right - pad, bottom - pad), "left")


def _add_dangers(
    board: WidgetPage, dangers: list[tuple[str, int | None]], advice: str, box: Box, at_ms: int | None
) -> None:
    left, top, right, bottom = box
    advice_height = round((bottom - top) * 0.34) if advice and not board.crisp else 0
    line = board.line_height(board.text_style(FontWeight.BOLD, board.smallest_capital)) + (
        1 if board.crisp else board.smallest_capital // 2
    )
    free = max(1, (bottom - top - advice_height) // max(1, line))
    shown = dangers[page_number_at(at_ms, -(-len(dangers) // free)) * free :][:free]
    tall = min((bottom - top - advice_height) // max(1, len(shown)), round(line * 1.5))
    y = top + (2 if board.crisp else board.grid.margin // 4)
    for name, level in shown:
        chip = round(tall * 0.5)
        place = (left, y + (tall - chip) // 2, left + chip, y + (tall - chip) // 2 + chip)
        colour = WHITE if board.canvas.screen_class.colour_depth == 1 else _LEVELS.get(level or 0, _UNKNOWN)
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
    if advice_height:
        add_paragraph(
            board, [(advice, FontWeight.REGULAR, 0.55, board.palette.soft_ink)], (left, y, right, bottom), "left"
        )


def _sample() -> VigilanceWidget:
    return VigilanceWidget(
        title="Vigilance météorologique",
        department="Calvados (14)",
        level=3,
        phenomena=(
            WeatherDanger(name="Vent violent", level=3),
            WeatherDanger(name="Vagues-submersion", level=2),
            WeatherDanger(name="Pluie-inondation", level=2),
        ),
        advice="Limitez vos déplacements et ne vous promenez pas en forêt ni sur le littoral.",
        credit="Météo-France",
        fetched_at_ms=SAMPLE_AT_MS - HOUR_MS,
    )


TEMPLATE = WidgetTemplate(
    name="vigilance",
    position=280,
    label=LocalisedText(en="Weather warnings", fr="Vigilance météo"),
    summary=LocalisedText(
        en="the vigilance of Météo-France for the department of the town",
        fr="la vigilance de Météo-France pour le département de la commune",
    ),
    icon='<path d="M12 4 3 20h18z"/><path d="M12 10v5m0 2.2v.3"/>',
    fields=frozenset({TemplateField.FEED}),
    widget=VigilanceWidget,
    layout=vigilance_page,
    sample=_sample,
    feed="vigilance",
)
